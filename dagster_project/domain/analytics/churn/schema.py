"""The columns of the churn tables: what their readers may count on."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.analytics.schema import CUSTOMER_ID, MOMENT

REASONS = ("reason_1", "reason_2", "reason_3")
SCORES_CHECKED = ("model", "recency", "frequency", "rhythm", "p_alive", "expected_purchases")


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


CHURN_SCORES = pa.schema(
    [
        CUSTOMER_ID,
        *(pa.field(name, pa.string()) for name in REASONS),
        _required("churn_probability", pa.float64()),
        _required("risk_tenth", pa.int64()),
        _required("as_of", MOMENT),
        _required("model_version", pa.string()),
        _required("quality", pa.float64()),
    ]
)

CHURN_MODEL = pa.schema(
    [
        _required("model_version", pa.string()),
        _required("data_hash", pa.string()),
        _required("settings_hash", pa.string()),
        _required("verdict", pa.string()),
        _required("count_examples", pa.int64()),
        _required("count_customers", pa.int64()),
        pa.field("count_checked", pa.int64()),
        pa.field("left_share", pa.float64()),
        *(pa.field(f"auc_{score}{end}", pa.float64()) for score in SCORES_CHECKED for end in ("", "_low", "_high")),
        *(pa.field(f"lift_{score}{end}", pa.float64()) for score in SCORES_CHECKED for end in ("", "_low", "_high")),
        pa.field("calibration_error", pa.float64()),
        _required("is_published", pa.bool_()),
        _required("is_current", pa.bool_()),
        pa.field("first_month_at", MOMENT),
        pa.field("last_month_at", MOMENT),
        pa.field("checked_at", MOMENT),
        _required("as_of", MOMENT),
    ]
)
