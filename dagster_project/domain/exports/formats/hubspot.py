"""HubSpot: files for its import of contacts, as letters to send or as a list to keep.

Rules: knowledge.hubspot.com, set up import files (October 2025): CSV in UTF-8 with a header that names properties, at
most 1,048,576 rows and 512 MB a file (20 MB on the free tools), fewer than 1,000 columns. A contact is known by Email.
The properties that begin with Hoiva are made in HubSpot once, as single-line text.
"""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows
from dagster_project.domain.exports.formats.message import imported_letters, mailboxes, names_of, numbers
from dagster_project.domain.exports.values import text_table

MOST_ROWS = 1_048_575  # and the header
MOST_BYTES = 512_000_000
LONGEST_SUBJECT = 255  # characters
OWN = {"contact_id": "Hoiva contact ID", "care_model": "Hoiva care model", "treatment": "Hoiva treatment",
       "offer": "Hoiva offer", "subject": "Hoiva subject", "link": "Hoiva link"}  # fmt: skip
LETTER_COLUMNS = ("Email", "First Name", "Last Name", "Preferred language", *OWN.values())
LIST_COLUMNS = ("Email", "First Name", "Last Name", "Phone Number")


def make_letters(contacts: pa.Table) -> Rows:
    """One letter per row, in properties of our own that the workflow's template reads."""
    return imported_letters(contacts, "Preferred language", OWN, LONGEST_SUBJECT)


def make_members(customers: pa.Table) -> Rows:
    """One contact per customer, by the address."""
    emails, names = mailboxes(customers), names_of(customers)
    cells = {
        "Email": emails,
        "First Name": names["first_name"],
        "Last Name": names["last_name"],
        "Phone Number": numbers(customers),
    }
    return Rows.of(text_table(cells), [None if email else "no_valid_email" for email in emails])


LETTERS = Format(
    name="hubspot",
    kind="message",
    channels=("email",),
    columns=LETTER_COLUMNS,
    contact_points=("email", "first_name", "last_name", "language_code"),
    make=make_letters,
    one_row_per="Email",
    most_rows=MOST_ROWS,
    most_bytes=MOST_BYTES,
)
LIST = Format(
    name="hubspot_list",
    kind="membership",
    channels=("email",),
    columns=LIST_COLUMNS,
    contact_points=("email", "phone", "first_name", "last_name"),
    make=make_members,
    most_rows=MOST_ROWS,
    most_bytes=MOST_BYTES,
)
