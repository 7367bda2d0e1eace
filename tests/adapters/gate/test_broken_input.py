"""Deliveries broken in every way we could think of: no record is lost, none is silently wrong, and neighbours load."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dagster_project.adapters.gate import passing
from dagster_project.adapters.gate.records import Records, text_table
from dagster_project.domain.sources.contract import Table
from tests.adapters.damage import csv_kinds, header_kinds, json_kinds, parquet_kinds, value_kinds
from tests.adapters.damage.clean import Broken, clean_delivery
from tests.adapters.damage.judge import Count, judge
from tests.adapters.small_deliveries import CAFE, GOOD, HEADER, Gate

MODULES = (csv_kinds, header_kinds, value_kinds, json_kinds, parquet_kinds)
KINDS = {name: kind for module in MODULES for name, kind in module.KINDS.items()}
NEEDS = {name: types for module in MODULES for name, types in getattr(module, "NEEDS", {}).items()}
COSTLY = {"gzip of a bomb", "parquet a bomb of rows", "csv a line of 17 mebibytes", "csv a hundred thousand separators"}


def broken_delivery(kind: str, seed: int) -> Broken:
    """The delivery of a kind and seed: always the same."""
    rng = random.Random(f"{kind} {seed}")
    needs: Callable[[Table], bool] = lambda table: (  # noqa: E731
        kind not in NEEDS
        or any(column.type in NEEDS[kind] and not column.pseudonym for column in table.columns.values())
    )
    broken = KINDS[kind](rng, clean_delivery(rng, needs))
    broken.kind = kind
    return broken


def land_and_judge(gate: Gate, broken: Broken, seed: int, count: Count) -> list[str]:
    """What is wrong with what became of one file; a crash is wrong as well."""
    gate.contract = broken.clean.contract
    name = f"{broken.clean.name}_{broken.kind.replace(' ', '-').replace('/', '-')}_{seed}{broken.ending}"
    try:
        delivery = gate.land(name, broken.content, table=broken.clean.name)
    except Exception as error:
        return [f"{broken.kind} {seed}: {type(error).__name__}: {error}"]
    return [f"{broken.kind} {seed}: {wrong}" for wrong in judge(gate, broken, delivery, count)]


def neighbour_loads(gate: Gate, number: int) -> bool:
    gate.contract = CAFE
    return gate.land(f"visits_{number}.csv", [HEADER, GOOD.replace("v1", f"neighbour{number}")]).count_loaded == 1


def test_there_are_many_kinds() -> None:
    assert len(KINDS) >= 40
    assert {name.split()[0] for name in KINDS} == {"csv", "gzip", "json", "parquet"}


@pytest.mark.parametrize("form", ["csv", "gzip", "json", "parquet"])
def test_broken_deliveries_of_every_third_kind_are_accounted_for(gate: Gate, form: str) -> None:
    """A third of the kinds, one file each; the slow test has them all, fifteen times."""
    kinds = [kind for kind in sorted(set(KINDS) - COSTLY) if kind.split()[0] == form][::3]
    wrong = [told for kind in kinds for told in land_and_judge(gate, broken_delivery(kind, 0), 0, Count())]
    assert wrong == []
    assert neighbour_loads(gate, 0)


@pytest.mark.slow
def test_two_thousand_broken_deliveries_are_accounted_for(gate: Gate, tmp_path: Path) -> None:
    count, wrong = Count(), list[str]()
    kinds = sorted(KINDS)
    number = 0
    while count.files < 2_000:
        kind, seed = kinds[number % len(kinds)], number // len(kinds) + 1
        number += 1
        if kind in COSTLY and seed > 4:
            continue
        wrong += land_and_judge(gate, broken_delivery(kind, seed), seed, count)
        if count.files % 10 == 0 and not neighbour_loads(gate, count.files):
            wrong.append(f"the neighbour after {kind} {seed} did not load")
    told = vars(count) | {"kinds": len(count.kinds)}
    print(json.dumps(told, indent=1))
    assert wrong == []
    assert count.records == count.loaded + count.quarantined


@pytest.mark.parametrize("kind", ["csv missing separator", "csv separator too many", "csv record broken in two"])
def test_a_gate_that_lets_the_engine_skip_errors_is_caught(
    gate: Gate, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The negative control: DuckDB's own tolerant reader in the gate's place loses records without a word."""

    def tolerant(data: bytes, table: Table) -> Records:
        (tmp_path / "x.csv").write_bytes(data)
        read = duckdb.sql(
            f"select * from read_csv('{tmp_path}/x.csv', all_varchar = true, header = true, ignore_errors = true)"
        ).to_arrow_table()
        texts = {name: read.column(name).combine_chunks() for name in read.column_names if name in table.columns}
        lines = pa.array(range(2, read.num_rows + 2), pa.int64())
        return Records(text_table(texts, table, read.num_rows), lines, [], read.num_rows)

    monkeypatch.setitem(passing.READERS, "csv", tolerant)
    assert [wrong for seed in range(6) for wrong in land_and_judge(gate, broken_delivery(kind, seed), seed, Count())]


def test_a_gate_that_swallows_misfits_is_caught(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "keep_misfits", lambda *_: None)
    assert land_and_judge(gate, broken_delivery("csv wrong timestamp", 1), 1, Count())


def test_a_gate_that_alters_a_neighbour_is_caught(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = broken_delivery("csv nothing is damaged", 1)
    broken.content = broken.content.replace(b"k3", b"k4")
    assert any("another value" in wrong for wrong in land_and_judge(gate, broken, 1, Count()))
