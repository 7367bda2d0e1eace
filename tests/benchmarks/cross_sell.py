"""Hit-rate at three of the cross-sell lists against what most customers buy, on real shops, with intervals.

Learned on what was bought before a day (settings chosen on the 60 days before it), judged on what was bought for the
first time in the 92 days after it; several such days of each shop, as one alone may be luck. Reads ../shared/data.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import binomtest

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
SHOP_CUTS = [datetime(2011, month, 1, tzinfo=UTC) for month in (3, 6)]
GROCER_CUTS = [datetime(2017, month, 1, tzinfo=UTC) for month in (4, 7, 10)]
CASES = {
    "gift shop, products": (SHOP, SHOP_CUTS),
    "grocer, product types": (GROCER.replace("{item}", "product_type"), GROCER_CUTS),
    "grocer, categories": (GROCER.replace("{item}", "product_category"), GROCER_CUTS),
    "grocer, products": (GROCER.replace("{item}", "product_id"), GROCER_CUTS),
}
JUDGED = 92  # days after each cut: as far apart as the cuts are, so that no purchase is counted twice
HEAD = (
    "| shop | judged from | customers | most bought | bought lately | these lists (95 %) | gain over the better (95 %) "
    "| setting chosen |"
)


@dataclass(frozen=True)
class Judged:
    """Of each customer who bought something new after a cut, whether one of three was among it, by each list."""

    customers: list[str]
    model: npt.NDArray[np.float64]
    popular: npt.NDArray[np.float64]
    lately: npt.NDArray[np.float64]
    setting: str

    def cells(self) -> list[str]:
        """The figures. A customer judged after several cuts counts as one draw in the interval of the gain."""
        simple = self.popular if self.popular.sum() >= self.lately.sum() else self.lately
        low, high = binomtest(int(self.model.sum()), len(self.model)).proportion_ci(method="wilson")
        gain = self.model - simple
        mean = gain.mean()
        _, of_customer = np.unique(self.customers, return_inverse=True)
        half = 1.96 * np.sqrt((np.bincount(of_customer, gain - mean) ** 2).sum()) / len(gain)
        rates = [f"{one.mean():.3f}" for one in (self.popular, self.lately)]
        ours = f"{self.model.mean():.3f} ({low:.3f} to {high:.3f})"
        return [f"{len(gain):,}", *rates, ours, f"{mean:+.3f} ({mean - half:+.3f} to {mean + half:+.3f})", self.setting]


def judge(bought: pa.Table, cut: datetime) -> Judged:
    """The lists as they would have been at a cut, beside the simple ones, on what was bought after it."""
    known = _before(bought, cut)
    earlier = cut - timedelta(days=LATELY)
    setting, _ = choose(shelf_of(known, earlier), new_since(known, earlier))
    then, new = shelf_of(known, cut), new_since(_before(bought, cut + timedelta(days=JUDGED)), cut)
    model, popular, lately = (evaluate(then, new, one).astype(float) for one in (setting, MOST, LATELY_ALONE))
    judged = [customer for customer in then.customer_ids.tolist() if customer in new]
    return Judged(judged, model, popular, lately, str(setting))


def together(parts: list[Judged]) -> Judged:
    """All cuts of a shop as one."""
    model, popular, lately = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("model", "popular", "lately")
    )
    return Judged([one for part in parts for one in part.customers], model, popular, lately, "")


def _before(bought: pa.Table, moment: datetime) -> pa.Table:
    return bought.filter(pc.less(bought["first_bought_at"], pa.scalar(moment.replace(tzinfo=None), pa.timestamp("us"))))


def first_bought(query: str) -> pa.Table:
    """Who bought what first when, of one shop's files."""
    bought = duckdb.connect().execute(query.replace("{data}", str(DATA))).to_arrow_table()
    moments = bought["first_bought_at"].cast(pa.timestamp("us"))
    return pa.table({"customer_id": bought["customer_id"], "item_id": bought["item_id"], "first_bought_at": moments})


def main() -> int:
    """Measure and print."""
    if not DATA.is_dir():
        print("../shared/data is not here: nothing to measure on", file=sys.stderr)
        return 1
    print(HEAD)
    print("|---" * HEAD.count(" | ") + "|---|")
    for name, (query, cuts) in CASES.items():
        bought = first_bought(query)
        parts = [judge(bought, cut) for cut in cuts]
        for cut, part in zip(cuts, parts, strict=True):
            print(f"| {name} | {cut:%Y-%m-%d} | {' | '.join(part.cells())} |")
        print(f"| **{name}** | all | {' | '.join(together(parts).cells())} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
