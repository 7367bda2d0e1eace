"""The analyses on customer_360 as the models build it: types, moments, and nothing of what comes later."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from dagster_project.adapters.conditions import columns_of
from dagster_project.adapters.expectations import validate_customer_360
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.components.segment import find_members, load_segments
from dagster_project.domain.analytics.customers import customer_analytics
from dagster_project.domain.analytics.lifecycle import lifecycle
from dagster_project.domain.analytics.rfm import rfm
from dagster_project.domain.analytics.rhythm import rhythm
from dagster_project.domain.conditions import kind_of
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS
from tests.dbt.unified_rows import Row, at, build_rooms, contact, event, small_town

TONIGHT = at("03-31")
ZONE = ZoneInfo("Europe/Helsinki")


def analysed(rows: list[Row], as_of: datetime) -> pa.Table:
    with open_warehouse(build_rooms(rows, as_of, only="customer_360")) as warehouse:
        customers = warehouse.read("select * from customer_360.customer_360 order by customer_id")
    moment = as_of.replace(tzinfo=UTC)
    rhythms = rhythm(customers, moment, ZONE)
    values, stages = rfm(customers, moment, ZONE), lifecycle(customers, rhythms, moment, ZONE)
    return customer_analytics(customers, {"rfm": values, "rhythm": rhythms, "lifecycle": stages})


def test_the_gap_before_the_last_purchase_is_counted_in_business_days() -> None:
    aino = next(row for row in analysed(small_town(), TONIGHT).to_pylist() if row["customer_number"] == "1")
    assert aino["last_gap_days"] == 40  # 20 January to 1 March: 28 February 22:30 UTC is the first in Helsinki
    assert aino["median_gap_days"] == 25
    assert aino["lifecycle_stage"] == "active"


def test_who_bought_on_one_day_has_no_gap() -> None:
    eino = next(row for row in analysed(small_town(), TONIGHT).to_pylist() if row["customer_number"] == "2")
    assert eino["last_gap_days"] is None
    assert eino["lifecycle_stage"] == "passive"


def test_every_column_a_condition_may_read_is_there() -> None:
    rows = analysed(small_town(), TONIGHT)
    there = columns_of(rows.schema)
    assert {name for name, kind in CUSTOMER_COLUMNS.items() if kind_of(there[name]) != kind_of(kind)} == set()
    run = find_members(load_segments(), rows, TONIGHT.replace(tzinfo=UTC))
    assert run.faults == []
    assert run.segment_sizes.num_rows >= 6


def test_customer_360_meets_its_expectations() -> None:
    with open_warehouse(build_rooms(small_town(), TONIGHT)) as warehouse:
        assert validate_customer_360(warehouse.read("select * from customer_360.customer_360")).success


def test_what_happens_later_changes_no_analysis_of_today() -> None:
    later = [
        contact("shop:customer:9", at("04-02"), customer_number="9"),
        event("shop:customer:1", "purchase", at("04-01"), amount=500, subject_id="o9"),
        event("shop:customer:2", "purchase", at("04-02"), amount=500, subject_id="o10"),
    ]
    today = analysed(small_town(), TONIGHT)
    assert analysed([*small_town(), *later], TONIGHT).equals(today)
    assert not analysed([*small_town(), *later], at("04-03")).equals(today)
