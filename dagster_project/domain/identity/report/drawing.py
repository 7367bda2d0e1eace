"""Pictures of the identity report: what each agreement is worth, and how sure the model is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster_project.domain.pages.charts import ACCENT, GRID, HEIGHT, INK, PALETTE, WIDTH, svg

if TYPE_CHECKING:
    import pandas as pd

AGAINST = PALETTE[1]  # evidence that two are not one


def weight_bars(rows: pd.DataFrame) -> str:
    """What each level of each comparison is worth: bars to the right speak for one person, to the left against.

    Args:
        rows: comparison, level, bits; in the order to show.
    """
    import altair as alt

    speaks = ["for" if bits >= 0 else "against" for bits in rows["bits"]]
    drawn = rows.assign(speaks=speaks, place=range(len(rows)))
    comparisons = list(drawn["comparison"].drop_duplicates())
    base = alt.Chart().encode(
        y=alt.Y(
            "level:N",
            sort=alt.EncodingSortField("place", op="min"),
            title=None,
            axis=alt.Axis(labelLimit=240, domain=False, ticks=False),
        ),
        x=alt.X("bits:Q", title="match weight, bits (each one doubles the odds)", axis=alt.Axis(tickCount=8)),
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        color=alt.Color("speaks:N", legend=None, scale=alt.Scale(domain=["for", "against"], range=[ACCENT, AGAINST]))
    )
    to_the_right = base.transform_filter("datum.bits >= 0").mark_text(align="left", dx=5)
    to_the_left = base.transform_filter("datum.bits < 0").mark_text(align="right", dx=-5)
    numbers = [text.encode(text=alt.Text("bits:Q", format="+.1f")) for text in (to_the_right, to_the_left)]
    zero = alt.Chart().mark_rule(color=INK, strokeWidth=1).encode(x=alt.datum(0))
    row = alt.layer(bars, zero, *numbers).properties(width=WIDTH + 200, height=alt.Step(20))
    chart = row.facet(
        data=drawn,
        row=alt.Row(
            "comparison:N",
            sort=comparisons,
            title=None,
            header=alt.Header(
                labelAngle=0,
                labelAlign="left",
                labelAnchor="start",
                labelFontWeight="bold",
                labelOrient="top",
                labelPadding=2,
            ),
        ),
        spacing=18,
    ).resolve_scale(y="independent")
    return svg(chart)


def sureness(rows: pd.DataFrame, thresholds: dict[str, float]) -> str:
    """How many pairs have how many bits of evidence; the joined ones dark, the thresholds as upright lines.

    Args:
        rows: bits (lower end of the bin), count_pairs, count_joined.
        thresholds: words -> bits.
    """
    import altair as alt

    drawn = rows.assign(end=rows["bits"] + 0.92, zero=0)
    base = alt.Chart(drawn).encode(
        x=alt.X("bits:Q", title="match weight, bits", axis=alt.Axis(grid=False, tickCount=8)), x2="end:Q", y2="zero:Q"
    )
    axis = alt.Axis(tickCount=5, domain=False, ticks=False)
    layers = [
        base.mark_rect(color=colour).encode(y=alt.Y(f"{column}:Q", title="pairs", axis=axis))
        for column, colour in (("count_pairs", GRID), ("count_joined", ACCENT))
    ]
    for place, (words, bits) in enumerate(thresholds.items()):
        at = alt.Chart(drawn.head(1)).encode(x=alt.datum(bits))
        layers.append(at.mark_rule(color=INK, strokeDash=[3, 3], strokeWidth=1.2))
        text = at.mark_text(
            text=words, align="left" if place else "right", dx=4 if place else -4, dy=-5, baseline="bottom"
        )
        layers.append(text.encode(y=alt.value(0)))
    return svg(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT))
