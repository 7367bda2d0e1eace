"""Events written through connections that stay open: the same events, seen by others at once, and nothing left open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log

from dagster_project.adapters.dagster_events import events_held_open


@dg.asset
def counted() -> dg.MaterializeResult:
    """One asset with one check."""
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset_check(asset=counted)
def is_counted() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return tmp_path


@pytest.fixture
def instance(folder: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(folder)) as opened:
        yield opened


def run(instance: dg.DagsterInstance) -> str:
    result = dg.materialize([counted, is_counted], instance=instance)
    assert result.success
    return result.run_id


def kinds(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    entries = (entry.dagster_event for entry in instance.all_logs(run_id))
    return [str(event.event_type_value) for event in entries if event is not None]


def test_a_run_writes_the_same_events_and_others_read_them_at_once(folder: Path, instance: dg.DagsterInstance) -> None:
    before = kinds(instance, run(instance))
    with events_held_open(instance):
        run_id = run(instance)
        with dg.DagsterInstance.from_config(str(folder)) as other:
            assert kinds(other, run_id) == before
            assert run_id in {record.run_id for record in other.fetch_materializations(counted.key, limit=9).records}
            other.add_dynamic_partitions("days", ["monday"])
        assert instance.has_dynamic_partition("days", "monday"), "what others write is seen as well"
    assert kinds(instance, run_id) == before
    assert "ASSET_CHECK_EVALUATION" in before


def test_nothing_stays_open_and_each_database_is_opened_once(
    folder: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    plain = sqlite_event_log.create_engine

    def counting(url: str, **others: object) -> object:
        opened.append(url)
        return plain(url, **others)

    monkeypatch.setattr(sqlite_event_log, "create_engine", counting)
    run(instance)
    assert len(opened) > 20, "negative control: Dagster opens one of its own for each event"
    opened.clear()
    with events_held_open(instance):
        run(instance)
        assert list(folder.rglob("history/runs/index.db-wal")), "its log is not folded into it yet"
    assert len(opened) < 5
    assert not list(folder.rglob("history/runs/*-wal"))
    run(instance)
    assert len(opened) > 20
