"""Contact data of whole tables in one form: each distinct text is looked at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dagster_project.domain.identity.normalise import (
    Normalised,
    mailbox_of,
    normalise_birth_date,
    normalise_city,
    normalise_email,
    normalise_name,
    normalise_phone,
    normalise_postal_code,
    normalise_street,
)

if TYPE_CHECKING:
    import pyarrow as pa

# What normalising reads of a version, and what it passes on.
WRITTEN = ("email_raw", "phone_raw", "first_name", "last_name", "street", "postal_code", "city", "birth_date")
PASSED_ON = ("contact_version_id", "source_record_id", "occurred_at", "known_at")


def normalise_contacts(contacts: pa.Table, phone_region: str) -> pa.Table:
    """The contact data of every contact version, in the form that can be compared.

    Args:
        contacts: PASSED_ON and WRITTEN.
        phone_region: where numbers without a country code are dialled from, two letters.

    Returns:
        contact_version_id, source_record_id, email, mailbox, phone, first_name, last_name, street_name, house_number,
        postal_code, city, birth_date, email_fault, phone_fault, name_fault, birth_date_fault, occurred_at, known_at;
        one row for each row given, in their order. A fault says why a value is null, or what is odd about it.

    >>> import pyarrow as pa
    >>> one = pa.table({name: pa.array([None], pa.string()) for name in (*PASSED_ON, *WRITTEN)})
    >>> one = one.set_column(one.column_names.index("email_raw"), "email_raw", [["A@B.FI"]])
    >>> normalise_contacts(one, "FI").select(["email", "phone"]).to_pylist()
    [{'email': 'a@b.fi', 'phone': None}]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    email, email_fault = normalise_column(contacts["email_raw"], normalise_email)
    phone, phone_fault = normalise_column(contacts["phone_raw"], lambda text: normalise_phone(text, phone_region))
    first_name, first_fault = normalise_column(contacts["first_name"], normalise_name)
    last_name, last_fault = normalise_column(contacts["last_name"], normalise_name)
    street_name, house_number = spread(contacts["street"], normalise_street, (pa.string(), pa.string()))
    (mailbox,) = spread(email, lambda text: (mailbox_of(text),), (pa.string(),))
    (postal_code,) = spread(contacts["postal_code"], lambda text: (normalise_postal_code(text),), (pa.string(),))
    (city,) = spread(contacts["city"], lambda text: (normalise_city(text),), (pa.string(),))
    birth_date, birth_date_fault = _birth_dates(contacts["birth_date"], contacts["occurred_at"])
    return pa.table(
        {
            "contact_version_id": contacts["contact_version_id"],
            "source_record_id": contacts["source_record_id"],
            "email": email,
            "mailbox": mailbox,
            "phone": phone,
            "first_name": first_name,
            "last_name": last_name,
            "street_name": street_name,
            "house_number": house_number,
            "postal_code": postal_code,
            "city": city,
            "birth_date": birth_date,
            "email_fault": email_fault,
            "phone_fault": phone_fault,
            "name_fault": pc.coalesce(first_fault, last_fault),
            "birth_date_fault": birth_date_fault,
            "occurred_at": contacts["occurred_at"],
            "known_at": contacts["known_at"],
        }
    )


def normalise_column(written: pa.ChunkedArray, rule: Callable[[str | None], Normalised]) -> tuple[pa.Array, pa.Array]:
    """Apply a rule to the distinct texts of a column and spread the answers: (values, faults)."""
    import pyarrow as pa

    value, fault = spread(written, rule, (pa.string(), pa.string()))
    return value, fault


def spread(
    written: pa.ChunkedArray, rule: Callable[[str | None], Sequence[Any]], kinds: Sequence[pa.DataType]
) -> list[pa.Array]:
    """Apply a rule of several answers to the distinct texts of a column: one array for each answer."""
    import pyarrow as pa

    text = written.cast(pa.string())
    encoded = (text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text).dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    answers = [rule(one) for one in encoded.dictionary.to_pylist()]
    return [pa.array([answer[at] for answer in answers], kind).take(encoded.indices) for at, kind in enumerate(kinds)]


def _birth_dates(written: pa.ChunkedArray, told_at: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Dates of birth that can be a person's, each judged on the day it was told."""
    import pyarrow as pa

    days = told_at.cast(pa.date32()).to_pylist() if told_at.null_count < len(told_at) else [None] * len(told_at)
    answers = [
        normalise_birth_date(born, day) for born, day in zip(written.cast(pa.date32()).to_pylist(), days, strict=True)
    ]
    dates, faults = zip(*answers, strict=True) if answers else ((), ())
    return pa.array(dates, pa.date32()), pa.array(faults, pa.string())
