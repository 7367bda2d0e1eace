"""Pictures of the decisions: how many are left after each step, and how full what is scarce has become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.domain.pages.charts import ACCENT, GRID, INK, PALETTE, WIDTH, svg

if TYPE_CHECKING:
    import pandas as pd

FULL = PALETTE[1]  # what is used up


def steps(rows: pd.DataFrame, order: list[str]) -> str:
    """Candidates left after each step, one bar a step, by department.

    Args:
        rows: step, department, count_left.
        order: of the steps, from all to chosen.
    """
    import altair as alt

    totals = rows.groupby("step", as_index=False)["count_left"].sum()
    y = alt.Y("step:N", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=220))
    x = alt.X("count_left:Q", title="candidates", axis=alt.Axis(tickCount=5, format="~s"))
    parts = alt.Chart(rows).mark_bar().encode(y=y, x=x, color=alt.Color("department:N", title=None))
    numbers = (
        alt.Chart(totals).mark_text(align="left", dx=5).encode(y=y, x=x, text=alt.Text("count_left:Q", format=",.0f"))
    )
    return svg((parts + numbers).properties(width=WIDTH + 160, height=alt.Step(30)))


def fullness(rows: pd.DataFrame) -> str:
    """How much of each limit is used: before the run pale, by it dark, or orange where nothing is left.

    Args:
        rows: limit (name and period), before, used (both in parts of the limit), is_binding; in the order to show.
    """
    import altair as alt

    drawn = rows.assign(end=rows["before"] + rows["used"], zero=0.0)
    y = alt.Y("limit:N", sort=list(rows["limit"]), title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=300))
    top = max(1.0, float(drawn["end"].max()))
    scale = alt.Scale(domain=[0, top])
    base = alt.Chart(drawn).encode(y=y)
    x = alt.X("zero:Q", title="of the limit", scale=scale, axis=alt.Axis(format=".0%", tickCount=5))
    earlier = base.mark_bar(color=GRID).encode(x=x, x2="before:Q")
    colour = alt.condition("datum.is_binding", alt.value(FULL), alt.value(ACCENT))
    now = base.mark_bar().encode(x=alt.X("before:Q", scale=scale), x2="end:Q", color=colour)
    number = base.mark_text(align="left", dx=5).encode(
        x=alt.X("end:Q", scale=scale), text=alt.Text("end:Q", format=".0%")
    )
    line = alt.Chart(drawn.head(1)).mark_rule(color=INK, strokeDash=[3, 3]).encode(x=alt.datum(1.0))
    return svg(alt.layer(earlier, now, number, line).properties(width=WIDTH, height=alt.Step(24)))
