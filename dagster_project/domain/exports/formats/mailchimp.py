"""Mailchimp: a file for its import of contacts, one letter per row.

Rules: mailchimp.com/help/format-guidelines-for-your-import-file (2026): one address per contact, accents only after the
@; text fields hold 255 bytes; a comma separates tags. The address is trimmed and lowercased: Mailchimp knows a member
by the lowercase address.
"""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows, language_of
from dagster_project.domain.exports.values import free_text, text_table, texts, valid_email, web_link

COLUMNS = (
    "Email Address",
    "First Name",
    "Last Name",
    "Tags",
    "Language",
    "Treatment",
    "Offer",
    "Subject",
    "Link",
    "Contact ID",
)
TEXT_FIELD = 255  # bytes; Mailchimp cuts what is longer


def address(value: str) -> str:
    """The address as Mailchimp wants it, or '' when it would refuse it.

    >>> address(" Aino@Example.COM"), address("äijä@example.com"), address("aino@äijä.example")
    ('aino@example.com', '', 'aino@äijä.example')
    """
    text = value.strip().lower()
    return text if valid_email(text) and text.partition("@")[0].isascii() else ""


def make(contacts: pa.Table) -> Rows:
    """One letter per contact. A name is cut to the field's size; a subject or link is never cut but sent back."""
    emails = [address(value) for value in texts(contacts["email"])]
    subjects, links = texts(contacts["subject"]), texts(contacts["link"])
    tags = [",".join(pair) for pair in zip(texts(contacts["care_model"]), texts(contacts["treatment"]), strict=True)]
    cells = {
        "Email Address": emails,
        "First Name": [free_text(value, TEXT_FIELD) for value in texts(contacts["first_name"])],
        "Last Name": [free_text(value, TEXT_FIELD) for value in texts(contacts["last_name"])],
        "Tags": tags,
        "Language": language_of(contacts),
        "Treatment": texts(contacts["treatment"]),
        "Offer": [free_text(value, TEXT_FIELD) for value in texts(contacts["offer"])],
        "Subject": [free_text(value) for value in subjects],
        "Link": links,
        "Contact ID": texts(contacts["contact_id"]),
    }
    reasons = [
        _reason(email, subject, link) for email, subject, link in zip(emails, cells["Subject"], links, strict=True)
    ]
    return Rows.of(text_table({name: cells[name] for name in COLUMNS}), reasons)


def _reason(email: str, subject: str, link: str) -> str | None:
    if not email:
        return "no_valid_email"
    if link and not web_link(link):
        return "link_not_valid"
    if max(len(subject.encode()), len(link.encode())) > TEXT_FIELD:
        return "text_too_long"
    return None


FORMAT = Format(
    name="mailchimp",
    kind="message",
    channels=("email",),
    columns=COLUMNS,
    contact_points=("email", "first_name", "last_name", "language_code"),
    make=make,
    one_row_per="Email Address",
)
