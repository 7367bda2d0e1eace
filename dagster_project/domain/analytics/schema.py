"""The columns of every table of the room ``analytics``: what its readers may count on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.clock import naive_utc
from dagster_project.errors import HoivaError

MOMENT = pa.timestamp("us")  # UTC without a zone, as in every table
MONEY = pa.decimal128(18, 4)


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


CUSTOMER_ID = _required("customer_id", pa.string())

RFM = pa.schema(
    [
        CUSTOMER_ID,
        _required("value_tier", pa.string()),
        pa.field("recency_days", pa.int64()),
        pa.field("frequency", pa.float64()),
        pa.field("monetary_amount", MONEY),
        pa.field("steady_amount", MONEY),
        pa.field("recency_score", pa.int64()),
        pa.field("frequency_score", pa.int64()),
        pa.field("monetary_score", pa.int64()),
    ]
)

RHYTHM = pa.schema(
    [
        CUSTOMER_ID,
        pa.field("expected_gap_days", pa.float64()),
        pa.field("quiet_ratio", pa.float64()),
        pa.field("silence_chance", pa.float64()),
        _required("is_fading", pa.bool_()),
        pa.field("next_visit_expected_on", pa.date32()),
    ]
)

LIFECYCLE = pa.schema([CUSTOMER_ID, _required("lifecycle_stage", pa.string())])

# What customer_analytics adds to customer_360, in this order.
ADDED = pa.schema(
    [
        RFM.field("value_tier"),
        LIFECYCLE.field("lifecycle_stage"),
        RFM.field("recency_score"),
        RFM.field("frequency_score"),
        RFM.field("monetary_score"),
        RHYTHM.field("quiet_ratio"),
        RHYTHM.field("expected_gap_days"),
        RHYTHM.field("is_fading"),
        pa.field("churn_probability", pa.float64()),
        pa.field("p_alive", pa.float64()),
        pa.field("expected_purchases_365d", pa.float64()),
        pa.field("lifetime_value_amount", MONEY),
        pa.field("persona", pa.string()),
        pa.field("previous_lifecycle_stage", pa.string()),  # at the end of last month; null for whom we met since
    ]
)

SEGMENTS = pa.schema([_required("segment", pa.string()), CUSTOMER_ID])

SEGMENT_SIZES = pa.schema(
    [
        _required("segment", pa.string()),
        _required("owner", pa.string()),
        _required("purpose", pa.string()),
        _required("count_customers", pa.int64()),
        _required("expected_min", pa.int64()),
        _required("expected_max", pa.int64()),
        _required("is_within_band", pa.bool_()),
    ]
)

# Each table's columns and its key.
TABLES: Mapping[str, tuple[pa.Schema, tuple[str, ...]]] = MappingProxyType(
    {
        "rfm": (RFM, ("customer_id",)),
        "rhythm": (RHYTHM, ("customer_id",)),
        "lifecycle": (LIFECYCLE, ("customer_id",)),
        "segments": (SEGMENTS, ("segment", "customer_id")),
        "segment_sizes": (SEGMENT_SIZES, ("segment",)),
    }
)


def conforming(table: str, rows: pa.Table) -> pa.Table:
    """The rows, once they have proved to be what readers of the table expect.

    Checks names and order, types, that required columns are filled and that the key is unique.

    >>> conforming("lifecycle", pa.table({"customer_id": ["c1"], "lifecycle_stage": ["new"]})).num_rows
    1
    >>> conforming("lifecycle", pa.table({"customer_id": ["c1"], "stage": ["new"]}))
    Traceback (most recent call last):
    ...
    dagster_project.errors.HoivaError: analytics.lifecycle: columns are customer_id, stage; its readers expect
    customer_id, lifecycle_stage

    Raises:
        HoivaError: naming the table and the column, never a value.
    """
    schema, key = TABLES[table]
    return conforming_to(f"analytics.{table}", rows, schema, key)


def conforming_to(name: str, rows: pa.Table, schema: pa.Schema, key: tuple[str, ...]) -> pa.Table:
    """The rows with exactly this schema, or an error that names what differs. See :func:`conforming`."""
    if rows.column_names != schema.names:
        raise HoivaError(
            f"{name}: columns are {', '.join(rows.column_names)}; its readers expect {', '.join(schema.names)}"
        )
    for field in schema:
        column = rows.column(field.name)
        if column.type != field.type:
            raise HoivaError(f"{name}.{field.name} is {column.type}; its readers expect {field.type}")
        if not field.nullable and column.null_count:
            raise HoivaError(f"{name}.{field.name} must be filled; {column.null_count} rows have no value")
    count_keys = rows.select(list(key)).group_by(list(key)).aggregate([]).num_rows
    if count_keys != rows.num_rows:
        raise HoivaError(f"{name}: {rows.num_rows - count_keys} rows repeat the key {', '.join(key)}")
    return rows.cast(schema)


def require_known_by(customer_360: pa.Table, as_of: datetime) -> None:
    """Refuse a customer_360 that is not the one of this moment, or that knows something later than it.

    Every moment column is held against ``as_of``: an analysis of last March must not have seen April.

    Raises:
        HoivaError: naming the column and the number of rows.
    """
    limit = pa.scalar(naive_utc(as_of), MOMENT)
    as_of_first = sorted(customer_360.schema, key=lambda field: field.name != "as_of")
    for field in as_of_first:
        if not pa.types.is_timestamp(field.type):
            continue
        moments = customer_360.column(field.name).cast(MOMENT)
        wrong = pc.not_equal(moments, limit) if field.name == "as_of" else pc.greater(moments, limit)
        count_wrong = pc.sum(wrong).as_py() or 0
        if count_wrong:
            what = "another moment than the one asked about" if field.name == "as_of" else "a moment after it"
            raise HoivaError(
                f"customer_360.{field.name}: {count_wrong} rows hold {what}; build customer_360 for the same as_of"
            )
