"""Guard rails: a change so great that it is more likely a mistake than the truth waits for a person's word."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

MANY_REMOVED, MANY_ROWS = "many_removed", "many_rows"  # why a change is held
LAST = 10  # batches that say what is usual
FEWEST = 3  # of them; fewer say nothing


@dataclass(frozen=True)
class Guards:
    """What may go without a person's word.

    Attributes:
        most_removed: share of the members held that one batch may remove.
        most_times_usual: how many times the usual size (the median of the last batches) one batch may have.
        from_rows: a change of fewer rows than this is never held: three of eight members who leave are no alarm.
    """

    most_removed: float = 0.3
    most_times_usual: float = 3.0
    from_rows: int = 20


@dataclass(frozen=True)
class Size:
    """How great a change is.

    Attributes:
        count_adds: contacts, or members to add (also those whose identifiers changed).
        count_removes: members to let go of for good.
        count_held: members the destination holds.
        count_usual: rows of a usual batch; None while nobody can tell.
    """

    count_adds: int
    count_removes: int
    count_held: int
    count_usual: int | None


def usual(sizes: Sequence[int]) -> int | None:
    """The usual size of a batch: the median of the last ones; None while there are too few.

    >>> usual([5000, 40, 60, 50]), usual([5000, 40])
    (55, None)
    """
    return int(median(sizes[-LAST:])) if len(sizes) >= FEWEST else None


def held_because(size: Size, guards: Guards) -> str | None:
    """Why a change must wait for a person: ``many_removed`` or ``many_rows``; None when it may go.

    >>> held_because(Size(0, 31, 100, None), Guards()), held_because(Size(0, 30, 100, None), Guards())
    ('many_removed', None)
    >>> held_because(Size(151, 0, 100, 50), Guards()), held_because(Size(150, 0, 100, 50), Guards())
    ('many_rows', None)
    """
    if size.count_removes >= guards.from_rows and size.count_removes > guards.most_removed * size.count_held:
        return MANY_REMOVED
    rows = size.count_adds + size.count_removes
    if size.count_usual is not None and rows >= guards.from_rows and rows > guards.most_times_usual * size.count_usual:
        return MANY_ROWS
    return None


def fingerprint_of(parts: Iterable[Sequence[str]]) -> str:
    """What stands for exactly this change and no other: 32 hex digits.

    >>> fingerprint_of([("add", "c1"), ("remove", "c2")]) == fingerprint_of([("remove", "c2"), ("add", "c1")])
    True
    """
    lines = sorted("\x1f".join(part) for part in parts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
