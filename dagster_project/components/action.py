"""The form of an action's file: what a department proposes beside the steps of care models.

``python -m dagster_project.components.action`` reads every file and lists what is wrong; with ``--write-schema`` it
writes the JSON Schema that editors complete from.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from dagster_project.components.action_parts import (
    COLUMNS,
    Asked,
    ChanceFile,
    ColumnFile,
    ContextFile,
    LearnedFile,
    PropensityFile,
    TreatmentFile,
    ValueFile,
)
from dagster_project.components.care_model import MODELS
from dagster_project.components.care_model_action import Strict, Text, compiled
from dagster_project.components.channels import responses_by_channel
from dagster_project.components.fenced import FaultAt, Folder, files_of, load_folder
from dagster_project.components.wording import Day, Language, Line, Name, Span
from dagster_project.components.yaml_text import YamlError, read_yaml
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.model import ActionClass
from dagster_project.domain.conditions import Condition
from dagster_project.domain.decisions.catalogue import CatalogueAction, Learned, OfColumn
from dagster_project.domain.decisions.propensity import NO_RESPONSE

ACTIONS = Path(__file__).resolve().parent.parent / "defs" / "decisions" / "actions"
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "action.schema.json"
TEAM = r"^team:[a-z][a-z0-9_]{1,62}$"


def _in_days(text: str) -> str:
    if text != "never" and not 1 <= Duration.parse(text).days <= 366:
        raise ValueError("is counted in days, from 1d to 366d")
    return text


Days = Annotated[Span, AfterValidator(_in_days)]


class ActionFile(Strict):
    """An action that stands alone."""

    action: Name = Field(description="its name, for good: contacts and figures hang on it; no care model has it")
    title: Line = Field(description="the name people use, and the subject of contacts that name none")
    about: Text | None = Field(default=None, description="why it exists and how it was thought out")
    version: int = Field(default=1, ge=1, le=9_999, description="raised by one with changes customers could notice")
    owner: str = Field(
        description="the team that answers for it: team:crm, whose department is crm",
        json_schema_extra={"pattern": TEAM},
    )
    purpose: Literal["marketing", "advertising"] = Field(description="the consent a contact needs, on its channel")
    action_class: ActionClass = Field(
        description="mandatory, transactional or marketing: the contact policy treats them differently"
    )
    valid_from: Day | None = Field(default=None, description="the first business day it is proposed on")
    valid_until: Day | None = Field(default=None, description="the last one")
    treatments: list[TreatmentFile] = Field(
        min_length=1, description="the ways to do it, each on a channel of its own; a customer gets one of them"
    )
    value: ValueFile = Field(
        description="euros that one response brings (one contact, without propensity), or a column of the customer"
    )
    propensity: PropensityFile = Field(
        default=1.0,
        description="the chance of a response: a number, a column, or learned; without it the value is per contact",
    )
    context: list[ContextFile] = Field(default_factory=list, description="how well the moment suits: all multiply")
    priority: int = Field(
        default=50, ge=0, le=100, description="what the business leans on: 50 neither way, 100 double"
    )
    control_share: float = Field(
        default=0.0, ge=0, le=0.5, description="share of those it is for that is measured and never has it"
    )
    eligibility: Asked | None = Field(default=None, description="a condition: whom it is for")
    applicability: Asked | None = Field(default=None, description="a condition: whether it makes sense now")
    suitability: Asked | None = Field(default=None, description="a condition: whether it does the customer good")
    again_after: Literal["never"] | Days = Field(
        description="when the same customer may have it again: 60d; never: once, ever"
    )
    duration: Days | None = Field(
        default=None, description="days, from its own on, in which its customer is sold nothing else"
    )
    language_fallback: Language = Field(
        default="en", description="for customers whose language is unknown or not translated"
    )

    @field_validator("action")
    @classmethod
    def _no_care_model_is_called_so(cls, name: str, info: ValidationInfo) -> str:
        if name in (info.context or {}).get("care_models", ()):
            raise ValueError(f"{name} is the name of a care model, too: rename one of them")
        return name

    @field_validator("owner")
    @classmethod
    def _a_team(cls, text: str) -> str:
        if not re.fullmatch(TEAM, text):
            raise ValueError("is a team, as team:crm")
        return text

    @model_validator(mode="after")
    def _in_order(self) -> ActionFile:
        if self.valid_from and self.valid_until and self.valid_from > self.valid_until:
            raise FaultAt(("valid_until",), f"is before valid_from, {self.valid_from}: it would never be proposed")
        return self

    @model_validator(mode="after")
    def _each_channel_once_and_answering(self) -> ActionFile:
        seen: set[str] = set()
        for number, treatment in enumerate(self.treatments):
            path = ("treatments", number, "channel")
            if treatment.channel in seen:
                raise FaultAt(path, f"{treatment.channel} is there already: make two actions of it")
            seen.add(treatment.channel)
            if isinstance(self.propensity, LearnedFile):
                codes = responses_by_channel().get(treatment.channel, ())
                named = self.propensity.responses
                if not (set(named) & set(codes) if named else set(codes) - NO_RESPONSE):
                    told = ", ".join(codes) or "nothing"
                    raise FaultAt(
                        ("propensity", *(("responses",) if named else ())),
                        f"no response by {treatment.channel} counts, so nothing could be learned: it gives {told}",
                    )
        return self

    def as_action(self) -> CatalogueAction:
        """The action apart from its file, conditions compiled."""
        return CatalogueAction(
            action=self.action,
            title=self.title,
            version=self.version,
            department=self.owner.partition(":")[2],
            purpose=self.purpose,
            action_class=self.action_class,
            treatments=tuple(one.as_treatment(self.title) for one in self.treatments),
            value=self.value.as_column() if isinstance(self.value, ColumnFile) else float(self.value),
            propensity=_propensity(self.propensity),
            context=tuple(one.as_context() for one in self.context),
            priority=self.priority,
            eligibility=_condition(self.eligibility),
            applicability=_condition(self.applicability),
            suitability=_condition(self.suitability),
            again_after=None if self.again_after == "never" else Duration.parse(self.again_after).days,
            rest=Duration.parse(self.duration).days if self.duration else 0,
            valid_from=_day(self.valid_from),
            valid_until=_day(self.valid_until),
            language_fallback=self.language_fallback,
            control_share=self.control_share,
        )


def _propensity(given: float | ChanceFile | LearnedFile) -> float | OfColumn | Learned:
    if isinstance(given, ChanceFile):
        return given.as_column()
    if isinstance(given, LearnedFile):
        return Learned(given.start, given.strength, frozenset(given.responses) if given.responses else None)
    return given


def _condition(text: str | None) -> Condition | None:
    return None if text is None else compiled(text, COLUMNS)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def load_actions(folder: Path = ACTIONS, models: Path = MODELS) -> Folder[ActionFile]:
    """Every action of a folder that is right, and the faults of those that are not.

    Args:
        folder: of the actions.
        models: of the care models, whose names no action may have.
    """
    return load_folder(folder, ActionFile, "action", context_of(models))


def context_of(models: Path = MODELS) -> dict[str, Any]:
    """What an action's file is read with: the names of the care models, right or wrong."""
    return {"care_models": frozenset(name for path in files_of(models) for name in _named(path))}


def _named(path: Path) -> list[str]:
    try:
        values = read_yaml(path.read_text(encoding="utf-8-sig")).values
    except (OSError, UnicodeDecodeError, YamlError):
        return []
    return [str(values["care_model"])] if isinstance(values, dict) and "care_model" in values else []


def catalogue(folder: Path = ACTIONS) -> dict[str, CatalogueAction]:
    """The actions that are right, by name, as the decisions know them."""
    return {name: item.as_action() for name, item in sorted(load_actions(folder).items.items())}


def json_schema() -> str:
    """The JSON Schema of an action's file, as the text kept in ``docs/contracts/action.schema.json``."""
    schema = ActionFile.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Action"}
    return json.dumps(head | {key: value for key, value in schema.items() if key != "title"}, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Check the files, or write the schema; the exit code is 1 when a file is wrong."""
    if arguments == ["--write-schema"]:
        SCHEMA.write_text(json_schema(), encoding="utf-8")
        return 0
    folder = load_actions(Path(arguments[0]) if arguments else ACTIONS)
    lines = [f"{folder.files[name].name}: {item.title}, by {item.owner}" for name, item in folder.items.items()]
    sys.stdout.write("\n".join([*lines, *map(str, folder.faults)]) + "\n")
    return 1 if folder.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
