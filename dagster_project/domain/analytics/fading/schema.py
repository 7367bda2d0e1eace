"""The columns of ``fading_high_value`` and ``fading_high_value_flow``: what their readers may count on."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.analytics.schema import CUSTOMER_ID, MOMENT, MONEY


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


FADING_HIGH_VALUE = pa.schema(
    [
        CUSTOMER_ID,
        _required("movement", pa.string()),
        _required("reason", pa.string()),
        _required("value_tier", pa.string()),
        _required("value_at_risk_amount", MONEY),
        _required("value_before_amount", MONEY),
        pa.field("quiet_ratio", pa.float64()),
        pa.field("expected_gap_days", pa.float64()),
        pa.field("days_since_last_purchase", pa.int64()),
        _required("is_in_group", pa.bool_()),
        pa.field("last_purchase_at", MOMENT),
        _required("compared_with", MOMENT),
        _required("as_of", MOMENT),
        _required("model_version", pa.string()),
        pa.field("quality", pa.float64()),
    ]
)

MOVEMENTS = ("new", "returned", "saved", "lost")
FADING_HIGH_VALUE_FLOW = pa.schema(
    [
        _required("from_as_of", MOMENT),
        _required("to_as_of", MOMENT),
        _required("count_before", pa.int64()),
        *(_required(f"count_{movement}", pa.int64()) for movement in MOVEMENTS),
        _required("count_after", pa.int64()),
        _required("value_before_amount", MONEY),
        *(_required(f"value_{movement}_amount", MONEY) for movement in MOVEMENTS),
        _required("value_changed_amount", MONEY),
        _required("value_after_amount", MONEY),
        _required("count_followed", pa.int64()),
        _required("count_still_silent", pa.int64()),
        _required("as_of", MOMENT),
        _required("model_version", pa.string()),
        pa.field("quality", pa.float64()),
    ]
)
