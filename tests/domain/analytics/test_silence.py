"""How unusual a silence is: right where the truth is known, and careful where little is."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_project.domain.analytics.silence import BY_CHANCE, MIXED, Paces, paces_of, regularity_of, silence_chances

BASE = Paces(mean_gap=30.0, regularity=5.0, likeness=4.0)


def drawn(customers: int, base: Paces, seed: int, most: int = 15) -> tuple[np.ndarray, ...]:
    """Customers of the model: their gaps so far as four figures, and the gap that comes next."""
    rng = np.random.default_rng(seed)
    pace = rng.gamma(base.likeness, 1 / (base.likeness * base.mean_gap), customers)
    count = rng.integers(1, most, customers)
    gaps = rng.gamma(base.regularity, 1 / (base.regularity * pace[:, None]), (customers, most))
    gaps[np.arange(most) >= count[:, None]] = np.nan
    upper, median, lower = np.nanpercentile(gaps, [75, 50, 25], axis=1)
    spread = np.where(count > 1, upper - lower, np.nan)
    following = rng.gamma(base.regularity, 1 / (base.regularity * pace))
    return np.nanmean(gaps, axis=1), median, spread, count.astype(float), following


def test_a_silence_of_chance_one_in_twenty_comes_one_time_in_twenty() -> None:
    mean, _, _, count, following = drawn(40_000, BASE, seed=1)
    chances = silence_chances(following, mean, count, BASE)
    for chance in (0.5, 0.2, 0.05, 0.01):
        assert (chances <= chance).mean() == pytest.approx(chance, rel=0.08), "also among those with few gaps"
        assert (chances[count <= 2] <= chance).mean() == pytest.approx(chance, rel=0.25)


def test_the_rhythm_of_the_base_is_learned_from_its_customers() -> None:
    mean, median, spread, count, _ = drawn(20_000, BASE, seed=2)
    found = paces_of(mean, median, spread, count, default=60.0)
    # Quartiles of few gaps lie closer than those of many: a base is taken for a little more regular than it is.
    assert found.regularity == pytest.approx(5.0, rel=0.5)
    assert found.likeness == pytest.approx(4.0, rel=0.4)
    assert found.mean_gap == pytest.approx(30.0, rel=0.25)


def test_a_base_of_a_few_is_not_taken_for_regular() -> None:
    few = paces_of(np.full(5, 7.0), np.full(5, 7.0), np.zeros(5), np.full(5, 9.0), default=60.0)
    assert (few.regularity, few.likeness) == (BY_CHANCE, MIXED)
    nobody = paces_of(np.array([np.nan]), np.array([np.nan]), np.array([np.nan]), np.array([-1.0]), default=60.0)
    assert nobody.mean_gap == 60.0


def test_short_histories_are_drawn_to_the_base_and_long_ones_stand_alone() -> None:
    of_weekly = silence_chances(np.full(4, 30.0), np.full(4, 7.0), np.array([0.0, 2.0, 8.0, 200.0]), BASE)
    assert of_weekly[0] == silence_chances(np.array([30.0]), np.array([np.nan]), np.array([0.0]), BASE)[0]
    assert (np.diff(of_weekly) < 0).all()
    assert of_weekly[3] < 1e-5 < 0.1 < of_weekly[0]


def test_a_longer_silence_is_never_likelier() -> None:
    days = np.arange(0.0, 400.0)
    chances = silence_chances(days, np.full(400, 12.0), np.full(400, 6.0), BASE)
    assert chances[0] == 1.0
    assert (np.diff(chances) <= 0).all()


def test_regular_visits_lie_close_together() -> None:
    assert regularity_of(0.1) > regularity_of(0.6) > regularity_of(1.6) >= 0.5
