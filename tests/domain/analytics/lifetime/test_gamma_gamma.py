"""What customers spend at a time: a simulated truth found again, and few purchases drawn towards the base."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_project.domain.analytics.lifetime.gamma_gamma import GammaGamma, dependence, fit
from dagster_project.errors import HoivaError

TRUTH = GammaGamma(6.25, 3.74, 15.44)


def simulated(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Purchases, their mean amount, and the amount of one more."""
    rng = np.random.default_rng(seed)
    scale = rng.gamma(TRUTH.q, 1 / TRUTH.v, count)
    purchases = rng.geometric(0.3, count).astype(float)
    return purchases, rng.gamma(TRUTH.p * purchases) / (scale * purchases), rng.gamma(TRUTH.p, 1, count) / scale


def test_a_simulated_truth_is_found_again() -> None:
    purchases, mean, _ = simulated(100_000, seed=3)
    model = fit(purchases, mean)
    assert [model.p, model.q, model.v] == pytest.approx([TRUTH.p, TRUTH.q, TRUTH.v], rel=0.03)


def test_the_next_amount_is_what_was_expected_with_the_spread_that_was() -> None:
    purchases, mean, following = simulated(200_000, seed=4)
    expected = TRUTH.expected(purchases, mean)
    within, of_mean = TRUTH.variance(purchases, mean)
    for count in (1, 2, 5):
        theirs = purchases == count
        assert following[theirs].mean() == pytest.approx(expected[theirs].mean(), rel=0.02)
        spread = (following[theirs] - expected[theirs]).var()
        assert spread == pytest.approx((within + of_mean)[theirs].mean(), rel=0.12)


def test_money_in_cents_is_the_same_model() -> None:
    purchases, mean, _ = simulated(20_000, seed=5)
    one, other = fit(purchases, mean), fit(purchases, mean * 100)
    assert other.v == pytest.approx(one.v * 100, rel=1e-3)
    assert other.p == pytest.approx(one.p, rel=1e-3)


def test_many_purchases_speak_for_themselves() -> None:
    drawn = TRUTH.expected(np.array([1.0, 3.0, 100.0]), np.full(3, 200.0))
    assert drawn[0] < drawn[1] < drawn[2] < 200
    assert drawn[2] > 195


def test_dependence_is_told() -> None:
    purchases, mean, _ = simulated(20_000, seed=6)
    assert abs(dependence(purchases, mean)) < 0.05
    assert dependence(purchases, mean * purchases) > 0.4


def test_nobody_who_spent_is_nothing_to_learn_from() -> None:
    with pytest.raises(HoivaError, match="0 customers have spent"):
        fit(np.ones(50), np.zeros(50))
