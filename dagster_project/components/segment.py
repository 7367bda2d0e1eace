"""The form of a segment's file, and who is in each segment.

A segment is a yes/no question about one customer, with an owner, a purpose and the size it should have. A file that
is wrong, or whose condition cannot be answered, stops that segment and no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dagster_project.adapters.conditions import evaluate
from dagster_project.components.fenced import Fault, Folder, load_folder
from dagster_project.domain.analytics.segments import SizeBand, members, sizes
from dagster_project.domain.conditions import Condition, ConditionError, compile_condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

SEGMENTS = Path(__file__).resolve().parent.parent / "defs" / "analytics" / "segments"
Share = Annotated[float, Field(ge=0, le=1)]


class ExpectedSize(BaseModel):
    """The size a segment should have, in shares of all customers or in customers; whoever breaks it is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_share: Share | None = Field(default=None, description="of all customers: 0.02")
    max_share: Share | None = None
    min_count: int | None = Field(default=None, ge=0, description="customers")
    max_count: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one_band(self) -> ExpectedSize:
        shares = self.min_share is not None and self.max_share is not None
        counts = self.min_count is not None and self.max_count is not None
        given = sum(value is not None for value in (self.min_share, self.max_share, self.min_count, self.max_count))
        if given != 2 or not (shares or counts):
            raise ValueError("needs min_share and max_share, or min_count and max_count")
        low, high = (self.min_share, self.max_share) if shares else (self.min_count, self.max_count)
        if low is not None and high is not None and low > high:
            raise ValueError("has its smallest size above its largest")
        return self

    @property
    def band(self) -> SizeBand:
        """The band as the domain knows it."""
        return SizeBand(self.min_share, self.max_share, self.min_count, self.max_count)


class Segment(BaseModel):
    """A named set of customers, defined by a condition."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    segment: str = Field(pattern=r"^[a-z][a-z0-9_]{1,62}$", description="its name, in other files and in tables")
    title: str = Field(min_length=3, max_length=150)
    owner: str = Field(min_length=3, description="who answers for it: team:crm")
    purpose: Literal["analysis", "targeting"] = Field(description="targeting: audiences and care models may draw on it")
    condition: str = Field(description="a yes/no question about a customer's row: value_tier = 'top'")
    expected_size: ExpectedSize

    @field_validator("condition")
    @classmethod
    def _can_be_asked(cls, text: str) -> str:
        try:
            compile_condition(text, CUSTOMER_COLUMNS)
        except ConditionError as error:
            raise ValueError(str(error)) from None
        return text

    @property
    def compiled(self) -> Condition:
        """The condition, checked."""
        return compile_condition(self.condition, CUSTOMER_COLUMNS)


@dataclass(frozen=True)
class SegmentRun:
    """What came of all segments: the two tables of the room, and the faults of those that could not be asked."""

    segments: pa.Table
    segment_sizes: pa.Table
    faults: list[Fault]


def load_segments(folder: Path = SEGMENTS) -> Folder[Segment]:
    """The segments of a folder, and the faults of the files that are wrong."""
    return load_folder(folder, Segment, "segment")


def find_members(folder: Folder[Segment], customer_analytics: pa.Table, as_of: datetime) -> SegmentRun:
    """Who is in each segment, and whether each has the size it should have.

    All conditions are asked in one pass; when that fails, one by one, so that the others are answered.

    Args:
        folder: of :func:`load_segments`. Its faults come back with those found while asking.
        customer_analytics: one row per customer.
        as_of: the moment asked about, with its zone.
    """
    conditions = {name: item.compiled for name, item in folder.items.items()}
    faults = list(folder.faults)
    try:
        answers = evaluate(conditions, customer_analytics, as_of)
    except ConditionError:
        answers = {}
        for name, condition in conditions.items():
            try:
                answers |= evaluate({name: condition}, customer_analytics, as_of)
            except ConditionError as error:
                file = folder.files[name].name if name in folder.files else f"{name}.yaml"
                faults.append(Fault(file, 1, "condition", str(error)))
    counts = {name: answer.true_count for name, answer in answers.items()}
    asked = {name: item for name, item in folder.items.items() if name in answers}
    return SegmentRun(
        members(customer_analytics.column("customer_id"), answers),
        sizes(
            {name: (item.owner, item.purpose, item.expected_size.band) for name, item in asked.items()},
            counts,
            customer_analytics.num_rows,
        ),
        sorted(faults),
    )
