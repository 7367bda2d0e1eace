"""Why a customer is one person, from the published tables: records, the matches that join them, what nearly matched.

Record ids, rules and moments alone. The vault is not opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.answering import customers_of
from dagster_project.adapters.reading import Reader, reader
from dagster_project.domain.identity.chains import Link, Match, chain_between, matches_of, why_one

if TYPE_CHECKING:
    from dagster_project.settings import Settings

NEARLY = 20  # held pairs that are told at most: as many as a person reads


def identity_of(published: Reader, customer_id: str) -> dict[str, Any]:
    """How a customer's records came to be one, and with whom they nearly were.

    Args:
        published: the tables of one version.
        customer_id: today's id.

    Returns:
        ``first_record`` (the one the customer is named by), ``links`` (one for each other record, see
        :func:`link_row`), ``nearly`` (held matches with records of others, the strongest first, at most ``NEARLY``:
        ``record``, ``other_record``, ``other_customer_id``, ``rule``, ``evidence``, ``score``, ``reason``,
        ``first_seen_at``) and ``count_nearly`` (how many there are).
    """
    members = published.rows(
        "select source_record_id, record_customer_id from identity.clusters where customer_id = $id"
        " order by source_record_id", id=customer_id,
    )  # fmt: skip
    records = {row["source_record_id"] for row in members}
    first = next((row["source_record_id"] for row in members if row["record_customer_id"] == customer_id), None)
    found = matches_at(published, records)
    joining = [match for match in found if match.reason is None]
    held = [match for match in found if match.reason is not None and not records.issuperset(match.pair)]
    nearly = near_misses(published, held[:NEARLY], records)
    return {
        "first_record": first,
        "links": [link_row(link) for link in why_one(joining, first)] if first else [],
        "nearly": nearly,
        "count_nearly": len(held),
    }


def chain_of(settings: Settings, a: str, b: str) -> dict[str, Any]:
    """The shortest chain of matches between two records.

    Returns:
        ``records`` and ``customers`` (two each), ``are_one``, and ``links``: of one customer the matches that join;
        of two customers the shortest way over held matches, each with its reason, or nothing.

    Raises:
        HoivaError: a record is not known.
        NotPublished: nothing has been published yet.
    """
    with reader(settings) as published:
        customers = customers_of(published, (a, b))
        are_one = customers[a] == customers[b]
        rows = published.rows(
            "select source_record_id from identity.clusters where customer_id in (select unnest($ids))",
            ids=sorted(set(customers.values())),
        )
        found = matches_at(published, {row["source_record_id"] for row in rows})
        ways = [match for match in found if match.reason is None] if are_one else found
        chain = chain_between(ways, a, b)
        return {
            "as_of": published.version.as_of,
            "records": [a, b],
            "customers": [customers[a], customers[b]],
            "are_one": are_one,
            "links": [link_row(link) for link in chain or []],
        }


def matches_at(published: Reader, records: Collection[str]) -> list[Match]:
    """Every match with one of these records at an end, held or not; the strongest first."""
    if not published.has("identity/matches"):
        return []
    rows = published.rows(
        "select * from identity.matches where source_record_id_a in (select unnest($ids))"
        " or source_record_id_b in (select unnest($ids))"
        " order by score desc, match_weight desc nulls last, source_record_id_a, source_record_id_b, rule",
        ids=sorted(records),
    )
    return matches_of(rows)


def near_misses(published: Reader, held: Iterable[Match], records: Collection[str]) -> list[dict[str, Any]]:
    """Held matches as seen from a customer: the own record, the other one and whose it is."""
    seen = [(match, *_own_first(match, records)) for match in held]
    customers = customers_of(published, {other for _, _, other in seen}) if seen else {}
    return [
        {
            "record": record,
            "other_record": other,
            "other_customer_id": customers[other],
            "rule": match.rule,
            "evidence": match.evidence,
            "score": match.score,
            "reason": match.reason,
            "first_seen_at": match.first_seen_at,
        }
        for match, record, other in seen
    ]


def link_row(link: Link) -> dict[str, Any]:
    """One step of a chain: ``record``, ``joined_to``, ``rule``, ``evidence``, ``score``, ``first_seen_at``, ``reason``
    (null: it joins), ``also`` (other rules that speak for the two), ``count_parted`` (records that would part without
    this step)."""
    return {
        "record": link.to_record,
        "joined_to": link.from_record,
        "rule": link.match.rule,
        "evidence": link.match.evidence,
        "score": link.match.score,
        "first_seen_at": link.match.first_seen_at,
        "reason": link.match.reason,
        "also": list(link.also),
        "count_parted": link.count_parted,
    }


def _own_first(match: Match, records: Collection[str]) -> tuple[str, str]:
    one, other = match.pair
    return (one, other) if one in records else (other, one)
