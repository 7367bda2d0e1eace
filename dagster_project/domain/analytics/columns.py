"""Columns of a table as arrays to compute with: numbers with gaps, business days, money."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dagster_project.domain.analytics.schema import MONEY
from dagster_project.domain.clock import business_date
from dagster_project.errors import HoivaError

Numbers = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]
Flags = npt.NDArray[np.bool_]

UNITS = 10_000  # of money: four decimals


def numbers(rows: pa.Table, column: str) -> Numbers:
    """A numeric column as floats; where there is no value, NaN.

    >>> numbers(pa.table({"count_orders": [3, None]}), "count_orders")
    array([ 3., nan])

    Raises:
        HoivaError: the table has no such column.
    """
    if column not in rows.column_names:
        raise HoivaError(f"customer_360 has no column {column}; it has {', '.join(rows.column_names)}")
    return np.asarray(rows.column(column).cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def business_days(rows: pa.Table, column: str, zone: ZoneInfo) -> Days:
    """The business day each UTC moment falls on; where there is no moment, NaT.

    >>> from datetime import datetime
    >>> late = pa.table({"last_purchase_at": pa.array([datetime(2026, 1, 1, 22, 30), None], pa.timestamp("us"))})
    >>> business_days(late, "last_purchase_at", ZoneInfo("Europe/Helsinki"))
    array(['2026-01-02',        'NaT'], dtype='datetime64[D]')
    """
    import pandas as pd

    if column not in rows.column_names:
        raise HoivaError(f"customer_360 has no column {column}; it has {', '.join(rows.column_names)}")
    moments = rows.column(column).cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
    local = pd.DatetimeIndex(moments).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return np.asarray(local.to_numpy(), dtype="datetime64[D]")


def days_until(days: Days, as_of: datetime, zone: ZoneInfo) -> Numbers:
    """Whole business days from each day to the day of ``as_of``; where there is no day, NaN.

    >>> from datetime import UTC
    >>> days_until(np.array(["2026-01-02", "NaT"], dtype="datetime64[D]"), datetime(2026, 1, 5, tzinfo=UTC),
    ...            ZoneInfo("Europe/Helsinki"))
    array([ 3., nan])
    """
    today = np.datetime64(business_date(as_of, zone), "D")
    return np.where(np.isnat(days), np.nan, (today - days).astype(np.float64))


def whole(values: Numbers) -> pa.Array:
    """Floats that are whole numbers, as integers; NaN becomes null."""
    known = ~np.isnan(values)
    return pa.array(np.where(known, values, 0).astype(np.int64), mask=~known)


def decimals(values: Numbers) -> pa.Array:
    """Floats that hold numbers, as doubles; NaN becomes null."""
    return pa.array(values, mask=np.isnan(values))


def money(values: Numbers) -> pa.Array:
    """Amounts rounded to four decimals, as decimal(18,4); NaN becomes null.

    >>> money(np.array([0.1 + 0.2, np.nan])).to_pylist()
    [Decimal('0.3000'), None]
    """
    return pa.array(np.round(values * UNITS) / UNITS, mask=np.isnan(values)).cast(MONEY)
