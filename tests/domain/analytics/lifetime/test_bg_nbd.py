"""The lifetime model against its paper, a simulated truth and itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.analytics.lifetime import bg_nbd
from dagster_project.domain.analytics.lifetime.bg_nbd import BgNbd, fit
from dagster_project.errors import HoivaError

PAPER = BgNbd(0.243, 4.414, 0.793, 2.426)
CDNOW = Path(__file__).resolve().parents[5] / "shared" / "data" / "cdnow"


def simulated(count: int, seed: int, weeks: float = 39) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Customers of the paper's model: repeats, recency and age in weeks, and purchases in as many weeks more."""
    rng = np.random.default_rng(seed)
    age = weeks - rng.integers(0, 84, count) / 7
    pace = rng.gamma(PAPER.r, 1 / PAPER.alpha, count)
    leaves = rng.beta(PAPER.a, PAPER.b, count)
    repeats, recency, later = np.zeros(count), np.zeros(count), np.zeros(count)
    at, there = np.zeros(count), np.ones(count, dtype=bool)
    while there.any():
        at = at + np.where(there, rng.exponential(1, count) / np.maximum(pace, 1e-12), 0)
        there &= at <= age + weeks
        now = there & (at <= age)
        repeats += now
        recency = np.where(now, at, recency)
        later += there & ~now
        there &= rng.random(count) >= leaves
    return repeats, recency, age, later


@pytest.mark.real_data
@pytest.mark.skipif(not CDNOW.is_dir(), reason="../shared/data/cdnow is not here")
def test_cdnow_gives_the_published_model() -> None:
    customers = pd.read_csv(CDNOW / "cdnow_customers_summary.csv.gz")
    model = fit(customers["frequency"], customers["recency"], customers["T"])
    assert model.r == pytest.approx(0.243, abs=0.001)
    assert model.alpha == pytest.approx(4.414, abs=0.001)
    assert model.a == pytest.approx(0.793, abs=0.001)
    assert model.b == pytest.approx(2.426, abs=0.001)
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    later = model.expected(39, np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert later[0] == pytest.approx(1.226, abs=0.001), "the paper's own example"


def test_a_simulated_truth_is_found_again() -> None:
    repeats, recency, age, later = simulated(60_000, seed=1)
    model = fit(repeats, recency, age)
    assert model.r == pytest.approx(PAPER.r, rel=0.05)
    assert model.alpha == pytest.approx(PAPER.alpha, rel=0.08)
    assert model.expected(39, repeats, recency, age).sum() == pytest.approx(later.sum(), rel=0.03)


def test_equal_customers_with_a_weight_are_the_same_customers() -> None:
    repeats, recency, age, _ = simulated(20_000, seed=2)
    recency = np.minimum(np.round(recency), age)
    rows = np.stack([repeats, recency, age], axis=1)
    different, weights = np.unique(rows, axis=0, return_counts=True)
    assert len(different) < len(rows) / 3
    one, other = fit(*rows.T), fit(*different.T, weights)
    assert [other.r, other.alpha, other.a, other.b] == pytest.approx([one.r, one.alpha, one.a, one.b], rel=1e-4)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=0.01)


def test_the_unit_of_time_changes_alpha_alone() -> None:
    repeats, recency, age, _ = simulated(20_000, seed=3)
    weeks, days = fit(repeats, recency, age), fit(repeats, recency * 7, age * 7)
    assert days.alpha == pytest.approx(weeks.alpha * 7, rel=1e-3)
    assert [days.r, days.a, days.b] == pytest.approx([weeks.r, weeks.a, weeks.b], rel=1e-3)


# Repeats, days beyond one a repeat, the last one's place in the age, days ahead, and the parameter a.
histories = st.tuples(
    st.integers(0, 120),
    st.floats(0.5, 2_000),
    st.floats(0, 1),
    st.floats(1, 400),
    st.sampled_from([0.4, 0.793, 1.0, 300.0]),
)


@given(histories)
@settings(max_examples=100, deadline=None)
def test_the_chances_of_all_counts_make_one_and_their_mean_is_the_expectation(
    history: tuple[int, float, float, float, float],
) -> None:
    repeats, more, part, horizon, a = history
    age = repeats + more
    model = BgNbd(0.6, 20.0, a, 2.4)
    x, t, t_x = np.array([float(repeats)]), np.array([age]), np.array([age * part if repeats else 0.0])
    chances = np.array([chance[0] for _, chance in model.chances(horizon, x, t_x, t)])
    assert (chances >= -1e-12).all()
    assert chances.sum() == pytest.approx(1, abs=2e-6)
    expected = model.expected(horizon, x, t_x, t)[0]
    assert chances @ np.arange(len(chances)) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_a_long_silence_makes_it_less_likely_that_somebody_is_there() -> None:
    there = PAPER.p_alive(np.full(3, 5.0), np.array([38.0, 20.0, 5.0]), np.full(3, 39.0))
    assert there[0] > 0.8 > there[1] > there[2]
    assert PAPER.p_alive(np.zeros(1), np.zeros(1), np.full(1, 39.0))[0] == 1


def test_too_few_who_came_back_are_refused() -> None:
    repeats, recency, age, _ = simulated(40, seed=4)
    repeats[recency > 0] = np.minimum(repeats[recency > 0], 1)
    few = repeats.copy()
    few[np.flatnonzero(few)[5:]] = 0
    with pytest.raises(HoivaError, match=f"{bg_nbd.FEWEST_REPEATERS} are needed"):
        fit(few, np.where(few > 0, recency, 0), age)


def test_a_last_purchase_after_now_is_refused() -> None:
    with pytest.raises(HoivaError, match="lies after now"):
        fit(np.full(30, 2.0), np.full(30, 50.0), np.full(30, 40.0))
