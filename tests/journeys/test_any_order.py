"""The same deliveries in any order, or month by month, tell the same about each customer."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.adapters.town import deliver
from dagster_project.domain.clock import end_of_day
from dagster_project.domain.synthetic import make_town
from dagster_project.settings import Settings
from tests.journeys.homes import (
    GIFT_SHOP_ENDS,
    TOWN,
    TOWN_SIZE,
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

MONTHLY = {"shop", "ga4"}  # delivered a file a month; the others are whole tables, known from their own history
SHOP_MONTHS = [date(2010, 12, 31), *(date(2011, month, monthrange(2011, month)[1]) for month in range(1, 9))]


@dataclass(frozen=True)
class Told:
    """Everything that was delivered of a place, and the home that took it in as history and ran once."""

    home: Path
    last: date
    deliveries: list[tuple[str, Path]]
    settings: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def shop(shop_home: Path, gift_shop: Path) -> Told:
    return Told(shop_home, GIFT_SHOP_ENDS, gift_shop_files(gift_shop))


@pytest.fixture(scope="module")
def town(town_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The town of ``town_home``; what its shop sold and its pages showed comes by month here."""
    people = make_town(customers=int(TOWN_SIZE[1]), days=int(TOWN_SIZE[3]), seed=1)
    folder = tmp_path_factory.mktemp("delivered")
    files = [
        (file.parent.name, file)
        for by in ("whole", "month")
        for file in deliver(people, folder / by, by=by)
        if (file.parent.name in MONTHLY) == (by == "month")
    ]
    return Told(town_home, people.last_day, files, TOWN)


def month_of(file: Path) -> tuple[int, int]:
    """The month a monthly file tells about: events_201012.jsonl.gz, invoice_lines_2010-12.parquet."""
    digits = "".join(letter for letter in file.name.partition(".")[0] if letter.isdigit())
    return int(digits[:4]), int(digits[4:6])


def any_order_tells_the_same(told: Told, own_home: Path) -> None:
    """Land everything in another order and build: the same customers, to the last value."""
    shuffled = random.Random(20110831).sample(told.deliveries, len(told.deliveries))
    assert shuffled != told.deliveries
    with at_home(told.home, **told.settings) as own:
        expected = published_customers(own)
    with at_home(own_home, **told.settings) as own:
        land(own, shuffled)
        build_all_models(own, end_of_day(told.last, own.zone))
        found = built_customers(own)
    assert expected.num_rows > 200
    assert differences(expected, found) == {}
    assert found.cast(expected.schema).equals(expected)


def build(own: Settings, arrived: list[tuple[str, Path]], end: date) -> pa.Table:
    """Files that came by a day, and every room up to customer_360 as of it: the customers."""
    moment = end_of_day(end, own.zone)
    land(own, arrived, arrived_at=moment)
    build_all_models(own, moment)
    return built_customers(own)


def run(own: Settings, arrived: list[tuple[str, Path]], end: date) -> pa.Table:
    """The same by the whole job, as published."""
    land_and_run_day(own, arrived, end)
    return published_customers(own)


def live_through(told: Told, own_home: Path, ends: list[date], a_month: Callable[..., pa.Table]) -> None:
    """Land what came by each of these days with its own arrival, and go on; then look back at every one."""
    with at_home(told.home, **told.settings) as own:
        expected = published_customers(own)
    monthly = [(source, file) for source, file in told.deliveries if source in MONTHLY]
    published: dict[date, pa.Table] = {}
    with at_home(own_home, **told.settings) as own:
        land(own, [delivery for delivery in told.deliveries if delivery[0] not in MONTHLY])
        before = (0, 0)
        for end in ends:
            arrived = [(source, file) for source, file in monthly if before < month_of(file) <= (end.year, end.month)]
            assert len(arrived) >= 2
            published[end] = a_month(own, arrived, end)
            before = (end.year, end.month)
        with at_home(told.home, **told.settings) as other:
            last = named_as_in(other, own, published[ends[-1]])
        assert differences(expected, last) == {}
        totals = [sum(table["count_orders"].to_pylist()) for table in published.values()]
        assert totals == sorted(set(totals)), "each month adds orders"
        for end in ends[:-1]:
            build_customer_360(own, end_of_day(end, own.zone))
            assert differences(published[end], built_customers(own)) == {}, f"as of {end}"


def test_deliveries_in_another_order_give_the_same_customers(town: Told, make_home: Callable[[str], Path]) -> None:
    any_order_tells_the_same(town, make_home("shuffled"))


def test_two_deliveries_over_the_months_end_at_the_same_customers_and_can_be_looked_back_at(
    town: Told, make_home: Callable[[str], Path]
) -> None:
    live_through(town, make_home("two_deliveries"), [date(2026, 1, 31), town.last], build)


def test_a_difference_in_one_column_is_noticed(town_home: Path) -> None:
    """Negative control of the comparison this file stands on."""
    with at_home(town_home, **TOWN) as own:
        customers = published_customers(own)
    orders = customers["count_orders"].to_pylist()
    place = customers.schema.get_field_index("count_orders")
    changed = customers.set_column(place, "count_orders", pa.array([orders[0] + 1, *orders[1:]], pa.int64()))
    assert differences(customers, changed) == {"count_orders": 1}
    assert "customer_id" in differences(customers, customers.slice(1))


@pytest.mark.slow
@pytest.mark.real_data
def test_deliveries_of_the_shop_in_another_order(shop: Told, make_home: Callable[[str], Path]) -> None:
    any_order_tells_the_same(shop, make_home("shop_shuffled"))


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("ends", [[SHOP_MONTHS[4], SHOP_MONTHS[8]], SHOP_MONTHS], ids=["two", "nine"])
def test_the_shop_over_the_months(shop: Told, make_home: Callable[[str], Path], ends: list[date]) -> None:
    live_through(shop, make_home(f"shop_in_{len(ends)}"), ends, run)
