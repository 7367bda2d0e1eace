"""The ways into a care model, as its file writes them: what happens, what becomes true, a wave, silence, a date."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from dagster_project.components.care_model_action import Strict, Text, compiled
from dagster_project.components.event_types import EventType
from dagster_project.components.wording import Name, Span
from dagster_project.domain.care_models import model as domain
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.conditions import Condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS

# What can fall silent, by the column with the moment it was last heard.
HEARD = {
    "purchase": "last_purchase_at",
    "web_visit": "last_web_visit_at",
    "newsletter_reaction": "last_newsletter_reaction_at",
    "service_contact": "last_service_contact_at",
}
Heard = Literal["purchase", "web_visit", "newsletter_reaction", "service_contact"]
DATES = sorted(name for name, kind in CUSTOMER_COLUMNS.items() if kind in ("date", "timestamp"))


def _about_customer(text: str | None) -> Condition | None:
    return None if text is None else compiled(text, CUSTOMER_COLUMNS)


class Asked(Strict):
    """What every entry may ask of the customer besides."""

    where: Text | None = Field(default=None, description="a condition on the customer's row, besides")

    @field_validator("where")
    @classmethod
    def _a_condition(cls, text: str | None) -> str | None:
        _about_customer(text)
        return text


class EventEntryFile(Strict):
    """Customers enter when something happens to them."""

    trigger: Literal["event"]
    event: EventType = Field(description="the type of event that opens the door")
    within: Span = Field(description="how long ago it may have happened at most: 12h, 7d, 2w")
    where: Text | None = Field(
        default=None, description="a condition on the customer's row, and on the event's columns (event_amount, ...)"
    )

    @field_validator("within")
    @classmethod
    def _at_most_two_months(cls, text: str) -> str:
        return at_most_two_months(text)

    @field_validator("where")
    @classmethod
    def _a_condition(cls, text: str | None) -> str | None:
        if text is not None:
            compiled(text, CUSTOMER_COLUMNS | EVENT_COLUMNS)
        return text

    def as_entry(self) -> domain.EventEntry:
        """The entry apart from its file."""
        where = None if self.where is None else compiled(self.where, CUSTOMER_COLUMNS | EVENT_COLUMNS)
        return domain.EventEntry(self.event, Duration.parse(self.within), where)


class StateEntryFile(Strict):
    """Customers enter when something is true of them."""

    trigger: Literal["state"]
    where: Text = Field(description="the condition on the customer's row")

    @field_validator("where")
    @classmethod
    def _a_condition(cls, text: str) -> str:
        _about_customer(text)
        return text

    def as_entry(self) -> domain.StateEntry:
        """The entry apart from its file."""
        return domain.StateEntry(compiled(self.where, CUSTOMER_COLUMNS))


class BecomesEntryFile(StateEntryFile):
    """Customers enter when something becomes true that was not so at the last run: a score crosses a line."""

    trigger: Literal["becomes"]  # type: ignore[assignment]

    def as_entry(self) -> domain.BecomesEntry:  # type: ignore[override]
        """The entry apart from its file."""
        return domain.BecomesEntry(compiled(self.where, CUSTOMER_COLUMNS))


class SegmentEntryFile(Asked):
    """Customers enter when they come into a segment, or leave it."""

    trigger: Literal["segment"]
    segment: Name = Field(description="the segment")
    when: Literal["entered", "left"]

    def as_entry(self) -> domain.SegmentEntry:
        """The entry apart from its file."""
        return domain.SegmentEntry(self.segment, self.when == "left", _about_customer(self.where))


class WaveEntryFile(StateEntryFile):
    """Once a month, everyone who is in a group and was not at the last wave."""

    trigger: Literal["wave"]  # type: ignore[assignment]
    every: Literal["month"] = "month"
    day: int = Field(default=1, ge=1, le=31, description="of the month; a shorter month's last day stands for it")

    def as_entry(self) -> domain.WaveEntry:  # type: ignore[override]
        """The entry apart from its file."""
        return domain.WaveEntry(compiled(self.where, CUSTOMER_COLUMNS), self.day)


class SilenceEntryFile(Asked):
    """Customers enter when nothing was heard of them for so long."""

    trigger: Literal["silence"]
    span: Span = Field(alias="for", description="how long: 90d")
    of: list[Heard] = Field(
        default_factory=lambda: list(get_args(Heard)),
        min_length=1,
        description="what was not heard; without it all together",
    )
    within: Span = Field(default="30d", description="who fell silent longer ago than this does not enter any more")

    @field_validator("within")
    @classmethod
    def _at_most_two_months(cls, text: str) -> str:
        return at_most_two_months(text)

    def as_entry(self) -> domain.SilenceEntry:
        """The entry apart from its file."""
        heard = tuple(HEARD[each] for each in dict.fromkeys(self.of))
        spans = Duration.parse(self.span), Duration.parse(self.within)
        return domain.SilenceEntry(heard, *spans, _about_customer(self.where))


class DateEntryFile(Asked):
    """Customers enter on a date of theirs, or so many days before or after it."""

    trigger: Literal["date"]
    date: Name = Field(description="a date or moment of the customer's row: birthday, first_purchase_at")
    days_before: Annotated[int, Field(ge=0, le=366)] = 0
    days_after: Annotated[int, Field(ge=0, le=3660)] = 0
    yearly: bool = Field(default=False, description="every year on its day and month")
    within: Span = Field(default="3d", description="so much later still counts, when no run was made on the day")

    @field_validator("within")
    @classmethod
    def _at_most_two_months(cls, text: str) -> str:
        return at_most_two_months(text)

    @field_validator("date")
    @classmethod
    def _a_date(cls, name: str) -> str:
        if name not in DATES:
            raise ValueError(f"{name} is no date of the customer's row; known: {', '.join(DATES)}")
        return name

    @model_validator(mode="after")
    def _one_side(self) -> DateEntryFile:
        if self.days_before and self.days_after:
            raise ValueError("has both days_before and days_after: one of them")
        return self

    def as_entry(self) -> domain.DateEntry:
        """The entry apart from its file."""
        offset = self.days_after - self.days_before
        within = Duration.parse(self.within)
        return domain.DateEntry(self.date, offset, self.yearly, within, _about_customer(self.where))


def at_most_two_months(text: str) -> str:
    """A window in which an occasion is still a reason to write."""
    span = Duration.parse(text)
    if not span or span.days > 60:
        raise ValueError("lies between 1h and 60d: what is older is no reason to write any more")
    return text


EntryFile = Annotated[
    EventEntryFile
    | StateEntryFile
    | BecomesEntryFile
    | SegmentEntryFile
    | WaveEntryFile
    | SilenceEntryFile
    | DateEntryFile,
    Field(discriminator="trigger"),
]
