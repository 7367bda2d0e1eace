"""How customers buy: cohorts, gaps, silence, the visits to expect, weekdays and hours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

from dagster_project.domain.analytics.xray.drawing import WIDE, histogram
from dagster_project.domain.analytics.xray.questions import Answer
from dagster_project.domain.analytics.xray.words import (
    MONTHS_SHOWN,
    Setting,
    customers,
    percent,
    share_of,
    short_month,
    whole,
)
from dagster_project.domain.pages import Figure, Numbers, Section
from dagster_project.domain.pages.charts import bars, heat

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def cohorts_section(answers: Mapping[str, Answer]) -> Section:
    """How many of those who began together still buy."""
    cohorts = answers["cohorts"]
    if not cohorts:
        return Section("Cohorts", "Nobody has bought yet.")
    rows = cohorts.rows
    shown = sorted(rows["first_month"].unique())[-MONTHS_SHOWN:]
    rows = rows[rows["first_month"].isin(shown)]
    began = rows[rows["months_since"] == 0].set_index("first_month")["count_buyers"]
    label = {month: f"{short_month(month)}  ·  {whole(began[month])}" for month in shown}
    later = rows[rows["months_since"] > 0]
    third = rows[rows["months_since"] == 3]
    told = "Each row are those who first bought in one month, with their number; each cell the share who bought again."
    if len(third):
        share = share_of(third["count_buyers"].sum(), began[third["first_month"]].sum())
        told += f" In the third month after the first purchase {percent(share)} bought."
    if not len(later):
        return Section("Cohorts", "All who bought did so for the first time this month.")
    drawn = heat(
        later.assign(cohort=later["first_month"].map(label)), "months_since", "cohort", "share",
        x_title="months since the first purchase", form=".0%", y_order=list(label.values()), width=WIDE - 90,
        least=math.floor(10 * float(later["share"].min())) / 10,
    )  # fmt: skip
    return Section("Cohorts", "", [Figure("How many come back", drawn, told, cohorts.sql, True)])


def habits_section(answers: Mapping[str, Answer], setting: Setting) -> Section:
    """The rhythm of purchases."""
    drawn = {
        "gaps": _gaps,
        "quiet": _quiet,
        "hours": _hours,
    }
    blocks: list[Figure | Numbers] = [figure(answers[name]) for name, figure in drawn.items() if answers[name]]
    if answers["due"]:
        blocks.insert(2, _due(answers["due"], setting))
    told = "Everyone has a rhythm of their own; what is silence for one is the usual gap of another."
    return Section("Visit rhythm", told if blocks else "Nobody has bought yet.", blocks)


def _gaps(gaps: Answer) -> Figure:
    rows = gaps.rows
    days = float(rows["median_days"].iloc[0])
    told = (
        f"Of {customers(rows['count_customers'].sum())} with at least three purchase days: half have "
        f"{days:.0f} days or fewer between purchases."
    )
    drawn = histogram(
        rows, "weeks", "count_customers", 1, x_title="weeks between purchases, each customer's median",
        rules={f"half: {days:.0f} days": days / 7}, ticks=[*range(0, 27, 2)],
        is_open_ended=bool(rows["weeks"].max() == 26),
    )  # fmt: skip
    return Figure("The gap between purchases", drawn, told, gaps.sql)


def _quiet(quiet: Answer) -> Figure:
    rows = quiet.rows
    within = rows[rows["times"] < 1]["count_customers"].sum()
    told = (
        f"{percent(share_of(within, rows['count_customers'].sum()))} are within their own expected gap. Orange: "
        f"{customers(rows['count_fading'].sum())} fading, silent for longer than is usual for them and not yet gone."
    )
    drawn = histogram(
        rows, "times", "count_customers", 0.2, x_title="silence so far, in the customer's own expected gaps",
        part="count_fading", ticks=[0, 1, 2, 3, 4, 5], is_open_ended=bool(rows["times"].max() == 5),
        rules={"expected": 1.0},
    )  # fmt: skip
    return Figure("Who is quieter than usual", drawn, told, quiet.sql)


def _due(due: Answer, setting: Setting) -> Figure:
    starts = [setting.day + timedelta(days=7 * (int(week) - 1) + 1) for week in due.rows["week"]]
    rows = due.rows.assign(label=[f"week from {day.day} {day:%b}" for day in starts])
    soon = rows[rows["week"] <= 4]
    told = (
        f"If everyone keeps their own rhythm, {customers(soon['count_customers'].sum())} are due within four weeks, "
        f"for about {setting.money(float(soon['expected_amount'].fillna(0).sum()))} at their average order."
    )
    return Figure("Visits to expect", bars(rows, "label", "count_customers"), told, due.sql)


def _hours(hours: Answer) -> Figure:
    import pandas as pd

    rows = hours.rows
    by_day = rows.groupby("weekday")["count_orders"].sum().reindex(range(1, 8), fill_value=0)
    by_hour = rows.groupby("hour")["count_orders"].sum().reindex(range(24), fill_value=0)
    best_day, best_hour = WEEKDAYS[int(by_day.to_numpy().argmax())], int(by_hour.to_numpy().argmax())
    told = (
        f"Most orders come on {best_day} ({percent(share_of(by_day.max(), by_day.sum()))}) and between {best_hour} and "
        f"{best_hour + 1} o'clock ({percent(share_of(by_hour.max(), by_hour.sum()))}), over the last 365 days."
    )
    open_hours = range(int(rows["hour"].min()), int(rows["hour"].max()) + 1)
    every = pd.MultiIndex.from_product([range(1, 8), open_hours], names=["weekday", "hour"])
    grid = rows.set_index(["weekday", "hour"]).reindex(every, fill_value=0).reset_index()
    grid = grid.assign(day=[WEEKDAYS[number - 1] for number in grid["weekday"]])
    drawn = heat(grid, "hour", "day", "count_orders", x_title="hour of the day", y_order=list(WEEKDAYS), labels=False)
    return Figure("When they buy", drawn, told, hours.sql)
