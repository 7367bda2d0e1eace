"""The form of a care model's file: every key, what it may hold, and what makes no sense together.

``python -m dagster_project.components.care_model`` reads every file and lists what is wrong; with ``--write-schema`` it
writes the JSON Schema that editors complete from.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from dagster_project.components.care_model_action import Amount, Strict, Text, compiled
from dagster_project.components.care_model_entry import EntryFile, EventEntryFile
from dagster_project.components.care_model_faults import refuse_steps
from dagster_project.components.care_model_steps import StepFile, happening, parts_of, with_encounters
from dagster_project.components.care_model_terms import (
    GoalFile,
    HappeningFile,
    ReentryAfterFile,
    ReentryFile,
    ReentryPerFile,
    ValidFile,
)
from dagster_project.components.encounter import ENCOUNTERS, contents_of, load_encounters, tense_of
from dagster_project.components.event_types import EventType
from dagster_project.components.fenced import FaultAt, Folder, load_folder
from dagster_project.components.wording import Line, Name
from dagster_project.domain.care_models import model as domain
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.stages import Stage
from dagster_project.domain.care_models.steps import Part, count_of
from dagster_project.domain.care_models.ways import never_holds
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS

MODELS = Path(__file__).resolve().parent.parent / "defs" / "care_models" / "models"
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "care_model.schema.json"
MOST_STEPS = 100  # of one model: a map with more is read by nobody


class CareModelFile(Strict):
    """A care model: who is cared for, when, how it goes on and how it ends."""

    care_model: Name = Field(description="its name, for good: enrolments and figures hang on it")
    title: Line = Field(description="the name people use")
    about: Text | None = Field(default=None, description="why it exists and how it was thought out")
    version: int = Field(ge=1, le=9_999, description="raised by one with every change that customers could notice")
    owner: Line = Field(description="the team that answers for it")
    stage: Stage = Field(description="the stage of the service path where it cares for the customer")
    valid: ValidFile | None = Field(default=None, description="the days on which customers enter; without it, all")
    purpose: Literal["marketing", "advertising"] = Field(
        description="the consent a contact needs, on the step's channel"
    )
    action_class: domain.ActionClass = Field(
        description="mandatory, transactional or marketing: only marketing counts towards contact limits"
    )
    entry: EntryFile = Field(description="what brings a customer in")
    segment: Name | None = Field(
        default=None,
        description="a segment for targeting whose members alone enter; while its size is wrong nothing is proposed",
    )
    reentry: ReentryFile = Field(
        description="whether a customer may enter again: never, after_exit, after: 90d, per: subject"
    )
    goal: GoalFile | None = Field(default=None, description="the event that is success: it ends the enrolment")
    exit: list[HappeningFile] = Field(default_factory=list, description="events that end it without success")
    leave_when: Text | None = Field(
        default=None, description="a condition on the customer's row that ends it, asked whenever an action is due"
    )
    control_share: float = Field(
        default=0.0, ge=0, le=0.5, description="share of those who enter that is measured and never contacted"
    )
    value: Amount = Field(
        default=Decimal(0), description="what one contact is expected to bring, in the reporting currency"
    )
    priority: int = Field(default=50, ge=0, le=100, description="higher goes first where not everything can be done")
    steps: list[StepFile] = Field(min_length=1, description="what is done, in order")
    moves: dict[str, dict[Name, Name]] = Field(
        default_factory=dict,
        description="of an older version (its number), its steps and the steps of this one where to go on",
    )

    @classmethod
    def filled_in(cls, values: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """The file's values with what its steps take from encounters."""
        if "steps" not in values:
            return values
        return values | {"steps": with_encounters(values["steps"], context.get("encounters", {}))}

    @field_validator("leave_when")
    @classmethod
    def _a_condition(cls, text: str | None) -> str | None:
        if text is not None:
            compiled(text, CUSTOMER_COLUMNS)
        return text

    @model_validator(mode="after")
    def _entry_and_reentry_fit(self) -> CareModelFile:
        if isinstance(self.reentry, ReentryPerFile) and not isinstance(self.entry, EventEntryFile):
            raise ValueError("reentry: per: subject needs an event; a state has no subject: write never or after: 90d")
        if isinstance(self.reentry, ReentryAfterFile) and isinstance(self.entry, EventEntryFile):
            within = Duration.parse(self.entry.within)
            if Duration.parse(self.reentry.after).days * 24 < within.days * 24 + within.hours:
                raise ValueError("reentry: after is shorter than entry.within: one event would open the door twice")
        return self

    @model_validator(mode="after")
    def _steps_fit(self) -> CareModelFile:
        parts = parts_of(self.steps)
        if count_of(parts) > MOST_STEPS:
            raise ValueError(f"steps: more than {MOST_STEPS}: make two care models of it")
        names = names_of(parts)
        has_subject = isinstance(self.entry, EventEntryFile)
        refuse_steps(self.steps, has_subject)
        self._refuse_happenings(has_subject)
        for version, places in self.moves.items():
            if not version.isdigit() or int(version) >= self.version:
                raise ValueError(f"moves: {version!r} is no version before {self.version}")
            lost = sorted(set(places.values()) - set(names))
            if lost:
                raise ValueError(f"moves: there is no step {lost[0]!r} to go on with in this version")
        return self

    def _refuse_happenings(self, has_subject: bool) -> None:
        """A goal or an exit that cannot happen."""
        told: list[tuple[tuple[str | int, ...], HappeningFile]] = [
            (("exit", number), each) for number, each in enumerate(self.exit)
        ]
        if self.goal is not None:
            told.insert(0, (("goal",), self.goal))
            if not Duration.parse(self.goal.within):
                raise FaultAt(("goal", "within"), "is no time at all: the goal could never be reached")
        for path, each in told:
            if each.same_subject and not has_subject:
                raise FaultAt((*path, "same_subject"), "cannot happen: only an entry by an event has a subject")
            if each.where is not None and never_holds(compiled(each.where, EVENT_COLUMNS)):
                raise FaultAt((*path, "where"), f"'{each.where}' contradicts itself: it can never happen")

    def as_model(self) -> domain.CareModel:
        """The care model apart from its file, conditions compiled."""
        valid = self.valid or ValidFile.model_construct(first=None, until=None)
        return domain.CareModel(
            care_model=self.care_model,
            title=self.title,
            version=self.version,
            owner=self.owner,
            purpose=self.purpose,
            action_class=self.action_class,
            entry=self.entry.as_entry(),
            reentry=self._reentry(),
            parts=parts_of(self.steps),
            stage=self.stage,
            about=self.about or "",
            goal=self._goal(),
            exits=tuple(happening(each.event, each.where, each.same_subject) for each in self.exit),
            leaves_when=None if self.leave_when is None else compiled(self.leave_when, CUSTOMER_COLUMNS),
            valid_from=date.fromisoformat(valid.first) if valid.first else None,
            valid_until=date.fromisoformat(valid.until) if valid.until else None,
            moves={int(version): dict(places) for version, places in self.moves.items()},
            segment=self.segment,
            control_share=self.control_share,
            value=self.value,
            priority=self.priority,
            definition=json.dumps(
                self.model_dump(mode="json", by_alias=True, exclude_defaults=True), sort_keys=True, ensure_ascii=False
            ),
        )

    def _goal(self) -> domain.Goal | None:
        if self.goal is None:
            return None
        event = happening(self.goal.event, self.goal.where, self.goal.same_subject)
        return domain.Goal(event, Duration.parse(self.goal.within))

    def _reentry(self) -> domain.Reentry:
        if isinstance(self.reentry, ReentryAfterFile):
            return domain.Reentry("after", Duration.parse(self.reentry.after))
        if isinstance(self.reentry, ReentryPerFile):
            return domain.Reentry("per")
        return domain.Reentry(self.reentry)


def names_of(parts: tuple[Part, ...]) -> list[str]:
    """The names of all steps, those inside outcomes included."""
    return [name for part in parts for name in [part.step, *(n for arm in part.arms for n in names_of(arm.parts))]]


def load_care_models(folder: Path = MODELS, encounters: Path = ENCOUNTERS) -> Folder[CareModelFile]:
    """Every care model of a folder that is right, and the faults of those that are not."""
    return load_folder(folder, CareModelFile, "care_model", context_of(encounters))


def context_of(encounters: Path = ENCOUNTERS) -> dict[str, Any]:
    """What a care model's file is read with: the encounters its steps may name."""
    folder = load_encounters(encounters)
    return {"encounters": contents_of(folder), "tense": tense_of(folder)}


def model_of(definition: str) -> domain.CareModel:
    """The care model of a definition that the ledger kept: an older version, as it was read then."""
    return CareModelFile.model_validate_json(definition).as_model()


def json_schema() -> str:
    """The JSON Schema of a care model's file, as the text kept in ``docs/contracts/care_model.schema.json``."""
    schema = CareModelFile.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Care model"}
    return json.dumps(head | {key: value for key, value in schema.items() if key != "title"}, indent=2) + "\n"


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
