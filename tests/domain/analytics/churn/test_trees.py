from __future__ import annotations

from functools import lru_cache

import numpy as np

from dagster_project.domain.analytics.churn.examples import examples_of
from dagster_project.domain.analytics.churn.features import FEATURES, GROUPS
from dagster_project.domain.analytics.churn.training import fitted, log_odds_of
from dagster_project.domain.analytics.churn.trees import BLOCK, features_of, trees_of
from tests.domain.analytics.churn.shop_of_months import known
from tests.domain.analytics.making import ZONE


@lru_cache
def rows(count: int = BLOCK + 500) -> np.ndarray:
    """Customers of all kinds, every tenth value missing."""
    rng = np.random.default_rng(1)
    seen = examples_of(known(), ZONE).values
    mixed = np.column_stack([rng.choice(column, count) for column in seen.T])
    mixed[rng.random(mixed.shape) < 0.1] = np.nan
    return mixed


@lru_cache
def classifier():  # type: ignore[no-untyped-def]
    examples = examples_of(known(), ZONE)
    return fitted(examples.values, examples.has_left)


def test_the_trees_say_what_the_library_says_to_the_last_bit() -> None:
    assert trees_of(classifier()).log_odds(rows()).tobytes() == log_odds_of(classifier(), rows()).tobytes()


def test_a_group_changes_what_asking_the_library_again_changes() -> None:
    groups = [[FEATURES.index(name) for name in names] for names in GROUPS.values()]
    fixed = np.nanmedian(rows(), axis=0)
    own, changes = trees_of(classifier()).with_groups(rows(), fixed, groups)
    for number, group in enumerate(groups):
        asked = rows().copy()
        asked[:, group] = fixed[group]
        assert np.allclose(own - log_odds_of(classifier(), asked), changes[:, number], atol=1e-10)


def test_a_group_no_tree_asks_about_changes_nothing() -> None:
    trees = trees_of(classifier())
    asked = frozenset().union(*(features_of(tree) for tree in trees.trees))
    assert asked, "negative control: the trees do ask"
    _, changes = trees.with_groups(rows(), np.zeros(rows().shape[1]), [[rows().shape[1] + 5]])
    assert not changes.any()
