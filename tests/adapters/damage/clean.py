"""Sound deliveries over several contracts, as texts and as the values they mean; and what a broken one must become."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from dagster_project.adapters.gate import contracts_in
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.sources.contract import Column, SourceContract, Table
from tests.adapters.small_deliveries import CAFE

SHIPPED = contracts_in(CONTRACTS).items
TABLES: list[tuple[SourceContract, str]] = [
    (CAFE, "visits"),
    (CAFE, "guests"),
    (SHIPPED["hubspot"], "contact"),
    (SHIPPED["hubspot"], "ticket"),
    (SHIPPED["mailchimp"], "member"),
    (SHIPPED["mailchimp"], "unsubscribe"),
    (SHIPPED["ga4"], "events"),
    (SHIPPED["shop"], "invoice_lines"),
    (SHIPPED["standard"], "consents"),
    (SHIPPED["standard"], "contacts"),
    (SHIPPED["standard"], "order_lines"),
]
WORDS = ["kahvi", "pöytä", "Äyräpää", "window seat", "no. 7", "Åbo", "x", "kukka-asetelma", "№ 5", "naïve"]
START = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass
class Clean:
    """Records of one table as their writer has them: a text for each column, None where there is none."""

    contract: SourceContract
    name: str
    records: list[dict[str, str | None]]

    @property
    def table(self) -> Table:
        return self.contract.tables[self.name]

    @property
    def columns(self) -> list[str]:
        return list(self.table.columns)

    def of_type(self, *types: str) -> list[str]:
        """Columns of these types that are no pseudonyms."""
        found = self.table.columns.items()
        return [name for name, column in found if column.type in types and not column.pseudonym]


@dataclass
class Broken:
    """A delivery, and what the generator knows of it.

    Attributes:
        ending: of its name, as ``.csv.gz``.
        content: its bytes.
        sound: by line, the record that must be loaded as it is.
        bad: by line, column and reason of what must be in quarantine. An empty column and reason stand for any.
        refused: reason codes of which one must refuse it; empty where it must be loaded.
        or_sound: damage that may have hit nothing: refused with one of these, or loaded whole.
    """

    clean: Clean
    ending: str
    content: bytes
    sound: dict[int, dict[str, str | None]] = field(default_factory=dict)
    bad: dict[int, tuple[str, str]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    or_sound: bool = False
    kind: str = ""

    @property
    def count_records(self) -> int:
        return len(self.sound) + len(self.bad)


Kind = Callable[[random.Random, Clean], Broken]


def clean_delivery(rng: random.Random, needs: Callable[[Table], bool] = lambda _: True) -> Clean:
    """Six to twenty records of a table that has what is needed."""
    contract, name = rng.choice([one for one in TABLES if needs(one[0].tables[one[1]])])
    table = contract.tables[name]
    many = rng.randint(6, 20)
    return Clean(contract, name, [_record(rng, table, number) for number in range(many)])


def _record(rng: random.Random, table: Table, number: int) -> dict[str, str | None]:
    record: dict[str, str | None] = {}
    for name, column in table.columns.items():
        needed = column.required or name in table.key
        if not needed and rng.random() < 0.2:
            record[name] = None
        else:
            record[name] = _text(rng, column, number, needed)
    return record


def _text(rng: random.Random, column: Column, number: int, needed: bool) -> str:
    moment = START + timedelta(seconds=rng.randrange(30_000_000))
    match column.type:
        case "integer":
            return str(rng.randint(-5, 10_000))
        case "number":
            return str(round(rng.uniform(-10, 1000), 3))
        case "decimal":
            return f"{rng.uniform(0, 500):.2f}"
        case "boolean":
            return rng.choice(["true", "false"])
        case "date":
            return moment.strftime(column.format or "%Y-%m-%d")
        case "timestamp":
            if column.format == "epoch_micros":
                return str(int(moment.timestamp()) * 1_000_000)
            return moment.strftime("%Y-%m-%d %H:%M:%S")
        case "json":
            return json.dumps([{"key": rng.choice(WORDS)}], ensure_ascii=False)
    return f"k{number}" if needed else f"{rng.choice(WORDS)} {number}"


def value_of(text: str | None, column: Column) -> Any:
    """The value a text means, reckoned without the gate."""
    if text is None or not text.strip(" \t"):
        return None
    match column.type:
        case "integer":
            return int(text)
        case "number":
            return float(text)
        case "decimal":
            return Decimal(text).quantize(Decimal("0.0001"))
        case "boolean":
            return text == "true"
        case "date":
            return _day(text, column.format)
        case "timestamp":
            if column.format == "epoch_micros":
                return naive_utc(START) + timedelta(microseconds=int(text) - int(START.timestamp()) * 1_000_000)
            return datetime.fromisoformat(text)
        case "json":
            return json.loads(text)
    return text if column.personal else text.strip(" \t")


def _day(text: str, form: str) -> date:
    digits = re.sub(r"\D", "", text)
    assert form in ("", "%Y%m%d")
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))


def some(rng: random.Random, clean: Clean) -> list[int]:
    """A few of the records, never more than half."""
    return sorted(rng.sample(range(len(clean.records)), rng.randint(1, len(clean.records) // 2)))
