"""The form of the volume constraints' file: what all contacts together may take of something scarce, or must bring."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.components.fenced import Fault
from dagster_project.components.wording import Name
from dagster_project.components.yaml_text import Text
from dagster_project.domain.decisions.volume import KEYS, VolumeConstraint

VOLUMES_FILE = "volume_constraints.yaml"
Words = Name | list[Name]
Skills = Mapping[str, Collection[tuple[str, str]]]  # by skill, the (channel, treatment) pairs that need it


def _several(words: str | list[str]) -> frozenset[str]:
    return frozenset([words] if isinstance(words, str) else words)


class AboutFile(BaseModel):
    """Which contacts a constraint is about: all that are named, by one word or several."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    department: Words | None = Field(default=None, description="who proposes: crm of team:crm")
    care_model: Words | None = Field(default=None, description="a care model, or an action of the catalogue")
    step: Words | None = None
    channel: Words | None = None
    treatment: Words | None = None
    skill: Words | None = Field(default=None, description="what the contact needs somebody to know: of channels.yaml")
    offer: Words | None = None
    purpose: Words | None = None
    action_class: Literal["mandatory", "transactional", "marketing"] | None = None

    def words(self, skills: Skills) -> dict[str, frozenset[str]]:
        """By column, the words it may hold; a skill is the channels and treatments that need it."""
        given = {key: _several(words) for key in KEYS if (words := getattr(self, key))}
        if self.skill:
            needs = [one for skill in _several(self.skill) for one in skills.get(skill, ())]
            for place, key in enumerate(("channel", "treatment")):
                named = frozenset(one[place] for one in needs)
                given[key] = given.get(key, named) & named
        return given


class VolumeConstraintFile(BaseModel):
    """At most, or at least, so much of a measure in each period."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name = Field(description="what explanations call it")
    measure: Literal["contacts", "cost", "minutes", "units"] = Field(
        description="contacts; cost in the reporting currency; minutes of working time; units of an offer"
    )
    of: AboutFile = Field(default_factory=AboutFile, description="the contacts it is about; without it, all")
    per: Literal["day", "week", "month", "quarter", "year", "all"] = Field(description="all: one limit for all time")
    most: Decimal | None = Field(default=None, ge=0, max_digits=18, decimal_places=4, description="0 means none at all")
    least: Decimal | None = Field(default=None, gt=0, max_digits=18, decimal_places=4, description="what was promised")
    report_only: bool = Field(default=False, description="measured and shown, and nobody is stopped by it")

    @model_validator(mode="after")
    def _limits_something(self) -> VolumeConstraintFile:
        if self.most is None and self.least is None:
            raise ValueError("needs most, least or both")
        if self.most is not None and self.least is not None and self.least > self.most:
            raise ValueError("promises more (least) than it allows (most)")
        return self

    def as_constraint(self, skills: Skills) -> VolumeConstraint:
        """The constraint as the decisions know it."""
        return VolumeConstraint(
            self.name, self.measure, self.per, self.most, self.least, self.report_only, self.of.words(skills)
        )


class VolumesFile(BaseModel):
    """``volume_constraints.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    constraints: list[VolumeConstraintFile]

    @model_validator(mode="after")
    def _named_once(self) -> VolumesFile:
        names = [one.name for one in self.constraints]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two constraints are called {twice[0]}: rename one of them")
        return self


def unknown_words(volumes: VolumesFile, text: Text, known: set[str], skills: Skills) -> list[Fault]:
    """Constraints about channels or skills that nobody declared, which would hold nothing, or named as a channel."""
    faults: list[Fault] = []

    def fault(number: int, *path: str, reason: str) -> None:
        place: tuple[str | int, ...] = ("constraints", number, *path)
        faults.append(Fault(VOLUMES_FILE, text.line_of(place), ".".join(map(str, place)), reason))

    for number, one in enumerate(volumes.constraints):
        if one.name in known:
            fault(number, "name", reason="is a channel's name: rename it")
        for channel in sorted(_several(one.of.channel or []) - known):
            reason = f"{channel} is no channel of channels.yaml; known: {', '.join(sorted(known))}"
            fault(number, "of", "channel", reason=reason)
        unknown = sorted(_several(one.of.skill or []) - skills.keys())
        for skill in unknown:
            reason = f"{skill} is no skill of channels.yaml; known: {', '.join(sorted(skills)) or 'none'}"
            fault(number, "of", "skill", reason=reason)
        if one.of.skill and not unknown and not all(one.of.words(skills).values()):
            fault(number, "of", "skill", reason="no contact needs it on the channel and with the treatment named here")
    return faults
