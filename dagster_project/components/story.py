"""The form of a story's file: a customer, what happens, and what a care model should do about it."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from dagster_project.components.care_model_action import Strict, Text
from dagster_project.components.channels import ContactChannel, ResponseCode
from dagster_project.components.event_types import EventType
from dagster_project.components.fenced import Folder, load_folder
from dagster_project.components.wording import Day, Line, Moment, Name
from dagster_project.domain.care_models.stories import Ending, Met, Person, Story, Turn
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS

STORIES = Path(__file__).resolve().parent.parent / "defs" / "care_models" / "stories"
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "story.schema.json"
ONE = "customer"  # the person of a story with one
LONGEST = 800  # days: two years and a little

Value = str | int | float | bool | None
Row = dict[str, Value]
READERS = {"bigint": int, "double": float, "boolean": bool, "string": str}


def value_of(column: str, value: Value) -> Any:
    """A value of a customer's row, as the column's type has it.

    Raises:
        ValueError: there is no such column, or it holds other things.
    """
    if column not in CUSTOMER_COLUMNS:
        raise ValueError(f"{column} is no column of the customer's row")
    kind = CUSTOMER_COLUMNS[column]
    if value is None:
        return None
    try:
        if kind == "date":
            return date.fromisoformat(str(value))
        if kind == "timestamp":
            return datetime.fromisoformat(str(value))
        if kind.startswith("decimal"):
            return Decimal(str(value))
        if kind == "boolean" and not isinstance(value, bool):
            raise ValueError
        return READERS[kind](value)
    except (ValueError, ArithmeticError, TypeError):
        raise ValueError(f"{column} holds a {kind.partition('(')[0]}, not {value!r}") from None


def _checked(row: Row) -> Row:
    for column, value in row.items():
        value_of(column, value)
    return row


class TurnFile(Strict):
    """Something that happens."""

    at: Moment = Field(description="when, in the business zone: 2026-03-02 14:00")
    known: Moment | None = Field(default=None, description="when it comes to be known, if later")
    who: Name | None = Field(default=None, description="to whom, in a story with several people")
    event: EventType | None = Field(default=None, description="an event of the timeline")
    subject: str | None = Field(default=None, max_length=100, description="what the event is about: order-1")
    amount: float | None = None
    by: str | None = Field(default=None, max_length=60, description="the event's channel: web, shop")
    response: ResponseCode | None = Field(default=None, description="what came back from a contact")
    to: Name | None = Field(default=None, description="the step that the response answers")
    machine: bool = Field(default=False, description="opened or clicked by a mail program")
    change: Row | None = Field(default=None, description="columns of the customer's row, from now on")
    consent: dict[ContactChannel, bool] | None = Field(default=None, description="by channel, from now on")
    segments: dict[Name, bool] | None = Field(default=None, description="by segment, whether in it from now on")
    become_one: list[Name] | None = Field(default=None, description="people who turn out to be one; the first stays")
    care_model_file: str | None = Field(default=None, max_length=200, description="the care model's file from now on")

    @field_validator("change")
    @classmethod
    def _a_row(cls, row: Row | None) -> Row | None:
        return None if row is None else _checked(row)

    @model_validator(mode="after")
    def _one_thing(self) -> TurnFile:
        kinds = ("event", "response", "change", "consent", "segments", "become_one", "care_model_file")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            raise ValueError(f"is one thing: {', '.join(kinds)}")
        if (self.response is None) != (self.to is None):
            raise ValueError("a response has to: the step it answers")
        if self.known is not None and self.known < self.at:
            raise ValueError("is known before it happens")
        return self


class MetFile(Strict):
    """A contact that should be made."""

    at: Moment = Field(description="when it should reach the customer, in the business zone")
    step: Name
    who: Name | None = None
    channel: ContactChannel | None = None
    treatment: Name | None = None


class EndFile(Strict):
    """How an enrolment should end, or where it should stand."""

    who: Name | None = None
    outcome: Name | None = Field(default=None, description="goal_reached, left, completed, or the reason of an exit")
    at: Moment | None = None
    stands_at: Name | None = None

    @model_validator(mode="after")
    def _says_something(self) -> EndFile:
        if (self.outcome is None) == (self.stands_at is None):
            raise ValueError("says how it ends (outcome) or where it stands (stands_at): one of them")
        return self


class StoryFile(Strict):
    """A story: what happens to a customer, and what should be done about it."""

    story: Name = Field(description="its name, a sentence that can be false: the_quiet_are_called")
    title: Line | None = None
    about: Text | None = None
    care_model: Name
    care_model_file: str | None = Field(
        default=None, max_length=200, description="the care model's file, beside this one, when it is not shipped"
    )
    starts: Day = Field(description="the first night that is played")
    until: Day = Field(description="the last night")
    no_runs: list[Day] = Field(default_factory=list, description="days on which no run is made")
    capacity: dict[ContactChannel, int] = Field(default_factory=dict, description="contacts a channel carries in a day")
    customer: Row | None = Field(default=None, description="the customer's row at the start")
    people: dict[Name, Row] | None = Field(default=None, description="instead: several customers with their rows")
    side: dict[Name, Literal["control", "holdout"]] = Field(
        default_factory=dict, description="who is in the control group or the holdout (customer, or by name)"
    )
    happens: list[TurnFile] = Field(default_factory=list, description="what happens, in any order")
    expect: list[MetFile] = Field(description="every contact that should be made; [] for none")
    never: list[Name] = Field(default_factory=list, description="steps whose contact must not be made")
    ends: list[EndFile] = Field(default_factory=list, description="how enrolments end, or where they stand")
    entered: int | None = Field(default=None, ge=0, description="how many enrolments there are at the end")

    @model_validator(mode="after")
    def _holds_together(self) -> StoryFile:
        if (self.customer is None) == (self.people is None):
            raise ValueError("has a customer, or people: one of them")
        first, last = date.fromisoformat(self.starts), date.fromisoformat(self.until)
        if not timedelta() <= last - first <= timedelta(days=LONGEST):
            raise ValueError(f"until lies between starts and {LONGEST} days later")
        names = self._names()
        for row in (self.people or {ONE: self.customer or {}}).values():
            _checked(row)
        told_of: list[TurnFile | MetFile | EndFile] = [*self.happens, *self.expect, *self.ends]
        for told in told_of:
            about_all = getattr(told, "become_one", None) or getattr(told, "care_model_file", None)
            if told.who is None and len(names) > 1 and not about_all:
                raise ValueError(f"who is missing: one of {', '.join(names)}")
            if told.who is not None and told.who not in names:
                raise ValueError(f"{told.who} is nobody of this story: {', '.join(names)}")
        unknown = [one for turn in self.happens for one in turn.become_one or () if one not in names]
        if unknown or not set(self.side) <= set(names):
            raise ValueError(f"{(unknown or sorted(set(self.side) - set(names)))[0]} is nobody of this story")
        return self

    def _names(self) -> list[str]:
        return list(self.people) if self.people is not None else [ONE]

    def as_story(self, zone: ZoneInfo) -> Story:
        """The story apart from its file; moments of the business zone."""
        only = self._names()[0]
        people = self.people if self.people is not None else {ONE: self.customer or {}}
        return Story(
            story=self.story,
            care_model=self.care_model,
            first=date.fromisoformat(self.starts),
            last=date.fromisoformat(self.until),
            people=tuple(
                Person(name, {key: value_of(key, each) for key, each in row.items()}, self.side.get(name, "treated"))
                for name, row in people.items()
            ),
            turns=tuple(_turn(turn, only, zone) for turn in self.happens),
            expected=tuple(
                Met(met.who or only, met.at, met.step, met.channel or "", met.treatment or "") for met in self.expect
            ),
            never=tuple(self.never),
            ends=tuple(Ending(end.who or only, end.outcome, end.at, end.stands_at) for end in self.ends),
            entered=self.entered,
            file=self.care_model_file,
            no_runs=frozenset(date.fromisoformat(day) for day in self.no_runs),
            capacity=dict(self.capacity),
        )


def _turn(turn: TurnFile, only: str, zone: ZoneInfo) -> Turn:
    at = datetime.fromisoformat(turn.at).replace(tzinfo=zone)
    event = None
    if turn.event is not None:
        event = {"event_type": turn.event, "subject_id": turn.subject, "amount": turn.amount, "channel": turn.by}
    change = None if turn.change is None else {key: value_of(key, each) for key, each in turn.change.items()}
    return Turn(
        at=at,
        known=datetime.fromisoformat(turn.known).replace(tzinfo=zone) if turn.known else at,
        who=turn.who or only,
        event=event,
        response=None if turn.response is None else (turn.response, turn.to or "", turn.machine),
        change=change,
        consent=turn.consent,
        segments=turn.segments,
        become_one=tuple(turn.become_one or ()),
        file=turn.care_model_file,
    )


def load_stories(folder: Path = STORIES) -> Folder[StoryFile]:
    """Every story of a folder that is right, and the faults of those that are not."""
    return load_folder(folder, StoryFile, "story")


def json_schema() -> str:
    """The JSON Schema of a story's file, as the text kept in ``docs/contracts/story.schema.json``."""
    schema = StoryFile.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Story"}
    return json.dumps(head | {key: value for key, value in schema.items() if key != "title"}, indent=2) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write-schema"]:
        SCHEMA.write_text(json_schema(), encoding="utf-8")
