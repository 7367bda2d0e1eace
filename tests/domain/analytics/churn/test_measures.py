from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dagster_project.domain.analytics.churn.measures import (
    auc,
    auc_gain,
    bins_of,
    calibration_error,
    lift,
    share_between,
)


def drawn(seed: int, count: int = 600, strength: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=count).round(1)  # with ties
    return rng.random(count) < 1 / (1 + np.exp(-strength * score)), score


@pytest.mark.parametrize("seed", range(3))
def test_the_auc_is_the_one_everybody_computes_also_with_ties(seed: int) -> None:
    left, score = drawn(seed)
    assert auc(left, score).value == pytest.approx(roc_auc_score(left, score), abs=1e-12)


def test_the_interval_of_the_auc_holds_the_truth_as_often_as_it_says() -> None:
    left, score = drawn(99, 400_000)
    truth = auc(left, score).value
    found = [auc(*drawn(seed, 400)) for seed in range(400)]
    held = np.mean([one.low <= truth <= one.high for one in found])
    assert 0.92 <= held <= 0.98


def test_the_same_order_gains_nothing_and_a_worse_score_loses() -> None:
    left, score = drawn(1)
    same, worse = auc_gain(left, score, 3 * score + 1), auc_gain(left, score, drawn(2)[1])
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert worse.low > 0


def test_equal_scores_gain_nothing_by_the_order_of_rows() -> None:
    left = np.arange(100) < 10
    rng = np.random.default_rng(0)
    assert lift(left, np.zeros(100), rng).value == pytest.approx(1)
    assert lift(left, left.astype(float), rng).value == pytest.approx(10)


def test_shares_that_come_true_are_no_error_and_others_are() -> None:
    rng = np.random.default_rng(3)
    probability = rng.random(50_000)
    left = rng.random(50_000) < probability
    assert calibration_error(bins_of(left, probability)) < 0.01
    assert calibration_error(bins_of(left, probability**2)) > 0.1


def test_a_share_of_none_is_not_held_for_certain() -> None:
    found = share_between(0, 10)
    assert found.low == 0
    assert 0.2 < found.high < 0.35
