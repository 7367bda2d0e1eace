"""Meta Custom Audiences: a hashed file for upload.

Rules: Meta Business Help 2082575038703844 and the Marketing API's page on customer files (2026): lowercase and trimmed;
phone as digits with country code, without plus and leading zeros; names lowercase without punctuation; postal code
lowercase without spaces and hyphens, five digits in the United States; city only letters; country two lowercase
letters; every cell SHA-256 in hex.
"""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Digest, Format, Rows
from dagster_project.domain.exports.formats.google_ads import match_reasons
from dagster_project.domain.exports.values import country_code, postal_code, valid_email, valid_phone

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


def country(value: str) -> str:
    """As Meta hashes a country: two lowercase letters.

    >>> country("FI"), country("UK"), country("Suomi")
    ('fi', 'gb', '')
    """
    return country_code(value).lower()


def zip_code(value: str, land: str) -> str:
    """As Meta hashes a postal code: lowercase, no spaces or hyphens; the first five digits in the United States.

    >>> zip_code("SW1A 1AA", "GB"), zip_code("94025-1234", "US"), zip_code("00-950", "PL")
    ('sw1a1aa', '94025', '00950')
    """
    text = postal_code(value).lower().replace(" ", "").replace("-", "")
    return text[:5] if country_code(land) == "US" else text


def _is_mark(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f"  # an accent that has no letter of its own


EMAIL = Digest("lowercase_trimmed", ("email",), email)
PHONE = Digest("digits", ("phone",), phone)
FIRST_NAME = Digest("meta_name", ("first_name",), name)
LAST_NAME = Digest("meta_name", ("last_name",), name)
POSTAL_CODE = Digest("meta_postal_code", ("postal_code", "country_code"), zip_code)
CITY = Digest("meta_city", ("city",), city)
COUNTRY = Digest("meta_country", ("country_code",), country)
DIGESTS = (EMAIL, PHONE, FIRST_NAME, LAST_NAME, POSTAL_CODE, CITY, COUNTRY)  # in the order of the columns


def make(customers: pa.Table) -> Rows:
    """One member per customer; e-mail or phone is needed, as a name with a place matches too many."""
    cells = [customers[digest.column].combine_chunks() for digest in DIGESTS]
    return Rows(pa.table(cells, names=list(COLUMNS)), match_reasons(cells[:2]))


FORMAT = Format(
    name="meta",
    kind="membership",
    channels=("ads",),
    columns=COLUMNS,
    contact_points=(),
    make=make,
    digests=DIGESTS,
)
