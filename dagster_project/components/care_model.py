"""The form of a care model's file: every key, what it may hold, and what makes no sense together.

``python -m dagster_project.components.care_model`` reads every file and lists what is wrong; with ``--write-schema`` it
writes the JSON Schema that editors complete from.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from dagster_project.components.event_types import EventType
from dagster_project.components.fenced import Folder, load_folder
from dagster_project.components.wording import Line, Name, Span
from dagster_project.domain.care_models import model as domain
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.conditions import Condition, ConditionError, compile_condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS

MODELS = Path(__file__).resolve().parent.parent / "defs" / "care_models" / "models"
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "care_model.schema.json"

Channel = Literal["email", "phone", "letter", "sms"]
LINKED_CHANNELS = ("email", "sms")  # a message on these without a place to go to is refused

Amount = Annotated[Decimal, Field(ge=0, le=100_000, max_digits=18, decimal_places=4)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class Strict(BaseModel):
    """A part of the file: no key that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _compiled(text: str, columns: dict[str, str]) -> Condition:
    try:
        return compile_condition(text, columns)
    except ConditionError as error:
        raise ValueError(str(error)) from None


def _span(text: str) -> Duration:
    return Duration.parse(text)


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
        span = _span(text)
        if not span or span.days > 60:
            raise ValueError("lies between 1h and 60d: an older event is no reason to write any more")
        return text

    @field_validator("where")
    @classmethod
    def _a_condition(cls, text: str | None) -> str | None:
        if text is not None:
            _compiled(text, CUSTOMER_COLUMNS | EVENT_COLUMNS)
        return text


class StateEntryFile(Strict):
    """Customers enter when something becomes true of them."""

    trigger: Literal["state"]
    where: Text = Field(description="the condition on the customer's row")

    @field_validator("where")
    @classmethod
    def _a_condition(cls, text: str) -> str:
        _compiled(text, CUSTOMER_COLUMNS)
        return text


class ReentryAfterFile(Strict):
    """Once more, when so many days have passed since the last entry."""

    after: Span = Field(description="days from one entry to the next: 90d")

    @field_validator("after")
    @classmethod
    def _days(cls, text: str) -> str:
        if not _span(text).days:
            raise ValueError("is counted in days: 90d")
        return text


class ReentryPerFile(Strict):
    """Once for each thing the event is about: each order, each service contact."""

    per: Literal["subject"]


def _form_of_reentry(value: Any) -> str:
    if isinstance(value, dict):
        return "per" if "per" in value else "after"
    return "never"


ReentryFile = Annotated[
    Annotated[Literal["never"], Tag("never")]
    | Annotated[ReentryAfterFile, Tag("after")]
    | Annotated[ReentryPerFile, Tag("per")],
    Discriminator(_form_of_reentry),
]


class StepFile(Strict):
    """One action."""

    id: Name = Field(description="the step's name, unique in the model")
    channel: Channel = Field(description="the way it goes out")
    treatment: Name = Field(description="the template or script that the channel's tool uses")
    subject: Line = Field(description="the subject line; for a call or letter, what it is about")
    link: str | None = Field(
        default=None,
        max_length=500,
        description="the page it leads to, an https address with a path; needed for email and sms",
    )
    offer: Name | None = Field(default=None, description="the benefit promised, if any")
    language_fallback: str = Field(
        default="en",
        pattern="^[a-z]{2}$",
        description="the language for customers whose own is unknown or not translated",
    )
    cost: Amount = Field(default=Decimal(0), description="of one contact, in the reporting currency")
    lead_time: Span = Field(default="0d", description="from the decision to the contact: 0d, 12h, 3d")

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

    @field_validator("lead_time")
    @classmethod
    def _at_most_a_month(cls, text: str) -> str:
        span = _span(text)
        if span.days > 31 or span.hours > 31 * 24:
            raise ValueError("is at most 31d")
        return text

    @model_validator(mode="after")
    def _linked(self) -> StepFile:
        if self.channel in LINKED_CHANNELS and self.link is None:
            raise ValueError(f"link is missing: a message by {self.channel} leads to a page")
        return self

    def as_step(self) -> domain.Step:
        """The step apart from its file."""
        return domain.Step(
            step=self.id,
            channel=self.channel,
            treatment=self.treatment,
            subject=self.subject,
            link=self.link,
            offer=self.offer,
            language_fallback=self.language_fallback,
            cost=self.cost,
            lead_time=_span(self.lead_time),
        )


class CareModelFile(Strict):
    """A care model: who is cared for, when, and how it begins."""

    care_model: Name = Field(description="its name, for good: enrolments and figures hang on it")
    title: Line = Field(description="the name people use")
    about: Text | None = Field(default=None, description="why it exists and how it was thought out")
    version: int = Field(ge=1, le=9_999, description="raised by one with every change that customers could notice")
    owner: Line = Field(description="the team that answers for it")
    purpose: Literal["marketing", "advertising"] = Field(
        description="the consent a contact needs, on the step's channel"
    )
    action_class: domain.ActionClass = Field(
        description="mandatory, transactional or marketing: only marketing counts towards contact limits"
    )
    entry: Annotated[EventEntryFile | StateEntryFile, Field(discriminator="trigger")] = Field(
        description="what brings a customer in"
    )
    segment: Name | None = Field(
        default=None,
        description="a segment for targeting whose members alone enter; while its size is wrong nothing is proposed",
    )
    reentry: ReentryFile = Field(description="whether a customer may enter again: never, after: 90d, per: subject")
    control_share: float = Field(
        default=0.0, ge=0, le=0.5, description="share of those who enter that is measured and never contacted"
    )
    value: Amount = Field(
        default=Decimal(0), description="what one contact is expected to bring, in the reporting currency"
    )
    priority: int = Field(default=50, ge=0, le=100, description="higher goes first where not everything can be done")
    steps: list[StepFile] = Field(
        min_length=1, description="what is done, in order; for now exactly one: the first action"
    )

    @field_validator("steps")
    @classmethod
    def _one_for_now(cls, steps: list[StepFile]) -> list[StepFile]:
        if len(steps) > 1:
            raise ValueError("holds one step for now: waits, branches and later steps are not carried out yet")
        return steps

    @model_validator(mode="after")
    def _entry_and_reentry_fit(self) -> CareModelFile:
        if isinstance(self.reentry, ReentryPerFile) and isinstance(self.entry, StateEntryFile):
            raise ValueError("reentry: per: subject needs an event; a state has no subject: write never or after: 90d")
        if isinstance(self.reentry, ReentryAfterFile) and isinstance(self.entry, EventEntryFile):
            within = _span(self.entry.within)
            if _span(self.reentry.after).days * 24 < within.days * 24 + within.hours:
                raise ValueError("reentry: after is shorter than entry.within: one event would open the door twice")
        return self

    def as_model(self) -> domain.CareModel:
        """The care model apart from its file, conditions compiled."""
        entry: domain.EventEntry | domain.StateEntry
        if isinstance(self.entry, EventEntryFile):
            where = self.entry.where
            condition = None if where is None else _compiled(where, CUSTOMER_COLUMNS | EVENT_COLUMNS)
            entry = domain.EventEntry(self.entry.event, _span(self.entry.within), condition)
        else:
            entry = domain.StateEntry(_compiled(self.entry.where, CUSTOMER_COLUMNS))
        return domain.CareModel(
            care_model=self.care_model,
            title=self.title,
            version=self.version,
            owner=self.owner,
            purpose=self.purpose,
            action_class=self.action_class,
            entry=entry,
            reentry=self._reentry(),
            steps=tuple(step.as_step() for step in self.steps),
            segment=self.segment,
            control_share=self.control_share,
            value=self.value,
            priority=self.priority,
        )

    def _reentry(self) -> domain.Reentry:
        if isinstance(self.reentry, ReentryAfterFile):
            return domain.Reentry("after", _span(self.reentry.after))
        return domain.Reentry("per" if isinstance(self.reentry, ReentryPerFile) else "never")


def load_care_models(folder: Path = MODELS) -> Folder[CareModelFile]:
    """Every care model of a folder that is right, and the faults of those that are not."""
    return load_folder(folder, CareModelFile, "care_model")


def json_schema() -> str:
    """The JSON Schema of a care model's file, as the text kept in ``docs/contracts/care_model.schema.json``."""
    schema = CareModelFile.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Care model"}
    return json.dumps(head | {key: value for key, value in schema.items() if key != "title"}, indent=2) + "\n"


CHANNELS: tuple[str, ...] = get_args(Channel)
EVENT_TYPES: tuple[str, ...] = get_args(EventType)


def main(arguments: list[str]) -> int:
    """Check the files, or write the schema; the exit code is 1 when a file is wrong."""
    if arguments == ["--write-schema"]:
        SCHEMA.write_text(json_schema(), encoding="utf-8")
        return 0
    folder = load_care_models(Path(arguments[0]) if arguments else MODELS)
    lines = [f"{folder.files[name].name}: {item.title}, version {item.version}" for name, item in folder.items.items()]
    sys.stdout.write("\n".join([*lines, *map(str, folder.faults)]) + "\n")
    return 1 if folder.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
