"""Why records are one customer: the shortest chain of matches between any two, and the matches everything hangs on."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Pair = tuple[str, str]


@dataclass(frozen=True)
class Match:
    """One rule that speaks for two source records; see the table ``matches``. A reason says why it was held."""

    source_record_id_a: str
    source_record_id_b: str
    rule: str
    evidence: str
    score: float
    first_seen_at: datetime
    reason: str | None = None
    match_weight: float | None = None

    @property
    def pair(self) -> Pair:
        """Both records, the smaller id first."""
        return self.source_record_id_a, self.source_record_id_b

    def other(self, record: str) -> str:
        """The record at the other end."""
        return self.source_record_id_b if record == self.source_record_id_a else self.source_record_id_a


@dataclass(frozen=True)
class Link:
    """One step of a chain: how ``to_record`` comes to ``from_record``.

    Attributes:
        from_record: the record before it in the chain.
        to_record: the record that it brings in.
        match: the strongest match of the two; the elder one of equal strength.
        also: other rules that speak for the same two.
        count_parted: records that would part from the customer without this link; 0 where another way joins them.
    """

    from_record: str
    to_record: str
    match: Match
    also: tuple[str, ...] = ()
    count_parted: int = 0


def matches_of(rows: Iterable[Mapping[str, Any]]) -> list[Match]:
    """Rows of the table ``matches`` as matches; other columns are left out."""
    return [Match(**{name: row[name] for name in Match.__dataclass_fields__}) for row in rows]


def chain_between(matches: Collection[Match], start: str, end: str) -> list[Link] | None:
    """The shortest chain of matches from one record to another; of two equally short ones, the stronger steps first.

    Args:
        matches: those that may be walked. Give held ones too to see what would have joined two customers.
        start: a source record.
        end: another.

    Returns:
        the links in order; none for a record and itself; None when no chain leads there.

    >>> noon = datetime(2026, 3, 1, 12)
    >>> ways = [Match("crm:1", "shop:7", "customer_number", "customer_number", 1.0, noon),
    ...         Match("cookie:x", "shop:7", "login", "cookie_login", 1.0, noon)]
    >>> [(link.to_record, link.match.rule) for link in chain_between(ways, "crm:1", "cookie:x")]
    [('shop:7', 'customer_number'), ('cookie:x', 'login')]
    >>> chain_between(ways, "crm:1", "crm:2") is None
    True
    """
    if start == end:
        return []
    arrived: dict[str, Link] = {}
    for link in walk(matches, start):
        arrived[link.to_record] = link
        if link.to_record == end:
            return list(reversed(list(_back(arrived, start, end))))
    return None


def why_one(matches: Collection[Match], first: str) -> list[Link]:
    """How each record of a customer came to be of the customer, the nearest to the first record first.

    Args:
        matches: those that join the customer's records.
        first: the record to begin with: the one the customer is named by.

    Returns:
        one link for each record but the first; following ``from_record`` gives the shortest chain back to it.
    """
    parted = hanging(matches, first)
    return [
        Link(link.from_record, link.to_record, link.match, link.also, parted.get(link.match.pair, 0))
        for link in walk(matches, first)
    ]


def walk(matches: Collection[Match], start: str) -> Iterator[Link]:
    """All records that chains reach from one, breadth first, each by the first link that reaches it."""
    beside = _neighbours(matches)
    seen, waiting = {start}, deque([start])
    while waiting:
        record = waiting.popleft()
        for other, ways in beside.get(record, {}).items():
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                yield Link(record, other, ways[0], tuple(dict.fromkeys(way.rule for way in ways[1:])))


def hanging(matches: Collection[Match], first: str) -> dict[Pair, int]:
    """The pairs of records whose matches alone hold a customer together, with how many records would part.

    A wrong match does its harm here: without it there would be two. The records counted are those on the side without
    the first record.

    How: Tarjan's bridges, by one walk in depth without recursion; matches of one pair count as one edge.

    >>> noon = datetime(2026, 3, 1, 12)
    >>> ways = [Match(a, b, "email", "email", 1.0, noon) for a, b in ("ab", "bc", "ac", "cd")]
    >>> hanging(ways, "a")
    {('c', 'd'): 1}
    """
    beside = {record: list(others) for record, others in _neighbours(matches).items()}
    entered = {first: 0}  # record -> when the walk came to it
    lowest = {first: 0}  # record -> the earliest record that it or anything behind it leads back to
    size = {first: 1}  # record -> how many records lie behind it, itself included
    found: dict[Pair, int] = {}
    path: list[tuple[str, str, Iterator[str]]] = [(first, "", iter(beside.get(first, [])))]
    while path:
        record, before, others = path[-1]
        for other in others:
            if other == before:
                continue
            if other in entered:
                lowest[record] = min(lowest[record], entered[other])
                continue
            entered[other] = lowest[other] = len(entered)
            size[other] = 1
            path.append((other, record, iter(beside[other])))
            break
        else:
            path.pop()
            if path:
                size[before] += size[record]
                lowest[before] = min(lowest[before], lowest[record])
                if lowest[record] > entered[before]:
                    found[min(before, record), max(before, record)] = size[record]
    return dict(sorted(found.items()))


def _neighbours(matches: Collection[Match]) -> dict[str, dict[str, list[Match]]]:
    """Record -> the records beside it -> their matches; the strongest and eldest first."""
    beside: dict[str, dict[str, list[Match]]] = {}
    for match in sorted(matches, key=lambda match: (-match.score, match.first_seen_at, match.pair, match.rule)):
        for record in dict.fromkeys(match.pair):
            beside.setdefault(record, {}).setdefault(match.other(record), []).append(match)
    return beside


def _back(arrived: Mapping[str, Link], start: str, end: str) -> Iterator[Link]:
    record = end
    while record != start:
        yield arrived[record]
        record = arrived[record].from_record
