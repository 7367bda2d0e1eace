"""Size and flow of the base: how many, how many buy, who came and who left."""

from __future__ import annotations

from collections.abc import Mapping

from dagster_project.domain.analytics.xray.drawing import month_bars
from dagster_project.domain.analytics.xray.questions import Answer
from dagster_project.domain.analytics.xray.words import (
    Setting,
    customers,
    every_month,
    percent,
    share_of,
    whole,
    wide_to_long,
)
from dagster_project.domain.pages import Figure, Numbers, Section
from dagster_project.domain.pages.page import Value


def headline(base: Answer, setting: Setting) -> list[tuple[str, Value]]:
    """The numbers at the top of the page."""
    row = base.rows.iloc[0]
    known, buyers = int(row["count_customers"]), int(row["count_buyers_365d"])
    return [
        ("customers known", known),
        ("bought within a year", buyers),
        ("buying in their rhythm: new, active or returned", int(row["count_active"])),
        ("quieter than their rhythm: fading", int(row["count_fading"])),
        (f"{setting.currency} bought for within a year", setting.short(float(row["purchase_amount_365d"]))),
        ("may be reached by e-mail, phone or letter", percent(share_of(row["count_reachable"], known))),
    ]


def size_section(answers: Mapping[str, Answer], setting: Setting) -> Section:
    """How large the base is and how it flows."""
    blocks: list[Figure | Numbers] = []
    if answers["months"]:
        blocks += [draw(answers["months"], setting) for draw in (_who_bought, _what_they_bought, _average_order)]
    if answers["flow"]:
        blocks += [_flow(answers["flow"], setting), _sum_of_the_month(answers["flow"])]
    blocks.append(_base(answers["base"], setting))
    told = "The base are all customers who have bought and are not lost. The current month is shown as far as it goes."
    return Section("Size and flow", told if len(blocks) > 1 else "Nobody has bought yet.", blocks)


def _who_bought(months: Answer, setting: Setting) -> Figure:
    rows = every_month(months.rows, setting.month)
    names = {"count_again": "bought again", "count_first_time": "bought for the first time"}
    colours = dict(zip(names.values(), ("#1f4e79", "#7fb8b3"), strict=True))
    now = rows.iloc[-1]
    buyers = now["count_again"] + now["count_first_time"]
    told = (
        f"This month {customers(buyers)} bought, {whole(now['count_first_time'])} of them for the first time: "
        f"{percent(share_of(now['count_first_time'], buyers))}."
    )
    drawn = month_bars(wide_to_long(rows, "month", names), colours)
    return Figure("Who bought, month by month", drawn, told, months.sql)


def _what_they_bought(months: Answer, setting: Setting) -> Figure:
    rows = every_month(months.rows, setting.month)
    rows = rows.assign(sent_back=-rows["return_amount"], kept=rows["purchase_amount"] - rows["return_amount"])
    names = {"purchase_amount": "purchases", "sent_back": "returns"}
    colours = dict(zip(names.values(), ("#5b86b5", "#d9730d"), strict=True))
    bought, returned = float(rows["purchase_amount"].sum()), float(rows["return_amount"].sum())
    told = (
        f"In the months shown customers bought for {setting.money(bought)} and sent back "
        f"{setting.money(returned)} ({percent(share_of(returned, bought))}). The line is what was kept."
    )
    kept = rows.rename(columns={"kept": "amount"})[["month", "amount"]]
    drawn = month_bars(wide_to_long(rows, "month", names, "amount"), colours, value="amount", line=kept)
    return Figure(f"What they bought, {setting.currency}", drawn, told, months.sql)


def _average_order(months: Answer, setting: Setting) -> Figure:
    rows = every_month(months.rows, setting.month)
    rows = rows[rows["count_orders"] > 0]
    rows = rows.assign(amount=rows["purchase_amount"] / rows["count_orders"], series="an order", place=0)
    orders, amount = int(rows["count_orders"].sum()), float(rows["purchase_amount"].sum())
    last = float(rows["amount"].iloc[-1])
    told = (
        f"{setting.money(last)} an order in the newest month, {setting.money(share_of(amount, orders))} over all "
        f"months shown, from {whole(orders)} orders."
    )
    drawn = month_bars(rows, {"an order": "#9ab3cc"}, value="amount", has_legend=False)
    return Figure(f"The average order, {setting.currency}", drawn, told, months.sql)


def _flow(flow: Answer, setting: Setting) -> Figure:
    rows = every_month(flow.rows, setting.month)
    has_begun = rows["count_before"] > 0  # the month in which everything began would dwarf all others
    rows = rows[has_begun] if has_begun.any() else rows
    rows = rows.assign(
        gone=-rows["count_lost"] - rows["count_corrected"],
        net=rows["count_new"] + rows["count_returned"] - rows["count_lost"] - rows["count_corrected"],
    )
    names = {"count_new": "new", "count_returned": "returned", "gone": "lost"}
    colours = dict(zip(names.values(), ("#7fb8b3", "#1f4e79", "#d9730d"), strict=True))
    now = rows.iloc[-1]
    told = (
        f"Since last month {customers(now['count_new'])} bought for the first time, {whole(now['count_returned'])} "
        f"came back after having been lost, and {whole(now['count_lost'])} were lost. The line is the difference."
    )
    line = rows.rename(columns={"net": "count"})[["month", "count"]]
    drawn = month_bars(wide_to_long(rows, "month", names), colours, line=line)
    return Figure("Who came and who left", drawn, told, flow.sql)


def _sum_of_the_month(flow: Answer) -> Numbers:
    now = flow.rows.iloc[-1]
    rows: list[list[Value]] = [
        ["at the end of last month", int(now["count_before"])],
        ["+ new", int(now["count_new"])],
        ["+ returned", int(now["count_returned"])],
        ["− lost", -int(now["count_lost"])],
        ["− purchases taken back", -int(now["count_corrected"])],
        ["= now", int(now["count_after"])],
    ]
    return Numbers("The base since last month", ["", "customers"], rows, "It adds up exactly.", flow.sql)


def _base(base: Answer, setting: Setting) -> Numbers:
    row = base.rows.iloc[0]
    known = row["count_customers"]
    counts = {
        "known": "count_customers",
        "ever bought": "count_buyers",
        "bought within a year": "count_buyers_365d",
        "new, active or returned": "count_active",
        "fading": "count_fading",
        "may be reached by e-mail, phone or letter": "count_reachable",
    }
    rows: list[list[Value]] = [
        [told, int(row[column]), percent(share_of(row[column], known))] for told, column in counts.items()
    ]
    orders, amount = int(row["count_orders_365d"]), float(row["purchase_amount_365d"])
    told = (
        f"Within a year they placed {whole(orders)} orders for {setting.money(amount)}: "
        f"{setting.money(share_of(amount, orders))} an order."
        if orders
        else ""
    )
    return Numbers("The base in numbers", ["customers", "count", "share"], rows, told, base.sql)
