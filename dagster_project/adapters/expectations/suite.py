"""What a suite of expectations may say: a short list of sentences about columns, each with its reason."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.components.fenced import Folder, load_folder
from dagster_project.settings import CHECKOUT

EXPECTATIONS = CHECKOUT / "expectations"

# What may be expected, under Great Expectations' own names without the leading `expect_`: the keys each must have and
# those it may have. Only those that report counts. One that reports a column's largest value or its distinct values
# would show what a customer's row holds.
KINDS: MappingProxyType[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        "column_values_to_not_be_null": (("column",), ("mostly",)),
        "column_values_to_be_null": (("column",), ("mostly",)),
        "column_values_to_be_unique": (("column",), ("mostly",)),
        "column_values_to_be_between": (("column",), ("min_value", "max_value", "mostly")),
        "column_value_lengths_to_be_between": (("column",), ("min_value", "max_value", "mostly")),
        "column_values_to_be_in_set": (("column", "value_set"), ("mostly",)),
        "column_values_to_match_regex": (("column", "regex"), ("mostly",)),
        "column_pair_values_a_to_be_greater_than_b": (("column_A", "column_B"), ("or_equal", "mostly")),
        "compound_columns_to_be_unique": (("column_list",), ("mostly",)),
        "table_row_count_to_be_between": ((), ("min_value", "max_value")),
    }
)
ARGUMENTS = (
    *("column", "column_A", "column_B", "column_list", "value_set", "regex"),
    *("min_value", "max_value", "or_equal", "mostly"),
)


class Expectation(BaseModel):
    """One thing that must hold of a table, and why.

    >>> Expectation(expect="column_values_to_not_be_null", column="email", because="nobody to write to").arguments
    {'column': 'email'}
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    expect: str = Field(description="the name of the expectation, without the leading expect_")
    because: str = Field(min_length=10, description="what goes wrong where it does not hold")
    severity: Literal["critical", "warning"] = Field(
        default="critical", description="critical stops; warning is shown and goes on"
    )
    from_rows: int = Field(
        default=0,
        ge=0,
        description="asked only of tables of so many rows: a share of three says nothing",
    )
    optional: bool = Field(default=False, description="not asked where the column is missing; else that is a failure")
    column: str | None = None
    column_A: str | None = None  # the larger one
    column_B: str | None = None
    column_list: list[str] | None = None
    value_set: list[str | int | float | bool] | None = None
    regex: str | None = None
    min_value: int | float | str | None = None
    max_value: int | float | str | None = None
    or_equal: bool | None = None
    mostly: float | None = Field(default=None, gt=0, le=1, description="the share of rows it must hold for")

    @model_validator(mode="after")
    def _knows_its_arguments(self) -> Expectation:
        if self.expect not in KINDS:
            raise ValueError(f"{self.expect} cannot be expected here; known: {', '.join(KINDS)}")
        needed, possible = KINDS[self.expect]
        missing = [name for name in needed if name not in self.arguments]
        if missing:
            raise ValueError(f"{self.expect} needs {', '.join(missing)}")
        foreign = [name for name in self.arguments if name not in (*needed, *possible)]
        if foreign:
            raise ValueError(f"{self.expect} does not take {', '.join(foreign)}")
        if "between" in self.expect and self.min_value is None and self.max_value is None:
            raise ValueError(f"{self.expect} needs min_value or max_value")
        return self

    @property
    def arguments(self) -> dict[str, Any]:
        """What is given of the arguments that the expectation itself takes."""
        return {name: value for name in ARGUMENTS if (value := getattr(self, name)) is not None}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        single = (self.column, self.column_A, self.column_B)
        return tuple(name for name in (*single, *(self.column_list or ())) if name)


class Suite(BaseModel):
    """The expectations of one supplier's tables, of customer_360, or of a kind of audience."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str = Field(pattern="^[a-z][a-z0-9_]*$")
    title: str
    owner: str
    exclude_unexpected_values: Literal[True] = Field(description="results hold counts and never a customer's value")
    tables: dict[str, list[Expectation]] = Field(min_length=1)

    @property
    def only_table(self) -> str:
        """The table of a suite that has one."""
        if len(self.tables) != 1:
            raise ValueError(f"the suite {self.suite} is about {len(self.tables)} tables: name the one that is meant")
        return next(iter(self.tables))


def load_suites(folder: Path) -> Folder[Suite]:
    """The suites of one folder of ``expectations/``; a file that is wrong becomes faults and stops no other."""
    return load_folder(folder, Suite, "suite")
