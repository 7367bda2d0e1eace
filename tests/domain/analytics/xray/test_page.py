"""The page of the x-ray: every figure a board asks for, the same bytes again, and words where numbers lack."""

from __future__ import annotations

import html
import re

import pytest

from dagster_project.domain.analytics.xray import questions, xray_page
from dagster_project.domain.pages import Figure, Page, render
from tests.domain.analytics.xray.small_base import AS_OF, ZONE, answers_of, small_base


def page_of(people: bool = True) -> Page:
    return xray_page(answers_of(small_base(people)), AS_OF, ZONE, "EUR")


@pytest.fixture(scope="module")
def page() -> Page:
    return page_of()


def test_every_question_is_shown_with_its_sql(page: Page) -> None:
    shown = {html.unescape(sql) for sql in re.findall(r"<pre>(.*?)</pre>", render(page, ZONE), re.DOTALL)}
    assert shown == set(questions(ZONE).values())


def test_no_block_lacks_its_sql(page: Page) -> None:
    assert [block.title for section in page.sections for block in section.blocks if not block.sql] == []


def test_what_a_board_asks_is_there(page: Page) -> None:
    titles = {section.title for section in page.sections}
    assert titles >= {
        "Size and flow", "Concentration of value", "Lifecycle", "Migration since last month", "Recency and frequency",
        "Cohorts", "Visit rhythm", "Channels, consents and reach",
    }  # fmt: skip
    figures = [block for section in page.sections for block in section.blocks if isinstance(block, Figure)]
    assert len(figures) == 19
    assert all(figure.svg.startswith("<svg") and figure.told for figure in figures)


def test_the_words_say_the_numbers(page: Page) -> None:
    told = {block.title: block.told for section in page.sections for block in section.blocks}
    assert "the best 25\u00a0% bring 50\u00a0%" in told["Who brings the money"]
    assert "5 customers bought for the first time, 1 came back" in told["Who came and who left"]
    assert "3 customers rose to a better tier, 1 fell" in told["Between value tiers"]


def test_the_same_base_is_the_same_page(page: Page) -> None:
    assert render(page_of(), ZONE) == render(page, ZONE)


def test_another_base_is_another_page(page: Page) -> None:
    base = small_base()
    base.execute("delete from analytics.customer_analytics where customer_id = 'c4'")
    assert render(xray_page(answers_of(base), AS_OF, ZONE, "EUR"), ZONE) != render(page, ZONE)


def test_a_segment_outside_its_band_is_pointed_out(page: Page) -> None:
    assert "no: look at it" in render(page, ZONE)


def test_an_empty_base_has_a_page_that_says_so() -> None:
    text = render(page_of(people=False), ZONE)
    assert "Nobody has bought yet." in text
    assert "Nobody is known yet." in text
    assert "<svg" not in text
