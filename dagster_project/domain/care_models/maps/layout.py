"""Where the steps of a care model stand on the map: along its path, and beside each other where it branches.

Coordinates are *along* the path and *across* it; the picture lays the path from left to right (a timeline) or from top
to bottom (a path by stages).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.steps import Action, Arm, Branch, Exit, Part, Split, Wait, WaitFor

ENTRY, END = "entry", "end"  # what stands at the beginning and the end, besides the steps
MOST_DAYS = 60.0  # a longer pause is drawn as this one: the picture stays on the paper


@dataclass(frozen=True)
class Sizes:
    """How large things are along the path and across it, in units of the picture."""

    card: tuple[float, float]  # along, across
    small: tuple[float, float]  # waits, choices, ends
    gap: float  # along, between two steps
    label: float  # along, for words on an arrow
    lane: float  # across, between two lanes
    thin: float  # across, of a lane nothing stands on
    of_time: float  # along, for the square root of a day


@dataclass
class Node:
    """One step in its place. ``days``: the earliest and latest day since the entry on which it is reached."""

    step: str
    part: Part | None
    along: float
    lane: int
    size: tuple[float, float]
    days: tuple[float, float]
    stage: str


@dataclass
class Edge:
    """One arrow: from a step to the next, travelling on a lane, with its words."""

    source: str
    target: str
    lane: int
    words: str
    outcome: str


@dataclass
class Placed:
    """All steps and arrows. ``lanes`` are the places across of the middle of each lane."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    lanes: list[float] = field(default_factory=list)
    along: float = 0.0
    across: float = 0.0


@dataclass(frozen=True)
class _Loose:
    """An arrow that has left a step and has not come anywhere yet."""

    source: str
    outcome: str
    words: str
    lane: int
    along: float
    days: tuple[float, float]
    pause: float = 0.0  # days


def placed(model: CareModel, sizes: Sizes, words: Mapping[tuple[str, str], str]) -> Placed:
    """Lay a care model out.

    Args:
        model: the care model.
        sizes: of cards and gaps.
        words: what stands on the arrow of an outcome, by step and outcome; without words, nothing.
    """
    layer = _Layer(model, sizes, words)
    layer.node(ENTRY, None, 0.0, 0, sizes.card, (0.0, 0.0), model.stage)
    loose = layer.lay(model.parts, [_Loose(ENTRY, "", "", 0, sizes.card[0], (0.0, 0.0))], 0)
    if loose:
        layer.join(END, None, loose, 0, sizes.small)
    return layer.finished()


def thin_of(sizes: Sizes, node: Node) -> bool:
    """Whether a step is drawn small."""
    return node.size == sizes.small


class _Layer:
    def __init__(self, model: CareModel, sizes: Sizes, words: Mapping[tuple[str, str], str]) -> None:
        self.model, self.sizes, self.words = model, sizes, words
        self.found = Placed()
        self.count_lanes = 1
        self.taken: dict[int, float] = {}  # along, how far each lane is built up
        self.busy: set[int] = set()  # lanes on which an arrow is on its way

    def node(
        self, step: str, part: Part | None, along: float, lane: int, size: tuple[float, float],
        days: tuple[float, float], stage: str,
    ) -> None:  # fmt: skip
        self.found.nodes[step] = Node(step, part, along, lane, size, days, stage)
        self.taken[lane] = along + size[0]

    def join(self, step: str, part: Part | None, loose: Sequence[_Loose], lane: int, size: tuple[float, float]) -> Node:
        """Set a step down where all loose arrows can reach it, and lead them there."""
        along = max(each.along + self._gap(each) for each in loose)
        # Nothing that stands in the lanes the arrows cross may be run over; an end may stand in this lane already.
        crossed = range(min([lane, *(each.lane for each in loose)]), max([lane, *(each.lane for each in loose)]) + 1)
        along = max([along, *(self.taken[each] + self.sizes.gap for each in crossed if each in self.taken)])
        days = (min(each.days[0] for each in loose), max(each.days[1] for each in loose))
        stage = (part.stage if part else None) or self.model.stage
        self.node(step, part, along, lane, size, days, stage)
        for each in loose:
            self.found.edges.append(Edge(each.source, step, each.lane, each.words, each.outcome))
            self.taken[each.lane] = max(self.taken.get(each.lane, 0.0), along)
            self.busy.discard(each.lane)
        return self.found.nodes[step]

    def _gap(self, each: _Loose) -> float:
        room = self.sizes.label if each.words else self.sizes.gap
        return max(room, self.sizes.of_time * sqrt(min(each.pause, MOST_DAYS)))

    def lay(self, parts: Sequence[Part], loose: list[_Loose], lane: int) -> list[_Loose]:
        """Lay parts one after the other; gives the arrows that lead on from them."""
        for part in parts:
            size = self.sizes.card if isinstance(part.does, Action) else self.sizes.small
            here = self.join(part.step, part, loose, lane, size)
            if isinstance(part.does, Exit):
                return []
            loose = self._arms(part, here, lane)
            if not loose:
                return []
        return loose

    def _arms(self, part: Part, here: Node, lane: int) -> list[_Loose]:
        after = here.along + here.size[0]
        if len(part.arms) == 1:
            pause = _days_of(part)
            days = (here.days[0] + pause, here.days[1] + pause)
            return [_Loose(part.step, part.arms[0].outcome, "", lane, after, days, pause)]
        ends: list[_Loose] = []
        for number, arm in enumerate(_straightest_first(part)):
            own = lane if number == 0 else self._free_lane(lane, here.along)
            self.busy.add(own)
            first = self._first(part, arm, own, after, here.days)
            ends.extend(self.lay(arm.parts, [first], own) if arm.parts else [first])
        return ends

    def _free_lane(self, beside: int, along: float) -> int:
        """The nearest lane beyond another that is free from a place on; a new one, when there is none."""
        for lane in range(beside + 1, self.count_lanes):
            if lane not in self.busy and self.taken.get(lane, 0.0) <= along:
                return lane
        self.count_lanes += 1
        return self.count_lanes - 1

    def _first(self, part: Part, arm: Arm, lane: int, after: float, days: tuple[float, float]) -> _Loose:
        pause = 0.0
        if isinstance(part.does, WaitFor):
            span = part.does.timeout
            longest = span.days + span.hours / 24
            if arm is part.arms[-1]:
                pause, days = longest, (days[0] + longest, days[1] + longest)
            else:
                days = (days[0], days[1] + longest)
        words = self.words.get((part.step, arm.outcome), arm.outcome.replace("_", " "))
        return _Loose(part.step, arm.outcome, words, lane, after, days, pause)

    def finished(self) -> Placed:
        """With the lanes measured: wide where a card stands, narrow where arrows pass alone."""
        found, sizes = self.found, self.sizes
        widest = [0.0] * self.count_lanes
        for node in found.nodes.values():
            widest[node.lane] = max(widest[node.lane], node.size[1])
        across = 0.0
        for width in widest:
            room = max(width, sizes.thin)
            found.lanes.append(across + room / 2)
            across += room + sizes.lane
        found.across = across - sizes.lane
        found.along = max(node.along + node.size[0] for node in found.nodes.values())
        return found


def _days_of(part: Part) -> float:
    does = part.does
    if isinstance(does, Wait):
        return does.span.days + does.span.hours / 24
    if isinstance(does, Action):
        return does.lead_time.days + does.lead_time.hours / 24
    return 0.0


def _straightest_first(part: Part) -> list[Arm]:
    """The way with the most contacts goes straight on: it is the story of the model; the others stand beside it."""
    if isinstance(part.does, (Branch, Split, WaitFor)):
        return sorted(part.arms, key=lambda arm: -_length(arm.parts))
    return list(part.arms)


def _length(parts: Sequence[Part]) -> int:
    return sum(1 + max((_length(arm.parts) for arm in part.arms), default=0) for part in parts)
