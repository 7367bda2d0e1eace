"""Each move is an event with its moment, its cause and its occasion; a matrix of them sums to the base."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dagster_project.domain.analytics.lifecycle import LIFECYCLE_STAGES
from dagster_project.domain.analytics.moves.machine import BOUGHT, CORRECTED, MET, SILENT
from dagster_project.domain.analytics.moves.migration import as_matrix, migration, migrations
from dagster_project.domain.analytics.moves.moves import lifecycle_moves, moves_between, previous_stages
from dagster_project.domain.clock import business_date, end_of_day, naive_utc
from dagster_project.errors import HoivaError
from tests.domain.analytics.making import AS_OF, ZONE, bought
from tests.domain.analytics.moves.daily import STEADY, purchases, standing_days_ago


def moves_of(customer_id: str, days_ago: list[int], *, over: int = 31) -> list[dict[str, object]]:
    rows = pd.concat([STEADY, bought(customer_id, days_ago)])
    moved = moves_between(standing_days_ago(over, rows), standing_days_ago(0, rows))
    return moved.filter(pc.equal(moved["customer_id"], customer_id)).to_pylist()


def test_a_purchase_that_ends_a_long_absence_is_the_moment_of_the_return() -> None:
    (move,) = moves_of("back", [10, 740, 770, 800])
    assert (move["from_stage"], move["to_stage"], move["cause"]) == ("lost", "returned", BOUGHT)
    assert move["event_type"] == "became_returned"
    assert move["occurred_at"] == naive_utc(AS_OF - timedelta(days=10, hours=6))


def test_a_new_customer_became_one_by_the_first_purchase_of_the_month() -> None:
    (move,) = moves_of("newcomer", [25, 12, 4])
    assert (move["from_stage"], move["to_stage"], move["cause"]) == ("not_known", "new", MET)
    assert move["occurred_at"] == naive_utc(AS_OF - timedelta(days=25, hours=6))


def test_silence_is_dated_to_the_day_the_rules_first_say_so() -> None:
    story = [95, 125, 155, 185]
    rows = pd.concat([STEADY, bought("quiet", story)])
    nights = ((days, standing_days_ago(days, rows)) for days in range(60, -1, -1))
    first_day = next(
        days
        for days, night in nights
        if dict(zip(night.ids.to_pylist(), night.stages.to_pylist(), strict=True))["quiet"] == "fading"
    )
    assert 0 < first_day < 60
    (move,) = moves_of("quiet", story, over=60)
    assert (move["from_stage"], move["to_stage"], move["cause"]) == ("active", "fading", SILENT)
    day = business_date(AS_OF, ZONE) - timedelta(days=first_day)
    assert move["occurred_at"] == naive_utc(end_of_day(day, ZONE))


def test_who_stays_has_no_move() -> None:
    assert moves_of("steady_too", list(range(3, 900, 30))) == []


def test_one_silence_is_one_occasion_however_often_it_is_looked_at() -> None:
    rows = pd.concat([STEADY, bought("quiet", [95, 125, 155, 185])])
    seen = []
    for days in (5, 3, 0):
        moved = moves_between(standing_days_ago(60, rows), standing_days_ago(days, rows))
        seen += moved.filter(pc.equal(moved["customer_id"], "quiet"))["subject_id"].to_pylist()
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_the_next_silence_is_another_occasion() -> None:
    first = moves_of("quiet", [95, 125, 155, 185], over=60)
    again = moves_of("quiet", [94, 125, 155, 185], over=60)
    assert first[0]["to_stage"] == again[0]["to_stage"]
    assert first[0]["subject_id"] != again[0]["subject_id"]


def test_a_purchase_taken_back_is_told_as_a_correction() -> None:
    now = standing_days_ago(0, STEADY, prospects=3)
    renamed = bought("mistaken", [40]).assign(customer_id="prospect00000")
    then = standing_days_ago(31, pd.concat([STEADY, renamed]), prospects=0)
    moved = moves_between(then, now)
    (move,) = moved.filter(pc.equal(moved["customer_id"], "prospect00000")).to_pylist()
    assert (move["to_stage"], move["cause"]) == ("prospect", CORRECTED)


def test_the_matrix_of_any_two_dates_sums_to_the_base() -> None:
    rows = purchases(250, seed=3)
    for earlier, later in ((30, 0), (400, 0), (700, 333), (0, 0)):
        before, after = standing_days_ago(earlier, rows), standing_days_ago(later, rows)
        told = migration(before, after)
        matrix = as_matrix(told)
        assert matrix.sum() == len(after.ids)
        assert matrix[1:].sum() == len(before.ids)
        for stage, count in zip(("not_known", *STAGES), matrix.sum(axis=0), strict=True):
            assert count == after.stages.to_pylist().count(stage)
        for stage, count in list(zip(("not_known", *STAGES), matrix.sum(axis=1), strict=True))[1:]:
            assert count == before.stages.to_pylist().count(stage)


STAGES = ("prospect", "new", "active", "fading", "passive", "lost", "returned")


def test_the_moves_are_what_the_matrix_has_beside_its_diagonal() -> None:
    rows = purchases(250, seed=3)
    before, after = standing_days_ago(90, rows), standing_days_ago(0, rows)
    moved = moves_between(before, after)
    matrix = as_matrix(migration(before, after))
    assert moved.num_rows == matrix.sum() - matrix.trace()
    assert set(moved["to_stage"].to_pylist()) <= set(LIFECYCLE_STAGES)


def test_a_base_that_lost_somebody_is_refused() -> None:
    rows = purchases(250, seed=3)
    before, after = standing_days_ago(30, rows), standing_days_ago(0, STEADY)
    with pytest.raises(HoivaError, match="not known at the later one"):
        migration(before, after)


def test_every_move_lies_between_its_two_dates() -> None:
    rows = purchases(250, seed=3)
    before, after = standing_days_ago(31, rows), standing_days_ago(0, rows)
    occurred = moves_between(before, after)["occurred_at"].to_pylist()
    assert occurred
    assert all(naive_utc(before.as_of) < moment <= naive_utc(after.as_of) for moment in occurred)


def test_a_whole_table_keeps_one_row_for_each_move_and_says_its_moment() -> None:
    rows = purchases(250, seed=3)
    moments = [standing_days_ago(days, rows) for days in (90, 59, 31, 0)]
    pairs = list(pairwise(moments))
    table = lifecycle_moves((moves_between(*pair) for pair in pairs), AS_OF)
    assert set(table["as_of"].to_pylist()) == {naive_utc(AS_OF)}
    assert table["quality"].to_pylist()[0] == 1.0
    matrices = migrations((migration(*pair) for pair in pairs), AS_OF)
    moved = matrices.filter(pc.not_equal(matrices["from_stage"], matrices["to_stage"]))
    assert pc.sum(moved["count_customers"]).as_py() == table.num_rows


def test_who_was_met_since_is_dated_by_the_day_we_met() -> None:
    rows = pd.concat([STEADY, bought("fresh", [12])])
    seen = naive_utc(datetime(2026, 3, 20, 10, tzinfo=UTC))
    met_at = pa.table({"customer_id": ["prospect00004"], "first_seen_at": pa.array([seen], pa.timestamp("us"))})
    before, after = standing_days_ago(31, rows), standing_days_ago(0, rows, prospects=5)
    moved = {row["customer_id"]: row for row in moves_between(before, after, met_at).to_pylist()}
    assert (moved["prospect00004"]["cause"], moved["prospect00004"]["occurred_at"]) == (MET, seen)
    assert moved["fresh"]["occurred_at"] == naive_utc(AS_OF - timedelta(days=12, hours=6))
    previous = previous_stages(before, after)
    assert previous.filter(pc.equal(previous["customer_id"], "fresh"))["previous_lifecycle_stage"].to_pylist() == [None]


def test_the_business_zone_decides_the_day_of_a_move() -> None:
    (move,) = moves_of("quiet", [95, 125, 155, 185], over=60)
    occurred = pd.Timestamp(move["occurred_at"], tz="UTC").tz_convert(ZONE)
    assert (occurred.hour, occurred.minute) == (23, 59)
