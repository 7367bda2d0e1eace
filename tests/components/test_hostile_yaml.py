"""YAML that nobody should write: one fault with a line, at a bounded effort, and nothing quietly something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters.gate import contracts_in
from dagster_project.components.yaml_text import MAX_CHARACTERS, MAX_VALUES, YamlError, read_yaml
from tests.domain.test_hostile_conditions import calls_of, watched

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
QUADRATIC = "a: &a '" + "x" * 1000 + "'\nb: [" + ", ".join(["*a"] * 25_000) + "]\n"
HOSTILE: dict[str, str] = {
    "billion laughs": LAUGHS,
    "quadratic laughs": QUADRATIC,
    "laughs in keys": LAUGHS.replace("[", "{k: [").replace("]", "]}"),
    "an alias around itself": "a: &a {b: *a}",
    "two aliases around each other": "a: &a [&b [*a, *b]]",
    "an object of Python": "a: !!python/object/apply:os.system ['touch pwned']",
    "a name of Python": "a: !!python/name:os.system",
    "a module of Python": "a: !!python/module:os",
    "an object made anew": "a: !!python/object/new:os.system [x]",
    "a set": "a: !!set {x, y}",
    "an ordered map": "a: !!omap [x: 1]",
    "pairs": "a: !!pairs [x: 1]",
    "a binary": "a: !!binary aGVp",
    "a tag of one's own": "a: !include /etc/passwd",
    "a long tag": "a: !<tag:example.com,2000:app/foo> x",
    "a declared tag": "%TAG ! tag:example.com,2000:\n---\na: !x 1",
    "another version": "%YAML 1.1\n---\na: 010",
    "a merge": "a: &a {x: 1}\nb: {<<: *a}",
    "a key twice": "a: 1\na: 2",
    "a key twice in braces": "a: {x: 1, x: 2}",
    "a key twice in two spellings": "a: {x: 1, 'x': 2}",
    "a list as a key": "? [x]\n: 1",
    "a map as a key": "{{x: 1}: 2}",
    "an integer beyond measure": "a: " + "9" * 5000,
    "an integer beyond measure in hex": "a: 0x" + "f" * 5000,
    "a number beyond measure": "a: 1e999",
    "no number": "a: .nan",
    "infinity": "a: -.inf",
    "many documents": "---\na: 1\n" * 100,
    "deep brackets": "a: " + "[" * 5000,
    "deep braces": "a: " + "{x: " * 5000,
    "deep by indent": "\n".join(" " * n + "a:" for n in range(200)),
    "deep lists by dashes": "a:\n " + "- " * 200 + "x",
    "a wide list": "a: [" + "1, " * (MAX_VALUES + 1) + "1]",
    "a long text": "a: '" + "x" * (MAX_CHARACTERS + 1) + "'",
    "a control character": "a: x\x01y",
    "a NUL": "a: x\x00y",
    "an escape beyond unicode": 'a: "\\U00110000"',
    "a tab for indent": "a:\n\tb: 1",
    "an open quote": 'a: "x',
    "an open brace": "a: {x: 1",
    "an unknown alias": "a: *x",
    "an anchor alone": "a: &",
    "an indicator": "a: @x",
    "a backtick": "a: `x`",
    "a percent": "a: 1\n%x",
}
MOST_CALLS = 15_000_000  # of Python functions; the largest file allowed takes a part of it


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_is_one_fault_with_a_line(text: str) -> None:
    with watched() as doors, pytest.raises(YamlError) as refused:
        read_yaml(text)
    assert refused.value.line >= 1
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)
    assert [door for door in doors if "ruamel" not in door] == [], "the reader looks at its own folder alone"


@pytest.mark.parametrize("text", [LAUGHS, HOSTILE["deep brackets"], HOSTILE["deep braces"]])
def test_its_effort_is_bounded(text: str) -> None:
    def read() -> None:
        with pytest.raises(YamlError):
            read_yaml(text)

    assert calls_of(read) < MOST_CALLS


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("on", "on"), ("12:30:45", "12:30:45"), ("0o17", 15), ("=", "="),
        ("2026-01-01", "2026-01-01"), ("0xFF", 255), ("'!!x'", "!!x"), ("~", None), ("'<<'", "<<"),
    ],
)  # fmt: skip
def test_nothing_is_quietly_something_else(written: str, value: Any) -> None:
    assert read_yaml(f"a: {written}").values == {"a": value}


def contract_of(folder: Path, text: str) -> list[str]:
    (folder / "cafe.yaml").write_text(text)
    return [str(fault) for fault in contracts_in(folder).faults]


GOOD = "source: cafe\ntitle: A café\nowner: team\ntables:\n  visits:\n    key: [id]\n    columns:\n      id: {}\n"
BAD_CONTRACTS = {
    "a source that is a path": GOOD.replace("source: cafe", "source: ../../etc"),
    "a table that is a path": GOOD.replace("visits:", '"../visits":'),
    "a table with a quote": GOOD.replace("visits:", '"vis\'its":'),
    "a column the gate makes": GOOD + "      row_id: {}\n",
    "a column the gate makes, in capitals": GOOD + "      ROW_ID: {}\n",
    "a key that is no column": GOOD.replace("[id]", "[number]"),
    "no key": GOOD.replace("[id]", "[]"),
    "a type that is none": GOOD.replace("id: {}", "id: {type: varchar}"),
    "an unknown key": GOOD.replace("id: {}", "id: {sql: drop table}"),
    "a currency that is SQL": GOOD.replace("owner: team", 'owner: team\ncurrency: "\';--"'),
    "a zone that is SQL": GOOD.replace("key: [id]", 'key: [id]\n    event_time: {column: id, zone: "\'); drop"}'),
    "a drift that is none": GOOD.replace("key: [id]", "key: [id]\n    drift: maybe"),
    "one name for two columns": GOOD + "      note: {also: [id]}\n",
    "an opt-out of no column": GOOD.replace(
        "key: [id]", 'key: [id]\n    opt_outs: [{record: "x:{nobody}", channels: [email]}]'
    ),
    "an opt-out of nobody": GOOD.replace("key: [id]", "key: [id]\n    opt_outs: [{record: x, channels: [email]}]"),
    "listed values of a number": GOOD.replace("id: {}", "id: {type: integer, values: ['1']}"),
}


@pytest.mark.parametrize("text", BAD_CONTRACTS.values(), ids=BAD_CONTRACTS)
def test_a_hostile_contract_is_fenced_off(tmp_path: Path, text: str) -> None:
    assert contract_of(tmp_path, GOOD) == [], "negative control"
    faults = contract_of(tmp_path, text)
    assert faults
    assert all(fault.startswith("cafe.yaml:") and "\n" not in fault for fault in faults)
