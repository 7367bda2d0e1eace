"""The pictures of the page ``fading_high_value``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from dagster_project.domain.clock import business_date

STEPS = (("before", 0), ("new", 1), ("returned", 1), ("saved", -1), ("lost", -1), ("after", 0))


def flow_svg(month: Mapping[str, Any]) -> str:
    """One month as steps from the group before to the group after: up for who came, down for who left."""
    import altair as alt
    import pandas as pd

    from dagster_project.domain.pages.charts import PALETTE, WIDTH, svg

    rows, level = [], 0
    for name, sign in STEPS:
        count = int(month[f"count_{name}"])
        start, end = (0, count) if sign == 0 else (level, level + sign * count)
        level = end
        said = f"{count:,}" if sign == 0 else f"{'+' if sign > 0 else '−'}{count:,}"
        kind = "group" if sign == 0 else "came" if sign > 0 else "left"
        rows.append({"step": name, "from": start, "to": end, "top": max(start, end), "said": said, "kind": kind})
    order = [name for name, _ in STEPS]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("step:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, ticks=False))
    )
    kinds = alt.Scale(domain=["group", "came", "left"], range=[PALETTE[0], PALETTE[1], PALETTE[4]])
    marks = base.mark_bar(cornerRadius=2).encode(
        y=alt.Y("from:Q", title="customers", axis=alt.Axis(tickMinStep=1)),
        y2="to:Q",
        color=alt.Color("kind:N", scale=kinds, legend=None),
    )
    said = base.mark_text(dy=-8).encode(y="top:Q", text="said:N")
    return svg((marks + said).properties(width=WIDTH, height=220))


def months_svg(flows: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> str:
    """The size of the group at the end of each month, as upright bars with their numbers."""
    import altair as alt
    import pandas as pd

    from dagster_project.domain.pages.charts import WIDTH, svg

    rows = pd.DataFrame(
        {
            "day": [business_date(row["to_as_of"].replace(tzinfo=UTC), zone).isoformat() for row in flows],
            "count": [int(row["count_after"]) for row in flows],
        }
    )
    base = alt.Chart(rows).encode(x=alt.X("day:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False)))
    marks = base.mark_bar().encode(y=alt.Y("count:Q", title="customers", axis=alt.Axis(tickMinStep=1)))
    said = base.mark_text(dy=-8).encode(y="count:Q", text=alt.Text("count:Q", format=",.0f"))
    return svg((marks + said).properties(width=WIDTH, height=200))
