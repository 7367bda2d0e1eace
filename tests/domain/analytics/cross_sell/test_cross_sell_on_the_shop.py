"""On the gift shop's real lines the lists beat what sells anyway; the same lists about shuffled customers do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dagster_project.domain.analytics.cross_sell.lists import new_since
from dagster_project.domain.analytics.cross_sell.model import LATELY_ALONE, MOST, choose, evaluate
from dagster_project.domain.analytics.cross_sell.shelf import LATELY, shelf_of

CUT = datetime(2011, 6, 1, tzinfo=UTC)
SHOP = """
select "CustomerID"::varchar as customer_id, "StockCode" as item_id,
       min("InvoiceDate"::timestamp)::timestamp as first_bought_at
from '{shop}/*.parquet'
where "CustomerID" is not null and "Quantity" > 0 and "UnitPrice" > 0 and regexp_matches("StockCode", '^[0-9]')
group by all
order by all
"""


def gain(bought: pa.Table) -> tuple[float, float]:
    """By how much the hit-rate at three is above the better simple list, and the standard error of it."""
    earlier = CUT - timedelta(days=LATELY)
    known = shelf_of(bought, CUT)
    until = new_since(bought, earlier)
    since = new_since(bought, CUT)
    then = {customer: items - since.get(customer, set()) for customer, items in until.items()}
    setting, _ = choose(shelf_of(bought, earlier), then)
    ours, most, lately = (evaluate(known, since, one).astype(float) for one in (setting, MOST, LATELY_ALONE))
    difference = ours - (most if most.sum() >= lately.sum() else lately)
    return float(difference.mean()), float(difference.std() / np.sqrt(len(difference)))


@pytest.mark.real_data
def test_the_lists_beat_what_sells_and_lists_about_shuffled_customers_do_not(gift_shop: Path) -> None:
    import duckdb

    bought = duckdb.connect().execute(SHOP.replace("{shop}", str(gift_shop / "shop"))).to_arrow_table()
    mean, error = gain(bought)
    assert mean - 1.96 * error > 0.03
    shuffled = np.random.default_rng(1).permutation(bought.num_rows)
    place = bought.schema.get_field_index("customer_id")
    mixed = bought.set_column(place, "customer_id", bought["customer_id"].take(pa.array(shuffled)))
    mixed = mixed.group_by(["customer_id", "item_id"]).aggregate([("first_bought_at", "min")])
    mixed = mixed.rename_columns(["customer_id", "item_id", "first_bought_at"])
    mean, error = gain(mixed)
    assert mean - 1.96 * error <= 0, "negative control: who bought what says nothing"
