"""What a care model is, apart from how its file is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.steps import Action, Happening, Part, Step, WaitFor, laid_out
from dagster_project.domain.conditions import Condition

ActionClass = Literal["mandatory", "transactional", "marketing"]


@dataclass(frozen=True)
class EventEntry:
    """Something happened to the customer: an event of one type, not longer ago than ``within``."""

    event: str
    within: Duration
    where: Condition | None = None  # on the customer's row, and on the event with the prefix event_


@dataclass(frozen=True)
class StateEntry:
    """Something is true of the customer at the moment asked about."""

    where: Condition


@dataclass(frozen=True)
class BecomesEntry:
    """Something has become true of the customer since the last run; at the first run nothing has become anything."""

    where: Condition


@dataclass(frozen=True)
class SegmentEntry:
    """The customer came into a segment since the last run, or left it."""

    segment: str
    left: bool = False
    where: Condition | None = None


@dataclass(frozen=True)
class WaveEntry:
    """Once a month, everyone who is in a group and was not at the last wave. The first run is a wave, too.

    ``day`` is the day of the month; a shorter month's last day stands for it.
    """

    where: Condition
    day: int = 1


@dataclass(frozen=True)
class SilenceEntry:
    """Nothing was heard of the customer for so long: no purchase, visit, reaction or contact of service.

    ``of`` are the columns with the moment each was last heard; the newest counts. Who fell silent longer than
    ``within`` ago does not enter any more.
    """

    of: tuple[str, ...]
    span: Duration
    within: Duration
    where: Condition | None = None


@dataclass(frozen=True)
class DateEntry:
    """A date of the customer's row comes near, is there, or is past: ``offset_days`` after it (negative: before).

    ``yearly`` takes day and month alone (29 February is 28 February in other years). Up to ``within`` later still
    counts, should no run have been made on the day itself.
    """

    attribute: str
    offset_days: int
    yearly: bool
    within: Duration
    where: Condition | None = None


Entry = EventEntry | StateEntry | BecomesEntry | SegmentEntry | WaveEntry | SilenceEntry | DateEntry


@dataclass(frozen=True)
class Reentry:
    """Whether a customer may enter once more.

    ``never``; ``after_exit``: when the last enrolment has ended; ``after``: so many days after the last entry; ``per``:
    once for each subject of the event.
    """

    kind: Literal["never", "after_exit", "after", "per"]
    after: Duration = field(default_factory=Duration)


@dataclass(frozen=True)
class Goal:
    """What the care model is for: an event after the entry, which ends it as a success."""

    happening: Happening
    within: Duration


@dataclass(frozen=True)
class CareModel:
    """A programme of care for a group of customers: who enters, how often, what happens then.

    ``value`` is what one contact is expected to bring, in the reporting currency; ``priority`` orders models where
    not everything can be done. Members of the control group enter and are measured, and are never contacted.

    Attributes:
        parts: the steps as the file nests them; :attr:`steps` has them in one line.
        stage: of the service path, where its encounters lie unless they say otherwise.
        goal, exits, leaves_when: what ends it early: success, an event, a state (asked when an action is due).
        valid_from, valid_until: business days, both included, on which customers enter; None: no limit.
        moves: of an older version, where (its step) to go on (a step of this one); who stands elsewhere stays
            on it until she comes to such a step.
        definition: what the file says, as canonical JSON with encounters filled in; the ledger keeps it.
    """

    care_model: str
    title: str
    version: int
    owner: str
    purpose: str
    action_class: ActionClass
    entry: Entry
    reentry: Reentry
    parts: tuple[Part, ...]
    stage: str = "use"
    about: str = ""
    goal: Goal | None = None
    exits: tuple[Happening, ...] = ()
    leaves_when: Condition | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    moves: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    segment: str | None = None  # whose members alone may enter
    control_share: float = 0.0
    value: Decimal = Decimal(0)
    priority: int = 50
    definition: str = ""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps in one line, each outcome leading to a later one or to the end."""
        return laid_out(self.parts)

    @property
    def department(self) -> str:
        """The team that owns it: ``crm`` of ``team:crm``."""
        return self.owner.rpartition(":")[2]

    @property
    def walked(self) -> tuple[object, ...]:
        """What the path of whoever is inside depends on: it may change with the version alone."""
        return self.parts, self.goal, self.exits, self.leaves_when

    @cached_property
    def actions(self) -> dict[str, Action]:
        """The actions among the steps, by name."""
        return {step.step: step.does for step in self.steps if isinstance(step.does, Action)}

    @cached_property
    def draws_on(self) -> tuple[str, ...]:
        """The segments it needs: whose members alone may enter, and whose coming and going it watches."""
        watched = self.entry.segment if isinstance(self.entry, SegmentEntry) else None
        return tuple(segment for segment in (self.segment, watched) if segment is not None)

    @cached_property
    def listens_to(self) -> dict[str, Happening]:
        """The events the path depends on, by the name the engine knows them under.

        ``goal``; ``exit/<number>``; ``<step>/<number of the awaited>``.
        """
        heard = {} if self.goal is None else {"goal": self.goal.happening}
        heard |= {f"exit/{number}": happening for number, happening in enumerate(self.exits)}
        for step in self.steps:
            if isinstance(step.does, WaitFor):
                heard |= {
                    f"{step.step}/{number}": awaited
                    for number, awaited in enumerate(step.does.awaited)
                    if isinstance(awaited, Happening)
                }
        return heard
