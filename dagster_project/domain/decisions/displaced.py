"""Who gave way to whom in the arbitration."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from dagster_project.domain.decisions.reasons import GROUPS
from dagster_project.domain.decisions.schemas import DISPLACEMENT_SCHEMA

Key = tuple[str, str, str | None, str | None, str]


def displacements(decided: pa.Table) -> pa.Table:
    """Candidates that lost in the arbitration, by who proposed them, who stands in their way, and the rule or price.

    Args:
        decided: contact_id, department, care_model, stopped_by, rule, displaced_by, score.

    Returns:
        ``DISPLACEMENT_SCHEMA``, sorted. What a price outbid gave way to many, and names nobody.
    """
    names = ("contact_id", "department", "care_model", "stopped_by", "rule", "displaced_by", "score")
    rows = decided.select(names).to_pylist()
    proposer = {row["contact_id"]: (row["department"] or "", row["care_model"]) for row in rows}
    counts: defaultdict[Key, int] = defaultdict(int)
    values: defaultdict[Key, float] = defaultdict(float)
    for row in rows:
        if row["stopped_by"] not in GROUPS["arbitration"]:
            continue
        by = proposer.get(row["displaced_by"], (None, None))
        key = (*proposer[row["contact_id"]], *by, row["rule"] or "")
        counts[key] += 1
        values[key] += row["score"]
    found = [
        dict(zip(DISPLACEMENT_SCHEMA.names, (*key, counts[key], values[key]), strict=True))
        for key in sorted(counts, key=lambda key: tuple(part or "" for part in key))
    ]
    return pa.Table.from_pylist(found, schema=DISPLACEMENT_SCHEMA)
