"""Customers for these tests: customer_360 rows from purchases, in Python, with the columns the models deliver."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from dagster_project.domain.clock import business_date, naive_utc

ZONE = ZoneInfo("Europe/Helsinki")
AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)

COUNTS = [
    *("count_orders", "count_orders_365d", "count_returns", "days_since_last_purchase", "count_purchase_days"),
    *("last_gap_days", "count_newsletters_sent_90d", "count_opens_90d", "count_clicks_90d"),
    *("count_machine_opens_90d", "count_web_visits_90d", "count_product_views_90d", "days_since_last_web_visit"),
    *("count_service_contacts_365d", "count_open_service_contacts", "count_open_complaints"),
]
AMOUNTS = [
    *("total_purchase_amount", "purchase_amount_365d", "purchase_amount_90d", "return_amount"),
    "average_order_amount",
]
RATIOS = ["median_gap_days", "gap_spread_days"]
FLAGS = ["has_email", "has_phone", "has_postal_address", "may_email", "may_phone", "may_letter", "may_ads"]
MOMENTS = [
    *("first_seen_at", "joined_at", "first_purchase_at", "last_purchase_at", "last_newsletter_reaction_at"),
    *("last_web_visit_at", "last_service_contact_at", "as_of"),
]
CUSTOMER_360 = pa.schema(
    [pa.field(name, pa.string()) for name in ("customer_id", "customer_number", "country_code", "language_code")]
    + [pa.field(name, pa.int64()) for name in COUNTS]
    + [pa.field(name, pa.decimal128(18, 4)) for name in AMOUNTS]
    + [pa.field(name, pa.float64()) for name in RATIOS]
    + [pa.field(name, pa.bool_()) for name in FLAGS]
    + [pa.field(name, pa.date32()) for name in ("birthday", "contract_end_date")]
    + [pa.field(name, pa.timestamp("us")) for name in MOMENTS]
)


def base(purchases: pd.DataFrame, *, prospects: int = 0, as_of: datetime = AS_OF, zone: ZoneInfo = ZONE) -> pa.Table:
    """customer_360 of these purchases as known at ``as_of``: later ones do not exist.

    Args:
        purchases: customer_id, purchased_at (naive UTC), amount.
        prospects: so many customers without a purchase besides.
        as_of: the moment.
        zone: the business zone.
    """
    known = purchases[purchases["purchased_at"] <= pd.Timestamp(naive_utc(as_of))].copy()
    local = pd.DatetimeIndex(known["purchased_at"]).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    known["day"] = local.normalize()
    today = pd.Timestamp(business_date(as_of, zone))
    known["lately"] = known["amount"].where((today - known["day"]).dt.days < 365, 0.0)
    sums = known.groupby("customer_id").agg(
        count_orders=("amount", "size"),
        total_purchase_amount=("amount", "sum"),
        purchase_amount_365d=("lately", "sum"),
        count_orders_365d=("lately", lambda amounts: int((amounts > 0).sum())),
        first_purchase_at=("purchased_at", "min"),
        last_purchase_at=("purchased_at", "max"),
    )
    days = known[["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
    days["gap"] = days.groupby("customer_id")["day"].diff().dt.days
    sums["count_purchase_days"] = days.groupby("customer_id").size()
    sums["median_gap_days"] = days.groupby("customer_id")["gap"].median()
    quartiles = days.groupby("customer_id")["gap"].quantile([0.25, 0.75]).unstack()
    sums["gap_spread_days"] = (quartiles[0.75] - quartiles[0.25]).where(sums["count_purchase_days"] > 2)
    last = days.groupby("customer_id").tail(1).set_index("customer_id")
    sums["last_gap_days"] = last["gap"]
    sums["days_since_last_purchase"] = (today - last["day"]).dt.days
    rows = sums.reset_index()
    more = pd.DataFrame({"customer_id": [f"prospect{number:05d}" for number in range(prospects)]})
    return filled(pd.concat([rows, more], ignore_index=True), as_of)


def filled(rows: pd.DataFrame, as_of: datetime = AS_OF) -> pa.Table:
    """These columns of some customers as a whole customer_360: what is not given is zero, false or empty."""
    columns = []
    for field in CUSTOMER_360:
        if field.name == "as_of":
            column = pa.array([naive_utc(as_of)] * len(rows), field.type)
        elif field.name in rows:
            values = rows[field.name]
            if pa.types.is_decimal(field.type):
                filled_in = values.astype(float).fillna(0).round(4)
                column = pa.array(filled_in, pa.float64()).cast(field.type)
            elif field.name.startswith("count_"):
                column = pa.array(values.fillna(0).astype("int64"), field.type)
            else:
                column = pa.array(values.astype("Float64") if field.type == pa.float64() else values, from_pandas=True)
                column = column.cast(field.type)
        elif pa.types.is_boolean(field.type):
            column = pa.array([False] * len(rows))
        elif field.name.startswith("count_") or pa.types.is_decimal(field.type):
            column = pa.array([0.0] * len(rows)).cast(field.type)
        else:
            column = pa.nulls(len(rows), field.type)
        columns.append(column)
    return pa.table(columns, schema=CUSTOMER_360)


def random_purchases(customers: int, seed: int, *, days: int = 900, as_of: datetime = AS_OF) -> pd.DataFrame:
    """Customers of all paces, some long gone, over the days before ``as_of``."""
    rng = np.random.default_rng(seed)
    count = rng.geometric(0.3, customers)
    owner = np.repeat(np.arange(customers), count)
    begin = rng.uniform(0, days, customers)[owner]
    span = rng.uniform(1, days, customers)[owner]
    at = np.minimum(begin + rng.uniform(0, 1, len(owner)) * span, days)
    moment = pd.Timestamp(naive_utc(as_of)) - pd.to_timedelta(((days - at) * 86_400).round(), unit="s")
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in owner],
            "purchased_at": moment.astype("datetime64[us]"),
            "amount": rng.lognormal(3, 1, len(owner)).round(2),
        }
    )


def bought(customer_id: str, days_ago: list[int], amount: float = 50.0, *, as_of: datetime = AS_OF) -> pd.DataFrame:
    """One customer's purchases, so many days before ``as_of``."""
    moments = [pd.Timestamp(naive_utc(as_of) - timedelta(days=ago, hours=6)) for ago in days_ago]
    return pd.DataFrame({"customer_id": customer_id, "purchased_at": moments, "amount": amount})
