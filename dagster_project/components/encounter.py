"""The form of an encounter's file: one planned meeting with a customer, to be used by any care model.

Encounters can be made and delivered one at a time; a care model's step takes one by its name.

``python -m dagster_project.components.encounter`` reads every file and lists what is wrong; with ``--write-schema`` it
writes the JSON Schema that editors complete from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from dagster_project.components.care_model_action import Amount, Text, Worded
from dagster_project.components.channels import ContactChannel
from dagster_project.components.fenced import Folder, load_folder
from dagster_project.components.wording import Line, Name, Span
from dagster_project.domain.care_models.stages import Stage

ENCOUNTERS = Path(__file__).resolve().parent.parent / "defs" / "care_models" / "encounters"
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "contracts" / "encounter.schema.json"
GIVEN = ("channel", "treatment", "subject", "link", "offer", "slots", "language_fallback", "cost", "value",
         "lead_time", "sells", "stage", "title")  # fmt: skip


class EncounterFile(Worded):
    """A planned meeting with a customer."""

    encounter: Name = Field(description="its name, in care models")
    title: Line = Field(description="the name people use, and what the map shows")
    about: Text | None = Field(default=None, description="what happens in it, and why")
    stage: Stage = Field(description="the stage of the service path it belongs to")
    stress: Literal["low", "medium", "high"] = Field(
        description="how tense the customer is likely to be; where it is high, nothing is sold"
    )
    goal: Line = Field(description="what it is for, in one line")
    sells: bool = Field(default=False, description="it wants to sell: nothing of it while a complaint is open")
    channel: ContactChannel = Field(description="the way it goes out")
    slots: dict[Name, Text] = Field(default_factory=dict, description="parts of the content by name")
    language_fallback: str = Field(
        default="en", pattern="^[a-z]{2}$", description="for customers whose language is unknown or not translated"
    )
    cost: Amount | None = Field(default=None, description="of one contact; without it the channel's")
    value: Amount | None = Field(default=None, description="what one contact is expected to bring")
    lead_time: Span = Field(default="0d", description="from the decision to the contact: 0d, 12h, 3d")
    follows: list[Name] = Field(default_factory=list, description="encounters that usually come before it")

    @model_validator(mode="after")
    def _sells_nothing_under_stress(self) -> EncounterFile:
        if self.stress == "high" and (self.sells or self.offer):
            raise ValueError("stress is high: such an encounter sells nothing, take away sells and offer")
        return self

    @property
    def content(self) -> dict[str, Any]:
        """What a step takes from it, in the form of a step's file."""
        given = self.model_dump(mode="json", include=set(GIVEN), exclude_none=True, exclude_defaults=True)
        return given


def load_encounters(folder: Path = ENCOUNTERS) -> Folder[EncounterFile]:
    """Every encounter of a folder that is right, and the faults of those that are not."""
    return load_folder(folder, EncounterFile, "encounter")


def contents_of(folder: Folder[EncounterFile]) -> dict[str, dict[str, Any]]:
    """What steps take from the encounters, by name."""
    return {name: encounter.content for name, encounter in folder.items.items()}


def tense_of(folder: Folder[EncounterFile]) -> frozenset[str]:
    """The encounters in which the customer is likely to be tense: no step that takes one may add a sale."""
    return frozenset(name for name, encounter in folder.items.items() if encounter.stress == "high")


def json_schema() -> str:
    """The JSON Schema of an encounter's file, as the text kept in ``docs/contracts/encounter.schema.json``."""
    schema = EncounterFile.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Encounter"}
    return json.dumps(head | {key: value for key, value in schema.items() if key != "title"}, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Check the files, or write the schema; the exit code is 1 when a file is wrong."""
    if arguments == ["--write-schema"]:
        SCHEMA.write_text(json_schema(), encoding="utf-8")
        return 0
    folder = load_encounters(Path(arguments[0]) if arguments else ENCOUNTERS)
    lines = [f"{folder.files[name].name}: {item.title}, by {item.channel}" for name, item in folder.items.items()]
    sys.stdout.write("\n".join([*lines, *map(str, folder.faults)]) + "\n")
    return 1 if folder.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
