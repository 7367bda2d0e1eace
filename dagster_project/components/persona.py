"""The form of a persona's file, and what comes of all of them.

A persona is found by a condition, or grown from a named centre, or given by a role on a company's deal. A file that is
wrong, or whose condition cannot be answered, stops that persona and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dagster_project.adapters.conditions import evaluate
from dagster_project.components.fenced import Fault, Folder, load_folder
from dagster_project.components.wording import Line, Name
from dagster_project.domain.analytics.personas.centres import Centre
from dagster_project.domain.analytics.personas.deals import DealRole, deal_personas
from dagster_project.domain.analytics.personas.personas import Personas, Rule, personas
from dagster_project.domain.analytics.personas.schema import UNKNOWN
from dagster_project.domain.conditions import Condition, ConditionError, compile_condition, kind_of
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

PERSONAS = Path(__file__).resolve().parent.parent / "defs" / "analytics" / "personas"
OWN_COLUMN = "persona"  # what the files decide cannot be asked by them
ASKED = {name: kind for name, kind in CUSTOMER_COLUMNS.items() if name != OWN_COLUMN}
Place = Annotated[float, Field(ge=0, le=1)]


class PersonaFile(BaseModel):
    """A kind of customer with a name: who they are, and how we know one when we see one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    persona: Name = Field(description="its name, in conditions and in tables")
    title: Line
    owner: str = Field(min_length=3, description="who answers for it: team:marketing")
    about: str = Field(min_length=10, description="who they are and what they want, in a sentence or two")
    condition: str | None = Field(default=None, description="a yes/no question about a customer's row")
    confidence: Place = Field(
        default=1.0, gt=0, description="how often the condition, or the role, is right, as asking customers has shown"
    )
    centre: dict[str, Place] | None = Field(
        default=None, min_length=1, description="columns and the share of customers who have less: 0.9 is much"
    )
    deal_roles: list[Name] | None = Field(
        default=None, min_length=1, description="roles on a company's deal that make somebody this persona there"
    )

    @field_validator("persona")
    @classmethod
    def _has_a_name_of_its_own(cls, name: str) -> str:
        if name == UNKNOWN:
            raise ValueError("is the name of those of whom too little is known: choose another")
        return name

    @field_validator("condition")
    @classmethod
    def _can_be_asked(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                compile_condition(text, ASKED)
            except ConditionError as error:
                raise ValueError(str(error)) from None
        return text

    @field_validator("centre")
    @classmethod
    def _is_made_of_numbers(cls, centre: dict[str, float] | None) -> dict[str, float] | None:
        for column in centre or {}:
            if column not in ASKED or kind_of(ASKED[column]) != "number":
                raise ValueError(f"{column} is no number of a customer's row")
        return centre

    @model_validator(mode="after")
    def _is_found_somehow(self) -> PersonaFile:
        if self.condition is not None and self.centre is not None:
            raise ValueError("has a condition and a centre: choose one")
        if self.condition is None and self.centre is None and self.deal_roles is None:
            raise ValueError("needs a condition, a centre or deal_roles")
        return self

    @property
    def compiled(self) -> Condition | None:
        """The condition, checked."""
        return compile_condition(self.condition, ASKED) if self.condition is not None else None


@dataclass(frozen=True)
class PersonaRun:
    """What came of all personas, and the faults of those that could not be asked."""

    found: Personas
    faults: list[Fault]


def load_personas(folder: Path = PERSONAS) -> Folder[PersonaFile]:
    """The personas of a folder, and the faults of the files that are wrong."""
    return load_folder(folder, PersonaFile, "persona")


def find_personas(folder: Folder[PersonaFile], customers: pa.Table, as_of: datetime) -> PersonaRun:
    """The persona of every customer.

    Args:
        folder: of :func:`load_personas`. Its faults come back with those found while asking.
        customers: one row per customer with everything a condition may ask.
        as_of: the moment asked about, with its zone.
    """
    rules, faults = [], list(folder.faults)
    for name, item in sorted(folder.items.items()):
        if item.compiled is None:
            continue
        try:
            answer = evaluate({name: item.compiled}, customers, as_of)[name]
        except ConditionError as error:
            file = folder.files[name].name if name in folder.files else f"{name}.yaml"
            faults.append(Fault(file, 1, "condition", str(error)))
            continue
        rules.append(Rule(name, item.confidence, item.compiled.sql, item.compiled.names, answer))
    centres = [Centre(name, item.centre) for name, item in sorted(folder.items.items()) if item.centre]
    return PersonaRun(personas(customers, rules, centres, as_of), sorted(faults))


def find_deal_personas(
    folder: Folder[PersonaFile], customer_deals: pa.Table, found: pa.Table, as_of: datetime
) -> pa.Table:  # fmt: skip
    """The personas of every deal: those of the customers on it, and those their roles make them.

    Args:
        folder: of :func:`load_personas`.
        customer_deals: one row per customer and deal.
        found: the table ``personas``.
        as_of: the moment asked about, with its zone.
    """
    roles = [
        DealRole(name, tuple(item.deal_roles), item.confidence)
        for name, item in folder.items.items()
        if item.deal_roles
    ]
    return deal_personas(customer_deals, found, roles, as_of)
