"""Pages: everything inside, nothing let in, the same bytes again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pandas as pd

from dagster_project.domain.pages import Figure, Numbers, Page, Section, render
from dagster_project.domain.pages.charts import bars, heat, lines, picture

AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Helsinki")
VOID = {"meta", "link", "br", "img", "hr", "input"}


def drawn() -> list[str]:
    rows = pd.DataFrame({"stage": ["new", "active", "lost"], "customers": [10, 200, 30], "month": [1, 2, 3]})
    grid = pd.DataFrame({"r": [1, 1, 2], "f": [1, 2, 2], "n": [5, 1, 9]})
    return [bars(rows, "stage", "customers"), lines(rows, "month", "customers"), heat(grid, "r", "f", "n")]


def page() -> Page:
    figures = [Figure(f"Figure {number}", svg, "What to see in it", "select 1") for number, svg in enumerate(drawn())]
    table = Numbers(
        "By <stage>", ["stage", "customers", "value"], [["new", 10, Decimal("12.5")], ["<script>", 1, None]]
    )
    return Page(
        "The base", "all of it", AS_OF, [("customers", 240)], [Section("First & last", "words", [*figures, table])]
    )


class Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_is_whole_and_loads_nothing() -> None:
    html = render(page(), ZONE)
    reader = Balance()
    reader.feed(html)
    assert reader.open == []
    assert not re.search(r'(?:src|href)="(?!#)', html.replace('xlink:href="#', 'href="#'))
    assert "@import" not in html
    assert "<script" not in html


def test_texts_are_escaped() -> None:
    html = render(page(), ZONE)
    assert "&lt;script&gt;" in html
    assert "First &amp; last" in html


def test_two_pictures_share_no_ids() -> None:
    ids = re.findall(r'\bid="([^"]+)"', render(page(), ZONE))
    assert len(ids) == len(set(ids))
    assert [one for one in ids if one.startswith("f1-")], "the pictures have ids, which would have met"
    used = set(re.findall(r"url\(#([^)]+)\)", render(page(), ZONE)))
    assert used
    assert used <= set(ids)


def test_the_same_page_is_the_same_bytes() -> None:
    assert render(page(), ZONE) == render(page(), ZONE)


def test_every_picture_has_words() -> None:
    html = render(page(), ZONE)
    assert html.count('role="img" aria-label="Figure') == 3


def test_the_day_is_the_business_zones() -> None:
    assert "31 March 2026" in render(page(), ZONE)
    assert "1 April 2026" in render(page(), ZoneInfo("Asia/Tokyo"))


def test_a_picture_for_metadata_carries_its_data() -> None:
    told = picture("stages", drawn()[0])
    assert told.startswith("![stages](data:image/png;base64,iVBOR")
    assert len(told) < 60_000
