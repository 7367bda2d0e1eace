"""LinkedIn: a contact list in the columns of its template.

Rules: LinkedIn Help a1489764 (2026): the headers of the template stay as they are; 300 to 300,000 rows, at most 20 MB;
e-mail plain or SHA-256 in hex. Only the digest of the address leaves: names, company and title would be plain, and the
address is enough to match. A list is made from one file, so each file of a large batch is a list of its own, and
somebody who is removed leaves when the list is replaced: say ``full_every: 1``.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.exports.formats.format import Digest, Format, Rows
from dagster_project.domain.exports.values import valid_email

COLUMNS = ("email", "firstname", "lastname", "jobtitle", "employeecompany", "country", "googleaid")
MOST_ROWS = 300_000
MOST_BYTES = 20_000_000


def email(value: str) -> str:
    """As LinkedIn hashes an address: trimmed, lowercase; '' when it is none.

    >>> email(" Aino@Example.com")
    'aino@example.com'
    """
    text = value.strip().lower()
    return text if valid_email(text) else ""


EMAIL = Digest("lowercase_trimmed", ("email",), email)


def make(customers: pa.Table) -> Rows:
    """One member per customer, by the digest of the address."""
    emails = customers[EMAIL.column].combine_chunks()
    blank = pa.nulls(len(emails), pa.string())
    reasons = pc.if_else(pc.is_valid(emails), pa.scalar(None, pa.string()), pa.scalar("no_match_key"))
    return Rows(pa.table([emails, *[blank] * (len(COLUMNS) - 1)], names=list(COLUMNS)), reasons)


FORMAT = Format(
    name="linkedin",
    kind="membership",
    channels=("ads",),
    columns=COLUMNS,
    contact_points=(),
    make=make,
    digests=(EMAIL,),
    most_rows=MOST_ROWS,
    most_bytes=MOST_BYTES,
)
