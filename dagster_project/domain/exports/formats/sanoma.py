"""Sanoma Custom Audiences: hashed identifiers for its ad manager.

Rules: developers.admanager.fi takes hashed identifiers over its API; the page that gives their form is for customers
with an account. Until it has been read with one, this file holds what it is known to need: one member a row, e-mail
trimmed and lowercase and phone in E.164, each as SHA-256 in hex. Compare with the page before the first upload.
"""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Digest, Format, Rows
from dagster_project.domain.exports.formats.google_ads import match_reasons
from dagster_project.domain.exports.values import valid_email, valid_phone

COLUMNS = ("email_sha256", "phone_sha256")


def email(value: str) -> str:
    """The address that is hashed: trimmed, lowercase; '' when it is none.

    >>> email(" Aino@Example.com")
    'aino@example.com'
    """
    text = value.strip().lower()
    return text if valid_email(text) else ""


def phone(value: str) -> str:
    """The number that is hashed: E.164; '' when it is not.

    >>> phone("+358401234567"), phone("040 1234567")
    ('+358401234567', '')
    """
    return value if valid_phone(value) else ""


EMAIL = Digest("lowercase_trimmed", ("email",), email)
PHONE = Digest("e164", ("phone",), phone)


def make(customers: pa.Table) -> Rows:
    """One member per customer, by e-mail or phone."""
    cells = [customers[digest.column].combine_chunks() for digest in (EMAIL, PHONE)]
    return Rows(pa.table(cells, names=list(COLUMNS)), match_reasons(cells))


FORMAT = Format(
    name="sanoma",
    kind="membership",
    channels=("ads",),
    columns=COLUMNS,
    contact_points=(),
    make=make,
    digests=(EMAIL, PHONE),
)
