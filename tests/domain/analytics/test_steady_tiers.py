"""Tiers change because customers buy, less because an old purchase drops out of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dagster_project.domain.analytics import rfm as rules
from dagster_project.domain.analytics.rfm import rfm
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.synthetic import LAST_DAY, make_town
from dagster_project.domain.town.shop import fill_baskets
from dagster_project.settings import CHECKOUT
from tests.domain.analytics.making import AS_OF, ZONE, base
from tests.domain.analytics.real_shop import LONDON, end_of, purchases_of

CDNOW = CHECKOUT.parent / "shared" / "data" / "cdnow" / "cdnow_sample.parquet"
AT_MOST = 1 / 3  # of all changes may come from the window's edge alone; with the year alone it is more


@dataclass(frozen=True)
class Changes:
    """Of customers in a tier at either of two moments, the share that changed, and what of it the edge alone did."""

    share: float
    of_edge: float


def changes(purchases: pd.DataFrame, moments: Sequence[datetime], long_run: float) -> Changes:
    """Changes of tier from one moment to the next, and those that would not be, had the window's edge stood still.

    At the later moment the year's amount is taken once more from the beginning of the earlier year: what was bought in
    between is added and nothing drops out. Whoever keeps the tier then has changed for the edge alone.
    """
    count = changed = of_edge = 0
    before: pd.DataFrame | None = None
    for moment in moments:
        table = base(purchases, as_of=moment)
        frame = table.select(["customer_id", "total_purchase_amount", "purchase_amount_365d"]).to_pandas()
        rows = frame.set_index("customer_id").astype(float)
        rows["tier"] = tiers(table, moment, long_run)
        if before is not None:
            both = rows.join(before.add_suffix("_then"), how="inner")
            bought = both["total_purchase_amount"] - both["total_purchase_amount_then"]
            held = rows["purchase_amount_365d"].copy()
            held.loc[both.index] = both["purchase_amount_365d_then"] + bought
            place = table.column_names.index("purchase_amount_365d")
            kind = table.schema.field(place).type
            amounts = [round(value, 2) for value in held.where(rows["purchase_amount_365d"] > 0, 0.0)]
            still = tiers(
                table.set_column(place, table.schema.field(place), pa.array(amounts).cast(kind)), moment, long_run
            )
            both["still"] = pd.Series(still, index=rows.index)
            known = (both["tier"] != "none") | (both["tier_then"] != "none")
            moved = known & (both["tier"] != both["tier_then"])
            count += int(known.sum())
            changed += int(moved.sum())
            of_edge += int((moved & (both["still"] == both["tier_then"])).sum())
        before = rows
    return Changes(changed / count, of_edge / changed)


def tiers(table: pa.Table, moment: datetime, long_run: float) -> np.ndarray:
    """The tiers with another share of the long run than the house's."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rules, "LONG_RUN", long_run)
        return rfm(table, moment, ZONE).column("value_tier").to_numpy(zero_copy_only=False)


@pytest.fixture(scope="module")
def town() -> pd.DataFrame:
    """Three years of a town's purchases, as its truth has them."""
    lives = make_town(700, 1_100, seed=1).lives
    basket = fill_baskets(np.random.default_rng(5), lives)
    amount = np.bincount(basket.purchase, weights=basket.pieces * basket.price, minlength=len(lives.buyer))
    first = np.datetime64(LAST_DAY) - np.timedelta64(1_099, "D")
    moments = first.astype("datetime64[us]") + (lives.bought_at * 86_400e6).astype("timedelta64[us]")
    ids = [f"c{person:05d}" for person in lives.buyer]
    return pd.DataFrame({"customer_id": ids, "purchased_at": moments, "amount": amount.round(2)})


MONTHS = [AS_OF - timedelta(days=30 * back) for back in range(8, -1, -1)]


def test_the_edge_of_the_year_alone_makes_few_of_the_changes(town: pd.DataFrame) -> None:
    assert changes(town, MONTHS, rules.LONG_RUN).of_edge < AT_MOST


def test_with_the_year_alone_it_makes_more_and_there_are_more(town: pd.DataFrame) -> None:
    steady, year = changes(town, MONTHS, rules.LONG_RUN), changes(town, MONTHS, 0.0)
    assert year.of_edge > AT_MOST, "negative control"
    assert steady.share < 0.8 * year.share


@pytest.mark.real_data
def test_the_same_on_a_real_shop_with_more_than_a_year() -> None:
    if not CDNOW.is_file():
        pytest.skip("the real data (../shared/data/cdnow) is not on this machine")
    rows = pd.read_parquet(CDNOW)
    purchases = pd.DataFrame(
        {
            "customer_id": rows["sample_id"],
            "purchased_at": rows["date"] + pd.Timedelta(hours=12),
            "amount": rows["amount"],
        }
    )
    first = datetime.fromisoformat("1997-12-31T20:00:00+00:00")
    moments = [first + timedelta(days=30 * number) for number in range(6)]
    steady, year = changes(purchases, moments, rules.LONG_RUN), changes(purchases, moments, 0.0)
    assert steady.of_edge < 0.10 < year.of_edge


@pytest.mark.real_data
def test_in_its_first_year_a_shop_has_no_edge_and_the_same_tiers(gift_shop: Path) -> None:
    purchases = purchases_of(gift_shop)
    moments = [end_of(day) for day in ("2011-06-30", "2011-07-31", "2011-08-31")]
    assert changes(purchases, moments, rules.LONG_RUN).of_edge == 0
    last = base(purchases, as_of=moments[-1], zone=LONDON)
    assert (tiers(last, moments[-1], rules.LONG_RUN) == tiers(last, moments[-1], 0.0)).all()
    assert naive_utc(moments[-1]).year == 2011
