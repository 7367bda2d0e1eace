from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.components import churn
from dagster_project.domain.analytics.churn import learning
from dagster_project.domain.analytics.churn.schema import CHURN_MODEL, CHURN_SCORES
from dagster_project.domain.clock import naive_utc
from dagster_project.settings import Settings
from tests.domain.analytics.churn.shop_of_months import known
from tests.domain.analytics.making import AS_OF

TONIGHT = naive_utc(AS_OF)


def filled(home: Settings, months: dict[object, pa.Table]) -> None:
    """The warehouse as of the end of March, with the months before it."""
    past = [rows for month, rows in months.items() if month != TONIGHT]
    empty = known()[TONIGHT].slice(0, 0)
    with open_warehouse(home) as warehouse:
        warehouse.write("customer_360", "customer_360", known()[TONIGHT])
        warehouse.write("customer_360", "customer_months", pa.concat_tables(past) if past else empty)


def test_a_night_without_a_new_month_takes_the_registered_version(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(home, dict(known()))
    first = churn.learned_for(AS_OF)
    monkeypatch.setattr(learning, "learn", lambda *given: pytest.fail("trained again"))
    again = churn.learned_for(AS_OF)
    assert again.version == first.version
    assert churn.scores_of(again, AS_OF).equals(churn.scores_of(first, AS_OF))
    rows = churn.registry_rows(again, AS_OF)
    assert (rows.schema, rows.num_rows, rows.column("is_current").to_pylist()) == (CHURN_MODEL, 1, [True])
    assert churn.may_be_shown(again).passed


def test_the_scores_are_published_with_their_moment_version_and_quality(home: Settings) -> None:
    filled(home, dict(known()))
    learned = churn.learned_for(AS_OF)
    scores = churn.scores_of(learned, AS_OF)
    assert scores.schema == CHURN_SCORES
    assert scores.num_rows > 300
    assert set(scores.column("as_of").to_pylist()) == {TONIGHT}
    assert set(scores.column("model_version").to_pylist()) == {learned.version}
    assert learned.check is not None
    assert set(scores.column("quality").to_pylist()) == {learned.check.model.auc.value}
    page = home.at_home.reports / "2026-03" / "churn_model.html"
    churn.write_card(learned, scores, AS_OF)
    assert learned.version in page.read_text()


def test_without_a_past_nothing_is_published_and_the_check_says_why(home: Settings) -> None:
    filled(home, {})
    learned = churn.learned_for(AS_OF)
    scores = churn.scores_of(learned, AS_OF)
    assert (scores.num_rows, scores.schema) == (0, CHURN_SCORES)
    told = churn.may_be_shown(learned)
    assert not told.passed
    assert "not published" in str(told.description)
    assert churn.registry_rows(learned, AS_OF).column("is_published").to_pylist() == [False]
    churn.write_card(learned, scores, AS_OF)
    assert "Not published" in (home.at_home.reports / "2026-03" / "churn_model.html").read_text()
    assert "number" in churn.telling(learned)


def test_an_earlier_moment_knows_of_no_version_made_later(home: Settings) -> None:
    past = {month: rows for month, rows in known().items() if month != TONIGHT}
    filled(home, {**past, TONIGHT: known()[TONIGHT]})
    learned = churn.learned_for(AS_OF)
    assert churn.registry_rows(learned, AS_OF).num_rows == 1
    assert churn.registry_rows(learned, AS_OF - timedelta(days=1)).num_rows == 0
