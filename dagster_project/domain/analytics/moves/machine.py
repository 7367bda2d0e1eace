"""The lifecycle as a state machine: which stage may follow which, and what makes a customer move.

One thing happens at a time: the customer buys, or another day passes without it. Between two dates many things may
have happened, so what is allowed between dates is any chain of such moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dagster_project.domain.analytics.lifecycle import LIFECYCLE_STAGES

NOT_KNOWN = "not_known"  # before we met the customer: no stage, but the place everybody comes from

MET = "met"  # known now, not known then
BOUGHT = "bought"  # a newer purchase than then
SILENT = "silent"  # no purchase: time alone
JUDGED_AGAIN = "judged_again"  # no purchase, and yet back: the rhythm of the whole base has slackened since
CORRECTED = "corrected"  # purchases known then are none any more: taken back, or somebody else's
CAUSES = (MET, BOUGHT, SILENT, JUDGED_AGAIN, CORRECTED)

Moves = Mapping[str, frozenset[str]]

# What one purchase can do. An active customer who buys stays active, a new one new.
BY_BUYING: Moves = MappingProxyType(
    {
        "prospect": frozenset({"new"}),
        "new": frozenset({"active"}),  # on the day on which the first sixty days are over
        "fading": frozenset({"active", "new"}),  # new: a quick rhythm may fade within the first sixty days
        "passive": frozenset({"active"}),
        "lost": frozenset({"returned"}),
        "returned": frozenset({"active"}),
    }
)

# What one more day without a purchase can do.
BY_SILENCE: Moves = MappingProxyType(
    {
        "new": frozenset({"active", "fading", "passive"}),
        "active": frozenset({"fading", "passive"}),
        "fading": frozenset({"passive", "lost"}),
        "passive": frozenset({"lost"}),
        "returned": frozenset({"active", "fading", "passive"}),
    }
)

# What the others can do: when the whole base buys more slowly, the same silence means less.
BY_THE_BASE: Moves = MappingProxyType(
    {
        "fading": frozenset({"active"}),
        "passive": frozenset({"active", "fading"}),
        "lost": frozenset({"passive", "fading"}),
    }
)


def reachable(start: str, *kinds: Moves) -> frozenset[str]:
    """The stages that a chain of moves of these kinds can lead to, ``start`` itself among them only by a circle.

    >>> sorted(reachable("active", BY_SILENCE))
    ['fading', 'lost', 'passive']
    >>> "prospect" in reachable("prospect", BY_BUYING, BY_SILENCE)
    False
    """
    found: set[str] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        onward = {stage for moves in kinds for stage in moves.get(here, ())} - found
        found |= onward
        waiting.extend(onward)
    return frozenset(found)


def may_follow(before: str, after: str, has_bought: bool) -> bool:
    """Whether a customer may stand in ``after`` some time after ``before``, with purchases in between or without.

    >>> may_follow("active", "lost", has_bought=False)
    True
    >>> may_follow("lost", "active", has_bought=False), may_follow("lost", "active", has_bought=True)
    (False, True)
    """
    kinds = (BY_BUYING, BY_SILENCE) if has_bought else (BY_SILENCE,)
    return before == NOT_KNOWN or after in reachable(before, *kinds)


def cause_of(before: str, after: str, has_bought: bool, is_corrected: bool) -> str:
    """Why a customer stands elsewhere than before, in one word of ``CAUSES``.

    Args:
        before: the stage then, or ``NOT_KNOWN``.
        after: the stage now.
        has_bought: whether there is a newer purchase than then.
        is_corrected: whether the newest purchase of then is not one any more.

    >>> cause_of("fading", "active", has_bought=True, is_corrected=False)
    'bought'
    >>> cause_of("fading", "active", has_bought=False, is_corrected=False)
    'judged_again'
    >>> cause_of("active", "fading", has_bought=True, is_corrected=False)
    'silent'
    >>> cause_of("active", "prospect", has_bought=False, is_corrected=True)
    'corrected'
    """
    if before == NOT_KNOWN:
        return MET
    if is_corrected or not may_follow(before, after, has_bought):
        by_the_base = not (is_corrected or has_bought) and after in BY_THE_BASE.get(before, ())
        return JUDGED_AGAIN if by_the_base else CORRECTED
    is_bought = has_bought and any(after in stages for stages in BY_BUYING.values())
    return BOUGHT if is_bought else SILENT  # who bought and has been silent since was moved by the silence


EVERY_MOVE = tuple(
    (before, after)
    for before in (NOT_KNOWN, *LIFECYCLE_STAGES)
    for after in LIFECYCLE_STAGES
    if before != after and may_follow(before, after, has_bought=True)
)
