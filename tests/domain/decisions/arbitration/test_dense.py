"""The large form of the arbitration: every limit to the unit, a gap that covers, the optimum where it can be known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dagster_project.domain.decisions.arbitration.dense import SAMPLE, Matrix, share_out
from tests.domain.decisions.arbitration.matrices import limits_passed, matrix, optimum


@pytest.mark.parametrize(("k", "own"), [(1, 0), (2, 0), (2, 1)])
def test_no_limit_is_passed_and_the_gap_covers_what_is_missing(k: int, own: int) -> None:
    for seed in range(2):
        small = matrix(60, seed, k=k, own=own, actions=6, resources=4)
        found = share_out(small)
        best = optimum(small)
        assert limits_passed(small, found.chosen) == []
        assert found.bound >= best - 1e-6
        assert found.gap >= 1 - found.value / best - 1e-9
        assert found.value >= 0.97 * best


def test_a_crowd_beyond_the_sample_is_shared_out_to_a_hair() -> None:
    crowd = matrix(2 * SAMPLE + 20_000, 5)
    found = share_out(crowd)
    assert limits_passed(crowd, found.chosen) == []
    assert found.gap < 2e-5
    assert found.count_active < 0.2 * len(crowd.value)
    value = crowd.value[np.arange(len(crowd.value)), found.chosen[:, 0]] * (found.chosen[:, 0] >= 0)
    assert found.value == pytest.approx(float(value.sum()))


def test_the_same_crowd_again_is_shared_out_the_same_way() -> None:
    crowd = matrix(3_000, 6)
    assert (share_out(crowd).chosen == share_out(crowd).chosen).all()


def test_nobody_is_left_out_where_there_is_enough_and_nobody_met_where_there_is_nothing() -> None:
    crowd = matrix(500, 7)
    plenty = share_out(replace(crowd, most=crowd.most + 1e9))
    assert (plenty.chosen[:, 0] == crowd.value.argmax(axis=1)).all()
    assert not plenty.prices.any()
    takes_all = replace(crowd, use=crowd.use + 1.0, most=np.zeros(len(crowd.most)))
    nothing = share_out(takes_all)
    assert (nothing.chosen == -1).all()
    assert nothing.value == 0.0


def test_a_plan_past_a_limit_would_be_seen() -> None:
    crowd = matrix(500, 8)
    assert limits_passed(crowd, crowd.value.argmax(axis=1)[:, None].astype(np.int32))


def test_prices_rise_where_less_is_left() -> None:
    crowd = matrix(5_000, 9, resources=3)
    scarcer = replace(crowd, most=np.floor(crowd.most * np.array([0.5, 1.0, 1.0])))
    assert share_out(scarcer).prices[0] > share_out(crowd).prices[0]


def test_a_matrix_of_one_customer() -> None:
    one = Matrix(np.array([[3.0, 5.0]]), np.array([[1.0], [2.0]]), np.array([1.0]))
    assert share_out(one).chosen.tolist() == [[0]]
