"""How customers moved between value tiers since the end of last month."""

from __future__ import annotations

import pyarrow as pa

from dagster_project.domain.analytics.moves.standing import Standing, places_of
from dagster_project.domain.analytics.rfm import VALUE_TIERS
from dagster_project.domain.analytics.schema import MOMENT, conforming_to
from dagster_project.domain.clock import naive_utc

NOT_KNOWN = "not_known"  # at the end of last month we had not met the customer
PLACES = (*VALUE_TIERS, NOT_KNOWN)

VALUE_TIER_MIGRATION = pa.schema(
    [
        pa.field("from_as_of", MOMENT, nullable=False),
        pa.field("to_as_of", MOMENT, nullable=False),
        pa.field("from_tier", pa.string(), nullable=False),
        pa.field("to_tier", pa.string(), nullable=False),
        pa.field("count_customers", pa.int64(), nullable=False),
        pa.field("as_of", MOMENT, nullable=False),
    ]
)


def tier_migration(before: Standing | None, after: Standing) -> pa.Table:
    """One row for each pair of tiers that somebody moved between, or stayed in; together they are the base.

    Args:
        before: where everyone stood at the end of last month; None when nothing was known then.
        after: where everyone stands now.
    """
    now = after.rfm().column("value_tier").combine_chunks()
    if before is None:
        then = pa.nulls(len(now), pa.string())
        first = after.as_of
    else:
        then = before.rfm().column("value_tier").combine_chunks().take(places_of(after.ids, before.ids))
        first = before.as_of
    counted = (
        pa.table({"from_tier": then.fill_null(NOT_KNOWN), "to_tier": now})
        .group_by(["from_tier", "to_tier"])
        .aggregate([([], "count_all")])
        .to_pylist()
    )
    moments = {"from_as_of": naive_utc(first), "to_as_of": naive_utc(after.as_of), "as_of": naive_utc(after.as_of)}
    rows = [
        {"from_tier": row["from_tier"], "to_tier": row["to_tier"], "count_customers": row["count_all"], **moments}
        for row in sorted(counted, key=lambda row: (PLACES.index(row["from_tier"]), PLACES.index(row["to_tier"])))
    ]
    table = pa.Table.from_pylist(rows, schema=VALUE_TIER_MIGRATION)
    return conforming_to("analytics.value_tier_migration", table, VALUE_TIER_MIGRATION, ("from_tier", "to_tier"))


def count_changed(rows: pa.Table) -> int:
    """Customers in another tier than at the end of last month, of those known then."""
    return sum(
        row["count_customers"] for row in rows.to_pylist() if row["from_tier"] not in (row["to_tier"], NOT_KNOWN)
    )


def tier_picture(rows: pa.Table) -> str | None:
    """The migration as a picture for an asset's metadata; None where there is no last month."""
    from dagster_project.domain.pages.charts import moves, picture

    if not any(row["from_tier"] != NOT_KNOWN for row in rows.to_pylist()):
        return None
    drawn = moves(rows.to_pandas(), "from_tier", "to_tier", "count_customers", list(PLACES))
    return picture("From which value tier to which since last month", drawn)
