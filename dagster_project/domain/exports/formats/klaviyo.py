"""Klaviyo: files for its import of profiles, as letters to send or as a list to keep.

Rules: help.klaviyo.com 115005078967 (2026): CSV of at most 50 MB, larger ones in several files; the first header is
Email; headers named like Klaviyo's own properties are mapped to them, others become properties of that name; phone in
E.164. A profile is known by its address. Nothing here sets a consent: the list is the people who gave it.
"""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows
from dagster_project.domain.exports.formats.message import imported_letters, mailboxes, names_of, numbers
from dagster_project.domain.exports.values import country_code, free_text, postal_code, text_table, texts

MOST_BYTES = 50_000_000
LONGEST_SUBJECT = 255  # characters
OWN = {"contact_id": "Hoiva Contact ID", "care_model": "Hoiva Care Model", "treatment": "Hoiva Treatment",
       "offer": "Hoiva Offer", "subject": "Hoiva Subject", "link": "Hoiva Link"}  # fmt: skip
LETTER_COLUMNS = ("Email", "First Name", "Last Name", "Language", *OWN.values())
LIST_COLUMNS = ("Email", "Phone Number", "First Name", "Last Name", "City", "Zip Code", "Country")


def make_letters(contacts: pa.Table) -> Rows:
    """One letter per row; what it says stands in properties of our own, which the flow's template reads."""
    return imported_letters(contacts, "Language", OWN, LONGEST_SUBJECT)


def make_members(customers: pa.Table) -> Rows:
    """One profile per customer, by the address."""
    emails, names = mailboxes(customers), names_of(customers)
    cells = {
        "Email": emails,
        "Phone Number": numbers(customers),
        "First Name": names["first_name"],
        "Last Name": names["last_name"],
        "City": [free_text(value) for value in texts(customers["city"])],
        "Zip Code": [postal_code(value) for value in texts(customers["postal_code"])],
        "Country": [country_code(value) for value in texts(customers["country_code"])],
    }
    return Rows.of(text_table(cells), [None if email else "no_valid_email" for email in emails])


LETTERS = Format(
    name="klaviyo",
    kind="message",
    channels=("email",),
    columns=LETTER_COLUMNS,
    contact_points=("email", "first_name", "last_name", "language_code"),
    make=make_letters,
    one_row_per="Email",
    most_bytes=MOST_BYTES,
)
LIST = Format(
    name="klaviyo_list",
    kind="membership",
    channels=("email",),
    columns=LIST_COLUMNS,
    contact_points=("email", "phone", "first_name", "last_name", "city", "postal_code", "country_code"),
    make=make_members,
    most_bytes=MOST_BYTES,
)
