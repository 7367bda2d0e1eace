"""Hit-rate at three of the cross-sell lists against what most customers buy, on real shops, with intervals.

Learned on what was bought before a day (settings chosen on the 60 days before it), judged on what was bought for the
first time after it. Reads ../shared/data.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.cross_sell.lists import new_since
from dagster_project.domain.analytics.cross_sell.model import LATELY_ALONE, MOST, choose, evaluate
from dagster_project.domain.analytics.cross_sell.shelf import LATELY, shelf_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SHOP = """
select "CustomerID"::varchar as customer_id, "StockCode" as item_id, min("InvoiceDate"::timestamp) as first_bought_at
from '{data}/gift_shop/shop/*.parquet'
where "CustomerID" is not null and "Quantity" > 0 and "UnitPrice" > 0 and regexp_matches("StockCode", '^[0-9]')
group by all
"""
GROCER = """
select household_id::varchar as customer_id, {item}::varchar as item_id, min(transaction_timestamp) as first_bought_at
from '{data}/complete_journey/transactions_sample.parquet' as lines
join '{data}/complete_journey/products.parquet' as products using (product_id)
where {item} is not null
group by all
"""
CASES = {
    "gift shop, products": (SHOP, datetime(2011, 6, 1, tzinfo=UTC)),
    "grocer, product types": (GROCER.replace("{item}", "product_type"), datetime(2017, 10, 1, tzinfo=UTC)),
    "grocer, categories": (GROCER.replace("{item}", "product_category"), datetime(2017, 10, 1, tzinfo=UTC)),
    "grocer, products": (GROCER.replace("{item}", "product_id"), datetime(2017, 10, 1, tzinfo=UTC)),
}


def measure(bought: pa.Table, cut: datetime) -> list[str]:
    """The figures of one shop, as cells of a table."""
    before = bought.filter(pc.less(bought["first_bought_at"], pa.scalar(cut.replace(tzinfo=None), pa.timestamp("us"))))
    earlier = cut - timedelta(days=LATELY)
    setting, _ = choose(shelf_of(before, earlier), new_since(before, earlier))
    then, new = shelf_of(before, cut), new_since(bought, cut)
    model, popular, lately = (evaluate(then, new, one) for one in (setting, MOST, LATELY_ALONE))
    simple = popular if popular.sum() >= lately.sum() else lately
    gain = model.astype(float) - simple.astype(float)
    half = 1.96 * gain.std() / np.sqrt(len(gain))
    return [
        f"{len(model):,}", f"{popular.mean():.3f}", f"{lately.mean():.3f}", f"{model.mean():.3f}",
        f"{gain.mean():+.3f} ({gain.mean() - half:+.3f} to {gain.mean() + half:+.3f})", str(setting),
    ]  # fmt: skip


def main() -> int:
    """Measure and print."""
    if not DATA.is_dir():
        print("../shared/data is not here: nothing to measure on", file=sys.stderr)
        return 1
    print("| shop | customers | most bought | bought lately | model | gain over the better (95 %) | setting |")
    print("|---|---|---|---|---|---|---|")
    for name, (query, cut) in CASES.items():
        bought = duckdb.connect().execute(query.replace("{data}", str(DATA))).to_arrow_table()
        moments = bought["first_bought_at"].cast(pa.timestamp("us"))
        table = pa.table(
            {"customer_id": bought["customer_id"], "item_id": bought["item_id"], "first_bought_at": moments}
        )
        print(f"| {name} | {' | '.join(measure(table, cut))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
