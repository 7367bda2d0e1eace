"""Columns whose names are SQL, quotes or paths: names are words of the supplier's, and never words of ours."""

from __future__ import annotations

import json

import pytest

from dagster_project.adapters.lake import register_lake
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.domain.sources.contract import SourceContract
from tests.adapters.small_deliveries import Gate, parquet

NAMES = [
    'a "quoted" name', "it's", "a;drop table texts;--", "a:b:c", "a.b", "select", "a*", "a\\b", "$.a", "{a}", "%s",
    "ä ö", "名前", "') or 1=1 --", "text of id", "/etc/passwd", "a[0]", "$salt", "[",
]  # fmt: skip


def contract_with(name: str, number: int = 0, **column: object) -> SourceContract:
    columns = {"id": {"required": True}, name: {"type": "integer", **column}, "words": {}}
    things = {"key": ["id"], "repeats": "counted", "columns": columns}
    told = {"source": f"odd{number}", "title": "t", "owner": "o", "tables": {"things": things}}
    return SourceContract.model_validate(told)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def test_a_column_of_any_name_is_loaded_quarantined_and_shown(gate: Gate) -> None:
    contracts = [contract_with(name, number) for number, name in enumerate(NAMES)]
    for name, gate.contract in zip(NAMES, contracts, strict=True):
        lines = [f"id,{quoted(name)},words", "a,1,x", "b,two,y", "c,3,z"]
        objects = [{"id": one, name: value, "words": "w"} for one, value in (("a", 1), ("b", "two"), ("c", 3))]
        contents = {
            "things.csv": "\n".join(lines),
            "things.jsonl": "\n".join(json.dumps(one) for one in objects),
            "things.parquet": parquet({"id": ["a", "b", "c"], name: ["1", "two", "3"], "words": ["x", "y", "z"]}),
        }
        for file, content in contents.items():
            delivery = gate.land(file, content)
            told = [(column, reason) for _, column, reason in gate.misfits(delivery)]
            assert told == [(name, "not_an_integer")], (name, file, delivery.message)
            assert [row[name] for row in gate.rows(delivery)] == [1, 3], (name, file)
    with open_warehouse(gate.settings) as warehouse:
        register_lake(warehouse, gate.settings, contracts, gate.ledger.accepted_files())
        for contract in contracts:
            shown = warehouse.connection.execute(f"select count(*) from sources.{contract.source}__things").fetchone()
            assert shown == (6,)


@pytest.mark.parametrize("form", ["%Y') or 1=1 --", "'", "%", "%%%", "%Q", "\\", "%Y" * 500])
def test_a_format_is_a_text_and_nothing_else(gate: Gate, form: str) -> None:
    gate.contract = contract_with("day", type="date", format=form)
    delivery = gate.land("things.csv", ["id,day,words", "a,2026-01-01,x", "b,,y"])
    told = delivery.reason_code or [reason for _, _, reason in gate.misfits(delivery)]
    assert told in ("unreadable", ["not_a_date"]), told


def test_a_name_that_the_engine_takes_for_every_key_is_refused_in_json_and_no_crash(gate: Gate) -> None:
    gate.contract = contract_with("*")
    assert gate.land("things.csv", ["id,*,words", "a,1,x"]).count_loaded == 1
    assert gate.land("things.jsonl", json.dumps({"id": "a", "*": 1, "words": "x"})).reason_code == "unreadable"
