from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dagster_project.adapters.model_registry import Registry

MARCH, APRIL = datetime(2026, 3, 31, tzinfo=UTC), datetime(2026, 4, 30, tzinfo=UTC)
NOT_YET = datetime(1, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def line(version: str, as_of: datetime) -> dict[str, object]:
    return {"model_version": version, "as_of": as_of.replace(tzinfo=None), "checked_at": NOT_YET}


def test_a_version_comes_back_as_it_was_registered(tmp_path: Path) -> None:
    kept = Registry(tmp_path / "churn")
    assert kept.load("one") is None
    kept.register("one", {"trees": [1, 2]}, line("one", MARCH))
    assert kept.load("one") == {"trees": [1, 2]}
    assert kept.lines(APRIL) == [line("one", MARCH)]


def test_a_file_somebody_has_touched_is_not_loaded(tmp_path: Path) -> None:
    kept = Registry(tmp_path)
    kept.register("one", "the model", line("one", MARCH))
    (tmp_path / "one.model").write_bytes(b"\x80\x05\x8c\x05other\x94.")
    assert kept.load("one") is None


def test_an_earlier_moment_does_not_see_versions_of_later_ones(tmp_path: Path) -> None:
    kept = Registry(tmp_path)
    kept.register("march", 1, line("march", MARCH))
    kept.register("april", 2, line("april", APRIL))
    assert [row["model_version"] for row in kept.lines(MARCH)] == ["march"]
    assert [row["model_version"] for row in kept.lines(APRIL)] == ["april", "march"]


def test_a_version_in_use_at_an_earlier_moment_is_as_old_as_that(tmp_path: Path) -> None:
    kept = Registry(tmp_path)
    kept.register("one", 1, line("one", APRIL))
    kept.seen("one", MARCH)
    kept.seen("one", APRIL)
    assert kept.lines(MARCH) == [line("one", MARCH)]
    assert kept.load("one") == 1
