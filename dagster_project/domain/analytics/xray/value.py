"""What the base is worth: how concentrated, in which tiers, and the grid of recency and frequency."""

from __future__ import annotations

from collections.abc import Mapping

from dagster_project.domain.analytics.xray.drawing import lorenz
from dagster_project.domain.analytics.xray.questions import Answer
from dagster_project.domain.analytics.xray.words import Setting, customers, percent, share_of
from dagster_project.domain.pages import Figure, Numbers, Section
from dagster_project.domain.pages.charts import heat

BEST = 20  # percent of the buyers: the share every board has heard of


def value_section(answers: Mapping[str, Answer], setting: Setting) -> Section:
    """Who brings the money."""
    if not answers["concentration"]:
        return Section("Concentration of value", "Nobody has bought and kept anything within a year yet.")
    told = "What customers bought within the last 365 days and kept."
    return Section(
        "Concentration of value", told, [_lorenz(answers["concentration"]), _tiers(answers["tiers"], setting)]
    )


def _lorenz(concentration: Answer) -> Figure:
    import pandas as pd

    rows = concentration.rows
    start = pd.DataFrame({"percent": [0], "share_of_buyers": [0.0], "share_of_amount": [0.0]})
    curve = pd.concat([start, rows[start.columns]], ignore_index=True)
    best = rows[rows["percent"] <= BEST].tail(1) if (rows["percent"] <= BEST).any() else rows.head(1)
    share, amount = float(best["share_of_buyers"].iloc[0]), float(best["share_of_amount"].iloc[0])
    half = int((rows["share_of_amount"] < 0.5).sum())
    told = (
        f"Of those who bought, the best {percent(share)} bring {percent(amount)} of the money; half of it "
        f"comes from the best {percent(float(rows['share_of_buyers'].iloc[min(half, len(rows) - 1)]))}. "
        f"Gini coefficient {float(rows['gini'].iloc[0]):.2f}: 0 if all bought alike (the dashed line), 1 if one "
        "bought everything."
    )
    drawn = lorenz(curve, best.assign(words=f"the best {percent(share)}\nbring {percent(amount)}"))
    return Figure("Who brings the money", drawn, told, concentration.sql)


def _tiers(tiers: Answer, setting: Setting) -> Numbers:
    rows = [
        [
            row["value_tier"],
            int(row["count_customers"]),
            setting.short(float(row["kept_amount"])),
            percent(float(row["share_of_amount"] or 0)),
            setting.short(share_of(row["kept_amount"], row["count_customers"])),
            f"{row['orders_per_customer']:.1f}",
        ]
        for row in tiers.rows.to_dict("records")
    ]
    columns = [
        "tier",
        "customers",
        f"bought and kept, {setting.currency}",
        "of all",
        f"each, {setting.currency}",
        "orders each",
    ]
    told = (
        "Tiers rank by the amount of a year, corrected for how long somebody has been a customer and steadied by the "
        "long run: the best 5 %, the next 15 %, the next 30 % and the rest of those who bought."
    )
    return Numbers("Value tiers", columns, rows, told, tiers.sql)


def rfm_section(answers: Mapping[str, Answer], setting: Setting) -> Section:
    """The grid of how lately and how often."""
    grid = answers["rfm_grid"]
    if not grid:
        return Section("Recency and frequency", "Nobody has bought yet.")
    rows = grid.rows
    at_risk = rows[(rows["recency_score"] <= 2) & (rows["frequency_score"] >= 4)]
    best = rows[(rows["recency_score"] == 5) & (rows["frequency_score"] == 5)]
    told_count = (
        f"{customers(best['count_customers'].sum())} bought lately and often. "
        f"{customers(at_risk['count_customers'].sum())} used to buy often and have been away for long (left, above): "
        "the first to call."
    )
    heats = [
        Figure("How many customers", _grid(grid, "count_customers", ",.0f"), told_count, grid.sql),
        Figure(
            f"What one of them brings in a year, {setting.currency}",
            _grid(grid, "amount_per_year", ",.0f"),
            "The average yearly amount, corrected for the customer's age.",
            grid.sql,
        ),
    ]
    told = "Fifths of all who ever bought: 5 is the fifth that bought last, or most often; 1 the opposite."
    return Section("Recency and frequency", told, heats)


def _grid(grid: Answer, value: str, form: str) -> str:
    return heat(
        grid.rows, "recency_score", "frequency_score", value, form=form, x_title="recency: long ago → lately",
        y_title="frequency: rarely → often", x_order=[1, 2, 3, 4, 5], y_order=[5, 4, 3, 2, 1],
    )  # fmt: skip
