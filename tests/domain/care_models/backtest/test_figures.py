"""The figures of a backtest, on a history small enough to count by hand."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from dagster_project.domain.care_models.backtest.figures import Figures, figures
from dagster_project.domain.care_models.backtest.page import backtest_page
from dagster_project.domain.care_models.schema import ENROLMENTS
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.pages.page import render
from tests.domain.care_models.making import MOMENT, at, model

ZONE = ZoneInfo("Europe/Helsinki")
FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)
CONTACTS = pa.schema(
    [
        ("enrolment_id", pa.string()), ("customer_id", pa.string()), ("care_model", pa.string()), ("step", pa.string()),
        ("channel", pa.string()), ("cost", pa.decimal128(18, 4)), ("planned_for", MOMENT),
    ]
)  # fmt: skip
DECISIONS = pa.schema(
    [
        ("care_model", pa.string()), ("step", pa.string()), ("channel", pa.string()), ("outcome", pa.string()),
        ("stopped_by", pa.string()), ("as_of", MOMENT), ("candidate_id_count", pa.int64()),
    ]
)  # fmt: skip


def moment(text: str) -> Any:
    return naive_utc(at(f"{text}T12:00"))


def entered(customer: str, day: str, care_model: str = "tested", outcome: str | None = None) -> dict[str, Any]:
    return {
        "enrolment_id": f"{care_model}-{customer}", "customer_id": customer, "care_model": care_model, "version": "1",
        "window_key": "once", "is_control": customer == "control", "is_new": False, "is_waiting": False,
        "outcome": outcome, "entered_at": moment(day), "enrolled_as_of": moment(day),
    }  # fmt: skip


def met(customer: str, day: str, care_model: str = "tested") -> dict[str, Any]:
    return {
        "enrolment_id": f"{care_model}-{customer}", "customer_id": customer, "care_model": care_model,
        "step": "letter", "channel": "email", "cost": "0.02", "planned_for": moment(day),
    }  # fmt: skip


def found(enrolments: list[dict[str, Any]], contacts: list[dict[str, Any]], bought: dict[str, list[str]]) -> Figures:
    from decimal import Decimal

    rows = [each | {"cost": Decimal(each["cost"])} for each in contacts]
    purchases = [(customer, moment(day)) for customer, days in bought.items() for day in days]
    return figures(
        "tested",
        pa.Table.from_pylist(enrolments, schema=ENROLMENTS),
        pa.Table.from_pylist(rows, schema=CONTACTS),
        pa.Table.from_pylist(
            [
                {"care_model": "tested", "outcome": "stopped", "stopped_by": "consent", "candidate_id_count": 3},
                {"care_model": "tested", "outcome": "chosen", "stopped_by": None, "candidate_id_count": 2},
                {"care_model": "other", "outcome": "stopped", "stopped_by": "cap", "candidate_id_count": 9},
            ],
            schema=DECISIONS,
        ),
        pa.table(
            {
                "customer_id": pa.array([customer for customer, _ in purchases], pa.string()),
                "occurred_at": pa.array([day for _, day in purchases], MOMENT),
            }
        ),
        FIRST,
        LAST,
        ZONE,
    )


HISTORY = found(
    [
        entered("back", "2026-02-01", outcome="goal_reached"), entered("gone", "2026-02-10"),
        entered("control", "2026-03-01"), entered("late", "2026-06-25"), entered("gone", "2026-02-11", "other"),
    ],
    [met("back", "2026-02-03"), met("gone", "2026-02-14"), met("gone", "2026-02-20", "other")],
    {"back": ["2026-01-02", "2026-02-20"], "gone": ["2026-01-11"], "early": ["2026-02-01"], "control": ["2026-05-20"]},
)  # fmt: skip


def test_reach_and_cost() -> None:
    assert (HISTORY.entered, HISTORY.in_control) == (4, 1)
    assert (HISTORY.contacts, HISTORY.steps, HISTORY.cost) == ({"email": 2}, {"letter": 2}, 0.04)
    assert HISTORY.outcomes == {"goal_reached": 1, "inside": 3}
    assert HISTORY.by_month[:3] == [("2026-01", 0, 0), ("2026-02", 2, 2), ("2026-03", 1, 0)]
    assert len(HISTORY.by_month) == 6
    assert HISTORY.stopped == {"consent": 3}, "what was chosen was not stopped, and other models are not counted"


def test_timing() -> None:
    assert sorted(HISTORY.waited) == [2, 4]
    assert HISTORY.quiet_for == [30, 30], "who had not bought before the entry was not quiet"
    assert (HISTORY.followed, HISTORY.bought_again) == (3, 1), "the entry of June is not followed for 60 days"


def test_how_early_the_leaving_were_noticed() -> None:
    assert HISTORY.gone == 3, "back, gone and early bought in this time, and not in its last 90 days"
    assert HISTORY.gone_noticed == 2
    assert HISTORY.gone_early == [-19, 30], "one was noticed before the last purchase"


def test_overlaps() -> None:
    assert HISTORY.overlaps == {"other": (1, 1)}


def test_a_thin_history_says_so_and_shows_no_shares() -> None:
    assert HISTORY.is_thin
    page = render(backtest_page(model(), HISTORY, at("2026-06-30T23:59"), ZONE), ZONE)
    assert "too thin" in page
    assert "%" not in page.split("<main>")[1].split("Month by month")[0]


def test_nobody_entered() -> None:
    empty = found([], [], {"a": ["2026-01-02"]})
    assert (empty.entered, empty.waited, empty.gone_noticed) == (0, [], 0)
    assert "Nobody would have been contacted" in render(
        backtest_page(model(), empty, at("2026-06-30T23:59"), ZONE), ZONE
    )
