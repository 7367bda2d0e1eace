"""Where we meet customers, what they permit, and whom we can reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dagster_project.domain.analytics.xray.drawing import month_lines, share_rows
from dagster_project.domain.analytics.xray.questions import Answer
from dagster_project.domain.analytics.xray.words import (
    TIERS,
    Setting,
    customers,
    every_month,
    percent,
    share_of,
    spoken,
    wide_to_long,
)
from dagster_project.domain.pages import Figure, Numbers, Section
from dagster_project.domain.pages.charts import bars, heat

if TYPE_CHECKING:
    import pandas as pd

PERMISSIONS = {
    "count_reachable": "reachable",
    "count_not_permitted": "address, no permission",
    "count_without_address": "permission, no address",
    "count_neither": "neither",
}
COLOURS = dict(zip(PERMISSIONS.values(), ("#1f4e79", "#d9730d", "#edbd84", "#c3ccd5"), strict=True))


def reach_section(answers: Mapping[str, Answer], setting: Setting) -> Section:
    """Channels, consents and reach."""
    blocks: list[Figure | Numbers] = []
    if len(answers["reach"].rows) and answers["base"].rows["count_customers"].iloc[0]:
        blocks += [_reach(answers["reach"]), _by_tier(answers["reach_by_tier"])]
    if answers["meetings"]:
        blocks.append(_meetings(answers["meetings"]))
    if answers["newsletters"]:
        blocks.append(_newsletters(answers["newsletters"], setting))
    told = "To be reached, a customer must have an address on the channel and have permitted marketing on it."
    return Section("Channels, consents and reach", told if blocks else "Nobody is known yet.", blocks)


def _reach(reach: Answer) -> Figure:
    rows = reach.rows
    long = wide_to_long(rows, "channel", PERMISSIONS)
    shares = {
        row["channel"]: share_of(row["count_reachable"], sum(row[name] for name in PERMISSIONS))
        for row in rows.to_dict("records")
    }
    said = spoken([f"{percent(share)} by {channel}" for channel, share in shares.items()])
    most = rows.sort_values(["count_not_permitted", "channel"], ascending=[False, True]).iloc[0]
    told = (
        f"We may reach {said}. The largest reserve: {customers(most['count_not_permitted'])} whose address for "
        f"{most['channel']} we have without permission to use it."
    )
    return Figure("Whom we may reach", share_rows(long, "channel", list(rows["channel"]), COLOURS), told, reach.sql)


def _by_tier(by_tier: Answer) -> Figure:
    rows = by_tier.rows.melt(["value_tier", "count_customers"], var_name="channel", value_name="share")
    best = by_tier.rows[by_tier.rows["value_tier"].isin(("top", "high"))]
    told = "Share of the customers of each value tier who may be reached on each channel."
    if len(best):
        share = share_of((best["e-mail"] * best["count_customers"]).sum(), best["count_customers"].sum())
        told += f" Of the top and high tiers, {percent(share)} by e-mail."
    order = [tier for tier in TIERS if tier in set(rows["value_tier"])]
    drawn = heat(
        rows, "channel", "value_tier", "share", form=".0%", x_order=["e-mail", "phone", "letter", "ads"],
        y_order=order, most=1.0,
    )  # fmt: skip
    return Figure("Reach by value tier", drawn, told, by_tier.sql)


def _meetings(meetings: Answer) -> Figure:
    told = "Customers who did so within the last 90 days. Opens and clicks are those of people, not of mail gateways."
    return Figure("Where we met", bars(meetings.rows, "deed", "count_customers"), told, meetings.sql)


def _newsletters(newsletters: Answer, setting: Setting) -> Figure:
    rows = every_month(newsletters.rows, setting.month)
    sent = rows["count_sent"].where(rows["count_sent"] > 0)
    names = {
        "count_opened": "opened by a person",
        "count_clicked": "clicked by a person",
        "count_met_by_machines": "touched by machines",
    }
    long = wide_to_long(rows.assign(**{name: rows[name] / sent for name in names}), "month", names, "share")
    told = _said_of_newsletters(rows)
    drawn = month_lines(long.dropna(), "share", form="%")
    return Figure("Newsletters: share of those sent", drawn, told, newsletters.sql)


def _said_of_newsletters(rows: pd.DataFrame) -> str:
    sent, opened, clicked = (rows[name].sum() for name in ("count_sent", "count_opened", "count_clicked"))
    return (
        f"In the months shown a person opened {percent(share_of(opened, sent))} and clicked in "
        f"{percent(share_of(clicked, sent))}; machines touched "
        f"{percent(share_of(rows['count_met_by_machines'].sum(), sent))}, which counts for nothing."
    )
