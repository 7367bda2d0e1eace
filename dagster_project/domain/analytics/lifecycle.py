"""Where each customer stands with the company: exactly one stage each, for any moment."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.columns import Flags, Numbers, business_days, days_until, numbers
from dagster_project.domain.analytics.rhythm import GONE_AFTER, QUIET_AFTER, RHYTHM_FROM, base_gap, expected_gaps
from dagster_project.domain.analytics.schema import conforming, require_known_by

NEW_FOR = 60  # days after the first purchase: two letters a month leave four chances to make the second one happen
LOST_AFTER = 365  # days, and also GONE_AFTER expected gaps: a yearly buyer a month late is not lost
RETURNED_FOR = 60  # days after the purchase that ended the long absence: as long as a new customer is new

# Asked in this order; the first that fits is the stage. The last fits everyone, so nobody is left without.
LIFECYCLE_STAGES = ("prospect", "lost", "fading", "returned", "new", "passive", "active")


def lifecycle(customer_360: pa.Table, rhythm: pa.Table, as_of: datetime, zone: ZoneInfo) -> pa.Table:
    """The lifecycle stage of every customer.

    - ``prospect``: known, has not bought.
    - ``lost``: silent for a year and for four expected gaps.
    - ``fading``: ``is_fading`` of the rhythm: unusually quiet for them, not yet gone.
    - ``returned``: bought again within 60 days after having been lost.
    - ``new``: first purchase within 60 days.
    - ``passive``: quiet for 1.8 expected gaps, without a rhythm to judge by or past four gaps, not yet lost.
    - ``active``: everyone else: buying within the own rhythm.

    Args:
        customer_360: one row per customer, built for this ``as_of``.
        rhythm: the table of the same name for the same customers, in the same order.
        as_of: the moment, with its zone.
        zone: the business zone.

    Returns:
        A table of the schema ``LIFECYCLE``, in the order of ``customer_360``.

    Raises:
        HoivaError: a column is missing, or a row knows something after ``as_of``.
    """
    require_known_by(customer_360, as_of)
    since_last = numbers(customer_360, "days_since_last_purchase")
    since_first = days_until(business_days(customer_360, "first_purchase_at", zone), as_of, zone)
    quiet = numbers(rhythm, "quiet_ratio")
    has_rhythm = numbers(customer_360, "count_purchase_days") >= RHYTHM_FROM
    has_rhythm = numbers(customer_360, "count_purchase_days") >= RHYTHM_FROM
    is_fading = rhythm.column("is_fading").to_numpy(zero_copy_only=False)
    fits = {
        "prospect": np.isnan(since_last),
        "lost": (since_last >= LOST_AFTER) & (quiet >= GONE_AFTER),
        "fading": is_fading,
        "returned": (since_last <= RETURNED_FOR) & was_lost_before_last(customer_360),
        "new": since_first <= NEW_FOR,
        "passive": (quiet >= QUIET_AFTER) & (~has_rhythm | (quiet >= GONE_AFTER)),
        "active": np.ones(customer_360.num_rows, dtype=bool),
    }
    stages = np.select([fits[stage] for stage in LIFECYCLE_STAGES], LIFECYCLE_STAGES, default="active")
    return conforming(
        "lifecycle",
        pa.table(
            {
                "customer_id": customer_360.column("customer_id"),
                "lifecycle_stage": pa.array(stages.astype(str), pa.string()),
            }
        ),
    )


def was_lost_before_last(customer_360: pa.Table) -> Flags:
    """Whether the customer's last purchase ended an absence that had made them ``lost``."""
    last_gap = numbers(customer_360, "last_gap_days")
    own_gap = numbers(customer_360, "median_gap_days")
    count_gaps = numbers(customer_360, "count_purchase_days") - 1
    before = expected_gaps(gap_before_last(own_gap, last_gap, count_gaps), count_gaps - 1, base_gap(own_gap))
    return (last_gap >= LOST_AFTER) & (last_gap >= GONE_AFTER * before)


def gap_before_last(own_gaps: Numbers, last_gaps: Numbers, count_gaps: Numbers) -> Numbers:
    """The customer's own gap as it stood before the last purchase, so that an absence is not its own yardstick.

    Exact for one gap (there was none before) and for two (their median is their mean); from three on the median
    hardly moves with one long gap and is taken as it is.

    >>> gap_before_last(np.array([400.0, 220.0, 30.0]), np.array([400.0, 400.0, 400.0]), np.array([1.0, 2.0, 5.0]))
    array([nan, 40., 30.])
    """
    return np.where(count_gaps <= 1, np.nan, np.where(count_gaps == 2, 2 * own_gaps - last_gaps, own_gaps))
