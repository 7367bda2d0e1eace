"""A year of moves: every month against the one before, and every month against tonight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.moves.migration import PLACES, as_matrix, migration, migrations
from dagster_project.domain.analytics.moves.moves import lifecycle_moves, moves_between, previous_stages
from dagster_project.domain.analytics.moves.schema import LIFECYCLE_BEFORE, LIFECYCLE_MIGRATION
from dagster_project.domain.analytics.moves.standing import Standing
from dagster_project.domain.analytics.schema import MOMENT, conforming_to
from dagster_project.domain.clock import naive_utc


@dataclass(frozen=True)
class YearOfMoves:
    """What came of it.

    Attributes:
        moves: the table ``lifecycle_moves``.
        migration: the table ``lifecycle_migration``.
        before: the table ``lifecycle_before``.
        newest: of the migration, the rows from the end of last month to tonight.
    """

    moves: pa.Table
    migration: pa.Table
    before: pa.Table
    newest: pa.Table

    @property
    def count_since_last_month(self) -> int:
        """Customers in another stage than at the end of last month, those we met since among them."""
        matrix = as_matrix(self.newest)
        return int(matrix.sum() - matrix.trace())

    @property
    def share_staying(self) -> float:
        """Of those known at the end of last month, the share in the same stage tonight; 1 when there were none."""
        known = as_matrix(self.newest)[1:]
        return float(np.trace(known, offset=1) / known.sum()) if known.sum() else 1.0


def year_of_moves(moments: Iterable[Standing], met_at: pa.Table, as_of: datetime) -> YearOfMoves:
    """Hold where everyone stood at each moment against the moment before, and against the last.

    Args:
        moments: where everyone stood, oldest first; the last is of ``as_of``. Two at a time are held.
        met_at: customer_id and first_seen_at of everybody.
        as_of: the moment asked about.
    """
    moves, pairs, stages = [], [], []
    before: Standing | None = None
    for after in moments:
        if before is not None:
            moves.append(moves_between(before, after, met_at))
            pairs.append(migration(before, after))
            stages.append(_light(before))
        last, previous, before = after, before, after
    newest = pairs[-1] if pairs else LIFECYCLE_MIGRATION.empty_table()
    to_tonight = [migration(earlier, last) for earlier in stages[:-1]]
    return YearOfMoves(
        lifecycle_moves(moves, as_of),
        migrations([*pairs, *to_tonight], as_of),
        _before(previous, last),
        newest,
    )


def _light(standing: Standing) -> Standing:
    """Where everyone stood, without all that is not needed to count it."""
    ids = standing.customers.select(["customer_id"])
    return Standing(standing.as_of, ids, standing.rhythm.slice(0, 0), standing.lifecycle, standing.zone)


def _before(previous: Standing | None, last: Standing) -> pa.Table:
    if previous is None:
        rows = pa.table({"customer_id": last.ids, "previous_lifecycle_stage": pa.nulls(len(last.ids), pa.string())})
    else:
        rows = previous_stages(previous, last)
    moments = {"compared_with": previous.as_of if previous else None, "as_of": last.as_of}
    for name, moment in moments.items():
        value = pa.scalar(naive_utc(moment) if moment else None, MOMENT)
        rows = rows.append_column(name, pa.repeat(value, rows.num_rows))
    return conforming_to("analytics.lifecycle_before", rows, LIFECYCLE_BEFORE, ("customer_id",))


def migration_picture(newest: pa.Table) -> str:
    """The newest migration as a heat map, for an asset's metadata."""
    from dagster_project.domain.pages.charts import picture

    return picture("From which stage to which since last month", migration_svg(newest))


def migration_svg(newest: pa.Table) -> str:
    """One migration as a heat map: rows are the stages then, columns the stages now; who stayed is left pale.

    The diagonal would drown everything else, so only those who moved are coloured; the counts of who stayed are in
    the table.
    """
    from dagster_project.domain.pages.charts import heat

    moved = newest.filter(pc.not_equal(newest["from_stage"], newest["to_stage"]))
    rows = moved.select(["from_stage", "to_stage", "count_customers"]).to_pandas()
    order = [place.replace("_", " ") for place in PLACES]
    for column in ("from_stage", "to_stage"):
        rows[column] = rows[column].str.replace("_", " ")
    return heat(
        rows, "to_stage", "from_stage", "count_customers", x_title="stage now", y_title="stage then",
        x_order=order[1:], y_order=order,
    )  # fmt: skip
