"""What changed in who is who between two runs: one row for each record whose customer is another than before."""

from __future__ import annotations

from collections.abc import Mapping

BORN = "born"  # a new customer, with the records it began with
JOINED = "joined"  # a new record of a customer who was there
MERGED = "merged"  # two customers turned out to be one: the elder's id stays
SPLIT = "split"  # a record that is a customer of its own again
MOVED = "moved"  # a record that belongs to another customer than before, while both go on
GONE = "gone"  # a record whose customer is no more: deleted by its source
CHANGES = (BORN, JOINED, MERGED, SPLIT, MOVED, GONE)

Change = tuple[str, str | None, str | None, str]  # record's own id, customer before, customer now, what it is called


def changes_between(before: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    """Tell two states of identity apart.

    Args:
        before: each record by the id it would have alone, and its customer, as of the run before.
        now: the same as of this run.

    Returns:
        record's own id, customer before (None: new), customer now (None: gone), and the change's name; by record.

    >>> changes_between({"a": "a", "b": "b"}, {"a": "a", "b": "a", "c": "a"})
    [('b', 'b', 'a', 'merged'), ('c', None, 'a', 'joined')]
    >>> changes_between({"a": "a", "b": "a"}, {"a": "a", "b": "b"})
    [('b', 'a', 'b', 'split')]
    """
    were, are = set(before.values()), set(now.values())
    found: list[Change] = []
    for record in sorted(before.keys() | now.keys()):
        former, customer = before.get(record), now.get(record)
        if former != customer:
            found.append((record, former, customer, _name(former, customer, were, are)))
    return found


def _name(former: str | None, customer: str | None, were: set[str], are: set[str]) -> str:
    if customer is None:
        return GONE
    if former is None:
        return JOINED if customer in were else BORN
    if former not in are:
        return MERGED
    return MOVED if customer in were else SPLIT
