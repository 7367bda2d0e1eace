"""The parts of an action's file: its ways to the customer, what it brings, how likely that is, and when it suits."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from dagster_project.components.care_model_action import Amount, Strict, Text, compiled, page_of_its_own
from dagster_project.components.channels import ContactChannel, ResponseCode, linked_channels
from dagster_project.components.wording import Line, Name
from dagster_project.domain.care_models.ways import never_holds
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS
from dagster_project.domain.decisions.catalogue import ACTION_COLUMNS, CHANCES, Context, OfColumn, Treatment

COLUMNS = CUSTOMER_COLUMNS | ACTION_COLUMNS
NUMBERS = tuple(sorted(name for name, kind in COLUMNS.items() if kind.startswith(("bigint", "double", "decimal"))))


def _can_be_asked(text: str) -> str:
    if never_holds(compiled(text, COLUMNS)):
        raise ValueError(f"'{text}' contradicts itself: it never holds")
    return text


Asked = Annotated[Text, AfterValidator(_can_be_asked)]


class TreatmentFile(Strict):
    """One way to do the action: a channel and what goes out on it."""

    channel: ContactChannel = Field(description="the way it goes out")
    treatment: Name = Field(description="the template or script that the channel's tool uses")
    subject: Line | None = Field(
        default=None, description="the subject line; for a call or letter, what it is about. Without it the title"
    )
    link: str | None = Field(
        default=None,
        max_length=500,
        description="the page it leads to, an https address with a path; needed for email, sms, push and web",
    )
    offer: Name | None = Field(default=None, description="the benefit promised, of which there may be a stock")
    cost: Amount | None = Field(default=None, description="of one contact; without it the channel's")
    minutes: Amount | None = Field(
        default=None, description="of somebody's working time for one contact; without it the channel's"
    )
    units: Amount | None = Field(
        default=None, description="of the offer's stock for one contact; without it one, where there is an offer"
    )
    lever: float = Field(
        default=1.0, gt=0, le=10, description="leans towards this way (above 1) or away from it (below 1)"
    )

    @field_validator("link")
    @classmethod
    def _a_page_of_its_own(cls, link: str | None) -> str | None:
        return None if link is None else page_of_its_own(link)

    @model_validator(mode="after")
    def _hangs_together(self) -> TreatmentFile:
        if self.channel in linked_channels() and self.link is None:
            raise ValueError(f"link is missing: a message by {self.channel} leads to a page")
        if self.units is not None and self.offer is None:
            raise ValueError("units are of an offer's stock: name the offer")
        return self

    def as_treatment(self, title: str) -> Treatment:
        """The treatment apart from its file."""
        return Treatment(
            channel=self.channel,
            treatment=self.treatment,
            subject=self.subject or title,
            link=self.link,
            offer=self.offer,
            cost=self.cost,
            minutes=None if self.minutes is None else float(self.minutes),
            units=None if self.units is None else float(self.units),
            lever=self.lever,
        )


class ContextFile(Strict):
    """Where this holds, the action brings so many times as much."""

    where: Asked = Field(description="a condition on the customer's row")
    times: float = Field(gt=0, le=10, description="1.5: half as much again; 0.5: half")

    def as_context(self) -> Context:
        """The context apart from its file."""
        return Context(compiled(self.where, COLUMNS), self.times)


class ColumnFile(Strict):
    """A number of the customer's own row; where it is unknown, so is the action's worth, and it is not proposed."""

    column: Name = Field(description="of the customer: average_order_amount", json_schema_extra={"enum": list(NUMBERS)})
    times: float = Field(default=1.0, gt=0, le=1_000, description="what it is multiplied by: 0.2 of an order")

    @field_validator("column")
    @classmethod
    def _a_number(cls, name: str) -> str:
        if name not in NUMBERS:
            raise ValueError(f"is no number of the customer; known: {', '.join(NUMBERS)}")
        return name

    def as_column(self) -> OfColumn:
        """The column apart from its file."""
        return OfColumn(self.column, self.times)


class ChanceFile(Strict):
    """A chance of the customer's own row; where it is unknown, the action is not proposed."""

    column: Name = Field(description="of the customer: p_alive", json_schema_extra={"enum": list(CHANCES)})
    times: float = Field(default=1.0, gt=0, le=1, description="what it is multiplied by")

    @field_validator("column")
    @classmethod
    def _a_chance(cls, name: str) -> str:
        if name not in CHANCES:
            raise ValueError(f"is no chance between 0 and 1; known: {', '.join(CHANCES)}")
        return name

    def as_column(self) -> OfColumn:
        """The column apart from its file."""
        return OfColumn(self.column, self.times)


class LearnedFile(Strict):
    """A chance that is learned from the responses to former contacts."""

    start: float = Field(gt=0, le=1, description="what is expected before anything came back: 0.08")
    strength: float = Field(
        default=50.0, gt=0, le=100_000, description="contacts which that expectation weighs as much as"
    )
    responses: list[ResponseCode] | None = Field(
        default=None, min_length=1, description="the codes that count; without them every one that says yes"
    )


def _form(value: Any) -> str:
    if isinstance(value, ChanceFile) or (isinstance(value, dict) and "column" in value):
        return "column"
    return "learned" if isinstance(value, (dict, LearnedFile)) else "number"


def _form_of_value(value: Any) -> str:
    return "column" if isinstance(value, (dict, ColumnFile)) else "number"


ValueFile = Annotated[
    Annotated[Amount, Tag("number")] | Annotated[ColumnFile, Tag("column")], Discriminator(_form_of_value)
]
PropensityFile = Annotated[
    Annotated[float, Field(gt=0, le=1), Tag("number")]
    | Annotated[ChanceFile, Tag("column")]
    | Annotated[LearnedFile, Tag("learned")],
    Discriminator(_form),
]
