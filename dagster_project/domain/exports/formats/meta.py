"""Meta Custom Audiences: a hashed file for upload.

Rules: Meta Business Help 2082575038703844 and the Marketing API's page on customer files (2026): lowercase and trimmed;
phone as digits with country code, without plus and leading zeros; names lowercase without punctuation; postal code
lowercase without spaces and hyphens, five digits in the United States; city only letters; country two lowercase
letters; every cell SHA-256 in hex.
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

COLUMNS = ("email", "phone", "fn", "ln", "zip", "ct", "country")


def email(value: str) -> str:
    """As Meta hashes an address: trimmed, lowercase; '' when it is none.

    >>> email(" Aino@Example.com")
    'aino@example.com'
    """
    text = value.strip().lower()
    return text if valid_email(text) else ""


def phone(value: str) -> str:
    """As Meta hashes a number: digits with the country code, no plus; '' when it is not E.164.

    >>> phone("+358401234567"), phone("0401234567")
    ('358401234567', '')
    """
    return value.removeprefix("+") if valid_phone(value) else ""


def name(value: str) -> str:
    """As Meta hashes a name: lowercase letters (any script) and single spaces, no punctuation.

    >>> name("Anna-Maija"), name("O'Neil"), name("De  la Cruz "), name("Äyräs")
    ('annamaija', 'oneil', 'de la cruz', 'äyräs')
    """
    kept = "".join(letter for letter in value.lower() if letter.isalnum() or letter.isspace() or _is_mark(letter))
    return " ".join(kept.split())


def city(value: str) -> str:
    """As Meta hashes a city: lowercase letters alone.

    >>> city("Saint-Étienne 2")
    'saintétienne'
    """
    return "".join(letter for letter in value.lower() if letter.isalpha() or _is_mark(letter))


def zip_code(value: str, country: str) -> str:
    """As Meta hashes a postal code: lowercase, no spaces or hyphens; the first five digits in the United States.

    >>> zip_code("SW1A 1AA", "GB"), zip_code("94025-1234", "US"), zip_code("00-950", "PL")
    ('sw1a1aa', '94025', '00950')
    """
    text = postal_code(value).lower().replace(" ", "").replace("-", "")
    return text[:5] if country == "US" else text


def _is_mark(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f"  # an accent that has no letter of its own


def make(customers: pa.Table) -> Rows:
    """One member per customer; e-mail or phone is needed, as a name with a place matches too many."""
    emails = [email(value) for value in texts(customers["email"])]
    phones = [phone(value) for value in texts(customers["phone"])]
    countries = [country_code(value) for value in texts(customers["country_code"])]
    codes = [zip_code(*pair) for pair in zip(texts(customers["postal_code"]), countries, strict=True)]
    cells = text_table(
        {
            "email": map(sha256_hex, emails),
            "phone": map(sha256_hex, phones),
            "fn": [sha256_hex(name(value)) for value in texts(customers["first_name"])],
            "ln": [sha256_hex(name(value)) for value in texts(customers["last_name"])],
            "zip": map(sha256_hex, codes),
            "ct": [sha256_hex(city(value)) for value in texts(customers["city"])],
            "country": [sha256_hex(value.lower()) for value in countries],
        }
    )
    reasons = [None if address or number else "no_match_key" for address, number in zip(emails, phones, strict=True)]
    return Rows(cells, reasons)


FORMAT = Format(
    name="meta",
    kind="membership",
    columns=COLUMNS,
    contact_points=("email", "phone", "first_name", "last_name", "postal_code", "city", "country_code"),
    make=make,
)
