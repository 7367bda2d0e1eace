"""The same deliveries in any order, or month by month, tell the same about each customer."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.domain.clock import end_of_day
from tests.journeys.homes import (
    GIFT_SHOP_ENDS,
    at_home,
    build_all_models,
    build_customer_360,
    built_customers,
    differences,
    gift_shop_files,
    land,
    land_and_run_day,
    named_as_in,
    published_customers,
)

pytestmark = pytest.mark.real_data

MONTHS = [date(2010, 12, 31), *(date(2011, month, monthrange(2011, month)[1]) for month in range(1, 9))]
MONTHLY = {"shop", "ga4"}  # delivered a file a month; the others are whole tables, known from their own history


def test_deliveries_in_another_order_give_the_same_customers(
    shop_home: Path, gift_shop: Path, make_home: Callable[[str], Path]
) -> None:
    deliveries = gift_shop_files(gift_shop)
    shuffled = random.Random(20110831).sample(deliveries, len(deliveries))
    assert shuffled != deliveries
    with at_home(shop_home) as own:
        expected = published_customers(own)
    with at_home(make_home("shuffled")) as own:
        land(own, shuffled)
        build_all_models(own, end_of_day(GIFT_SHOP_ENDS, own.zone))
        found = built_customers(own)
    assert expected.num_rows > 3360
    assert differences(expected, found) == {}
    assert found.cast(expected.schema).equals(expected)


def test_a_difference_in_one_column_is_noticed(shop_home: Path) -> None:
    """Negative control of the comparison this file stands on."""
    with at_home(shop_home) as own:
        customers = published_customers(own)
    orders = customers["count_orders"].to_pylist()
    place = customers.schema.get_field_index("count_orders")
    changed = customers.set_column(place, "count_orders", pa.array([orders[0] + 1, *orders[1:]], pa.int64()))
    assert differences(customers, changed) == {"count_orders": 1}
    assert "customer_id" in differences(customers, customers.slice(1))


def month_of(file: Path) -> tuple[int, int]:
    """The month a file of the shop or of ga4 tells about: events_201012.jsonl.gz, invoice_lines_2010-12.parquet."""
    digits = "".join(letter for letter in file.name.partition(".")[0] if letter.isdigit())
    return int(digits[:4]), int(digits[4:6])


def live_through(own_home: Path, shop_home: Path, gift_shop: Path, ends: list[date]) -> None:
    """Land what came by each of these days with its own arrival, and run the job; then look back at every one."""
    with at_home(shop_home) as own:
        expected = published_customers(own)
    deliveries = gift_shop_files(gift_shop)
    monthly = [(source, file) for source, file in deliveries if source in MONTHLY]
    published: dict[date, pa.Table] = {}
    with at_home(own_home) as own:
        land(own, [delivery for delivery in deliveries if delivery[0] not in MONTHLY])
        before = (0, 0)
        for end in ends:
            arrived = [(source, file) for source, file in monthly if before < month_of(file) <= (end.year, end.month)]
            assert len(arrived) >= 2
            land_and_run_day(own, arrived, end)
            published[end] = published_customers(own)
            before = (end.year, end.month)
        with at_home(shop_home) as other:
            last = named_as_in(other, own, published[ends[-1]])
        assert differences(expected, last) == {}
        totals = [sum(table["count_orders"].to_pylist()) for table in published.values()]
        assert totals == sorted(set(totals)), "each month adds orders"
        for end in ends[:-1]:
            build_customer_360(own, end_of_day(end, own.zone))
            assert differences(published[end], built_customers(own)) == {}, f"as of {end}"


def test_two_deliveries_over_the_months_end_at_the_same_customers_and_can_be_looked_back_at(
    shop_home: Path, gift_shop: Path, make_home: Callable[[str], Path]
) -> None:
    live_through(make_home("two_deliveries"), shop_home, gift_shop, [MONTHS[4], MONTHS[8]])


@pytest.mark.slow
def test_nine_months_one_by_one_end_at_the_same_customers_and_can_be_looked_back_at(
    shop_home: Path, gift_shop: Path, make_home: Callable[[str], Path]
) -> None:
    live_through(make_home("nine_months"), shop_home, gift_shop, MONTHS)
