"""Contact data of whole tables in one form: each distinct text is looked at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dagster_project.domain.identity.normalise import Normalised, normalise_email, normalise_phone

if TYPE_CHECKING:
    import pyarrow as pa


def normalise_contacts(contacts: pa.Table, phone_region: str) -> pa.Table:
    """The e-mail and phone of every contact version, in the form that can be compared.

    Args:
        contacts: contact_version_id, source_record_id, email_raw, phone_raw, occurred_at, known_at.
        phone_region: where numbers without a country code are dialled from, two letters.

    Returns:
        contact_version_id, source_record_id, email, phone, email_fault, phone_fault, occurred_at, known_at; one row for
        each row given, in their order. A fault says why a value is null, or what is odd about it.

    >>> import pyarrow as pa
    >>> one = pa.table({"contact_version_id": ["v"], "source_record_id": ["r"], "email_raw": ["A@B.FI"],
    ...                 "phone_raw": [None], "occurred_at": [None], "known_at": [None]})
    >>> normalise_contacts(one, "FI").select(["email", "phone"]).to_pylist()
    [{'email': 'a@b.fi', 'phone': None}]
    """
    import pyarrow as pa

    email, email_fault = normalise_column(contacts["email_raw"], normalise_email)
    phone, phone_fault = normalise_column(contacts["phone_raw"], lambda text: normalise_phone(text, phone_region))
    return pa.table(
        {
            "contact_version_id": contacts["contact_version_id"],
            "source_record_id": contacts["source_record_id"],
            "email": email,
            "phone": phone,
            "email_fault": email_fault,
            "phone_fault": phone_fault,
            "occurred_at": contacts["occurred_at"],
            "known_at": contacts["known_at"],
        }
    )


def normalise_column(
    written: pa.ChunkedArray, rule: Callable[[str | None], Normalised]
) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Apply a rule to the distinct texts of a column and spread the answers: (values, faults)."""
    import pyarrow as pa

    encoded = written.cast(pa.string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    answers = [rule(text) for text in encoded.dictionary.to_pylist()]
    values = pa.array([answer.value for answer in answers], pa.string())
    faults = pa.array([answer.fault for answer in answers], pa.string())
    return values.take(encoded.indices), faults.take(encoded.indices)
