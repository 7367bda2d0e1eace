"""Google Ads Customer Match: a hashed file for upload.

Rules: Google Ads Help 7659867 and 7476159 (2026): trimmed, lowercase, no extra spaces, phone in E.164, then SHA-256 in
hex for e-mail, phone and names; country and postal code stay plain. The address matches only with first name, last
name, country and postal code together, so a part of them is not sent. Dots and +tags of Gmail stay: only Google's API
documents that they go.
"""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows
from dagster_project.domain.exports.values import (
    country_code,
    postal_code,
    sha256_hex,
    text_table,
    texts,
    valid_email,
    valid_phone,
)

COLUMNS = ("Email", "Phone", "First Name", "Last Name", "Country", "Zip")


def email(value: str) -> str:
    """As Google hashes an address: without any spaces, lowercase; '' when it is none.

    >>> email(" Aino.Virtanen@Example.com ")
    'aino.virtanen@example.com'
    """
    text = "".join(value.split()).lower()
    return text if valid_email(text) else ""


def name(value: str) -> str:
    """As Google hashes a name: lowercase, single spaces, accents and hyphens kept.

    >>> name("  Anna-Maija   Äyräs ")
    'anna-maija äyräs'
    """
    return " ".join(value.lower().split())


def whole_address(first_name: str, last_name: str, country: str, code: str) -> tuple[str, str, str, str]:
    """The four cells of an address, or four blanks when one of them is missing.

    >>> whole_address("Aino", "Virtanen", "fi", "")
    ('', '', '', '')
    """
    first, last, land, zip_code = name(first_name), name(last_name), country_code(country), postal_code(code)
    if not (first and last and land and zip_code):
        return "", "", "", ""
    return sha256_hex(first), sha256_hex(last), land, zip_code


def make(customers: pa.Table) -> Rows:
    """One member per customer, by e-mail, phone or whole address; without all three nothing can match."""
    emails = [email(value) for value in texts(customers["email"])]
    phones = [value if valid_phone(value) else "" for value in texts(customers["phone"])]
    addresses = [
        whole_address(*parts)
        for parts in zip(
            texts(customers["first_name"]),
            texts(customers["last_name"]),
            texts(customers["country_code"]),
            texts(customers["postal_code"]),
            strict=True,
        )
    ]
    cells = text_table(
        {
            "Email": map(sha256_hex, emails),
            "Phone": map(sha256_hex, phones),
            "First Name": [parts[0] for parts in addresses],
            "Last Name": [parts[1] for parts in addresses],
            "Country": [parts[2] for parts in addresses],
            "Zip": [parts[3] for parts in addresses],
        }
    )
    reasons = [
        None if address or phone or whole[0] else "no_match_key"
        for address, phone, whole in zip(emails, phones, addresses, strict=True)
    ]
    return Rows(cells, reasons)


FORMAT = Format(
    name="google_ads",
    kind="membership",
    columns=COLUMNS,
    contact_points=("email", "phone", "first_name", "last_name", "country_code", "postal_code"),
    make=make,
)
