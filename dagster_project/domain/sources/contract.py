"""A source contract: what a supplier promises to deliver, table by table and column by column."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

ColumnType = Literal["string", "integer", "number", "decimal", "boolean", "date", "timestamp", "json"]
TECHNICAL = ("occurred_at", "known_at", "row_id", "file_id", "line_number")  # the gate adds these to every row
NAME = re.compile(r"^[a-z][a-z0-9_]*$")
# What a column may name besides a record of its own source; `record` is a whole id as hubspot:contact:1, `sent_contact`
# a contact of ours.
SHARED_NAMES = ("email", "phone", "customer_number", "record", "sent_contact")


class Column(BaseModel):
    """One column as it is delivered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ColumnType = "string"
    format: str = Field(default="", description="of a date or timestamp: a strptime pattern, or epoch_micros")
    required: bool = Field(default=False, description="a row without a value is quarantined")
    optional: bool = Field(default=False, description="the column may be missing from a file")
    personal: bool = Field(default=False, description="names, addresses, free text ...: the table lives in the vault")
    pseudonym: bool = Field(default=False, description="a digest or online identifier: replaced by a keyed hash")
    volatile: bool = Field(default=False, description="changes without meaning (time of sync): no part of the row's id")
    names: str = Field(default="", description="whom a value names: a kind of record, email, phone or customer_number")
    part_of: str = Field(default="", description="a thing that is one person's own, as order or ticket")
    about: str = Field(default="", description="what it means")

    @field_validator("names", "part_of")
    @classmethod
    def _a_word(cls, word: str) -> str:
        if word and not NAME.match(word):
            raise ValueError(f"{word!r} is not a word: lowercase letters, digits and _ only")
        return word


class EventTime(BaseModel):
    """Which column says when the row happened, and in which zone it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("is not a time zone; write it as Europe/London")
        return zone


class Table(BaseModel):
    """One table of a source.

    ``repeats`` says what two identical rows of one file mean: ``same`` (one fact delivered twice) or ``counted`` (two
    facts, as two equal lines of an invoice).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    key: Annotated[tuple[str, ...], Field(min_length=1, description="columns without which a row means nothing")]
    event_time: EventTime | None = None
    repeats: Literal["same", "counted"] = "same"
    extra_columns: Literal["ignored", "refused"] = "ignored"
    columns: dict[str, Column]

    @field_validator("key", mode="before")
    @classmethod
    def _as_tuple(cls, key: object) -> object:
        return tuple(key) if isinstance(key, list) else key

    @model_validator(mode="after")
    def _names_that_exist(self) -> Table:
        for name in self.key:
            if name not in self.columns:
                raise ValueError(f"key column {name} is not among the columns")
        for name in self.columns:
            if name.lower() in TECHNICAL:
                raise ValueError(f"column {name} has a name the gate gives itself: {', '.join(TECHNICAL)}")
        if self.event_time:
            column = self.columns.get(self.event_time.column)
            if column is None:
                raise ValueError(f"event_time column {self.event_time.column} is not among the columns")
            if column.type != "timestamp":
                raise ValueError(f"event_time column {self.event_time.column} must be of type timestamp")
        return self

    @property
    def is_personal(self) -> bool:
        """Whether the table lives in the vault's part of the lake."""
        return any(column.personal for column in self.columns.values())


class SourceContract(BaseModel):
    """What one supplier delivers.

    >>> shop = SourceContract(source="shop", title="Shop", owner="team:data", tables={"orders": Table(
    ...     key=("order_id",), columns={"order_id": Column(required=True)})})
    >>> shop.table_of("orders_2026-03.csv.gz"), shop.table_of("orderlines.csv")
    ('orders', None)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    title: str
    owner: str
    about: str = ""
    currency: str = Field(
        default="", description="of its amounts, when not the reporting currency", pattern="^([A-Z]{3})?$"
    )
    tables: dict[str, Table]

    @model_validator(mode="after")
    def _names_that_are_words(self) -> SourceContract:
        for name in (self.source, *self.tables):
            if not NAME.match(name):
                raise ValueError(f"{name!r} is not a name: lowercase letters, digits and _ only")
        return self

    def key_of(self, column: Column, value: str) -> str:
        """What a value of a column that names somebody (or is part of something of theirs) stands for in this house.

        >>> shop = SourceContract(source="shop", title="Shop", owner="team:data", tables={})
        >>> shop.key_of(Column(names="customer"), "7"), shop.key_of(Column(names="email"), "a@b.fi")
        ('shop:customer:7', 'a@b.fi')
        """
        return value if column.names in SHARED_NAMES else f"{self.source}:{column.names or column.part_of}:{value}"

    def table_of(self, file_name: str) -> str | None:
        """The table a file's name begins with, the longest that fits; None when none does."""
        stem = file_name.split(".", 1)[0]
        fits = [table for table in self.tables if stem == table or re.match(rf"{re.escape(table)}[_\-.\d]", stem)]
        return max(fits, key=len, default=None)
