from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest

from dagster_project.domain.analytics.churn.checking import check_at
from dagster_project.domain.analytics.churn.examples import Examples, examples_of, last_whole_window
from dagster_project.domain.analytics.churn.learning import Learned, learn, registered, registry_table, version_of
from dagster_project.domain.analytics.churn.training import BOOSTING, TooLittle, train
from tests.domain.analytics.churn.shop_of_months import known
from tests.domain.analytics.making import AS_OF, ZONE


@lru_cache
def examples() -> Examples:
    return examples_of(known(), ZONE)


@lru_cache
def learned() -> Learned:
    return learn(known(), examples(), ZONE)


def test_the_model_beats_every_simple_score_on_months_it_could_not_know() -> None:
    check = learned().check
    assert check is not None
    assert (check.cut, check.end) == last_whole_window(known(), ZONE)
    assert [told.score for told in check.told] == [
        "model",
        "recency",
        "frequency",
        "rhythm",
        "p_alive",
        "expected_purchases",
    ]
    assert check.model.auc.low > 0.7
    assert all(told.auc_behind.value > 0 for told in check.told[1:])
    assert learned().verdict.is_published


def test_the_same_data_give_the_same_model_to_the_last_bit() -> None:
    values = examples().values[:300, :-1]
    one, other = train(examples()), train(examples())
    assert one.probability(values).tobytes() == other.probability(values).tobytes()
    model = learned().model
    assert model is not None
    assert model.probability(values).tobytes() == one.probability(values).tobytes()


def test_further_ahead_fewer_have_left() -> None:
    model, values = learned().model, examples().values[:300, :-1]
    assert model is not None
    assert model.probability(values, 1).mean() > model.probability(values, 3).mean()


def test_other_data_and_other_settings_are_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    name = version_of(examples(), ZONE)
    assert name == learned().version
    assert name.startswith("2026-02-28-")
    turned = replace(examples(), has_left=~examples().has_left)
    assert version_of(turned, ZONE) != name
    monkeypatch.setitem(BOOSTING, "max_iter", 201)
    assert version_of(examples(), ZONE) != name


def test_too_few_who_left_are_not_learned_from() -> None:
    nobody_left = replace(examples(), has_left=np.zeros(len(examples().has_left), bool))
    with pytest.raises(TooLittle):
        train(nobody_left)
    few = learn({month: rows for month, rows in list(known().items())[:2]}, examples_of({}, ZONE), ZONE)
    assert (few.model, few.check, few.verdict.is_published) == (None, None, False)
    assert "100 of each" in few.verdict.reason


def test_a_young_house_where_nobody_has_left_for_long_is_not_learned_from() -> None:
    is_furthest = examples().months_ahead == examples().months_ahead.max()
    assert 0 < is_furthest.sum() < len(is_furthest)
    young = replace(examples(), has_left=examples().has_left & ~is_furthest)
    assert young.has_left.sum() > 100, "there is enough of each all in all"
    with pytest.raises(TooLittle, match="furthest"):
        train(young)


@pytest.mark.parametrize("seed", range(3))
def test_a_past_that_says_nothing_of_the_future_ends_in_a_refusal(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixed = {month: with_names_drawn_by_lot(rows, rng) for month, rows in known().items()}
    found = learn(mixed, examples_of(mixed, ZONE), ZONE)
    assert found.check is not None
    assert found.check.model.auc.value == pytest.approx(0.5, abs=0.1)
    assert not found.verdict.is_published
    assert "no signal" in found.verdict.reason


def with_names_drawn_by_lot(rows: pa.Table, rng: np.random.Generator) -> pa.Table:
    """The same rows under each other's names: what a customer does next has nothing to do with the row."""
    names = rows.column("customer_id").take(pa.array(rng.permutation(rows.num_rows)))
    return rows.set_column(rows.column_names.index("customer_id"), "customer_id", names)


def test_an_old_model_is_held_against_new_months_too() -> None:
    cut = sorted(known())[-4]
    old = train(examples_of({month: rows for month, rows in known().items() if month <= sorted(known())[4]}, ZONE))
    assert check_at(known(), cut, ZONE, model=old).model.auc.value > 0.7


def test_the_registry_holds_each_version_once_with_its_data_settings_and_figures() -> None:
    later = registered({**learned().line, "model_version": "2026-03-31-x"}, AS_OF.replace(year=2027))
    table = registry_table([later, registered(learned().line, AS_OF)], learned().version)
    assert table.column("model_version").to_pylist() == [learned().version, "2026-03-31-x"]
    assert table.column("is_current").to_pylist() == [True, False]
    row = table.to_pylist()[0]
    assert row["data_hash"] == examples().data_hash()
    assert row["auc_model_low"] < row["auc_model"] < row["auc_model_high"]
    assert all(row[f"auc_{score}"] > 0.5 for score in ("recency", "rhythm", "p_alive"))
