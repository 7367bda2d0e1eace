"""Where one care model or action meets the others: whom they share, and which contacts of others give way to it.

The same proposals are decided twice, with it and without it. What only the first decision knows is its own; all else is
of others, and can be compared contact by contact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa

from dagster_project.domain.decisions.reasons import GROUPS
from dagster_project.domain.decisions.schemas import TEXT
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    import pandas as pd

OVERLAP_SCHEMA = pa.schema(
    [
        ("care_model", TEXT),  # the other care model or action
        ("department", TEXT),  # that answers for the other; empty where none does
        ("channel", TEXT),  # of the other's proposals
        ("week", TEXT),  # ISO week of the business day they are planned for: 2026-W09
        ("count_shared_customers", pa.int64()),  # to whom it proposes something in the same week, too
        ("count_displaced", pa.int64()),  # contacts of the other that are chosen without it and not with it
        ("value_displaced", pa.float64()),  # the scores of those together, in the reporting currency
    ]
)
DISPLACED_SCHEMA = pa.schema(
    [
        ("care_model", TEXT),  # the other, which gives way
        ("department", TEXT),
        ("stopped_by", TEXT),  # the stage of the funnel that stops its contact now
        ("rule", TEXT),  # the rule or limit of that stage; empty where it has but one
        ("count_displaced", pa.int64()),
        ("value_displaced", pa.float64()),
    ]
)
# Who is stopped here could not be contacted by both anyway: consent, holdout, conditions. That is no overlap.
BEFORE_THE_POLICY = frozenset(stage for group in ("eligible", "applicable", "suitable") for stage in GROUPS[group])
ASKED = ("contact_id", "customer_id", "department", "care_model", "channel", "outcome", "stopped_by", "rule", "score")


def overlaps(with_it: pa.Table, without_it: pa.Table, zone: ZoneInfo) -> pa.Table:
    """Where the others meet it, by channel and week.

    A customer is shared when it and the other both propose her something in one ISO week, on whatever channel, and
    nothing but the contact policy, a limit or a better action stands between her and either.

    Args:
        with_it: ``DECISION_SCHEMA``: all proposals decided, its own among them.
        without_it: ``DECISION_SCHEMA``: the same without its own.
        zone: the business zone, which says what week a moment is in.

    Returns:
        ``OVERLAP_SCHEMA``, by care_model, channel and week; no row in which nobody is shared and nothing displaced.

    Raises:
        HoivaError: what was decided without it was not proposed with it.
    """
    rows, displaced = _compared(with_it, without_it)
    rows["week"] = _weeks(with_it, zone)
    possible = rows[~rows["stopped_by"].isin(BEFORE_THE_POLICY)]
    its_weeks = possible.loc[possible["is_its_own"], ["customer_id", "week"]].drop_duplicates()
    shared = possible[~possible["is_its_own"]].merge(its_weeks, on=["customer_id", "week"])
    by = ["care_model", "department", "channel", "week"]
    counts = shared.groupby(by)["customer_id"].nunique().rename("count_shared_customers").to_frame()
    gone = rows.loc[displaced.index].groupby(by)["score"].agg(["count", "sum"])
    gone.columns = ["count_displaced", "value_displaced"]
    found = counts.join(gone, how="outer").fillna(0).reset_index()
    return _table(found.sort_values(["care_model", "channel", "week"]), OVERLAP_SCHEMA)


def displaced(with_it: pa.Table, without_it: pa.Table) -> pa.Table:
    """What the others lose to it, by the rule or limit that stops their contacts once it is there.

    Args:
        with_it: ``DECISION_SCHEMA``: all proposals decided, its own among them.
        without_it: ``DECISION_SCHEMA``: the same without its own.

    Returns:
        ``DISPLACED_SCHEMA``, the most valuable first.

    Raises:
        HoivaError: what was decided without it was not proposed with it.
    """
    _, gone = _compared(with_it, without_it)
    by = ["care_model", "department", "stopped_by", "rule"]
    found = gone.groupby(by)["score"].agg(["count", "sum"]).reset_index()
    found.columns = DISPLACED_SCHEMA.names
    order = ["value_displaced", "care_model", "stopped_by", "rule"]
    return _table(found.sort_values(order, ascending=[False, True, True, True]), DISPLACED_SCHEMA)


def _compared(with_it: pa.Table, without_it: pa.Table) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The proposals with it, by contact_id, each marked whether it is its own; and those of others that give way."""
    rows = with_it.select(ASKED).to_pandas().set_index("contact_id", verify_integrity=True)
    before = without_it.select(["contact_id", "outcome"]).to_pandas().set_index("contact_id")
    if not before.index.isin(rows.index).all():
        raise HoivaError("the plans with and without it are not of the same proposals")
    rows = rows.fillna({"department": "", "rule": ""})
    rows["is_its_own"] = ~rows.index.isin(before.index)
    was_chosen = before.index[before["outcome"] == "chosen"]
    gives_way = rows.index.isin(was_chosen) & (rows["outcome"] != "chosen")
    return rows, rows[gives_way].copy()


def _weeks(decided: pa.Table, zone: ZoneInfo) -> list[str]:
    """The ISO week of each proposal's business day, as 2026-W09."""
    import pandas as pd

    local = pd.to_datetime(decided["planned_for"].to_pandas()).dt.tz_localize("UTC").dt.tz_convert(zone)
    parts = local.dt.isocalendar()
    return [f"{year}-W{week:02d}" for year, week in zip(parts["year"], parts["week"], strict=True)]


def _table(rows: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pandas(rows[schema.names], schema=schema, preserve_index=False).replace_schema_metadata()
