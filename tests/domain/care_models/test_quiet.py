"""Which nights are quiet: where nobody is due and no door opens by time alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.model import (
    BecomesEntry,
    CareModel,
    DateEntry,
    Entry,
    EventEntry,
    Reentry,
    SilenceEntry,
    StateEntry,
    WaveEntry,
)
from dagster_project.domain.care_models.quiet import is_anybody_due, opens_by_time
from dagster_project.domain.conditions import Condition, compile_condition

ZONE = ZoneInfo("Europe/Helsinki")
MARCH = [date(2026, 3, 1) + timedelta(days=number) for number in range(31)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}")


VALUES: dict[str, list[Any]] = {
    "birthday": [date(2000, 3, 20), None],
    "last_purchase_at": [at("02-10T12:00"), None],
}


def fading(text: str = "is_fading") -> Condition:
    return compile_condition(text, {"is_fading": "boolean", "last_purchase_at": "timestamp"})


def model(entry: Entry, reentry: str = "never", valid_from: date | None = None) -> CareModel:
    plain = CareModel(
        "tested", "Tested", 1, "crm", "marketing", "marketing", EventEntry("purchase", Duration(days=7), None),
        Reentry("never"), (),
    )  # fmt: skip
    return replace(plain, entry=entry, reentry=Reentry(reentry), valid_from=valid_from)  # type: ignore[arg-type]


def days(of: CareModel) -> list[int]:
    def values_of(column: str) -> Iterable[Any]:
        return VALUES[column]

    opens = opens_by_time(of, values_of, ZONE)
    return [day.day for day in MARCH if opens(day)]


def test_what_must_come_to_be_known_opens_no_door_by_time() -> None:
    assert days(model(EventEntry("purchase", Duration(days=7), None))) == []
    assert days(model(BecomesEntry(fading()), "after_exit")) == []
    assert days(model(StateEntry(fading()))) == []


def test_the_first_day_of_validity_opens_a_door() -> None:
    assert days(model(EventEntry("purchase", Duration(days=7), None), valid_from=date(2026, 3, 5))) == [5]


def test_a_condition_about_time_may_hold_on_any_day() -> None:
    late = fading("last_purchase_at < as_of - interval 21 day")
    assert days(model(StateEntry(late))) == [day.day for day in MARCH]
    assert days(model(EventEntry("purchase", Duration(days=7), late))) == [day.day for day in MARCH]


def test_a_state_may_let_in_again_on_any_day() -> None:
    assert days(model(StateEntry(fading()), "after_exit")) == [day.day for day in MARCH]


def test_waves_dates_and_silence_open_on_their_days() -> None:
    assert days(model(WaveEntry(fading(), 10))) == [10]
    assert days(model(DateEntry("birthday", -7, True, Duration(days=3)))) == [13]
    assert days(model(DateEntry("birthday", 366, True, Duration(days=3)))) == [21]
    assert days(model(SilenceEntry(("last_purchase_at",), Duration(days=30), Duration(days=10)))) == [12]


NOW = datetime(2026, 3, 10, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("step", "due", "is_waiting", "expected"),
    [
        ("pause", at("03-20T00:00"), False, False),
        ("pause", at("03-11T21:00"), False, True),  # before the next night
        ("pause", None, False, True),  # nobody knows when
        ("letter", at("03-20T00:00"), True, True),  # proposed again every night
        (None, None, False, False),  # has ended
    ],
)
def test_somebody_is_due_who_comes_to_something_before_the_next_night(
    step: str | None, due: datetime | None, is_waiting: bool, expected: bool
) -> None:
    standings = pa.table(
        {
            "step": pa.array([step], pa.string()),
            "due_at": pa.array([due], pa.timestamp("us")),
            "is_waiting": pa.array([is_waiting]),
        }
    )
    assert is_anybody_due(standings, NOW) is expected
    assert not is_anybody_due(standings.slice(0, 0), NOW)
