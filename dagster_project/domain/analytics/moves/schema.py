"""The columns of ``lifecycle_moves`` and ``lifecycle_migration``: what their readers may count on."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.analytics.schema import MOMENT


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


LIFECYCLE_MOVES = pa.schema(
    [
        _required("event_id", pa.string()),
        _required("customer_id", pa.string()),
        _required("event_type", pa.string()),
        _required("subject_id", pa.string()),
        _required("from_stage", pa.string()),
        _required("to_stage", pa.string()),
        _required("cause", pa.string()),
        _required("occurred_at", MOMENT),
        _required("known_at", MOMENT),
        _required("compared_with", MOMENT),
        _required("as_of", MOMENT),
        _required("model_version", pa.string()),
        _required("quality", pa.float64()),
    ]
)

LIFECYCLE_MIGRATION = pa.schema(
    [
        _required("from_as_of", MOMENT),
        _required("to_as_of", MOMENT),
        _required("from_stage", pa.string()),
        _required("to_stage", pa.string()),
        _required("count_customers", pa.int64()),
        _required("as_of", MOMENT),
    ]
)
MIGRATION_KEY = ("from_as_of", "to_as_of", "from_stage", "to_stage")

LIFECYCLE_BEFORE = pa.schema(
    [
        _required("customer_id", pa.string()),
        pa.field("previous_lifecycle_stage", pa.string()),
        pa.field("compared_with", MOMENT),
        _required("as_of", MOMENT),
    ]
)
