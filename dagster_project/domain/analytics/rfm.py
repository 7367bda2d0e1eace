"""How lately, how often and for how much a customer buys, and the value tier that follows from it.

Frequency and money are per year and corrected for the customer's age, so that a customer of four months and one of
four years stand on one scale. The figures behind the constants: ``docs/rooms/analytics.md``.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.columns import (
    UNITS,
    Numbers,
    business_days,
    days_until,
    decimals,
    money,
    numbers,
    whole,
)
from dagster_project.domain.analytics.ranks import scores, twice_the_place
from dagster_project.domain.analytics.schema import conforming, require_known_by

YEAR = 365  # days: the window of count_orders_365d and purchase_amount_365d

# Days. A younger customer's purchases are taken as those of this many days: two weeks with one purchase are no pace.
# On the real shop, 120 makes the yearly amount too high by the same factor (1.27 to 1.41) at every age, and so fair
# between old and new; with 30 the newest would be taken for four times their worth, with 365 for a third of it.
AGE_FLOOR = 120

# The part of the tier's amount that is the pace of the customer's whole history, which no window cuts off; the rest is
# the last year's. A window alone makes customers change tiers because an old purchase drops out of it.
LONG_RUN = 0.5  # docs/decisions/0016-steady-tiers.md

# Upper limits in percent of the customers who bought within the year, best first. On the real shop the first 5 %
# brought 48 % of the money, the next 15 % 24 %, the next 30 % 19 % and the rest 9 %.
TIER_LIMITS = (("top", 5), ("high", 20), ("middle", 50), ("low", 100))
NO_VALUE = "none"  # nothing bought within the year, or everything returned
VALUE_TIERS = (*(name for name, _ in TIER_LIMITS), NO_VALUE)


def rfm(customer_360: pa.Table, as_of: datetime, zone: ZoneInfo) -> pa.Table:
    """Recency, frequency, money, their scores and the value tier of every customer.

    Args:
        customer_360: one row per customer, built for this ``as_of``.
        as_of: the moment, with its zone.
        zone: the business zone.

    Returns:
        A table of the schema ``RFM``, in the order of ``customer_360``. Someone who never bought has the tier
        ``none`` and no scores; a score compares with all who ever bought.

    Raises:
        HoivaError: a column is missing, or a row knows something after ``as_of``.
    """
    require_known_by(customer_360, as_of)
    recency = numbers(customer_360, "days_since_last_purchase")
    age = days_until(business_days(customer_360, "first_purchase_at", zone), as_of, zone) + 1
    per_year = YEAR / np.clip(age, AGE_FLOOR, YEAR)
    frequency = numbers(customer_360, "count_orders_365d") * per_year
    yearly = np.round(kept_amount(customer_360) * per_year * UNITS) / UNITS
    steady = np.round(steady_amount(customer_360, yearly, age) * UNITS) / UNITS
    return conforming(
        "rfm",
        pa.table(
            {
                "customer_id": customer_360.column("customer_id"),
                "value_tier": pa.array(value_tiers(steady), pa.string()),
                "recency_days": whole(recency),
                "frequency": decimals(frequency),
                "monetary_amount": money(yearly),
                "steady_amount": money(steady),
                "recency_score": whole(scores(-recency)),
                "frequency_score": whole(scores(frequency)),
                "monetary_score": whole(scores(yearly)),
            }
        ),
    )


def kept_amount(customer_360: pa.Table) -> Numbers:
    """What the customer bought within the year and kept.

    Returns are known as one sum over the whole history: they are taken off in the share they are of all purchases.
    Without this, one order of 77,000 that was cancelled after a quarter of an hour made a top customer.
    """
    return numbers(customer_360, "purchase_amount_365d") * kept_share(customer_360)


def kept_share(customer_360: pa.Table) -> Numbers:
    """The part of all purchases of a customer that was not sent back."""
    bought = numbers(customer_360, "total_purchase_amount")
    returned = numbers(customer_360, "return_amount")
    share = np.divide(returned, bought, out=np.zeros_like(bought), where=bought > 0)
    return 1 - np.clip(np.nan_to_num(share), 0, 1)


def steady_amount(customer_360: pa.Table, yearly: Numbers, age: Numbers) -> Numbers:
    """What the tier goes by: half the last year's amount, half what the whole history comes to in a year.

    For a customer of less than a year both are the same. Who bought nothing within the year has nothing here, too: the
    tier speaks of customers who buy. The half of the long run stands still when a purchase of a year ago drops out of
    the year, so that fewer customers change tiers because of where the window ends.

    Args:
        customer_360: one row per customer.
        yearly: what each brought and kept within the year, as a year's amount.
        age: days each has been a customer.
    """
    whole = numbers(customer_360, "total_purchase_amount") * kept_share(customer_360)
    long_run = whole * YEAR / np.maximum(age, AGE_FLOOR)
    return np.where(yearly > 0, (1 - LONG_RUN) * yearly + LONG_RUN * long_run, yearly)


def value_tiers(amounts: Numbers) -> np.ndarray:
    """The tier of each amount: by its place among all amounts above zero, equal amounts in the same tier.

    >>> value_tiers(np.array([0.0, np.nan] + [float(amount) for amount in range(1, 11)])).tolist()
    ['none', 'none', 'low', 'low', 'low', 'low', 'low', 'middle', 'middle', 'middle', 'high', 'top']
    """
    tiers = np.full(len(amounts), NO_VALUE, dtype=object)
    buying = np.nan_to_num(amounts) > 0
    if buying.any():
        place, of = twice_the_place(-amounts[buying])
        limits = [limit for _, limit in TIER_LIMITS]
        names = np.array([name for name, _ in TIER_LIMITS], dtype=object)
        tiers[buying] = names[np.searchsorted(np.array(limits) * of, 100 * place, side="left")]
    return tiers
