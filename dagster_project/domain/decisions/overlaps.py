"""Where one care model or action meets the others: whom they share, and which contacts of others give way to it.

The same proposals are decided twice, with it and without it. What only the first decision knows is its own; all else is
of others, and can be compared contact by contact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

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


@dataclass(frozen=True)
class Conflicts:
    """What one care model or action is to the others, as a reviewer reads it.

    Attributes:
        overlaps: rows of ``OVERLAP_SCHEMA``.
        displaced: rows of ``DISPLACED_SCHEMA``.
        count_contacts: all chosen contacts with it; ``count_contacts_without``: those without it.
        value: the scores of all chosen contacts with it, in the reporting currency; ``value_without``: without it.
    """

    overlaps: tuple[Mapping[str, Any], ...]
    displaced: tuple[Mapping[str, Any], ...]
    count_contacts: int
    count_contacts_without: int
    value: float
    value_without: float

    @property
    def count_displaced(self) -> int:
        """Contacts of others that give way to it."""
        return sum(row["count_displaced"] for row in self.displaced)

    @property
    def value_displaced(self) -> float:
        """The scores of those together."""
        return sum((row["value_displaced"] for row in self.displaced), 0.0)


def conflicts(with_it: pa.Table, without_it: pa.Table, zone: ZoneInfo) -> Conflicts:
    """Both tables below, with what all care models together come to.

    Args:
        with_it: ``DECISION_SCHEMA``: all proposals decided, its own among them.
        without_it: ``DECISION_SCHEMA``: the same without its own.
        zone: the business zone.

    Raises:
        HoivaError: what was decided without it was not proposed with it.
    """
    (count, value), (count_without, value_without) = _chosen(with_it), _chosen(without_it)
    return Conflicts(
        tuple(overlaps(with_it, without_it, zone).to_pylist()),
        tuple(displaced(with_it, without_it).to_pylist()),
        count, count_without, value, value_without,
    )  # fmt: skip


def _chosen(decided: pa.Table) -> tuple[int, float]:
    """How many are chosen, and their scores together."""
    scores = decided.filter(pc.equal(decided["outcome"], "chosen"))["score"]
    return len(scores), float(pc.sum(scores).as_py() or 0.0)


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
    rows = with_it.select(ASKED).to_pandas().set_index("contact_id")
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
