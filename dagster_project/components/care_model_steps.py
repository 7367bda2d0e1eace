"""The steps of a care model's file: actions, waits, waits for something, branches, splits and exits.

What a step does is told by its one key: ``channel``, ``wait``, ``wait_for``, ``branch``, ``split`` or ``exit``. Steps
may stand inside the outcomes of others; after them the path goes on with what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from dagster_project.components.care_model_action import (
    WORDED,
    ActionFile,
    Headed,
    Strict,
    Text,
    Weekday,
    compiled,
)
from dagster_project.components.care_model_faults import refuse_ways
from dagster_project.components.channels import ResponseCode
from dagster_project.components.event_types import EventType
from dagster_project.components.wording import Name, Span
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.steps import (
    ELSE,
    NEXT,
    TIMEOUT,
    WEEK,
    Arm,
    Branch,
    Exit,
    Happening,
    Part,
    Response,
    Split,
    Wait,
    WaitFor,
)
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS


class PauseFile(Strict):
    """How long: a span, and then the next day and hour that fit."""

    span: Span | None = Field(default=None, description="12h, 3d, 2w", alias="for")
    until: str | None = Field(default=None, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="an hour, as 09:00")
    weekday: Weekday | list[Weekday] | None = None
    working_day: bool = Field(default=False, description="neither weekend nor public holiday in Finland")
    date: str | None = Field(default=None, description="a date of the customer's row, as birth_date")
    days_before: Annotated[int, Field(ge=0, le=366)] = 0
    days_after: Annotated[int, Field(ge=0, le=366)] = 0

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _waits_for_something(self) -> PauseFile:
        if not any((self.span, self.until, self.weekday, self.working_day, self.date)):
            raise ValueError("says how long: for: 3d, until: '09:00', weekday: tuesday, working_day: true or date: ...")
        if (self.days_before or self.days_after) and not self.date:
            raise ValueError("days_before and days_after are counted from a date: name it")
        if self.days_before and self.days_after:
            raise ValueError("has both days_before and days_after: one of them")
        return self


class WaitFile(Headed):
    """A pause."""

    wait: Span | PauseFile

    def as_part(self) -> Part:
        """The step apart from its file."""
        pause = PauseFile(span=self.wait) if isinstance(self.wait, str) else self.wait
        days = [pause.weekday] if isinstance(pause.weekday, str) else pause.weekday or []
        does = Wait(
            span=Duration.parse(pause.span) if pause.span else Duration(),
            weekdays=tuple(sorted(WEEK.index(day) for day in days)),
            working_day=pause.working_day,
            at=time.fromisoformat(pause.until) if pause.until else None,
            attribute=pause.date,
            offset_days=pause.days_after - pause.days_before,
        )
        return Part(self.id, does, (Arm(NEXT),), self.title or "", self.stage)


BY_MACHINES = ("opened", "clicked")  # what mail programs do by themselves, too


def happening(event: str, where: str | None, same_subject: bool) -> Happening:
    """An event that is listened to, its condition compiled."""
    return Happening(event, None if where is None else compiled(where, EVENT_COLUMNS), same_subject)


class AwaitedFile(Strict):
    """One thing waited for: a response to an earlier step, or an event."""

    response: ResponseCode | None = None
    to: Name | None = Field(default=None, description="the step whose contact is answered")
    human_only: bool = Field(
        default=True, description="of opened and clicked: not those that a mail program made by itself"
    )
    event: EventType | None = Field(default=None, description="an event of the timeline, as purchase")
    where: Text | None = Field(default=None, description="a condition on the event: event_amount > 0")
    same_subject: bool = Field(default=False, description="about the same order or service contact as the entry")
    then: list[StepFile] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_of_both(self) -> AwaitedFile:
        if (self.response is None) == (self.event is None):
            raise ValueError("waits for a response (with to) or for an event: one of them")
        if self.response is not None and self.to is None:
            raise ValueError("to is missing: the step whose contact is answered")
        if self.response is not None and (self.where or self.same_subject):
            raise ValueError("where and same_subject are about events")
        if self.event is not None and self.to is not None:
            raise ValueError("to names the step that a response answers: an event has none")
        if not self.human_only and self.response not in BY_MACHINES:
            raise ValueError("human_only is about opened and clicked: machines do nothing else")
        if self.where is not None:
            compiled(self.where, EVENT_COLUMNS)
        return self

    @property
    def name(self) -> str:
        """Of the outcome."""
        return self.response or self.event or ""

    def as_awaited(self) -> Response | Happening:
        """What is waited for, apart from its file."""
        if self.response is not None:
            return Response(self.to or "", self.response if self.human_only else f"any_{self.response}")
        return happening(self.event or "", self.where, self.same_subject)


class NoReactionFile(Strict):
    """How long is waited, and what follows when nothing came."""

    after: Span
    then: list[StepFile] = Field(default_factory=list)


class WaitForFile(Headed):
    """A wait for what the customer does, with an end."""

    wait_for: list[AwaitedFile] = Field(min_length=1, description="any of these; the first that comes")
    no_reaction: NoReactionFile = Field(description="when nothing came: after how long, and what then")

    def as_part(self) -> Part:
        """The step apart from its file."""
        names = [each.name for each in self.wait_for]
        taken = [name if names.count(name) == 1 else f"{name}_{number}" for number, name in enumerate(names, 1)]
        arms = [Arm(name, parts_of(each.then)) for name, each in zip(taken, self.wait_for, strict=True)]
        does = WaitFor(tuple(each.as_awaited() for each in self.wait_for), Duration.parse(self.no_reaction.after))
        return Part(self.id, does, (*arms, Arm(TIMEOUT, parts_of(self.no_reaction.then))), self.title or "", self.stage)


class WhenFile(Strict):
    """One way of a branch."""

    name: Name | None = None
    when: Text = Field(description="a condition on the customer's row")
    then: list[StepFile] = Field(default_factory=list)


class ElseFile(Strict):
    """The way when no condition holds."""

    otherwise: list[StepFile]


class BranchFile(Headed):
    """The first condition that holds."""

    branch: list[WhenFile] = Field(min_length=1)
    otherwise: list[StepFile] = Field(
        description="what follows when no condition holds; [] goes straight on", alias="else"
    )
    asked: Literal["at_entry", "when_reached"] = Field(
        default="when_reached", description="of the customer as on which day"
    )

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _reachable(self) -> BranchFile:
        asked: list[str] = []
        for way in self.branch:
            condition = compiled(way.when, CUSTOMER_COLUMNS)
            if condition.sql in asked:
                raise ValueError(f"'{way.when}' is asked twice: the second way is never taken")
            if condition.sql.lower() in ("true", "(true)"):
                raise ValueError(f"'{way.when}' always holds: the ways after it and else are never taken")
            asked.append(condition.sql)
        refuse_ways([compiled(way.when, CUSTOMER_COLUMNS) for way in self.branch], [way.when for way in self.branch])
        return self

    def as_part(self) -> Part:
        """The step apart from its file."""
        does = Branch(tuple(compiled(way.when, CUSTOMER_COLUMNS) for way in self.branch), self.asked == "at_entry")
        arms = [Arm(way.name or f"way_{number}", parts_of(way.then)) for number, way in enumerate(self.branch, 1)]
        return Part(self.id, does, (*arms, Arm(ELSE, parts_of(self.otherwise))), self.title or "", self.stage)


class SharedFile(Strict):
    """One way of a split."""

    name: Name
    share: Annotated[float, Field(gt=0, le=100)]
    then: list[StepFile] = Field(default_factory=list)


class SplitFile(Headed):
    """A draw for good."""

    split: list[SharedFile] = Field(min_length=2)

    def as_part(self) -> Part:
        """The step apart from its file."""
        arms = tuple(Arm(way.name, parts_of(way.then)) for way in self.split)
        return Part(self.id, Split(tuple(way.share for way in self.split)), arms, self.title or "", self.stage)


class ExitFile(Headed):
    """The end."""

    exit: Name = Field(description="why it ends here, as not_interested")

    def as_part(self) -> Part:
        """The step apart from its file."""
        return Part(self.id, Exit(self.exit), (), self.title or "", self.stage)


KINDS = ("channel", "encounter", "wait_for", "wait", "branch", "split", "exit")


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        kind = next((kind for kind in KINDS if kind in value), "channel")
        return "channel" if kind == "encounter" else kind
    return next((kind for kind in KINDS if hasattr(value, kind)), "channel")


StepFile = Annotated[
    Annotated[ActionFile, Tag("channel")]
    | Annotated[WaitFile, Tag("wait")]
    | Annotated[WaitForFile, Tag("wait_for")]
    | Annotated[BranchFile, Tag("branch")]
    | Annotated[SplitFile, Tag("split")]
    | Annotated[ExitFile, Tag("exit")],
    Discriminator(_kind),
]
for _form in (AwaitedFile, NoReactionFile, WaitForFile, WhenFile, ElseFile, BranchFile, SharedFile, SplitFile):
    _form.model_rebuild()


# What a step has whose encounter is not there, so that this alone is told and not all that the encounter would say.
NO_ENCOUNTER = {"channel": "phone", "treatment": "no_encounter", "subject": "There is no encounter"}


def with_encounters(values: Any, encounters: Mapping[str, Mapping[str, Any]]) -> Any:
    """The values of a file with every step that names an encounter filled in from it; what the step says goes first."""
    if isinstance(values, list):
        return [with_encounters(value, encounters) for value in values]
    if not isinstance(values, dict):
        return values
    filled = {key: with_encounters(value, encounters) for key, value in values.items()}
    name = values.get("encounter")
    content = dict(encounters.get(name, NO_ENCOUNTER)) if isinstance(name, str) and "id" in values else {}
    if "variants" in values:
        content = {key: value for key, value in content.items() if key not in WORDED}
    return content | filled


def parts_of(steps: list[StepFile]) -> tuple[Part, ...]:
    """Steps apart from their file, with those inside their outcomes."""
    return tuple(step.as_part() for step in steps)
