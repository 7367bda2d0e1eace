"""Where customers stand in their lifecycle, and how they moved since last month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dagster_project.domain.analytics.xray.drawing import WIDE, month_bars
from dagster_project.domain.analytics.xray.questions import Answer
from dagster_project.domain.analytics.xray.words import (
    STAGE_COLOURS,
    STAGES,
    TIERS,
    Setting,
    customers,
    months_back,
    percent,
    share_of,
    whole,
)
from dagster_project.domain.pages import Figure, Numbers, Section
from dagster_project.domain.pages.charts import moves
from dagster_project.domain.pages.page import Value

if TYPE_CHECKING:
    import pandas as pd

NOT_KNOWN = "not_known"  # last month we had not met the customer


def lifecycle_section(answers: Mapping[str, Answer], setting: Setting) -> Section:
    """The stages now and over the year."""
    blocks: list[Figure | Numbers] = []
    if len(answers["stage_history"].rows["month"].unique()) > 1:
        blocks.append(_history(answers["stage_history"], setting))
    if answers["stages"]:
        blocks.append(_stages(answers["stages"], setting))
    told = "Everyone stands in exactly one stage, judged by their own rhythm of buying."
    return Section("Lifecycle", told if blocks else "Nobody is known yet.", blocks)


def _history(history: Answer, setting: Setting) -> Figure:
    rows = history.rows.assign(month=history.rows["month"].replace("now", setting.month))
    order = {stage: place for place, stage in enumerate(_stacked())}
    rows = rows[rows["month"].isin(months_back(setting.month))]
    rows = rows.assign(series=rows["lifecycle_stage"], count=rows["count_customers"])
    rows["place"] = rows["series"].map(order)
    last = rows["month"].max()
    before = sorted(rows["month"].unique())[-2]
    share = {month: _share_of_stage(rows, month, "active") for month in (before, last)}
    told = (
        f"{customers(rows[rows['month'] == last]['count'].sum())} now; {percent(share[last])} of those who have bought "
        f"are active, {percent(share[before])} were at the end of the month before. The last bar is now."
    )
    colours = {stage: STAGE_COLOURS[stage] for stage in _stacked() if stage in set(rows["series"])}
    return Figure("The base by stage, month by month", month_bars(rows, colours, width=WIDE), told, history.sql, True)


def _stacked() -> list[str]:
    """The stages from the ground up: those who buy carry the others."""
    return ["active", "new", "returned", "fading", "passive", "lost", "prospect"]


def _share_of_stage(rows: pd.DataFrame, month: str, stage: str) -> float:
    month_rows = rows[(rows["month"] == month) & (rows["series"] != "prospect")]
    return share_of(month_rows[month_rows["series"] == stage]["count"].sum(), month_rows["count"].sum())


def _stages(stages: Answer, setting: Setting) -> Numbers:
    by_stage = {row["lifecycle_stage"]: row for row in stages.rows.to_dict("records")}
    everyone = sum(row["count_customers"] for row in by_stage.values())
    money = sum(row["purchase_amount_365d"] for row in by_stage.values())
    meanings = {
        "prospect": "known, has not bought", "new": "first purchase within 60 days",
        "active": "buys in their own rhythm",
        "returned": "came back after having been lost", "fading": "quieter than their own rhythm",
        "passive": "quiet for long, not yet lost", "lost": "silent for a year and four gaps",
    }  # fmt: skip
    rows: list[list[Value]] = [
        [
            stage,
            meanings[stage],
            int(by_stage[stage]["count_customers"]),
            percent(share_of(by_stage[stage]["count_customers"], everyone)),
            setting.money(float(by_stage[stage]["purchase_amount_365d"])),
            percent(share_of(by_stage[stage]["purchase_amount_365d"], money)),
        ]
        for stage in STAGES
        if stage in by_stage
    ]
    columns = ["stage", "who", "customers", "of all", "bought in a year", "of all"]
    return Numbers("Where they stand now", columns, rows, "", stages.sql, True)


def migration_section(answers: Mapping[str, Answer]) -> Section:
    """Who moved between stages, tiers and segments since the end of last month."""
    blocks: list[Figure | Numbers] = []
    if answers["migration"]:
        blocks.append(_stage_moves(answers["migration"]))
    if answers["tier_migration"] and (answers["tier_migration"].rows["from_tier"] != NOT_KNOWN).any():
        blocks.append(_tier_moves(answers["tier_migration"]))
    if answers["segments"]:
        blocks.append(_segments(answers["segments"]))
    told = (
        "Rows are where customers stood at the end of last month, columns where they stand now. Who stayed is framed, "
        "who moved is coloured."
    )
    return Section("Migration since last month", told if blocks else "There is no last month to compare with.", blocks)


def _stage_moves(migration: Answer) -> Figure:
    rows = migration.rows
    known = rows[rows["from_stage"] != NOT_KNOWN]
    stayed = known[known["from_stage"] == known["to_stage"]]["count_customers"].sum()
    moved = known[known["from_stage"] != known["to_stage"]].sort_values(
        ["count_customers", "from_stage", "to_stage"], ascending=[False, True, True]
    )
    told = (
        f"{percent(share_of(stayed, known['count_customers'].sum()))} stayed where they were; "
        f"{customers(rows[rows['from_stage'] == NOT_KNOWN]['count_customers'].sum())} we met since."
    )
    if len(moved):
        most = moved.iloc[0]
        told += (
            f" The strongest stream: {whole(most['count_customers'])} from {most['from_stage']} to {most['to_stage']}."
        )
    drawn = moves(rows, "from_stage", "to_stage", "count_customers", [*STAGES, NOT_KNOWN])
    return Figure("Between stages", drawn, told, migration.sql)


def _tier_moves(migration: Answer) -> Figure:
    rows = migration.rows
    order = [*TIERS, NOT_KNOWN]
    known = rows[rows["from_tier"] != NOT_KNOWN]
    steps = known["from_tier"].map(order.index) - known["to_tier"].map(order.index)
    up, down = known[steps > 0]["count_customers"].sum(), known[steps < 0]["count_customers"].sum()
    told = f"{customers(up)} rose to a better tier, {whole(down)} fell to a lower one."
    drawn = moves(rows, "from_tier", "to_tier", "count_customers", order)
    return Figure("Between value tiers", drawn, told, migration.sql)


def _segments(segments: Answer) -> Numbers:
    rows = [
        [
            row["segment"].replace("_", " "),
            row["owner"],
            row["purpose"],
            int(row["count_customers"]),
            f"{whole(row['expected_min'])} to {whole(row['expected_max'])}",
            "yes" if row["is_within_band"] else "no: look at it",
        ]
        for row in segments.rows.to_dict("records")
    ]
    columns = ["segment", "owner", "for", "customers", "expected", "as expected"]
    told = "Segments are declared with an owner and the size they should have."
    return Numbers("Segments now", columns, rows, told, segments.sql, True)
