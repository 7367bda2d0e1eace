"""How many customers moved from which stage to which between two dates: a matrix that sums to the base."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.lifecycle import LIFECYCLE_STAGES
from dagster_project.domain.analytics.moves.machine import NOT_KNOWN
from dagster_project.domain.analytics.moves.schema import LIFECYCLE_MIGRATION, MIGRATION_KEY
from dagster_project.domain.analytics.moves.standing import Standing, places_of
from dagster_project.domain.analytics.schema import conforming_to
from dagster_project.domain.clock import naive_utc
from dagster_project.errors import HoivaError

# Rows and columns of the matrix, in the order of a customer's life.
PLACES = (NOT_KNOWN, "prospect", "new", "active", "fading", "passive", "lost", "returned")
if set(PLACES) != {NOT_KNOWN, *LIFECYCLE_STAGES}:
    raise AssertionError("the migration matrix must have a place for every stage")


def stages_before(before: Standing, after: Standing) -> pa.Array:
    """The stage that each customer of ``after`` had in ``before``; ``NOT_KNOWN`` for whom we met since."""
    return before.stages.take(places_of(after.ids, before.ids)).fill_null(NOT_KNOWN)


def migration(before: Standing, after: Standing) -> pa.Table:
    """One row for each pair of stages that somebody moved between, or stayed in.

    The rows of one ``to_stage`` sum to that stage today, those of one ``from_stage`` to that stage then, all of them to
    the base of today. Nobody leaves the base: a customer known then is known now, or is part of somebody who is.

    Args:
        before: where everyone stood at the earlier date.
        after: and at the later one; of the same base.

    Raises:
        HoivaError: somebody of ``before`` is missing in ``after``; the two were made from different bases.
    """
    missing = places_of(before.ids, after.ids).null_count
    if missing:
        raise HoivaError(f"{missing} customers known at the earlier date are not known at the later one")
    then, now = stages_before(before, after), after.stages
    counted = (
        pa.table({"from_stage": then, "to_stage": now})
        .group_by(["from_stage", "to_stage"])
        .aggregate([([], "count_all")])
    )
    order = {stage: place for place, stage in enumerate(PLACES)}
    rows = sorted(counted.to_pylist(), key=lambda row: (order[row["from_stage"]], order[row["to_stage"]]))
    first, last = naive_utc(before.as_of), naive_utc(after.as_of)
    written = [
        {
            "from_as_of": first,
            "to_as_of": last,
            "from_stage": row["from_stage"],
            "to_stage": row["to_stage"],
            "count_customers": row["count_all"],
            "as_of": last,
        }
        for row in rows
    ]
    return pa.Table.from_pylist(written, schema=LIFECYCLE_MIGRATION)


def migrations(pairs: Iterable[pa.Table], as_of: datetime) -> pa.Table:
    """Several matrices below each other, as the table ``lifecycle_migration`` of this moment."""
    rows = pa.concat_tables([LIFECYCLE_MIGRATION.empty_table(), *pairs])
    moment = pa.repeat(pa.scalar(naive_utc(as_of), LIFECYCLE_MIGRATION.field("as_of").type), rows.num_rows)
    rows = rows.set_column(rows.column_names.index("as_of"), LIFECYCLE_MIGRATION.field("as_of"), moment)
    return conforming_to("analytics.lifecycle_migration", rows.combine_chunks(), LIFECYCLE_MIGRATION, MIGRATION_KEY)


def as_matrix(rows: pa.Table) -> np.ndarray:
    """One migration as a square of counts: rows are ``PLACES`` then, columns ``PLACES`` now."""
    matrix = np.zeros((len(PLACES), len(PLACES)), dtype=np.int64)
    for row in rows.to_pylist():
        matrix[PLACES.index(row["from_stage"]), PLACES.index(row["to_stage"])] += row["count_customers"]
    return matrix
