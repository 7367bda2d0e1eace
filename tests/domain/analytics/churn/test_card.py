from __future__ import annotations

from functools import lru_cache

import numpy as np

from dagster_project.domain.analytics.churn.card import card_page
from dagster_project.domain.analytics.churn.drift import FAR, drift, stability_index
from dagster_project.domain.analytics.churn.examples import examples_of
from dagster_project.domain.analytics.churn.features import FEATURES, asked_at
from dagster_project.domain.analytics.churn.groups import found_by_share, group_checks
from dagster_project.domain.analytics.churn.learning import Learned, learn
from dagster_project.domain.pages import render
from tests.domain.analytics.churn.shop_of_months import known
from tests.domain.analytics.making import AS_OF, ZONE


@lru_cache
def learned() -> Learned:
    return learn(known(), examples_of(known(), ZONE), ZONE)


@lru_cache
def card() -> str:
    found = learned()
    asked = asked_at(known()[AS_OF.replace(tzinfo=None)], AS_OF, ZONE)
    assert found.model is not None
    scored = found.model.probability(asked.values)
    return render(card_page(found, scored, drift(found.newest, asked.values), AS_OF, ZONE), ZONE)


def test_the_card_shows_everything_a_reader_must_know_before_trusting_a_score() -> None:
    for heading in ("How good is it?", "Does it come true?", "Where does it fail?", "What does it look at?",
                    "Has the base moved?", "Tonight", "How was it made?"):  # fmt: skip
        assert f"<h2>{heading}</h2>" in card()
    assert learned().version in card()
    assert card().count("<svg") >= 8
    assert "http" not in card().replace("http://www.w3.org/", "")


def test_the_same_model_and_night_give_the_same_bytes() -> None:
    first = card()
    card.cache_clear()
    learned.cache_clear()
    assert card() == first


def test_a_refusal_is_what_the_card_says() -> None:
    nothing = learn({}, examples_of({}, ZONE), ZONE)
    page = render(card_page(nothing, np.zeros(0), [], AS_OF, ZONE), ZONE)
    assert "Not published" in page
    assert "<svg" not in page


def test_no_customer_is_on_the_card() -> None:
    assert not any(
        name in card() for name in known()[AS_OF.replace(tzinfo=None)].column("customer_id").to_pylist()[:50]
    )


def test_the_riskiest_first_find_more_leavers_than_any_order() -> None:
    check = learned().check
    assert check is not None
    share, found = found_by_share(check.has_left, check.probability)
    assert (found[0], found[-1]) == (0, 1)
    assert (found >= share - 0.02).all()
    _, even = found_by_share(check.has_left, np.zeros(len(check.has_left)))
    assert np.allclose(even, share)


def test_a_group_for_whom_it_is_wrong_is_named_and_the_others_are_not() -> None:
    from dataclasses import replace

    check = learned().check
    assert check is not None
    fair = replace(check, probability=check.has_left * 0.98 + 0.01)
    assert not any(one.fails for one in group_checks(fair))
    days = check.values[:, FEATURES.index("count_purchase_days")]
    wrong = replace(fair, probability=np.where(days >= 10, 0.9, fair.probability))
    assert "says too much" in {one.group: one.fails for one in group_checks(wrong)}["bought on ten days or more"]


def test_a_base_that_has_not_changed_has_not_moved_and_another_has() -> None:
    rng = np.random.default_rng(4)
    then, now = rng.normal(size=(4000, len(FEATURES))), rng.normal(size=(4000, len(FEATURES)))
    assert max(one.index for one in drift(then, now)) < 0.02
    now[:, 3] += 1
    assert (drift(then, now)[0].feature, drift(then, now)[0].index >= FAR) == (FEATURES[3], True)
    assert stability_index(then[:, 0], np.full(4000, np.nan)) > FAR
