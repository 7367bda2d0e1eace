"""The steps of a care model, apart from how its file is written: what the engine walks and the map draws.

Steps stand in one line; each outcome of a step leads to a later one, so a path goes forward only and ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.conditions import Condition

END = -1  # the place after the last step
NEXT = "next"  # the outcome of a step that has only one
TIMEOUT = "no_reaction"  # the outcome of a wait_for when nothing came
ELSE = "else"  # the outcome of a branch when no condition holds
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Variant:
    """One form of an action: who gets which is drawn, salted and for good, by the shares."""

    variant: str
    share: float  # of all variants' shares
    treatment: str
    subject: str
    link: str | None = None
    offer: str | None = None


@dataclass(frozen=True)
class Action:
    """A contact to be proposed: the decisions choose, the contact is made, the path goes on from there.

    ``max_age`` is how long after its time it still makes sense: later it is dropped with a record.
    ``where`` is asked when it would be sent; while it does not hold, nothing is proposed.
    """

    channel: str
    variants: tuple[Variant, ...]
    language_fallback: str = "en"
    slots: Mapping[str, str] = field(default_factory=dict)  # parts of the content by name
    cost: Decimal | None = None  # None: the channel's
    value: Decimal | None = None  # None: the care model's
    lead_time: Duration = field(default_factory=Duration)
    max_age: Duration = field(default_factory=lambda: Duration(days=7))
    where: Condition | None = None
    encounter: str | None = None  # the encounter it was taken from
    sells: bool = False


@dataclass(frozen=True)
class Wait:
    """A pause: a span, then on to a day and an hour of the business zone, as far as they are given.

    With ``attribute`` the pause ends on that date of the customer's row, ``offset_days`` later (or, negative,
    earlier); who has no such date, or whose date has passed, goes on at once.
    """

    span: Duration = field(default_factory=Duration)
    weekdays: tuple[int, ...] = ()  # 0 is Monday; empty: any
    working_day: bool = False  # neither weekend nor public holiday
    at: time | None = None  # the hour of the business zone
    attribute: str | None = None
    offset_days: int = 0


@dataclass(frozen=True)
class Response:
    """A reaction to the contact of an earlier step, from the moment it was made: opened, clicked, a code of a call."""

    step: str
    response: str


@dataclass(frozen=True)
class Happening:
    """An event of the customer after the entry; with ``same_subject`` one about what the entry was about."""

    event: str
    where: Condition | None = None
    same_subject: bool = False


@dataclass(frozen=True)
class WaitFor:
    """Until the first of these comes, or until ``timeout`` has passed: the outcomes stand in the same order."""

    awaited: tuple[Response | Happening, ...]
    timeout: Duration


@dataclass(frozen=True)
class Branch:
    """The first condition that holds; the last outcome is ``else``.

    ``asked_at_entry``: of the customer as on the day of the entry, not of the day the branch is reached.
    """

    conditions: tuple[Condition, ...]
    asked_at_entry: bool = False


@dataclass(frozen=True)
class Split:
    """A draw, salted and for good: the shares of the outcomes."""

    shares: tuple[float, ...]


@dataclass(frozen=True)
class Exit:
    """The end of the path."""

    reason: str


Does = Action | Wait | WaitFor | Branch | Split | Exit


@dataclass(frozen=True)
class Outcome:
    """One way out of a step: its name, and the place it leads to (``END``: the path is complete)."""

    outcome: str
    to: int


@dataclass(frozen=True)
class Step:
    """One step in its place.

    ``stage`` is the stage of the service path it belongs to; None: the care model's.
    """

    step: str
    does: Does
    outcomes: tuple[Outcome, ...]
    title: str = ""
    stage: str | None = None


@dataclass(frozen=True)
class Arm:
    """One outcome with the steps that follow it before the paths come together again."""

    outcome: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Part:
    """A step as a file has it: with the steps inside its arms."""

    step: str
    does: Does
    arms: tuple[Arm, ...] = (Arm(NEXT),)
    title: str = ""
    stage: str | None = None


def laid_out(parts: Sequence[Part]) -> tuple[Step, ...]:
    """The steps in one line, each outcome leading to the place of a later step or to the end.

    >>> letter = Part("letter", Action("email", (Variant("only", 1, "hello", "Hello"),)))
    >>> answer = WaitFor((Response("letter", "opened"),), Duration(days=7))
    >>> call = Part("call", Action("phone", (Variant("only", 1, "script", "Hello"),)))
    >>> waits = Part("answer", answer, (Arm("opened"), Arm(TIMEOUT, (call,))))
    >>> steps = laid_out([letter, waits, Part("end", Exit("done"))])
    >>> [(step.step, [way.to for way in step.outcomes]) for step in steps]
    [('letter', [1]), ('answer', [3, 2]), ('call', [3]), ('end', [])]
    """
    steps: list[Step] = []
    _lay(parts, steps, count_of(parts))
    return tuple(_ending(step, len(steps)) for step in steps)


def count_of(parts: Sequence[Part]) -> int:
    """How many steps there are, those inside arms included."""
    return sum(1 + sum(count_of(arm.parts) for arm in part.arms) for part in parts)


def _lay(parts: Sequence[Part], steps: list[Step], after: int) -> None:
    """Lay parts from ``len(steps)`` on; what follows the last of them stands at ``after``."""
    for number, part in enumerate(parts):
        here = len(steps)
        following = here + count_of([part]) if number + 1 < len(parts) else after
        if isinstance(part.does, Exit):
            steps.append(Step(part.step, part.does, (), part.title, part.stage))
            continue
        place, outcomes = here + 1, []
        for arm in part.arms:
            outcomes.append(Outcome(arm.outcome, place if arm.parts else following))
            place += count_of(arm.parts)
        steps.append(Step(part.step, part.does, tuple(outcomes), part.title, part.stage))
        for arm in part.arms:
            _lay(arm.parts, steps, following)


def _ending(step: Step, count: int) -> Step:
    ways = tuple(Outcome(way.outcome, END if way.to >= count else way.to) for way in step.outcomes)
    return Step(step.step, step.does, ways, step.title, step.stage)
