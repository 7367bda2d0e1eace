"""Past months: each on its own, ready for the analyses, and no month made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from dagster_project.domain.analytics.history import at_month, months_of
from dagster_project.domain.analytics.lifecycle import lifecycle
from dagster_project.domain.analytics.rfm import rfm
from dagster_project.domain.analytics.rhythm import rhythm
from dagster_project.errors import HoivaError
from tests.domain.analytics.making import AS_OF, ZONE, base, random_purchases

EARLIER = AS_OF - timedelta(days=31)


@pytest.fixture(scope="module")
def customer_months() -> pa.Table:
    purchases = random_purchases(200, seed=3)
    return pa.concat_tables([base(purchases, as_of=at) for at in (AS_OF, EARLIER)])


def test_a_month_is_what_the_analyses_take(customer_months: pa.Table) -> None:
    stages = []
    for month in months_of(customer_months):
        customers = at_month(customer_months, month)
        rhythms = rhythm(customers, month, ZONE)
        assert rfm(customers, month, ZONE).num_rows == customers.num_rows
        stages.append(lifecycle(customers, rhythms, month, ZONE))
    assert not stages[0].equals(stages[1]), "the months differ"


def test_months_come_oldest_first(customer_months: pa.Table) -> None:
    assert months_of(customer_months) == [EARLIER, AS_OF]


def test_a_month_without_rows_is_refused(customer_months: pa.Table) -> None:
    with pytest.raises(HoivaError, match="says nothing about 2020-01-31"):
        at_month(customer_months, datetime(2020, 1, 31, 21, tzinfo=UTC))
