"""A source contract: what a supplier promises to deliver, table by table and column by column."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dagster_project.domain.clock import known_zones

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
    also: tuple[str, ...] = Field(default=(), description="names under which it came earlier or comes elsewhere")
    values: tuple[str, ...] = Field(default=(), description="of a text: the only values there are")
    names: str = Field(default="", description="whom a value names: a kind of record, email, phone or customer_number")
    part_of: str = Field(default="", description="a thing that is one person's own, as order or ticket")
    about: str = Field(default="", description="what it means")

    @field_validator("also", "values", mode="before")
    @classmethod
    def _as_tuple(cls, listed: object) -> object:
        return tuple(listed) if isinstance(listed, list) else listed

    @field_validator("names", "part_of")
    @classmethod
    def _a_word(cls, word: str) -> str:
        if word and not NAME.match(word):
            raise ValueError(f"{word!r} is not a word: lowercase letters, digits and _ only")
        return word

    @model_validator(mode="after")
    def _values_of_texts(self) -> Column:
        if self.values and (self.type != "string" or self.pseudonym):
            raise ValueError("values are listed for a column of type string alone")
        return self


class EventTime(BaseModel):
    """Which column says when the row happened, and in which zone it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, zone: str) -> str:
        if zone not in known_zones():
            raise ValueError("is not a time zone; write it as Europe/London")
        return zone


class OptOut(BaseModel):
    """How a row of a table says that a person wants no more. It counts even in a broken row or a refused file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    record: str = Field(description="who: the source_record_id that staging makes, as hubspot:contact:{id}")
    column: str = Field(default="", description="what says it; left out: every row of the table does")
    says: tuple[str, ...] = Field(default=(), description="the values that mean no, in lower case")
    purpose: str = Field(default="marketing", description="to what; * for everything, {column} where the row names it")
    channels: Annotated[
        tuple[str, ...], Field(min_length=1, description="on which; * for every one, {column} where the row names it")
    ]

    @field_validator("says", "channels", mode="before")
    @classmethod
    def _as_tuple(cls, listed: object) -> object:
        return tuple(listed) if isinstance(listed, list) else listed

    @model_validator(mode="after")
    def _says_something(self) -> OptOut:
        if bool(self.column) != bool(self.says):
            raise ValueError("column and says go together: which column, and which of its values mean no")
        if any(word != word.strip().lower() or not word for word in self.says):
            raise ValueError("says has its words in lower case, without blanks around them")
        if not re.search(r"\{.+\}", self.record):
            raise ValueError("record names no column: write it as hubspot:contact:{id}")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns it looks at."""
        told = [name for text in (self.purpose, *self.channels) for name in re.findall(r"\{([^{}]*)\}", text)]
        return tuple(dict.fromkeys([*self.needs, *told]))

    @property
    def needs(self) -> tuple[str, ...]:
        """Those without which a row says nothing; a purpose or channel it does not name is every one."""
        return (*([self.column] if self.column else []), *re.findall(r"\{([^{}]*)\}", self.record))


class Table(BaseModel):
    """One table of a source.

    ``repeats`` says what two identical rows of one file mean: ``same`` (one fact delivered twice) or ``counted`` (two
    facts, as two equal lines of an invoice).

    ``drift`` says what becomes of a file that is not as promised: docs/contracts/schema_drift.md.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str = ""
    key: Annotated[tuple[str, ...], Field(min_length=1, description="columns without which a row means nothing")]
    event_time: EventTime | None = None
    repeats: Literal["same", "counted"] = "same"
    extra_columns: Literal["ignored", "refused"] = "ignored"
    drift: Literal["refuse", "quarantine", "accept_known", "evolve"] = "quarantine"
    opt_outs: tuple[OptOut, ...] = ()
    columns: dict[str, Column]

    @field_validator("key", "opt_outs", mode="before")
    @classmethod
    def _as_tuple(cls, listed: object) -> object:
        return tuple(listed) if isinstance(listed, list) else listed

    @model_validator(mode="after")
    def _names_that_exist(self) -> Table:
        for name in self.key:
            if name not in self.columns:
                raise ValueError(f"key column {name} is not among the columns")
        for name in self.columns:
            if name.lower() in TECHNICAL:
                raise ValueError(f"column {name} has a name the gate gives itself: {', '.join(TECHNICAL)}")
        named = [name for column in self.columns.values() for name in column.also] + list(self.columns)
        twice = [name for name in named if named.count(name) > 1]
        if twice:
            raise ValueError(f"{twice[0]} is the name of two columns")
        for rule in self.opt_outs:
            unknown = [name for name in rule.reads if name not in self.columns]
            if unknown:
                raise ValueError(f"opt_outs names {unknown[0]}, which is not among the columns")
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
