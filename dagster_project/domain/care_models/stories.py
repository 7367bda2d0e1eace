"""A story: what happens to a customer, and what a care model should do about it.

Told in advance, played on a virtual clock, and compared: what was expected beside what was done, in time order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal


@dataclass(frozen=True)
class Person:
    """One customer of a story: the row at its start, and on which side of the draws she stands."""

    name: str
    row: Mapping[str, Any]
    side: Literal["treated", "control", "holdout"] = "treated"


@dataclass(frozen=True)
class Turn:
    """Something that happens; exactly one of ``event`` to ``file`` is given.

    Attributes:
        at: when (aware).
        known: when it comes to be known.
        who: to whom.
        event: an event of the timeline, with its fields.
        response: what came back, with the step it answers and whether a machine made it.
        change: columns of the customer's row that are different from now on.
        consent: by channel, what is allowed from now on.
        segments: by segment, whether she is in it from now on.
        become_one: persons who turn out to be one; the first keeps her name.
        file: the care model's file from now on.
    """

    at: datetime
    known: datetime
    who: str
    event: Mapping[str, Any] | None = None
    response: tuple[str, str, bool] | None = None
    change: Mapping[str, Any] | None = None
    consent: Mapping[str, bool] | None = None
    segments: Mapping[str, bool] | None = None
    become_one: tuple[str, ...] = ()
    file: str | None = None


@dataclass(frozen=True)
class Met:
    """A contact: with whom, when (the wall clock of the business zone, to the minute), by which step."""

    who: str
    at: str
    step: str
    channel: str = ""
    treatment: str = ""


@dataclass(frozen=True)
class Ending:
    """How an enrolment ended, or where it stands; None: nobody asks."""

    who: str
    outcome: str | None = None
    at: str | None = None
    stands_at: str | None = None


@dataclass(frozen=True)
class Story:
    """A story as its file tells it.

    Attributes:
        first, last: the nights played, both included.
        no_runs: days (their nights) on which no run is made.
        expected: every contact, no more and no less; channel and treatment are compared where they are told.
        never: steps whose contact must not be made.
        entered: how often the persons enter; None: nobody asks.
        capacity: contacts a channel carries in a day, where the story limits it.
    """

    story: str
    care_model: str
    first: date
    last: date
    people: tuple[Person, ...]
    turns: tuple[Turn, ...]
    expected: tuple[Met, ...]
    never: tuple[str, ...] = ()
    ends: tuple[Ending, ...] = ()
    entered: int | None = None
    file: str | None = None  # of the care model, when it is not a shipped one
    no_runs: frozenset[date] = frozenset()
    capacity: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Played:
    """What was done in a story: contacts, how each enrolment ended or where it stands, how many there were."""

    met: tuple[Met, ...]
    ends: tuple[Ending, ...]
    entered: int
    fault: str | None = None


@dataclass(frozen=True)
class Line:
    """One line of the comparison; ``fits`` is False where it is not as expected, None where nothing was expected."""

    at: str
    who: str
    expected: str
    actual: str
    fits: bool | None


@dataclass(frozen=True)
class Verdict:
    """A story and how it went: passed when every line fits."""

    story: Story
    lines: tuple[Line, ...]

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return all(line.fits is not False for line in self.lines)


def compared(story: Story, played: Played) -> Verdict:
    """Expected and actual, side by side in time order.

    >>> at = "2026-03-04 09:00"
    >>> day = date(2026, 3, 1)
    >>> told = Story("letter_comes", "welcome", day, day, (), (), (Met("she", at, "letter"),))
    >>> [line.fits for line in compared(told, Played((Met("she", at, "letter", "email", "hello"),), (), 1)).lines]
    [True]
    >>> compared(told, Played((Met("she", "2026-03-05 09:00", "letter"),), (), 1)).passed
    False
    """
    lines = [_turn(turn) for turn in story.turns]
    open_ones = list(played.met)
    for wanted in story.expected:
        same = next((met for met in open_ones if _is_same(wanted, met)), None)
        if same is not None:
            open_ones.remove(same)
            lines.append(Line(wanted.at, wanted.who, _said(wanted), _said(same), True))
        else:
            lines.append(Line(wanted.at, wanted.who, _said(wanted), "nothing", False))
    lines.extend(Line(met.at, met.who, "nothing", _said(met), False) for met in open_ones)
    for step in story.never:
        made = [met for met in played.met if met.step == step]
        lines.append(Line("at no time", "", f"never {step}", _said(made[0]) if made else "never", not made))
    lines.extend(_ended(wanted, played.ends) for wanted in story.ends)
    if story.entered is not None:
        fits = story.entered == played.entered
        lines.append(Line("at the end", "", f"{story.entered} entered", f"{played.entered} entered", fits))
    if played.fault is not None:
        lines.append(Line("at the end", "", "runs", played.fault, False))
    return Verdict(story, tuple(sorted(lines, key=lambda line: (not line.at[:1].isdigit(), line.at))))


def _is_same(wanted: Met, met: Met) -> bool:
    return (
        (wanted.who, wanted.at, wanted.step) == (met.who, met.at, met.step)
        and wanted.channel in ("", met.channel)
        and wanted.treatment in ("", met.treatment)
    )


def _said(met: Met) -> str:
    by = " ".join(part for part in (f"by {met.channel}" if met.channel else "", met.treatment) if part)
    return f"{met.step} {by}".strip()


def _ended(wanted: Ending, actual: Sequence[Ending]) -> Line:
    of_her = [one for one in actual if one.who == wanted.who]
    fits = any(
        (wanted.outcome is None or wanted.outcome == one.outcome)
        and (wanted.at is None or wanted.at == one.at)
        and (wanted.stands_at is None or wanted.stands_at == one.stands_at)
        for one in of_her
    )
    told = "; ".join(_end(one) for one in of_her) or "never entered"
    return Line(wanted.at or "at the end", wanted.who, _end(wanted), told, fits)


def _end(ending: Ending) -> str:
    if ending.outcome is not None:
        return f"ends: {ending.outcome}" + (f" at {ending.at}" if ending.at else "")
    return f"stands at {ending.stands_at}"


def _turn(turn: Turn) -> Line:
    if turn.event is not None:
        text = str(turn.event["event_type"])
    elif turn.response is not None:
        text = f"{turn.response[0]} to {turn.response[1]}" + (" by a machine" if turn.response[2] else "")
    elif turn.change is not None:
        text = ", ".join(f"{key} = {value}" for key, value in turn.change.items())
    elif turn.consent is not None:
        text = ", ".join(f"{'allows' if is_on else 'refuses'} {channel}" for channel, is_on in turn.consent.items())
    elif turn.segments is not None:
        text = ", ".join(f"{'enters' if is_in else 'leaves'} {name}" for name, is_in in turn.segments.items())
    elif turn.become_one:
        text = f"{' and '.join(turn.become_one)} are one"
    else:
        text = f"the care model changes: {turn.file}"
    late = f" (known {turn.known:%Y-%m-%d %H:%M})" if turn.known > turn.at else ""
    return Line(f"{turn.at:%Y-%m-%d %H:%M}", turn.who, "", f"- {text}{late}", None)
