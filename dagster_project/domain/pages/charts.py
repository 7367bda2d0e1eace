"""Pictures for pages, in one look: altair describes them, vl-convert draws them as SVG without a browser or network.

Colours differ in lightness first, so that a page printed in grey still tells them apart.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

INK = "#17212b"  # text; drawn in the page's own text colour
GRID = "#8a96a1"  # grid and ticks: seen on white and on black
# Comes with the drawer and is as wide as Arial and Helvetica, which readers have: letters fit on any machine.
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
WIDTH, HEIGHT = 480, 240  # pixels of a figure's inside
# From dark to light: next to each other in a legend they differ in grey, too.
PALETTE = ("#1f4e79", "#d9730d", "#4c9f9a", "#b8506f", "#9ab3cc", "#e3b45a", "#7a7f87", "#c9d6c0")
ACCENT = PALETTE[0]
ON_PALE = "#17212a"  # letters on a pale cell, on a dark page, too
WHITE_FROM = 0.75  # of the ramp: from here on white letters stand out more than dark ones (WCAG contrast)
RAMP = ("#e8f0f8", "#8fb3d6", "#1f4e79")  # of heat maps, little to much

# Numbers in pictures as the page writes them: thousands apart, a space before the percent sign.
WRITTEN = {"decimal": ".", "thousands": "\u202f", "grouping": [3], "currency": ["", ""], "percent": "\u00a0%"}

CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK, "titleColor": INK, "domainColor": GRID, "tickColor": GRID, "gridColor": GRID,
        "gridOpacity": 0.25, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8,
    },
    "legend": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12, "orient": "top",
               "title": None, "symbolSize": 90},
    "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
    "title": {"color": INK},
    "text": {"color": INK, "fontSize": 12},
    "bar": {"color": ACCENT, "cornerRadiusEnd": 2},
    "line": {"color": ACCENT, "strokeWidth": 2.5},
    "area": {"color": ACCENT},
    "point": {"color": ACCENT, "filled": True, "size": 60},
    "rule": {"color": GRID},
    "axisY": {"labelPadding": 6},
    "range": {"category": list(PALETTE), "heatmap": list(RAMP), "ramp": list(RAMP)},
}  # fmt: skip


def svg(chart: alt.TopLevelMixin) -> str:
    """An altair chart as SVG in the house's look. The same chart gives the same text."""
    import vl_convert

    described = chart.to_dict()
    described["config"] = CONFIG
    drawn = vl_convert.vegalite_to_svg(described, format_locale=WRITTEN)
    # The drawer numbers its clipping paths from the beginning of the process; here each picture counts for itself.
    numbers = {name: f"p{number}" for number, name in enumerate(re.findall(r'\bid="([^"]+)"', drawn))}
    drawn = re.sub(r'\bid="([^"]+)"', lambda found: f'id="{numbers[found[1]]}"', drawn)
    drawn = re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{numbers[found[1]]})", drawn)
    return re.sub(rf'\b(fill|stroke)="{INK}"', r'\1="currentColor"', drawn)


def picture(title: str, drawn: str) -> str:
    """A figure as a Markdown picture with its data inside, for the metadata of an asset."""
    import vl_convert

    on_paper = drawn.replace('="currentColor"', f'="{INK}"')
    on_paper = on_paper.replace(">", '><rect width="100%" height="100%" fill="#ffffff"/>', 1)  # Dagster has a dark mode
    data = base64.b64encode(vl_convert.svg_to_png(on_paper, scale=1)).decode()
    return f"![{title}](data:image/png;base64,{data})"


def bars(
    rows: pd.DataFrame, category: str, value: str, *, title: str = "", form: str = ",.0f",
    order: list[str] | None = None,
) -> str:  # fmt: skip
    """Lying bars with their numbers at the end, one a category, as they stand in the rows (or by ``order``)."""
    import altair as alt

    base = alt.Chart(rows).encode(
        y=alt.Y(f"{category}:N", sort=order if order is not None else list(rows[category]), title=None,
                axis=alt.Axis(labelLimit=220, domain=False, ticks=False)),
        x=alt.X(f"{value}:Q", title=title or None, axis=None if not title else alt.Axis(format=form, tickCount=4)),
    )  # fmt: skip
    marks = base.mark_bar()
    labels = base.mark_text(align="left", dx=5).encode(text=alt.Text(f"{value}:Q", format=form))
    return svg((marks + labels).properties(width=WIDTH - 120, height=alt.Step(26)))


def lines(
    rows: pd.DataFrame, x: str, y: str, *, series: str | None = None, x_title: str = "", y_title: str = "",
    form: str = "~s", kind: str = "Q", zero: bool = True,
) -> str:  # fmt: skip
    """One or several lines. ``kind``: ``T`` for moments or days on the x axis, ``Q`` for numbers, ``O`` for groups.

    Groups stand in the order of the rows, each with a point.
    """
    import altair as alt

    groups = list(dict.fromkeys(rows[x])) if kind == "O" else None
    axis = alt.Axis(grid=False, labelAngle=0) if groups else alt.Axis(grid=False, tickCount=8)
    encoding: dict[str, Any] = {
        "x": alt.X(f"{x}:{kind}", title=x_title or None, sort=groups, axis=axis),
        "y": alt.Y(
            f"{y}:Q", title=y_title or None, axis=alt.Axis(format=form, tickCount=5), scale=alt.Scale(zero=zero)
        ),
    }
    if series is not None:
        encoding["color"] = alt.Color(f"{series}:N", sort=list(dict.fromkeys(rows[series])))
        encoding["strokeDash"] = alt.StrokeDash(f"{series}:N", sort=list(dict.fromkeys(rows[series])), legend=None)
    drawn = alt.Chart(rows).mark_line(point=bool(groups)).encode(**encoding)
    return svg(drawn.properties(width=WIDTH, height=HEIGHT))


def heat(
    rows: pd.DataFrame, x: str, y: str, value: str, *, x_title: str = "", y_title: str = "", form: str = ",.0f",
    x_order: list[Any] | None = None, y_order: list[Any] | None = None, width: int = WIDTH - 40, labels: bool = True,
    most: float | None = None, least: float = 0.0,
) -> str:  # fmt: skip
    """A grid of numbers, the larger the darker; each cell says its number, unless ``labels`` is off.

    ``most`` is the number that is darkest, without it the largest there is; ``least`` the palest.
    """
    import altair as alt

    base = alt.Chart(rows).encode(
        x=alt.X(
            f"{x}:O",
            title=x_title or None,
            sort=x_order or "ascending",
            axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False),
        ),
        y=alt.Y(
            f"{y}:O",
            title=y_title or None,
            sort=y_order or "ascending",
            axis=alt.Axis(ticks=False, domain=False, labelLimit=160),
        ),
    )
    top = most or (float(rows[value].max()) if len(rows) else 0.0) or 1.0
    layers = [
        base.mark_rect(cornerRadius=2).encode(
            color=alt.Color(
                f"{value}:Q",
                legend=None,
                scale=alt.Scale(domain=[least, top], domainMid=(least + top) / 2, range=list(RAMP), clamp=True),
            )
        )
    ]
    if labels:
        ink = alt.condition(
            alt.datum[value] > least + (top - least) * WHITE_FROM, alt.value("#ffffff"), alt.value(ON_PALE)
        )
        layers.append(base.mark_text(fontSize=11).encode(text=alt.Text(f"{value}:Q", format=form), color=ink))
    return svg(alt.layer(*layers).properties(width=width, height=alt.Step(30)))


def moves(rows: pd.DataFrame, then: str, now: str, value: str, order: list[str]) -> str:
    """How many went from where (rows) to where (columns); those who stayed are framed, so that they drown nobody."""
    import altair as alt

    came_from = [place for place in order if place in set(rows[then])]
    came_to = [place for place in order if place in set(rows[now])]
    has_moved = rows[then] != rows[now]
    names = {place: place.replace("_", " ") for place in order}
    drawn = rows.assign(has_moved=has_moved)
    for column in (then, now):
        drawn[column] = drawn[column].map(names)
    top = float(rows[value][has_moved].max()) if has_moved.any() else 1.0
    base = alt.Chart(drawn).encode(
        x=alt.X(f"{now}:O", title="now", sort=[names[place] for place in came_to],
                axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False)),
        y=alt.Y(f"{then}:O", title="at the end of last month", sort=[names[place] for place in came_from],
                axis=alt.Axis(ticks=False, domain=False, labelLimit=160)),
    )  # fmt: skip
    moved, stayed = base.transform_filter("datum.has_moved"), base.transform_filter("!datum.has_moved")
    ink = alt.condition(alt.datum[value] > top * 0.85, alt.value("#ffffff"), alt.value(ON_PALE))
    layers = [
        moved.mark_rect(cornerRadius=2).encode(
            color=alt.Color(f"{value}:Q", legend=None, scale=alt.Scale(domain=[0, top], range=["#fbe9d7", "#b3500a"]))
        ),
        stayed.mark_rect(cornerRadius=2, fillOpacity=0, stroke=GRID, strokeWidth=1, strokeOpacity=0.7),
        moved.mark_text(fontSize=11).encode(text=alt.Text(f"{value}:Q", format=",.0f"), color=ink),
        stayed.mark_text(fontSize=11, color=INK).encode(text=alt.Text(f"{value}:Q", format=",.0f")),
    ]
    return svg(alt.layer(*layers).properties(width=WIDTH - 60, height=alt.Step(30)))
