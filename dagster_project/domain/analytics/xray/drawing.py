"""Pictures the x-ray needs beside those of every page: months as bars, rows as shares, curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagster_project.domain.pages.charts import ACCENT, GRID, HEIGHT, INK, WIDTH, svg

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

WIDE = 1060  # pixels of a figure over the whole page
BIN = 0.92  # of a bin's width is drawn, so that bars stand apart
NAMES = "['Jan','Feb','Mar','Apr','May','Jun','Jul','Aug','Sep','Oct','Nov','Dec']"


def month_axis(first: str, title: str | None = None) -> alt.Axis:
    """Months by their short names, with the year below the first and each January."""
    import altair as alt

    name = f"{NAMES}[toNumber(slice(datum.value, 5)) - 1]"
    return alt.Axis(
        labelExpr=f"datum.value == '{first}' || slice(datum.value, 5) == '01'"
        f" ? [{name}, slice(datum.value, 0, 4)] : {name}",
        labelAngle=0, ticks=False, domain=False, title=title,
    )  # fmt: skip


def month_bars(
    rows: pd.DataFrame, colours: dict[str, str], *, value: str = "count", form: str = "", width: int = WIDTH,
    line: pd.DataFrame | None = None, height: int = HEIGHT, has_legend: bool = True,
) -> str:  # fmt: skip
    """Stacked bars a month; values below zero hang down.

    Args:
        rows: ``month``, ``series`` (keys of colours, in their order), ``place`` and the value.
        colours: of the series.
        value: the column.
        form: of the axis; empty: whole numbers, large ones shortened (20k).
        width: of the inside, pixels.
        line: ``month`` and the same value column, drawn over the bars.
        height: of the inside, pixels.
        has_legend: whether the colours are named above.
    """
    import altair as alt

    legend = alt.Legend(title=None) if has_legend else None
    x = alt.X("month:O", axis=month_axis(str(rows["month"].min())), scale=alt.Scale(paddingInner=0.22))
    bars = (
        alt.Chart(rows)
        .mark_bar(cornerRadiusEnd=0)
        .encode(
            x=x,
            y=alt.Y(f"{value}:Q", title=None, axis=_amounts(form)),
            color=alt.Color("series:N", scale=scale_of(colours), sort=list(colours), legend=legend),
            order=alt.Order("place:Q"),
        )
    )
    layers: list[Any] = [bars]
    if (rows[value] < 0).any():
        layers.append(alt.Chart(rows).mark_rule(color=INK, strokeWidth=1).encode(y=alt.datum(0)))
    if line is not None:
        drawn = alt.Chart(line).encode(x=x, y=f"{value}:Q")
        layers += [drawn.mark_line(color=INK, strokeWidth=1.5), drawn.mark_point(color=INK, size=28, opacity=1)]
    return svg(alt.layer(*layers).properties(width=width, height=height))


def month_lines(rows: pd.DataFrame, value: str, *, form: str) -> str:
    """A line a series over the months, told apart by dashes, too.

    Args:
        rows: ``month``, ``series``, ``place`` and the value.
        value: the column.
        form: of the axis.
    """
    import altair as alt

    names = list(rows.sort_values("place")["series"].unique())
    base = alt.Chart(rows).encode(
        x=alt.X("month:O", axis=month_axis(str(rows["month"].min()))),
        y=alt.Y(f"{value}:Q", title=None, axis=alt.Axis(format=form, tickCount=5, domain=False, ticks=False)),
        color=alt.Color("series:N", sort=names),
    )
    dashed = base.mark_line().encode(strokeDash=alt.StrokeDash("series:N", sort=names, legend=None))
    return svg((dashed + base.mark_point(size=26, opacity=1)).properties(width=WIDTH, height=HEIGHT))


def _amounts(form: str = "") -> alt.Axis:
    """An upright axis that writes small numbers in full and large ones short."""
    import altair as alt

    if form:
        return alt.Axis(format=form, tickCount=5, domain=False, ticks=False)
    short = "abs(datum.value) < 10000 ? format(datum.value, ',') : format(datum.value, '~s')"
    return alt.Axis(labelExpr=short, tickCount=5, domain=False, ticks=False)


def scale_of(colours: dict[str, str]) -> alt.Scale:
    """A scale that gives each series its own colour, whichever of them are there."""
    import altair as alt

    return alt.Scale(domain=list(colours), range=list(colours.values()))


def share_rows(rows: pd.DataFrame, key: str, order: list[str], colours: dict[str, str]) -> str:
    """Lying bars of 100 %, one a key, with the share of each part written where there is room.

    Args:
        rows: key, ``series``, ``place`` and ``count``.
        key: the column of the keys.
        order: of the keys, from above.
        colours: of the series, in their order.
    """
    import altair as alt

    total = rows.groupby(key)["count"].transform("sum")
    shares = rows.assign(share=(rows["count"] / total.where(total > 0, 1)))
    end = shares.sort_values("place").groupby(key)["share"].cumsum().reindex(shares.index)
    shares = shares.assign(middle=end - shares["share"] / 2)
    y = alt.Y(f"{key}:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    bars = (
        alt.Chart(shares)
        .mark_bar(cornerRadius=0)
        .encode(
            y=y,
            x=alt.X("share:Q", title=None, axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("series:N", scale=scale_of(colours), sort=list(colours)),
            order=alt.Order("place:Q"),
        )
    )
    dark = {name: _is_dark(colour) for name, colour in colours.items()}
    told = shares[shares["share"] >= 0.07].assign(
        ink=lambda part: ["#fff" if dark[s] else "#17212a" for s in part["series"]]
    )
    text = (
        alt.Chart(told)
        .mark_text(fontSize=11)
        .encode(y=y, x="middle:Q", text=alt.Text("share:Q", format=".0%"), color=alt.Color("ink:N", scale=None))
    )
    return svg((bars + text).resolve_scale(color="independent").properties(width=WIDTH - 20, height=alt.Step(34)))


def histogram(
    rows: pd.DataFrame, x: str, value: str, step: float, *, x_title: str, rules: dict[str, float] | None = None,
    ticks: list[float], part: str | None = None, is_open_ended: bool = False,
) -> str:  # fmt: skip
    """Bars side by side over a number line, with named upright lines.

    Args:
        rows: one row a bin.
        x: the lower end of the bin.
        value: how many.
        step: the width of a bin.
        x_title: of the axis.
        rules: places to mark, by their words.
        ticks: where the axis has words.
        part: how many of them are shown in the second colour.
        is_open_ended: whether the last bin also holds all beyond it.
    """
    import altair as alt

    drawn = rows.assign(
        start=rows[x].astype(float),
        end=rows[x].astype(float) + step * BIN,
        zero=0,
    )
    last = f"{drawn['start'].max():g}"
    label = f"datum.value == {last} ? '{last}+' : datum.label" if is_open_ended else "datum.label"
    shown = [tick for tick in ticks if tick <= drawn["end"].max()]
    axis = alt.Axis(format="~g", grid=False, values=shown, labelExpr=label)
    base = alt.Chart(drawn).encode(
        x=alt.X("start:Q", title=x_title, axis=axis, scale=alt.Scale(nice=False, zero=True)),
        x2="end:Q",
        y2="zero:Q",
    )
    layers: list[Any] = [
        base.mark_rect(color=colour).encode(
            y=alt.Y(f"{column}:Q", title=None, axis=_amounts(), scale=alt.Scale(zero=True))
        )
        for column, colour in ((value, ACCENT), (part, "#d9730d"))
        if column is not None
    ]
    for words, place in (rules or {}).items():
        at = alt.Chart(drawn.head(1)).encode(x=alt.datum(place))
        layers.append(at.mark_rule(color=INK, strokeDash=[3, 3], strokeWidth=1.2))
        layers.append(at.mark_text(text=words, align="center", dy=-5, baseline="bottom").encode(y=alt.value(0)))
    return svg(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT))


def lorenz(rows: pd.DataFrame, marks: pd.DataFrame) -> str:
    """The curve of concentration: shares of customers against shares of money, both from 0 to 1.

    Args:
        rows: ``share_of_buyers`` and ``share_of_amount``, best first, from 0 to 1.
        marks: points of it with ``words``.
    """
    import altair as alt

    x = alt.X("share_of_buyers:Q", title="share of buyers, best first", axis=alt.Axis(format="%", tickCount=5),
              scale=alt.Scale(domain=[0, 1]))  # fmt: skip
    y = alt.Y("share_of_amount:Q", title="share of money", axis=alt.Axis(format="%", tickCount=5),
              scale=alt.Scale(domain=[0, 1]))  # fmt: skip
    even = rows.iloc[[0, -1]]
    area = alt.Chart(rows).mark_area(opacity=0.16, color=ACCENT).encode(x=x, y=y)
    curve = alt.Chart(rows).mark_line(color=ACCENT).encode(x=x, y=y)
    equal = alt.Chart(even).mark_line(color=GRID, strokeDash=[4, 4], strokeWidth=1.2).encode(x=x, y=y)
    points = alt.Chart(marks).encode(x=x, y=y)
    dots = points.mark_point(color="#d9730d", size=80, opacity=1)
    text = points.mark_text(align="left", dx=10, dy=4, fontSize=12, lineBreak="\n").encode(text="words:N")
    return svg((area + equal + curve + dots + text).properties(width=WIDTH - 40, height=HEIGHT + 60))


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140  # of 255: below it white letters read better
