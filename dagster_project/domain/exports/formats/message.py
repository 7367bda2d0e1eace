"""What a chosen contact says, as cells: the part that the forms of all tools for messages have in common."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Rows, language_of
from dagster_project.domain.exports.values import free_text, text_table, texts, valid_email, valid_phone, web_link

Cells = dict[str, list[str]]


def message_cells(contacts: pa.Table) -> Cells:
    """contact_id, care_model, treatment, offer, subject, link, language, planned_for (UTC) and priority, as text."""
    return {
        "contact_id": texts(contacts["contact_id"]),
        "care_model": texts(contacts["care_model"]),
        "treatment": texts(contacts["treatment"]),
        "offer": [free_text(value) for value in texts(contacts["offer"])],
        "subject": [free_text(value) for value in texts(contacts["subject"])],
        "link": [web_link(value) for value in texts(contacts["link"])],
        "language": language_of(contacts),
        "planned_for": moments_of(contacts),
        "priority": [str(value) for value in contacts["priority"].to_pylist()],
    }


def moments_of(contacts: pa.Table) -> list[str]:
    """The moment each contact is planned for, in UTC."""
    return [value.strftime("%Y-%m-%dT%H:%MZ") for value in contacts["planned_for"].to_pylist()]


def names_of(customers: pa.Table, longest: int = 255) -> Cells:
    """first_name and last_name, harmless in a spreadsheet."""
    return {
        name: [free_text(value, longest) for value in texts(customers[name])] for name in ("first_name", "last_name")
    }


def mailbox(value: str) -> str:
    """An address for a mail tool: trimmed, lowercase; '' when it is none.

    >>> mailbox(" Aino@Example.com"), mailbox("=cmd@example.com")
    ('aino@example.com', '')
    """
    text = value.strip().lower()
    return text if valid_email(text) else ""


def mailboxes(customers: pa.Table) -> list[str]:
    """The address of each customer, or ''."""
    return [mailbox(value) for value in texts(customers["email"])]


def numbers(customers: pa.Table) -> list[str]:
    """The phone number of each customer in E.164, or ''."""
    return [value if valid_phone(value) else "" for value in texts(customers["phone"])]


def reasons_of(subjects: list[str], longest: int, *needed: tuple[list[str], str]) -> list[str | None]:
    """Why each contact cannot be sent: what is needed is missing, or its subject is longer than ``longest`` characters.

    >>> reasons_of(["Hei", "H" * 300], 255, (["a@example.com", "b@example.com"], "no_valid_email"))
    [None, 'text_too_long']
    """
    reasons: list[str | None] = ["text_too_long" if len(subject) > longest else None for subject in subjects]
    for values, reason in needed:
        reasons = [before if value else reason for before, value in zip(reasons, values, strict=True)]
    return reasons


def imported_letters(contacts: pa.Table, language: str, own: Mapping[str, str], longest_subject: int) -> Rows:
    """One letter per row of a tool's import: the address, the names, and what it says in columns of our own.

    Args:
        contacts: chosen contacts with address, names and language.
        language: the tool's header for the language.
        own: what a contact says, as in :func:`message_cells`, to the header that carries it.
        longest_subject: in characters; a longer one is sent back, as is a contact without an address.
    """
    emails, names, says = mailboxes(contacts), names_of(contacts), message_cells(contacts)
    cells = {
        "Email": emails,
        "First Name": names["first_name"],
        "Last Name": names["last_name"],
        language: says["language"],
        **{header: says[name] for name, header in own.items()},
    }
    return Rows.of(text_table(cells), reasons_of(says["subject"], longest_subject, (emails, "no_valid_email")))
