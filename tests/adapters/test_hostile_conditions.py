"""If a hostile condition passed every check, the engine behind it would have nothing to give; shipped ones pass."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from dagster_project.adapters import conditions as adapter
from dagster_project.adapters.conditions import evaluate
from dagster_project.components import care_model_action, persona, segment
from dagster_project.components.action import load_actions
from dagster_project.components.care_model import load_care_models
from dagster_project.components.encounter import load_encounters
from dagster_project.components.persona import load_personas
from dagster_project.components.segment import load_segments
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.conditions import Condition, ConditionError, compile_condition, kind_of
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS
from tests.domain.hostile_conditions import BOMBS, hostile_conditions

AS_OF = datetime(2026, 3, 31, 20, 59, tzinfo=UTC)
FRAME = pa.table(
    {"value_tier": ["top", None], "count_orders": pa.array([1, None], pa.int64()), "is_fading": [True, None]}
)
READS = tuple(zip(FRAME.schema.names, ("text", "number", "boolean"), strict=True))
LONG = 300  # characters: what is only large is the checker's business, and tested there
NEEDLE = "the-canary-sings"
VALUES: dict[str, tuple[Any, pa.DataType]] = {
    "text": ("top", pa.string()),
    "number": (Decimal("1.0000"), pa.decimal128(18, 4)),
    "boolean": (True, pa.bool_()),
    "moment": (naive_utc(AS_OF), pa.timestamp("us")),
    "date": (date(2026, 1, 1), pa.date32()),
}


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file nobody may read, in a folder nobody may write to, which is where the process stands."""
    folder = tmp_path / "cage"
    folder.mkdir()
    (folder / "canary").write_text(f"{NEEDLE}\n")
    monkeypatch.chdir(folder)
    return folder / "canary"


def forged(canary: Path) -> list[str]:
    """Hostile texts as SQL of conditions that no check ever saw; without those that would only fill the memory."""
    texts = hostile_conditions(str(canary), places=2)
    return [text for text in texts if len(text) < LONG and not any(bomb in text for bomb in BOMBS)]


def test_no_forged_condition_reaches_a_file_a_table_or_a_setting(canary: Path) -> None:
    engine = adapter._closed_engine(1)
    before = {path.name: path.stat().st_mtime_ns for path in canary.parent.iterdir()}
    said: list[str] = []
    for text in forged(canary):
        try:
            answers = evaluate({"forged": Condition("", text, READS)}, FRAME, AS_OF, threads=1)
            assert answers["forged"].type == pa.bool_(), "an answer is yes or no, and nothing else comes out"
        except ConditionError as error:
            said.append(str(error))
    assert len(said) > 250
    assert [sentence for sentence in said if NEEDLE in sentence or len(sentence) > 200] == []
    assert {path.name: path.stat().st_mtime_ns for path in canary.parent.iterdir()} == before
    assert canary.read_text() == f"{NEEDLE}\n"
    tables = engine.execute("select count(*) from duckdb_tables()").fetchone()
    settings = engine.execute("select value from duckdb_settings() where name = 'lock_configuration'").fetchone()
    assert (tables, settings) == ((0,), ("true",))


def test_an_open_engine_would_have_read_the_file(canary: Path) -> None:
    """The negative control: the same words in an engine that is not closed find the canary."""
    found = duckdb.connect().execute(f"select content from read_text('{canary}')").fetchall()
    assert found == [(f"{NEEDLE}\n",)]


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> dict[str, Condition]:
    """Every condition of the files that come with the house, by its text."""
    found: dict[str, Condition] = {}

    def remembered(text: str, columns: dict[str, str]) -> Condition:
        found[text] = compile_condition(text, columns)
        return found[text]

    for module in (care_model_action, persona, segment):
        monkeypatch.setattr(module, "compile_condition", remembered)
    loads = (load_care_models, load_encounters, load_segments, load_personas, load_actions)
    assert [fault for load in loads for fault in load().faults] == []
    for item in (*load_segments().items.values(), *load_care_models().items.values()):
        for name in ("compiled", "as_model"):
            value = getattr(item, name, None)
            if callable(value):
                value()
    return found


def test_every_shipped_condition_passes_and_is_answered(shipped: dict[str, Condition]) -> None:
    assert len(shipped) > 20
    columns = {**CUSTOMER_COLUMNS, **EVENT_COLUMNS}
    for text, condition in shipped.items():
        kinds = {name: kind for name, kind in condition.columns}
        assert all(kind_of(columns[name]) == kind for name, kind in kinds.items() if name in columns)
        frame = pa.table({name: pa.array([VALUES[kind][0], None], VALUES[kind][1]) for name, kind in kinds.items()})
        answers = evaluate({"asked": condition}, frame, AS_OF, threads=1)["asked"]
        assert (len(answers), answers.null_count) == (2, 0), text
