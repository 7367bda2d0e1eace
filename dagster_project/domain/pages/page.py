"""A page as one self-contained HTML file: headline numbers, sections of figures and tables, each with its SQL.

Nothing is loaded from anywhere, nothing runs: styles and pictures are inside. It reads the same printed, in grey, and
by a screen reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from zoneinfo import ZoneInfo

from dagster_project.domain.clock import business_date
from dagster_project.domain.pages.style import STYLE

ONE_LINE = 16  # characters: a cell of at most so many does not break
LARGE_AMOUNT = 1000  # from here on cents say nothing in a headline

Value = str | int | float | Decimal | date | bool | None


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        title: what it shows, as a sentence or a noun.
        svg: of :func:`dagster_project.domain.pages.charts.svg`.
        told: the same in words: what a reader should see in it; also its text alternative.
        sql: the query over the published tables that gives its numbers, if there is one.
        is_wide: over the whole width of the page.
    """

    title: str
    svg: str
    told: str
    sql: str | None = None
    is_wide: bool = False


@dataclass(frozen=True)
class Numbers:
    """A table of numbers; the first column names the rows. ``is_wide``: over the whole width of the page."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    told: str = ""
    sql: str | None = None
    is_wide: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading."""

    title: str
    told: str
    blocks: Sequence[Figure | Numbers] = ()


@dataclass(frozen=True)
class Page:
    """A page: its title, the moment it is about, a few numbers at the top, and sections."""

    title: str
    subtitle: str
    as_of: datetime
    headline: Sequence[tuple[str, Value]]
    sections: Sequence[Section]


def render(page: Page, zone: ZoneInfo) -> str:
    """The page as HTML. The same page gives the same text.

    Args:
        page: what to show. Texts are escaped; the SVG of figures is taken as it is.
        zone: the business zone, in which the day of ``as_of`` is told.
    """
    day = business_date(page.as_of, zone)
    number = [0]
    sections = "\n".join(_section(section, number) for section in page.sections)
    tiles = "".join(
        f"<div><dd>{_at_a_glance(value)}</dd><dt>{escape(label)}</dt></div>" for label, value in page.headline
    )
    contents = "".join(
        f'<li><a href="#{_anchor(section.title)}">{escape(section.title)}</a></li>' for section in page.sections
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(page.title)}, {day.isoformat()}</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<p class="day">As of <time datetime="{day.isoformat()}">{written_day(day)}</time></p>
<h1>{escape(page.title)}</h1>
<p class="subtitle">{escape(page.subtitle)}</p>
<dl class="headline">{tiles}</dl>
<nav aria-label="Contents"><ol>{contents}</ol></nav>
</header>
<main>
{sections}
</main>
<footer><p>Made by Hoiva from the published tables as of {written_day(day)}. Nothing on this page is loaded from a
network.</p></footer>
</body>
</html>
"""


def _section(section: Section, number: list[int]) -> str:
    blocks = "\n".join(_block(block, number) for block in section.blocks)
    told = f"<p>{escape(section.told)}</p>" if section.told else ""
    return (
        f'<section id="{_anchor(section.title)}">\n<h2>{escape(section.title)}</h2>\n{told}\n'
        f'<div class="blocks">\n{blocks}\n</div>\n</section>'
    )


def _block(block: Figure | Numbers, number: list[int]) -> str:
    number[0] += 1
    inside = _picture(block, number[0]) if isinstance(block, Figure) else _table(block)
    told = f"<p>{escape(block.told)}</p>" if block.told else ""
    sql = f"<details><summary>SQL</summary><pre>{escape(block.sql.strip())}</pre></details>" if block.sql else ""
    wide = ' class="wide"' if block.is_wide else ""
    return f"<figure{wide}>\n<figcaption><h3>{escape(block.title)}</h3>{told}</figcaption>\n{inside}\n{sql}</figure>"


def _picture(figure: Figure, number: int) -> str:
    """The picture with ids of its own, so that two pictures on a page do not share a clipping path."""
    own = re.sub(r'\bid="([^"]+)"', rf'id="f{number}-\1"', figure.svg)
    own = re.sub(r"url\(#([^)]+)\)", rf"url(#f{number}-\1)", own)
    label = escape(f"{figure.title}. {figure.told}", quote=True)
    return f'<div class="picture" role="img" aria-label="{label}">{own}</div>'


def _table(table: Numbers) -> str:
    kinds = [_kind(row[place] for row in table.rows) for place in range(len(table.columns))]
    head = "".join(
        f'<th scope="col" class="{kind}">{escape(column)}</th>'
        for column, kind in zip(table.columns, ["text", *kinds[1:]], strict=True)
    )
    rows = []
    for row in table.rows:
        cells = zip(row[1:], kinds[1:], strict=True)
        rest = "".join(f'<td class="{kind}{_short(value)}">{shown(value)}</td>' for value, kind in cells)
        rows.append(f'<tr><th scope="row" class="text{_short(row[0])}">{shown(row[0])}</th>{rest}</tr>')
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _short(value: Value) -> str:
    """A class for what is short enough to stay in one line."""
    return " short" if len(shown(value)) <= ONE_LINE else ""


def _kind(values: Iterable[Value]) -> str:
    """Whether a column reads as numbers, which stand right, or as text, which stands left.

    >>> _kind([1, None]), _kind(["12 %", "-3.1 k EUR"]), _kind(["team:crm", "0"])
    ('number', 'number', 'text')
    """
    told = [value for value in values if value not in (None, "")]
    are_text = [isinstance(value, str) and not re.match("[-+\u2212]?[0-9]", value) for value in told]
    return "text" if any(are_text) else "number"


def shown(value: Value) -> str:
    """A value as people write it, escaped: thousands apart, few digits, a dash for nothing.

    >>> shown(1234567), shown(0.12345), shown(Decimal("1250.5000")), shown(None), shown(True), shown("<b>")
    ('1\\u202f234\\u202f567', '0.123', '1\\u202f250.50', '–', 'yes', '&lt;b&gt;')
    """
    if value is None or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, Decimal):
        return f"{value:,.2f}".replace(",", "\u202f")
    if isinstance(value, float):
        digits = 3 if abs(value) < 1 else 2 if abs(value) < 100 else 0
        return f"{value:,.{digits}f}".replace(",", "\u202f")
    if isinstance(value, date):
        return written_day(value)
    return escape(value)


def _at_a_glance(value: Value) -> str:
    """A headline number: large amounts without their cents.

    >>> _at_a_glance(Decimal("218299.75")), _at_a_glance(Decimal("93.50"))
    ('218\\u202f300', '93.50')
    """
    return shown(round(value) if isinstance(value, Decimal) and abs(value) >= LARGE_AMOUNT else value)


def written_day(day: date) -> str:
    """A day as people write it.

    >>> written_day(date(2026, 3, 31))
    '31 March 2026'
    """
    return f"{day.day} {day:%B} {day.year}"


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
