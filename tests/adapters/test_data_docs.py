"""Data Docs and outcomes: counts and our own words, and never a value of a row, on no page and in no file."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from dagster_project.adapters.expectations import (
    build_data_docs,
    keep_outcome,
    kept_outcomes,
    validate,
    validate_audience,
)
from dagster_project.adapters.expectations.validating import whole_frame
from dagster_project.domain.audiences import MEMBERSHIP_SCHEMA
from dagster_project.settings import CHECKOUT, Settings
from tests.adapters.test_expectations import IN_SET, PLANTED, suite_of

AS_OF = datetime(2026, 3, 31, 20, 59, 59, tzinfo=UTC)
LOCK = "dagster_project.adapters.expectations.validating.without_values"


def everything_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


FAILING = pd.DataFrame({"status": [PLANTED, "given", PLANTED], "amount": [PLANTED] * 3, "number": [1, 2, 3]})
LEAKY = suite_of(
    IN_SET,
    {"expect": "column_values_to_match_regex", "column": "status", "regex": "^given$"},
    {"expect": "column_values_to_be_unique", "column": "status"},
    {"expect": "compound_columns_to_be_unique", "column_list": ["status", "amount"]},
    {"expect": "column_value_lengths_to_be_between", "column": "status", "max_value": 3},
    {"expect": "column_pair_values_a_to_be_greater_than_b", "column_A": "status", "column_B": "amount"},
    {"expect": "column_values_to_be_between", "column": "amount", "min_value": 0},
    {"expect": "column_values_to_be_null", "column": "status"},
)


def test_a_planted_address_is_in_no_byte_of_the_docs(home: Settings) -> None:
    outcome = validate(LEAKY, FAILING, subject="0f3a")
    assert len(outcome.failed) == len(LEAKY.tables["rows"])
    keep_outcome(home, outcome, AS_OF)
    index = build_data_docs(home)
    assert index.is_file()
    told = everything_under(home.at_home.data_docs)
    assert b"trial.rows" in told
    assert b"unexpected values found" in told
    assert PLANTED.encode() not in told
    assert b"aino" not in told.lower()


def test_the_search_finds_the_address_when_values_are_let_through(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOCK, lambda result, expectation: result)
    careless = LEAKY.model_copy(update={"exclude_unexpected_values": False})
    build_data_docs(home, [validate(careless, FAILING)])
    assert PLANTED.encode() in everything_under(home.at_home.data_docs)


def test_each_lock_holds_without_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    careless = LEAKY.model_copy(update={"exclude_unexpected_values": False})
    assert PLANTED not in json.dumps(validate(careless, FAILING).results)
    monkeypatch.setattr(LOCK, lambda result, expectation: result)
    in_set = suite_of(IN_SET)
    assert PLANTED not in json.dumps(validate(in_set, FAILING).results)


def test_the_pages_ask_nobody_outside(home: Settings) -> None:
    build_data_docs(home, [validate(LEAKY, FAILING)])
    pages = everything_under(home.at_home.data_docs).decode()
    assert "http://" not in pages
    assert "https://" not in pages


def test_outcomes_are_kept_one_per_table_and_per_audience(home: Settings) -> None:
    first, second = AS_OF, datetime(2026, 4, 1, tzinfo=UTC)
    keep_outcome(home, validate(LEAKY, FAILING, subject="one"), first)
    keep_outcome(home, validate(LEAKY, FAILING, subject="two"), second)
    for audience in ("a", "b"):
        keep_outcome(home, validate_audience(audience, MEMBERSHIP_SCHEMA.empty_table(), is_membership=True), second)
    assert [(outcome.subject, at) for outcome, at in kept_outcomes(home)] == [
        ("a", second),
        ("b", second),
        ("two", second),
    ]
    assert kept_outcomes(home)[2][0] == validate(LEAKY, FAILING, subject="two")


def test_nobody_is_told_and_no_bar_is_drawn(
    home: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("somebody outside was called")

    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    whole_frame.cache_clear()
    build_data_docs(home, [validate(LEAKY, FAILING)])
    assert whole_frame().data_asset.datasource.data_context.config.analytics_enabled is False
    assert capsys.readouterr().err == ""


def test_nothing_is_written_outside_the_home(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    monkeypatch.chdir(elsewhere)
    whole_frame.cache_clear()
    build_data_docs(home, [validate(LEAKY, FAILING)])
    assert list(elsewhere.iterdir()) == []


def test_importing_the_package_does_not_import_the_library() -> None:
    code = "import sys, dagster_project.adapters.expectations; print('great_expectations' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert found.stdout.strip() == "False"
