"""The steps of a care model's file: actions, waits, waits for something, branches, splits and exits.

What a step does is told by its one key: ``channel``, ``wait``, ``wait_for``, ``branch``, ``split`` or ``exit``. Steps
may stand inside the outcomes of others; after them the path goes on with what follows.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from dagster_project.components.wording import Line, Name, Span
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.steps import (
    ELSE,
    NEXT,
    TIMEOUT,
    WEEK,
    Action,
    Arm,
    Branch,
    Exit,
    Happening,
    Part,
    Response,
    Split,
    Variant,
    Wait,
    WaitFor,
)
from dagster_project.domain.conditions import Condition, ConditionError, compile_condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS

Amount = Annotated[Decimal, Field(ge=0, le=100_000, max_digits=18, decimal_places=4)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Channel = Literal["email", "sms", "push", "web", "phone", "letter", "sample", "event", "staff"]
LINKED_CHANNELS = ("email", "sms", "push", "web")  # a message on these without a place to go to is refused
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
# What can come back from each channel; a branch may wait for these alone.
RESPONSES: dict[str, tuple[str, ...]] = {
    "email": ("opened", "clicked", "replied", "bounced"),
    "sms": ("clicked", "replied", "bounced"),
    "push": ("opened", "clicked"),
    "web": ("seen", "clicked", "dismissed"),
    "phone": ("reached", "satisfied", "dissatisfied", "bought", "asked_not_to_call"),
    "letter": ("code_used", "returned"),
    "sample": ("ordered", "returned"),
    "event": ("accepted", "declined", "attended"),
    "staff": ("met", "bought", "declined"),
}
ResponseName = Literal[
    "opened", "clicked", "replied", "bounced", "seen", "dismissed", "reached", "satisfied", "dissatisfied", "bought",
    "asked_not_to_call", "code_used", "returned", "ordered", "accepted", "declined", "attended", "met",
]  # fmt: skip


class Strict(BaseModel):
    """A part of the file: no key that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def compiled(text: str, columns: dict[str, str]) -> Condition:
    """The condition of a file; what is wrong with it, as pydantic tells it."""
    try:
        return compile_condition(text, columns)
    except ConditionError as error:
        raise ValueError(str(error)) from None


class Headed(Strict):
    """What every step has."""

    id: Name = Field(description="the step's name, unique in the model")
    title: Line | None = Field(default=None, description="what it is called on the map")
    stage: Name | None = Field(default=None, description="the stage of the service path, when not the care model's")


class Worded(Strict):
    """The content of a contact, or of one variant of it."""

    treatment: Name = Field(description="the template or script that the channel's tool uses")
    subject: Line = Field(description="the subject line; for a call or letter, what it is about")
    link: str | None = Field(
        default=None,
        max_length=500,
        description="the page it leads to, an https address with a path; needed for email, sms, push and web",
    )
    offer: Name | None = Field(default=None, description="the benefit promised, if any")

    @field_validator("link")
    @classmethod
    def _a_page_of_its_own(cls, link: str | None) -> str | None:
        if link is None:
            return None
        parts = urlsplit(link)
        if parts.scheme != "https" or not parts.hostname or "." not in parts.hostname or set(link) & set(" <>\"'\\{}"):
            raise ValueError("is an https address, as https://shop.example/welcome")
        if parts.username is not None or parts.path in ("", "/"):
            raise ValueError("leads to one page, not to the front door: add the path")
        return link


class VariantFile(Worded):
    """One form of an action among several."""

    variant: Name
    share: Annotated[float, Field(gt=0, le=100)] = Field(description="of all variants, as 50 of 100 or 1 of 2")


class ActionFile(Headed):
    """A contact to be proposed."""

    channel: Channel = Field(description="the way it goes out")
    treatment: Name | None = None
    subject: Line | None = None
    link: str | None = Field(default=None, max_length=500)
    offer: Name | None = None
    variants: list[VariantFile] = Field(
        default_factory=list, description="instead of one content: several, drawn by share"
    )
    slots: dict[Name, Text] = Field(default_factory=dict, description="parts of the content by name")
    language_fallback: str = Field(
        default="en", pattern="^[a-z]{2}$", description="for customers whose language is unknown or not translated"
    )
    cost: Amount | None = Field(default=None, description="of one contact; without it the channel's")
    value: Amount | None = Field(
        default=None, description="what one contact is expected to bring; without it the model's"
    )
    lead_time: Span = Field(default="0d", description="from the decision to the contact: 0d, 12h, 3d")
    max_age: Span = Field(default="7d", description="how late it still makes sense; later it is dropped with a record")
    where: Text | None = Field(default=None, description="asked when it would be sent: while it is not so, it waits")

    @model_validator(mode="after")
    def _worded_once(self) -> ActionFile:
        own = {"treatment": self.treatment, "subject": self.subject}
        if self.variants:
            given = [key for key, value in {**own, "link": self.link, "offer": self.offer}.items() if value is not None]
            if given:
                raise ValueError(f"{given[0]} stands beside variants: put it into each of them")
            names = [variant.variant for variant in self.variants]
            if len(names) < 2 or len(set(names)) < len(names):
                raise ValueError("variants are at least two, each with a name of its own")
        else:
            missing = [key for key, value in own.items() if value is None]
            if missing:
                raise ValueError(f"{missing[0]} is missing: an action has a treatment and a subject, or variants")
            Worded(treatment=self.treatment or "", subject=self.subject or "", link=self.link, offer=self.offer)
        if self.channel in LINKED_CHANNELS and not all(variant.link for variant in self.as_variants()):
            raise ValueError(f"link is missing: a message by {self.channel} leads to a page")
        for name, most in (("lead_time", 31), ("max_age", 90)):
            span = Duration.parse(getattr(self, name))
            if span.days > most or span.hours > most * 24:
                raise ValueError(f"{name} is at most {most}d")
        if self.where is not None:
            compiled(self.where, CUSTOMER_COLUMNS)
        return self

    def as_variants(self) -> tuple[Variant, ...]:
        """The contents with their shares; one content has all of it."""
        if self.variants:
            return tuple(
                Variant(each.variant, each.share, each.treatment, each.subject, each.link, each.offer)
                for each in self.variants
            )
        return (Variant("only", 1, self.treatment or "", self.subject or "", self.link, self.offer),)

    def as_part(self) -> Part:
        """The step apart from its file."""
        does = Action(
            channel=self.channel,
            variants=self.as_variants(),
            language_fallback=self.language_fallback,
            slots=dict(self.slots),
            cost=self.cost,
            value=self.value,
            lead_time=Duration.parse(self.lead_time),
            max_age=Duration.parse(self.max_age),
            where=None if self.where is None else compiled(self.where, CUSTOMER_COLUMNS),
        )
        return Part(self.id, does, (Arm(NEXT),), self.title or "", self.stage)


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


class AwaitedFile(Strict):
    """One thing waited for: a response to an earlier step, or an event."""

    response: ResponseName | None = None
    to: Name | None = Field(default=None, description="the step whose contact is answered")
    event: Name | None = Field(default=None, description="an event of the timeline, as purchase")
    where: Text | None = Field(default=None, description="a condition on the event, and on the customer's row")
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
        if self.where is not None:
            compiled(self.where, CUSTOMER_COLUMNS | EVENT_COLUMNS)
        return self

    @property
    def name(self) -> str:
        """Of the outcome."""
        return self.response or self.event or ""

    def as_awaited(self) -> Response | Happening:
        """What is waited for, apart from its file."""
        if self.response is not None:
            return Response(self.to or "", self.response)
        where = None if self.where is None else compiled(self.where, CUSTOMER_COLUMNS | EVENT_COLUMNS)
        return Happening(self.event or "", where, self.same_subject)


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


KINDS = ("channel", "wait_for", "wait", "branch", "split", "exit")


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return next((kind for kind in KINDS if kind in value), "channel")
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


def parts_of(steps: list[StepFile]) -> tuple[Part, ...]:
    """Steps apart from their file, with those inside their outcomes."""
    return tuple(step.as_part() for step in steps)
