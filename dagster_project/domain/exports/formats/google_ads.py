"""Google Ads Customer Match: a hashed file for upload.

Rules: Google Ads Help 7659867 and 7476159 (2026): trimmed, lowercase, no extra spaces, phone in E.164, then SHA-256 in
hex for e-mail, phone and names; country and postal code stay plain. The address matches only with first name, last
name, country and postal code together, so a part of them is not sent. Dots and +tags of Gmail stay: only Google's API
documents that they go (google_data_manager).
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.exports.formats.format import Digest, Format, Rows
from dagster_project.domain.exports.values import coded_by_value, country_code, postal_code, valid_email, valid_phone

COLUMNS = ("Email", "Phone", "First Name", "Last Name", "Country", "Zip")


def email(value: str) -> str:
    """As Google hashes an address: without any spaces, lowercase; '' when it is none.

    >>> email(" Aino.Virtanen@Example.com ")
    'aino.virtanen@example.com'
    """
    text = "".join(value.split()).lower()
    return text if valid_email(text) else ""


def phone(value: str) -> str:
    """As Google hashes a number: E.164; '' when it is not.

    >>> phone("+358401234567"), phone("0401234567")
    ('+358401234567', '')
    """
    return value if valid_phone(value) else ""


def name(value: str) -> str:
    """As Google hashes a name: lowercase, single spaces, accents and hyphens kept.

    >>> name("  Anna-Maija   Äyräs ")
    'anna-maija äyräs'
    """
    return " ".join(value.lower().split())


EMAIL = Digest("lowercase_without_spaces", ("email",), email)
PHONE = Digest("e164", ("phone",), phone)
FIRST_NAME = Digest("google_name", ("first_name",), name)
LAST_NAME = Digest("google_name", ("last_name",), name)


def whole_addresses(customers: pa.Table) -> list[pa.Array]:
    """First and last name (digests), country and postal code; all four blank where one of them is missing.

    >>> FIRST_NAME.column, LAST_NAME.column
    ('first_name:google_name', 'last_name:google_name')
    """
    parts = [
        customers[FIRST_NAME.column].combine_chunks(),
        customers[LAST_NAME.column].combine_chunks(),
        coded_by_value(customers["country_code"], country_code),
        coded_by_value(customers["postal_code"], postal_code),
    ]
    is_whole = pc.is_valid(parts[0])
    for part in parts[1:]:
        is_whole = pc.and_(is_whole, pc.is_valid(part))
    if pc.all(is_whole, min_count=0).as_py():
        return parts
    return [_only_where(is_whole, part) for part in parts]


def _only_where(is_kept: pa.Array, column: pa.Array) -> pa.Array:
    """The column with blanks in every other row."""
    if pa.types.is_dictionary(column.type):
        return pa.DictionaryArray.from_arrays(_only_where(is_kept, column.indices), column.dictionary)
    return pc.if_else(is_kept, column, pa.scalar(None, column.type))


def match_reasons(keys: list[pa.Array]) -> pa.Array:
    """``no_match_key`` for the customers who have none of these identifiers."""
    has_any = pc.is_valid(keys[0])
    for key in keys[1:]:
        has_any = pc.or_(has_any, pc.is_valid(key))
    return pc.if_else(has_any, pa.scalar(None, pa.string()), pa.scalar("no_match_key"))


def make(customers: pa.Table) -> Rows:
    """One member per customer, by e-mail, phone or whole address; without all three nothing can match."""
    emails, phones = customers[EMAIL.column].combine_chunks(), customers[PHONE.column].combine_chunks()
    address = whole_addresses(customers)
    cells = pa.table([emails, phones, *address], names=list(COLUMNS))
    return Rows(cells, match_reasons([emails, phones, address[0]]))


FORMAT = Format(
    name="google_ads",
    kind="membership",
    channels=("ads",),
    columns=COLUMNS,
    contact_points=("country_code", "postal_code"),
    coded=("country_code", "postal_code"),
    make=make,
    digests=(EMAIL, PHONE, FIRST_NAME, LAST_NAME),
)
