"""TikTok: a hashed customer file.

Rules: TikTok Business Help, customer file (September 2025): CSV under 1 GB with at least 1,000 entries; e-mail without
spaces and lowercase; phone in E.164; SHA-256 in hex, the headers say so. TikTok's pages disagree on the plus of a
number (the newest recommends it and takes numbers without): ``phone_with_plus`` of the destination says which.
"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Digest, Format, Rows
from dagster_project.domain.exports.formats.google_ads import match_reasons
from dagster_project.domain.exports.values import valid_email, valid_phone

COLUMNS = ("Email_SHA256", "Phone_SHA256")
MOST_BYTES = 1_000_000_000  # of one file


def email(value: str) -> str:
    """As TikTok hashes an address: without spaces, lowercase; '' when it is none.

    >>> email(" Aino@ Example.com")
    'aino@example.com'
    """
    text = "".join(value.split()).lower()
    return text if valid_email(text) else ""


def phone(value: str) -> str:
    """A number with its plus; '' when it is not E.164.

    >>> phone("+358401234567"), phone("358401234567")
    ('+358401234567', '')
    """
    return value if valid_phone(value) else ""


def phone_without_plus(value: str) -> str:
    """A number without its plus.

    >>> phone_without_plus("+358401234567")
    '358401234567'
    """
    return phone(value).removeprefix("+")


EMAIL = Digest("lowercase_without_spaces", ("email",), email)
PHONE = Digest("e164", ("phone",), phone)
PHONE_WITHOUT_PLUS = Digest("digits", ("phone",), phone_without_plus)


def form(*, phone_with_plus: bool = True) -> Format:
    """The form with or without the plus of a number."""
    number = PHONE if phone_with_plus else PHONE_WITHOUT_PLUS

    def make(customers: pa.Table) -> Rows:
        """One member per customer, by e-mail or phone."""
        cells = [customers[digest.column].combine_chunks() for digest in (EMAIL, number)]
        return Rows(pa.table(cells, names=list(COLUMNS)), match_reasons(cells))

    return replace(FORMAT, make=make, digests=(EMAIL, number))


FORMAT = Format(
    name="tiktok",
    kind="membership",
    channels=("ads",),
    columns=COLUMNS,
    contact_points=(),
    make=lambda customers: form().make(customers),
    digests=(EMAIL, PHONE),
    most_bytes=MOST_BYTES - 1,
)
