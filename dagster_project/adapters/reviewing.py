"""The review queue for a person: which pairs wait, and, for eyes that may see it, what their systems say of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.reading import reader
from dagster_project.adapters.warehouse import look_into_warehouse
from dagster_project.domain.identity.words import REVIEW_ORDER
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.settings import Settings

# What helps to tell whether two records are one person, in the order it is shown.
SHOWN = ("first_name", "last_name", "birth_date", "email_raw", "phone_raw", "street", "postal_code", "city",
         "customer_number", "is_deleted", "created_at")  # fmt: skip


def queue_of(
    settings: Settings, reason: str | None = None, customer_id: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """The pairs that wait for an answer, those first that a look can settle, of these the likeliest first.

    Args:
        settings: whose published tables.
        reason: only pairs held for this reason.
        customer_id: only pairs of this customer.
        limit: at most so many pairs.

    Returns:
        ``as_of``, ``count_pairs`` (all that fit), ``by_reason`` (each reason and its count), ``pairs`` (rows of
        ``review_queue``).

    Raises:
        HoivaError: nothing is ever held for such a reason.
        NotPublished: nothing has been published yet.
    """
    if reason is not None and reason not in REVIEW_ORDER:
        raise HoivaError(f"nothing is held for {reason!r}; there are {', '.join(REVIEW_ORDER)}")
    asked = (
        "($reason is null or reason = $reason) and ($customer is null or $customer in (customer_id_a, customer_id_b))"
    )
    given = {"reason": reason, "customer": customer_id}
    with reader(settings) as published:
        if not published.has("identity/review_queue"):
            raise HoivaError("the review queue is not published yet; run hoiva run first")
        by_reason = published.rows(
            f"select reason, count(*) as count_pairs from identity.review_queue where {asked} group by all", **given
        )
        pairs = published.rows(
            f"select * from identity.review_queue where {asked} order by list_position($order, reason), score desc,"
            " match_weight desc nulls last, source_record_id_a, source_record_id_b limit $limit",
            **given, order=list(REVIEW_ORDER), limit=limit,
        )  # fmt: skip
        return {
            "as_of": published.version.as_of,
            "count_pairs": sum(row["count_pairs"] for row in by_reason),
            "by_reason": sorted(by_reason, key=lambda row: REVIEW_ORDER.index(row["reason"])),
            "pairs": pairs,
        }


def said_of(settings: Settings, records: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the newest known version of each record says: names, addresses, phones. For a terminal, and nowhere else.

    Reads the vault of the last run, without writing to it.

    Args:
        settings: whose vault.
        records: source records; browsers and shop numbers have nothing to show.

    Returns:
        record -> the columns ``SHOWN``; a record without contact data is missing.

    Raises:
        HoivaError: the vault is not there yet, or a run holds it.
    """
    with look_into_warehouse(settings) as warehouse:
        rows = warehouse.read(
            f"select source_record_id, {', '.join(SHOWN)} from vault.identity.known_contacts"
            " where is_newest and source_record_id in (select unnest($records))",
            {"records": sorted(set(records))},
        ).to_pylist()
    return {row["source_record_id"]: {name: row[name] for name in SHOWN} for row in rows}
