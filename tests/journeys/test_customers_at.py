"""A customer's row of a past day, asked today, is the row of that day's run."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.customers_at import past_of_published
from dagster_project.adapters.reading import reader
from dagster_project.domain.analytics.history import at_month, months_of
from tests.journeys.homes import TOWN, at_home

# Made by models that are not trained anew for the past.
SCORES = {
    "churn_probability", "p_alive", "expected_purchases_365d", "lifetime_value_amount", "persona",
    "previous_lifecycle_stage",
}  # fmt: skip


def test_tonight_asked_as_a_past_day_is_tonight(town_home: Path) -> None:
    with at_home(town_home, **TOWN) as own:
        with reader(own) as published:
            expected = published.table("select * from analytics.customer_analytics order by customer_id")
            as_of = published.version.as_of
        past = past_of_published(own)
        found = past.at(as_of.replace(tzinfo=UTC) if as_of.tzinfo is None else as_of)
        past.close()
    assert expected.num_rows > 200
    differing = [
        name for name in expected.column_names if not found[name].equals(expected[name].cast(found[name].type))
    ]
    assert set(differing) <= SCORES


def test_a_month_ago_is_what_the_months_tell(town_home: Path) -> None:
    with at_home(town_home, **TOWN) as own:
        from dagster_project.adapters.warehouse import open_warehouse

        with open_warehouse(own) as warehouse:
            months = warehouse.read("select * from customer_360.customer_months")
        moment = months_of(months)[-1]
        past = past_of_published(own)
        found, the_day_before = past.at(moment), past.at(moment - timedelta(days=1))
        past.close()
    expected = at_month(months, moment)
    known = pc.is_in(found["customer_id"], value_set=expected["customer_id"].combine_chunks())
    found = found.filter(known)
    columns = [name for name in expected.column_names if name in found.column_names]
    assert len(columns) > 20
    for name in columns:
        assert found[name].to_pylist() == expected[name].to_pylist(), name
    assert rows_of(the_day_before) != rows_of(found), "negative control: another day is another row"


def rows_of(customers: pa.Table) -> list[object]:
    return list(customers.select(["customer_id", "days_since_last_purchase"]).to_pylist())
