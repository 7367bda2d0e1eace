"""Each customer's own rhythm of purchases, and who has grown quiet against it while still worth a word.

A weekly customer who has been away for a month has changed; a yearly one has not. The constants and what they were
weighed against: ``docs/decisions/0007-quiet-after.md``. How unusual a silence is: ``silence.py``.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.columns import Flags, Numbers, business_days, decimals, numbers
from dagster_project.domain.analytics.schema import conforming, require_known_by
from dagster_project.domain.analytics.silence import paces_of, silence_chances

UNUSUAL_AFTER = 4.0  # mean gaps of the base: a silence t of them is unusual where its chance is at most (t / 4) ** 4
SOONER_FOR_LONGER = 4  # the power in it; what else was tried: decision 0007
QUIET_AFTER = 1.8  # times the expected gap: from here on a customer without a rhythm to judge by is late
DUE_AFTER = 1.0  # times the expected gap: before that nobody is late, however slow beside the others
GONE_AFTER = 4.0  # times the expected gap: from here on the old rhythm is over, and a reminder comes too late
RHYTHM_FROM = 3  # purchase days: two gaps are the least that can be called a rhythm
GAPS_OF_THE_BASE = 8  # gaps: the weight of the base's rhythm against the customer's own gaps
GAP_WITHOUT_A_BASE = 60.0  # days: the gap taken while no customer has come back yet
SHORTEST_GAP = 1.0  # days: purchase days are distinct, so no gap is shorter


def rhythm(customer_360: pa.Table, as_of: datetime, zone: ZoneInfo) -> pa.Table:
    """When each customer is due, how quiet they are against that, and who is fading.

    Args:
        customer_360: one row per customer, built for this ``as_of``.
        as_of: the moment, with its zone.
        zone: the business zone, which decides what a day is.

    Returns:
        A table of the schema ``RHYTHM``, in the order of ``customer_360``. Who never bought has no rhythm.
        ``next_visit_expected_on`` lies in the past for those who are late.

    Raises:
        HoivaError: a column is missing, or a row knows something after ``as_of``.
    """
    require_known_by(customer_360, as_of)
    own_gap = numbers(customer_360, "median_gap_days")
    purchase_days = numbers(customer_360, "count_purchase_days")
    silent_days = numbers(customer_360, "days_since_last_purchase")
    last_days = business_days(customer_360, "last_purchase_at", zone)
    span = (last_days - business_days(customer_360, "first_purchase_at", zone)).astype("timedelta64[D]")
    mean_gap = np.where(purchase_days > 1, span.astype(np.float64) / np.maximum(purchase_days - 1, 1), np.nan)
    base = paces_of(
        mean_gap, own_gap, numbers(customer_360, "gap_spread_days"), purchase_days - 1, default=GAP_WITHOUT_A_BASE
    )
    chances = silence_chances(silent_days, mean_gap, purchase_days - 1, base)
    chances[~(purchase_days > 0)] = np.nan
    expected = expected_gaps(own_gap, purchase_days - 1, base_gap(own_gap))
    expected[~(purchase_days > 0)] = np.nan
    quiet = silent_days / expected
    return conforming(
        "rhythm",
        pa.table(
            {
                "customer_id": customer_360.column("customer_id"),
                "expected_gap_days": decimals(expected),
                "quiet_ratio": decimals(quiet),
                "silence_chance": decimals(chances),
                "is_fading": pa.array(fading(silent_days / base.mean_gap, chances, quiet, purchase_days)),
                "next_visit_expected_on": next_days(last_days, expected),
            }
        ),
    )


def base_gap(own_gaps: Numbers) -> float:
    """The rhythm of the base in days: the middle one of its customers' own gaps.

    >>> base_gap(np.array([10.0, 20.0, 90.0, np.nan]))
    20.0
    """
    known = own_gaps[~np.isnan(own_gaps)]
    return max(float(np.median(known)), SHORTEST_GAP) if len(known) else GAP_WITHOUT_A_BASE


def expected_gaps(own_gaps: Numbers, count_gaps: Numbers, base: float) -> Numbers:
    """The gap to expect in days: the customer's own, drawn towards the base's where it rests on few gaps.

    A weighted mean: the base counts as ``GAPS_OF_THE_BASE`` gaps, the customer's own median as the gaps behind it.

    >>> expected_gaps(np.array([np.nan, 7.0, 7.0]), np.array([0.0, 2.0, 40.0]), base=40.0).round(1)
    array([40. , 33.4, 12.5])
    """
    weight = np.where(np.isnan(own_gaps), 0, np.nan_to_num(count_gaps))
    own = np.maximum(np.nan_to_num(own_gaps), SHORTEST_GAP)
    return (weight * own + GAPS_OF_THE_BASE * base) / (weight + GAPS_OF_THE_BASE)


def fading(silences: Numbers, chances: Numbers, quiet_ratios: Numbers, count_purchase_days: Numbers) -> Flags:
    """Whose silence is unusual for them, yet not so long that they are gone, among those who have a rhythm.

    A small chance is not enough. A weekly customer has fifty gaps a year, and one of them is longer than fifty to one
    by chance alone; a quarterly customer has four. And the longer the silence, the more time there was to change. So
    the chance that counts as unusual grows steeply with the silence: of a base that comes every 26 days, one in 730
    after 20 days and one in nine after 60. At as many false alarms in all, that makes the mean time until a change is
    noticed shortest. Nobody is fading before the day they are due.

    >>> fading(np.array([0.8, 0.8, 2.3, 2.3, 2.3]), np.array([0.001, 0.002, 0.1, 0.1, 0.1]),
    ...        np.array([2.5, 2.5, 1.7, 4.0, 1.7]), np.array([9.0, 9.0, 9.0, 9.0, 2.0]))
    array([ True, False,  True, False, False])

    Args:
        silences: days since the last purchase, in mean gaps of the base.
        chances: how often the customer would be silent so long, keeping the own rhythm.
        quiet_ratios: days since the last purchase, in the customer's expected gaps.
        count_purchase_days: how many days with a purchase.
    """
    is_unusual = chances <= (silences / UNUSUAL_AFTER) ** SOONER_FOR_LONGER
    return is_unusual & (quiet_ratios >= DUE_AFTER) & (quiet_ratios < GONE_AFTER) & (count_purchase_days >= RHYTHM_FROM)


def next_days(last_days: np.ndarray, expected: Numbers) -> pa.Array:
    """The business day of the last purchase plus the expected gap, rounded to whole days (halves up)."""
    gaps = np.floor(np.nan_to_num(expected) + 0.5).astype(np.int64).astype("timedelta64[D]")
    return pa.array(np.where(np.isnan(expected), np.datetime64("NaT"), last_days + gaps).astype("datetime64[D]"))
