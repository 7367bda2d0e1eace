"""Trigger lists: for each care model, the customers chosen now and the contact each of them is to meet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.clock import naive_utc

TRIGGER_LIST_SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()),
        ("customer_id", pa.string()),
        ("care_model", pa.string()),
        ("step", pa.string()),
        ("channel", pa.string()),
        ("treatment", pa.string()),
        ("consent_id", pa.string()),  # the consent that allows it; null where none is needed
        ("as_of", pa.timestamp("us")),
    ]
)


def trigger_lists(contact_plan: pa.Table, care_models: Iterable[str], as_of: datetime) -> dict[str, pa.Table]:
    """One table per care model, also for one that chose nobody today.

    Args:
        contact_plan: the chosen contacts, with at least the list's columns (but ``as_of``).
        care_models: every care model there is.
        as_of: the moment of the decision (UTC, with zone).

    Returns:
        care model to its rows in ``TRIGGER_LIST_SCHEMA``, sorted by contact_id.

    >>> names = TRIGGER_LIST_SCHEMA.names[:-1]
    >>> plan = pa.table({name: ["welcome" if name == "care_model" else f"{name}-1"] for name in names})
    >>> from datetime import UTC
    >>> lists = trigger_lists(plan, ["welcome", "thank_you"], datetime(2026, 3, 31, tzinfo=UTC))
    >>> {care_model: rows.num_rows for care_model, rows in lists.items()}
    {'thank_you': 0, 'welcome': 1}
    """
    lists = {}
    for care_model in sorted(care_models):
        rows = contact_plan.filter(pc.equal(contact_plan["care_model"].cast(pa.string()), care_model))
        moment = pa.repeat(pa.scalar(naive_utc(as_of), pa.timestamp("us")), rows.num_rows)
        rows = rows.select(TRIGGER_LIST_SCHEMA.names[:-1]).append_column("as_of", moment)
        lists[care_model] = rows.cast(TRIGGER_LIST_SCHEMA).sort_by("contact_id")
    return lists
