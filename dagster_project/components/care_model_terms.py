"""The terms of a care model's file: who may enter again, what is success, what ends it, and on which days."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from dagster_project.components.care_model_action import Strict, Text, compiled
from dagster_project.components.event_types import EventType
from dagster_project.components.wording import Day, Span
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.conditions.customer import EVENT_COLUMNS


class ReentryAfterFile(Strict):
    """Once more, when so many days have passed since the last entry."""

    after: Span = Field(description="days from one entry to the next: 90d")

    @field_validator("after")
    @classmethod
    def _days(cls, text: str) -> str:
        if not Duration.parse(text).days:
            raise ValueError("is counted in days: 90d")
        return text


class ReentryPerFile(Strict):
    """Once for each thing the event is about: each order, each service contact."""

    per: Literal["subject"]


def _form_of_reentry(value: Any) -> str:
    if isinstance(value, dict):
        return "per" if "per" in value else "after"
    if isinstance(value, (ReentryAfterFile, ReentryPerFile)):
        return "per" if isinstance(value, ReentryPerFile) else "after"
    return "word"


ReentryFile = Annotated[
    Annotated[Literal["never", "after_exit"], Tag("word")]
    | Annotated[ReentryAfterFile, Tag("after")]
    | Annotated[ReentryPerFile, Tag("per")],
    Discriminator(_form_of_reentry),
]


class HappeningFile(Strict):
    """An event of the customer after the entry."""

    event: EventType
    where: Text | None = Field(default=None, description="a condition on the event: event_amount > 0")
    same_subject: bool = Field(default=False, description="about the same order or service contact as the entry")

    @field_validator("where")
    @classmethod
    def _a_condition(cls, text: str | None) -> str | None:
        if text is not None:
            compiled(text, EVENT_COLUMNS)
        return text


class GoalFile(HappeningFile):
    """What the care model is for."""

    within: Span = Field(description="of the entry; what happens later is no success of this model")


class ValidFile(Strict):
    """The business days on which customers enter, both included."""

    first: Day | None = Field(default=None, alias="from", description="2026-01-01")
    until: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> ValidFile:
        if self.first is None and self.until is None:
            raise ValueError("names from, until or both")
        if self.first and self.until and self.first > self.until:
            raise ValueError("ends before it begins")
        return self
