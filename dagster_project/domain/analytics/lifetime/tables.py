"""The tables ``lifetime_value`` and ``lifetime_value_model`` of one moment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.columns import decimals, money
from dagster_project.domain.analytics.history import at_month, months_of
from dagster_project.domain.analytics.lifetime import gamma_gamma
from dagster_project.domain.analytics.lifetime.counts import Counts, counts_of
from dagster_project.domain.analytics.lifetime.forecast import (
    FEWEST_TO_CHECK,
    HORIZON,
    Check,
    Forecast,
    Levels,
    Model,
    check,
    forecast,
    learn,
    nominal,
)
from dagster_project.domain.analytics.lifetime.schema import LIFETIME_VALUE, LIFETIME_VALUE_MODEL
from dagster_project.domain.analytics.schema import MOMENT, conforming_to, require_known_by
from dagster_project.domain.clock import business_date, naive_utc
from dagster_project.errors import HoivaError

SHORTEST_CHECK = 28  # days: in fewer, hardly anyone buys
PART_TO_LEARN_FROM = 2  # the check's window is at most one part in so many of the history


@dataclass(frozen=True)
class Lifetime:
    """The two tables, and what they were made from; ``refused`` says why there are no scores, if there are none."""

    lifetime_value: pa.Table
    lifetime_value_model: pa.Table
    refused: str = ""
    counts: Counts | None = None
    model: Model | None = None
    forecast: Forecast | None = None
    check: Check | None = None


def lifetime(customer_360: pa.Table, customer_months: pa.Table, as_of: datetime, zone: ZoneInfo) -> Lifetime:
    """What every customer who has bought is likely to buy within a year, and the model behind it.

    Args:
        customer_360: as of this moment.
        customer_months: the same customers at the ends of past months.
        as_of: the moment.
        zone: the business zone.

    Returns:
        tables sorted by customer_id; both empty, with the reason, when there is too little to learn from.

    Raises:
        HoivaError: a row knows something after ``as_of``.
    """
    require_known_by(customer_360, as_of)
    counts = counts_of(customer_360.sort_by("customer_id"), as_of, zone)
    try:
        model = learn(counts)
    except HoivaError as error:
        return Lifetime(LIFETIME_VALUE.empty_table(), LIFETIME_VALUE_MODEL.empty_table(), str(error))
    checked = check_on_the_past(customer_360, customer_months, as_of, zone)
    levels = checked.levels if checked else nominal()
    told = forecast(model, counts, HORIZON, levels)
    described = _model_table(model, counts, checked, levels, as_of)
    version = described["model_version"][0].as_py()
    return Lifetime(_value_table(counts, told, checked, version, as_of), described, "", counts, model, told, checked)


def check_on_the_past(
    customer_360: pa.Table, customer_months: pa.Table, as_of: datetime, zone: ZoneInfo
) -> Check | None:  # fmt: skip
    """How the model of some months ago did on the months since; None while there is too little history.

    The window is as long as the forecast's horizon where the history is twice as long, else half the history.
    """
    month = month_to_check(months_of(customer_months), counts_of(customer_360, as_of, zone), as_of, zone)
    if month is None:
        return None
    rows = at_month(customer_months, month)
    then = counts_of(rows, month, zone)
    now = counts_of(customer_360, as_of, zone)
    place = pc.index_in(then.customer_ids, value_set=now.customer_ids.combine_chunks())
    stayed = place.is_valid().to_numpy(zero_copy_only=False)  # a purchase may have been taken back since
    if stayed.sum() < FEWEST_TO_CHECK:
        return None
    at = pc.fill_null(place, 0).to_numpy(zero_copy_only=False)[stayed]
    theirs = Counts(
        then.customer_ids.filter(pa.array(stayed)),
        then.repeats[stayed], then.recency[stayed], then.age[stayed], then.mean_amount[stayed],
    )  # fmt: skip
    made = np.maximum(now.repeats[at] - theirs.repeats, 0)
    spent = now.total_amount[at] - theirs.total_amount
    days = (business_date(as_of, zone) - business_date(month, zone)).days
    try:
        return check(theirs, made, spent, days)
    except HoivaError:  # too few had come back by then
        return None


def month_to_check(months: Sequence[datetime], counts: Counts, as_of: datetime, zone: ZoneInfo) -> datetime | None:
    """The month's end from which the window to check on begins."""
    longest = min(HORIZON, counts.age.max(initial=0) / PART_TO_LEARN_FROM)
    today = business_date(as_of, zone)
    fitting = [month for month in months if SHORTEST_CHECK <= (today - business_date(month, zone)).days <= longest]
    return min(fitting, default=None)


def _value_table(counts: Counts, told: Forecast, checked: Check | None, version: str, as_of: datetime) -> pa.Table:
    count = len(counts.repeats)
    quality = checked.forecast / checked.actual if checked and checked.actual else np.nan
    columns = {
        "customer_id": counts.customer_ids,
        "p_alive": decimals(told.p_alive),
        "expected_purchases_365d": decimals(told.purchases),
        "purchases_low": pa.array(told.purchases_low),
        "purchases_high": pa.array(told.purchases_high),
        "expected_purchase_amount": money(told.amount),
        "lifetime_value_amount": money(told.value),
        "value_low_amount": money(told.value_low),
        "value_high_amount": money(told.value_high),
        "quality": decimals(np.full(count, quality)),
        "model_version": pa.array([version] * count, pa.string()),
        "as_of": pa.array([naive_utc(as_of)] * count, MOMENT),
    }
    return conforming_to("analytics.lifetime_value", pa.table(columns), LIFETIME_VALUE, ("customer_id",))


def _model_table(model: Model, counts: Counts, checked: Check | None, levels: Levels, as_of: datetime) -> pa.Table:
    purchases, amounts = model.purchases, model.amounts
    numbers = [purchases.r, purchases.alpha, purchases.a, purchases.b, amounts.p, amounts.q, amounts.v]
    numbers += [*levels.purchases, *levels.value]
    version = hashlib.sha256(" ".join(f"{number:.9g}" for number in numbers).encode()).hexdigest()[:12]
    row = {
        "model_version": version,
        "count_customers": len(counts.repeats),
        "count_repeaters": int((counts.repeats > 0).sum()),
        "r": purchases.r,
        "alpha": purchases.alpha,
        "a": purchases.a,
        "b": purchases.b,
        "log_likelihood": purchases.log_likelihood,
        "p": amounts.p,
        "q": amounts.q,
        "v": amounts.v,
        "dependence": gamma_gamma.dependence(counts.repeats + 1, counts.mean_amount),
        "check_days": checked.days if checked else None,
        "check_customers": len(checked.made) if checked else None,
        "check_forecast": checked.forecast if checked else None,
        "check_actual": checked.actual if checked else None,
        "coverage_uncorrected": checked.coverage_uncorrected if checked else None,
        "purchases_from_level": levels.purchases[0],
        "purchases_to_level": levels.purchases[1],
        "value_from_level": levels.value[0],
        "value_to_level": levels.value[1],
        "as_of": naive_utc(as_of),
    }
    table = pa.Table.from_pylist([row], schema=LIFETIME_VALUE_MODEL)
    return conforming_to("analytics.lifetime_value_model", table, LIFETIME_VALUE_MODEL, ("model_version",))
