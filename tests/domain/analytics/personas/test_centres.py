"""Groups grown from named centres: they find the people who are there, keep their names, and say how sure they are."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_project.domain.analytics.personas.centres import (
    FEWEST_TO_CLUSTER,
    Centre,
    cluster,
    columns_of,
    places_of,
)

READS, BUYS, RESTS = (
    Centre("reads", {"opens": 0.8, "orders": 0.3}),
    Centre("buys", {"opens": 0.4, "orders": 0.9}),
    Centre("rests", {"opens": 0.2, "orders": 0.2}),
)
CENTRES = [READS, BUYS, RESTS]


def town(count: int, seed: int, apart: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """Three kinds of people by opens and orders, and who is of which kind (a number of ``CENTRES``)."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, count)
    heart = np.array([[apart, 1.5], [2.0, apart], [0.0, 0.0]])
    values = heart[kind] + rng.normal(0, 1, (count, 2))
    return places_of({"opens": values[:, 0], "orders": values[:, 1]}, columns_of(CENTRES)), kind


def test_the_people_who_are_there_get_the_name_of_their_kind() -> None:
    places, kind = town(3_000, seed=1)
    found = cluster(CENTRES, places)
    assert found.has_moved
    assert (found.confidences(places).argmax(axis=1) == kind).mean() > 0.95
    assert found.stability > 0.97


def test_the_sure_are_right_as_often_as_they_say() -> None:
    """Kinds that overlap: of those given 80 % some 80 % must be of that kind."""
    places, kind = town(20_000, seed=2, apart=3.0)
    likely = cluster(CENTRES, places).confidences(places)
    best, right = likely.max(axis=1), likely.argmax(axis=1) == kind
    assert best.mean() == pytest.approx(right.mean(), abs=0.02)
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.0)):
        these = (best >= low) & (best < high)
        assert these.sum() > 300
        assert right[these].mean() == pytest.approx(best[these].mean(), abs=0.05)


def test_a_base_without_groups_is_not_stable() -> None:
    """Negative control: six names in the middle of one heap."""
    rng = np.random.default_rng(3)
    many = [Centre(f"p{number}", {"a": 0.45 + number / 60, "b": 0.5, "c": 0.55}) for number in range(6)]
    heap = places_of({name: rng.normal(size=600) for name in "abc"}, columns_of(many))
    found = cluster(many, heap)
    assert not found.has_moved or found.stability < 0.9
    sure, _ = town(600, seed=3)
    assert cluster(CENTRES, sure).stability > 0.95


def test_a_group_that_would_lose_its_name_stays_where_it_was_declared() -> None:
    """One crowd between two names: both centres would move into it, and be one persona with two names."""
    skims = Centre("skims", {"opens": 0.7, "orders": 0.3})
    rng = np.random.default_rng(4)
    crowd = np.array([0.75, 0.29]) + rng.uniform(0, 0.02, (1_000, 2))
    found = cluster([READS, skims], crowd)
    assert not found.has_moved
    assert found.centres.tolist() == [[0.8, 0.3], [0.7, 0.3]]
    assert cluster([READS, RESTS], crowd).has_moved, "negative control: names that lie apart"


def test_a_name_nobody_answers_to_stays_where_it_is_and_takes_nobody() -> None:
    rng = np.random.default_rng(5)
    crowd = np.array([0.05, 0.95]) + rng.uniform(0, 0.04, (1_000, 2))
    found = cluster(CENTRES, crowd)
    assert found.centres[[0, 2]] == pytest.approx(np.array([[0.8, 0.3], [0.2, 0.2]]), abs=0.01)
    assert set(found.confidences(crowd).argmax(axis=1)) == {1}


def test_few_customers_move_no_centre() -> None:
    places, _ = town(FEWEST_TO_CLUSTER - 1, seed=5)
    assert not cluster(CENTRES, places).has_moved
    places, _ = town(FEWEST_TO_CLUSTER, seed=5)
    assert cluster(CENTRES, places).has_moved


def test_the_order_of_customers_moves_no_centre_far() -> None:
    places, _ = town(2_000, seed=6)
    mixed = np.random.default_rng(1).permutation(len(places))
    one, other = cluster(CENTRES, places), cluster(CENTRES, places[mixed])
    assert one.centres == pytest.approx(other.centres, abs=1e-6)


def test_a_gap_gives_no_persona_and_harms_no_other() -> None:
    places, _ = town(1_000, seed=7)
    places[0, 1] = np.nan
    likely = cluster(CENTRES, places).confidences(places)
    assert np.isnan(likely[0]).all()
    assert not np.isnan(likely[1:]).any()
