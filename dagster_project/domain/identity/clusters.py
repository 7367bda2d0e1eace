"""Customers as connected parts of the matches that stand, each under an id that lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.domain.identity.ids import record_ids
from dagster_project.domain.identity.union_find import components

if TYPE_CHECKING:
    import pyarrow as pa


def clusters_of(records: pa.Table, matches: pa.Table, salt: str) -> pa.Table:
    """Which customer each source record belongs to.

    The customer has the id of its record that was known first (browsers last), so a customer keeps its id as it grows,
    two who turn out to be one keep the elder's, and after a split each has what it would have had.

    Args:
        records: source_record_id (unique), is_cookie, first_known_at, first_seen_at.
        matches: source_record_id_a, source_record_id_b, reason; those without a reason join.
        salt: the key of customer ids.

    Returns:
        source_record_id, customer_id, record_customer_id (the id the record would have alone); by source_record_id.

    >>> import pyarrow as pa
    >>> records = pa.table({"source_record_id": ["crm:1", "shop:7"], "is_cookie": [False, False],
    ...                     "first_known_at": [2, 1], "first_seen_at": [2, 1]})
    >>> one = pa.table({"source_record_id_a": ["crm:1"], "source_record_id_b": ["shop:7"],
    ...                 "reason": pa.array([None], pa.string())})
    >>> len(set(clusters_of(records, one, "a salt of tests")["customer_id"].to_pylist()))
    1
    """
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    from dagster_project.domain.identity.nodes import in_order_of_seniority

    ids = in_order_of_seniority(records)["source_record_id"]
    standing = matches.filter(pc.is_null(matches["reason"]))
    index = pd.Index(ids)
    a, b = (index.get_indexer(standing[f"source_record_id_{side}"].to_pandas()) for side in "ab")
    if len(standing) and min(a.min(), b.min()) < 0:
        raise ValueError("a match joins a source record that is not among the records")
    labels = components(a, b, len(ids))
    first = np.full(int(labels.max(initial=-1)) + 1, len(ids), dtype=np.int64)
    np.minimum.at(first, labels, np.arange(len(ids)))
    own = pa.array(record_ids(ids, salt), pa.string())
    clusters = pa.table(
        {
            "source_record_id": pa.array(ids, pa.string()),
            "customer_id": own.take(pa.array(first[labels])),
            "record_customer_id": own,
        }
    )
    return clusters.sort_by("source_record_id")
