"""What a care model is, apart from how its file is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from dagster_project.domain.care_models.duration import Duration
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
class Reentry:
    """Whether a customer may enter once more: ``never``; ``after`` so many days; ``per`` subject of the event."""

    kind: Literal["never", "after", "per"]
    after: Duration = field(default_factory=Duration)


@dataclass(frozen=True)
class Step:
    """One action: what would be done, where, at what cost."""

    step: str
    channel: str
    treatment: str
    subject: str
    link: str | None = None
    offer: str | None = None
    language_fallback: str = "en"
    cost: Decimal = Decimal(0)
    lead_time: Duration = field(default_factory=Duration)  # between the decision and the contact


@dataclass(frozen=True)
class CareModel:
    """A programme of care for a group of customers: who enters, how often, what happens first.

    ``value`` is what one contact is expected to bring, in the reporting currency; ``priority`` orders models where
    not everything can be done. Members of the control group enter and are measured, and are never contacted.
    """

    care_model: str
    title: str
    version: int
    owner: str
    purpose: str
    action_class: ActionClass
    entry: EventEntry | StateEntry
    reentry: Reentry
    steps: tuple[Step, ...]
    segment: str | None = None  # whose members alone may enter
    control_share: float = 0.0
    value: Decimal = Decimal(0)
    priority: int = 50

    @property
    def first_step(self) -> Step:
        """The action an enrolment begins with."""
        return self.steps[0]
