"""Lists of what to buy next: planted habits are found, what is owned or gone is left out, and reasons are true."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_limits

from dagster_project.domain.analytics.cross_sell import model
from dagster_project.domain.analytics.cross_sell.lists import SELLS_NOW, lists_of, new_since, rules_of
from dagster_project.domain.analytics.cross_sell.model import LATELY_ALONE, MOST, Hits, Setting, choose, evaluate
from dagster_project.domain.analytics.cross_sell.page import cross_sell_page
from dagster_project.domain.analytics.cross_sell.shelf import bought_products, shelf_of
from dagster_project.domain.analytics.cross_sell.tables import CrossSell, cross_sell
from dagster_project.domain.pages import render
from tests.domain.analytics.making import ZONE

AS_OF = datetime(2026, 3, 31, 20, 59, tzinfo=UTC)
PAIR = ("customer_id", "product_id")
HABITS, EACH = 6, 4  # six kinds of people, each with four products of their own; one product everyone buys


def town(customers: int = 900, seed: int = 1, *, habits: bool = True) -> pa.Table:
    """Purchases over a year: people buy of their habit's products one after the other, and now and then of all."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        habit = number % HABITS
        own = [habit * EACH + place for place in range(EACH)] if habits else list(range(HABITS * EACH))
        chosen = [*rng.permutation(own)[: rng.integers(2, EACH + 1)], *rng.integers(0, HABITS * EACH, 1), HABITS * EACH]
        days = rng.integers(1, 365, len(chosen))
        rows += [
            (f"c{number:04d}", f"shop:{item:02d}", AS_OF - timedelta(days=int(day)))
            for item, day in zip(chosen, days, strict=True)
        ]
    first: dict[tuple[str, str], datetime] = {}
    for customer, item, when in rows:
        first[customer, item] = min(first.get((customer, item), when), when)
    return pa.table(
        {
            "customer_id": pa.array([customer for customer, _ in first], pa.string()),
            "product_id": pa.array([item for _, item in first], pa.string()),
            "first_bought_at": pa.array([when.replace(tzinfo=None) for when in first.values()], pa.timestamp("us")),
            "quantity": pa.array([1] * len(first), pa.decimal128(18, 4)),
            "returned_quantity": pa.array([0] * len(first), pa.decimal128(18, 4)),
        }
    )


def with_returns(rows: pa.Table, pieces: list[Decimal]) -> pa.Table:
    place = rows.schema.get_field_index("returned_quantity")
    return rows.set_column(place, "returned_quantity", pa.array(pieces, pa.decimal128(18, 4)))


def products(gone: tuple[str, ...] = ()) -> pa.Table:
    ids = [f"shop:{number:02d}" for number in range(HABITS * EACH + 1)]
    return pa.table(
        {
            "product_id": ids,
            "name": [f"Thing {one[-2:]}" for one in ids],
            "category": [f"kind {int(one[-2:]) // EACH}" for one in ids],
            "is_available": [one not in gone for one in ids],
        }
    )


@pytest.fixture(scope="module")
def found() -> CrossSell:
    return cross_sell(town(), products(), AS_OF)


def test_a_planted_habit_is_foretold_better_than_by_what_sells() -> None:
    cut = AS_OF - timedelta(days=90)
    bought = bought_products(town())
    then, new = shelf_of(bought, cut), new_since(bought, cut)
    ours, most, lately = (evaluate(then, new, one).mean() for one in (Setting(), MOST, LATELY_ALONE))
    assert ours > max(most, lately) + 0.2
    setting, hits = choose(then, new)
    assert setting.ridge is not None
    assert hits.rate > hits.baseline


def test_without_habits_nothing_is_made_up() -> None:
    cut = AS_OF - timedelta(days=90)
    bought = bought_products(town(habits=False, seed=2))
    then, new = shelf_of(bought, cut), new_since(bought, cut)
    _, hits = choose(then, new)
    assert hits.rate < hits.baseline + 0.06, "negative control: there is nothing to find"


def test_nobody_is_offered_what_they_have(found: CrossSell) -> None:
    owned = set(zip(town()["customer_id"].to_pylist(), town()["product_id"].to_pylist(), strict=True))
    offered = list(
        zip(found.next_products["customer_id"].to_pylist(), found.next_products["product_id"].to_pylist(), strict=True)
    )
    assert offered
    assert not owned & set(offered)


def test_nobody_is_offered_what_is_out_of_stock(found: CrossSell) -> None:
    popular = found.next_products.to_pandas()["product_id"].mode()[0]
    assert popular in set(found.next_products["product_id"].to_pylist()), "negative control"
    without = cross_sell(town(), products(gone=(popular,)), AS_OF)
    assert popular not in set(without.next_products["product_id"].to_pylist())
    categories = tuple(f"shop:{number:02d}" for number in range(EACH))
    none_left = cross_sell(town(), products(gone=categories), AS_OF)
    assert "kind 0" not in set(none_left.next_categories["category"].to_pylist())
    assert "kind 0" in set(found.next_categories["category"].to_pylist())


def test_the_reason_is_something_the_customer_has_and_its_share_is_counted_right(found: CrossSell) -> None:
    owned: dict[str, set[str]] = {}
    for customer, item in zip(town()["customer_id"].to_pylist(), town()["product_id"].to_pylist(), strict=True):
        owned.setdefault(customer, set()).add(item)
    given = [row for row in found.next_products.to_pylist() if row["because"]]
    assert len(given) > 500
    assert all(row["because"] in owned[row["customer_id"]] for row in given)
    rules = {(row["because_product_id"], row["product_id"]): row for row in found.product_rules.to_pylist()}
    for row in given[:50]:
        rule = rules[row["because"], row["product_id"]]
        with_first = [items for items in owned.values() if row["because"] in items]
        with_both = [items for items in with_first if row["product_id"] in items]
        of_all = sum(row["product_id"] in items for items in owned.values()) / len(owned)
        assert rule["count_customers"] == len(with_both)
        assert rule["confidence"] == pytest.approx(len(with_both) / len(with_first))
        assert rule["lift"] == pytest.approx(rule["confidence"] / of_all)
        assert (
            row["reason"]
            == f"Has bought Thing {row['because'][-2:]}: so have {rule['confidence']:.0%} of those who did"
        )


def test_what_went_back_is_not_offered_again_and_gives_no_reason(found: CrossSell) -> None:
    spoke = next(row for row in found.next_products.to_pylist() if row["because"])
    customer, sent_back = spoke["customer_id"], spoke["because"]
    rows = town()
    all_of_it = [pair == (customer, sent_back) for pair in zip(*(rows[name].to_pylist() for name in PAIR), strict=True)]
    again = cross_sell(with_returns(rows, [Decimal(int(one)) for one in all_of_it]), products(), AS_OF)
    told = [row for row in again.next_products.to_pylist() if row["customer_id"] == customer]
    assert told
    assert sent_back not in {row["because"] for row in told}
    assert sent_back not in {row["product_id"] for row in told}
    half = cross_sell(with_returns(rows, [Decimal(int(one)) / 2 for one in all_of_it]), products(), AS_OF)
    assert half.next_products.equals(found.next_products), "what is kept in part is kept"


def test_as_many_threads_as_there_are_give_the_same_lists(found: CrossSell) -> None:
    with threadpool_limits(1):
        alone = cross_sell(town(), products(), AS_OF)
    assert alone.next_products.equals(found.next_products)


def test_settings_are_compared_on_so_many_customers_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    bought = bought_products(town())
    cut = AS_OF - timedelta(days=90)
    then, new = shelf_of(bought, cut), new_since(bought, cut)
    everybody = choose(then, new)[1]
    monkeypatch.setattr(model, "MOST_TO_CHOOSE", 200)
    some = choose(then, new)[1]
    assert everybody.customers > some.customers == 200
    assert some.rate == pytest.approx(everybody.rate, abs=0.1)


def test_what_is_bought_after_the_moment_changes_nothing(found: CrossSell) -> None:
    later = pa.table(
        {
            "customer_id": ["c0000", "c0001"],
            "product_id": ["shop:05", "shop:09"],
            "first_bought_at": pa.array([datetime(2026, 4, 2), datetime(2026, 4, 3)], pa.timestamp("us")),  # noqa: DTZ001
            "quantity": pa.array([1, 1], pa.decimal128(18, 4)),
            "returned_quantity": pa.array([0, 0], pa.decimal128(18, 4)),
        }
    )
    again = cross_sell(pa.concat_tables([town(), later]), products(), AS_OF)
    assert again.next_products.equals(found.next_products)


def test_the_order_of_rows_changes_nothing(found: CrossSell) -> None:
    rows = town()
    turned = rows.take(pa.array(np.random.default_rng(1).permutation(rows.num_rows)))
    again = cross_sell(turned, products(), AS_OF)
    assert again.next_products.equals(found.next_products)
    assert again.product_rules.sort_by("product_id").equals(found.product_rules.sort_by("product_id"))


def test_an_item_that_nothing_speaks_for_is_said_to_sell() -> None:
    bought = bought_products(town(40))
    lists = lists_of(bought, set(), AS_OF)
    assert lists is not None
    assert lists.setting.ridge is None, "too few to choose on"
    assert (lists.because == SELLS_NOW).all()
    assert len(rules_of(lists.shelf, lists.because, lists.item).item) == 0


def test_nobody_who_bought_is_an_empty_table_and_a_page_that_says_so() -> None:
    nothing = cross_sell(town().slice(0, 0), products(), AS_OF)
    assert nothing.next_products.num_rows == 0
    assert "Nobody has bought anything" in render(cross_sell_page(nothing, products(), AS_OF), ZONE)


def test_the_page_shows_the_lists_beside_what_sells(found: CrossSell) -> None:
    html = render(cross_sell_page(found, products(), AS_OF), ZONE)
    assert "what most customers have" in html
    assert "95 % sure between" in html
    nobody = Hits(customers=0, model=0, popular=0, lately=0)
    assert all(math.isnan(end) for end in nobody.interval())
    assert "Thing" in html
