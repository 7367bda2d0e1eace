"""Conditions in words: every column has some, and what is said is what is asked."""

from __future__ import annotations

import pytest

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.maps.wordlists import COUNTED, DAYS, EVENTS, MOMENTS, OTHERS, YES_NO
from dagster_project.domain.care_models.maps.words import condition_in_words, event_in_words, span_in_words
from dagster_project.domain.conditions import compile_condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS
from dagster_project.domain.decisions.catalogue import ACTION_COLUMNS

COLUMNS = CUSTOMER_COLUMNS | EVENT_COLUMNS | ACTION_COLUMNS
VALUES = {"bigint": "3", "double": "0.5", "string": "'x'", "boolean": "true", "date": "date '2026-01-01'"}


def said(text: str) -> str:
    return condition_in_words(compile_condition(text, COLUMNS))


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_every_column_has_words(column: str) -> None:
    assert any(column in words for words in (COUNTED, DAYS, MOMENTS, OTHERS, YES_NO))
    kind = COLUMNS[column]
    if kind == "boolean":
        assert said(column) != said(f"not {column}")
        assert column not in said(column)
    elif kind != "timestamp":
        value = VALUES.get(kind, "10")
        assert said(f"{column} = {value}") != said(f"{column} <> {value}")
        assert column not in said(f"{column} = {value}") or "_" not in column


def test_no_words_are_about_columns_that_are_gone() -> None:
    assert not {*COUNTED, *DAYS, *MOMENTS, *OTHERS, *YES_NO} - set(COLUMNS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count_orders = 0", "no orders"),
        ("count_orders = 1", "one order"),
        ("count_orders > 0", "at least one order"),
        ("2 <= count_orders", "at least 2 orders"),
        ("count_orders < 3 or is_fading", "fewer than 3 orders or grows quieter than usual"),
        ("is_fading and (count_orders = 1 or has_email)",
         "grows quieter than usual, (one order or has an e-mail address)"),
        ("not is_fading", "keeps the usual rhythm"),
        ("value_tier not in ('low', 'none')", "value tier is not low or none"),
        ("last_purchase_at < as_of - interval 21 day", "last purchase more than 21 days ago"),
        ("days_since_last_purchase >= 30", "at least 30 days since the last purchase"),
        ("churn_probability > 0.6", "risk of leaving over 0.6"),
        ("persona is not null", "persona known"),
        ("count_orders between 2 and 5", "orders 2 to 5"),
        ("days_since_last_purchase between 60 and 66", "60 to 66 days since the last purchase"),
        ("round(return_amount / 2) > 3", "ROUND(return_amount / 2) > 3"),
    ],
)  # fmt: skip
def test_what_is_said(text: str, expected: str) -> None:
    assert said(text) == expected


def test_events_and_spans() -> None:
    assert event_in_words("became_fading") == "becomes fading"
    assert {event_in_words(event) for event in EVENTS} == set(EVENTS.values())
    assert [span_in_words(Duration.parse(text)) for text in ("1d", "2w", "90d", "36h")] == [
        "1 day", "2 weeks", "90 days", "36 hours",
    ]  # fmt: skip
