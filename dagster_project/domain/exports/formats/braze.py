"""Braze: files for its CSV import of users, as messages to send or as a list to keep.

Rules: braze.com/docs, CSV import (2026): a user is known by external_id (our customer number); at most 500 MB; headers
are Braze's own attributes, others become custom attributes. **A blank cell does not overwrite**: what an attribute held
before would stand beside today's message. So what a message says is never blank: an offer, a subject or a link that
there is none of is the word ``none``. A name or an address that is blank leaves what Braze has. A list has external_id
alone, which overwrites nothing.
"""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows
from dagster_project.domain.exports.formats.message import mailboxes, message_cells, names_of, numbers, reasons_of
from dagster_project.domain.exports.values import country_code, number_of, text_table, texts

MOST_BYTES = 500_000_000
LONGEST_ATTRIBUTE = 255  # characters
NONE = "none"  # said where a blank would leave the value of an earlier message
OWN = {"contact_id": "hoiva_contact_id", "care_model": "hoiva_care_model", "treatment": "hoiva_treatment",
       "offer": "hoiva_offer", "subject": "hoiva_subject", "link": "hoiva_link"}  # fmt: skip
COLUMNS = ("external_id", "email", "phone", "first_name", "last_name", "country", "language", *OWN.values())


def _ids(customers: pa.Table) -> list[str]:
    return [number_of(value) for value in texts(customers["customer_number"])]


def make_messages(contacts: pa.Table) -> Rows:
    """One message per row, in custom attributes that the canvas reads."""
    ids, names, says = _ids(contacts), names_of(contacts), message_cells(contacts)
    cells = {
        "external_id": ids,
        "email": mailboxes(contacts),
        "phone": numbers(contacts),
        "first_name": names["first_name"],
        "last_name": names["last_name"],
        "country": [country_code(value) for value in texts(contacts["country_code"])],
        "language": says["language"],
        **{header: [value or NONE for value in says[name]] for name, header in OWN.items()},
    }
    longest = [max(says["subject"][at], says["link"][at], key=len) for at in range(contacts.num_rows)]
    return Rows.of(text_table(cells), reasons_of(longest, LONGEST_ATTRIBUTE, (ids, "no_customer_number")))


def make_members(customers: pa.Table) -> Rows:
    """One user per customer."""
    ids = _ids(customers)
    return Rows.of(text_table({"external_id": ids}), [None if number else "no_customer_number" for number in ids])


MESSAGES = Format(
    name="braze",
    kind="message",
    channels=("email", "sms", "push"),
    columns=COLUMNS,
    contact_points=(
        "customer_number", "email", "phone", "first_name", "last_name", "country_code", "language_code",
    ),
    make=make_messages,
    one_row_per="external_id",
    most_bytes=MOST_BYTES,
)  # fmt: skip
LIST = Format(
    name="braze_list",
    kind="membership",
    channels=("email", "sms", "push"),
    columns=("external_id",),
    contact_points=("customer_number",),
    make=make_members,
    most_bytes=MOST_BYTES,
)
