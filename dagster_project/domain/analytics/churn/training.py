"""Gradient boosting over past months, calibrated on customers it was not trained on.

Why these settings and what else was tried: ``docs/decisions/0013-churn.md``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dagster_project.domain.analytics.churn.examples import HORIZON_MONTHS, Examples
from dagster_project.domain.analytics.churn.trees import Trees, trees_of
from dagster_project.domain.analytics.columns import Flags, Numbers
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

# Small trees, many of them, each seeing a part of the features: the figures hardly move around these values, which is
# why they were taken.
BOOSTING: dict[str, Any] = {
    "learning_rate": 0.05,
    "max_iter": 200,  # trees
    "max_leaf_nodes": 5,
    "min_samples_leaf": 100,  # examples: a leaf of fewer is somebody's story, not a rule
    "l2_regularization": 10.0,
    "max_features": 0.4,  # of the features are looked at for each split
    "early_stopping": False,  # it would hold back examples by chance, of customers that are also learned from
    "random_state": 0,
}
FOLDS = 2  # parts of the customers: each is judged by a model that learned from the other part alone
FEWEST_OF_EACH = 100  # examples who left, and who stayed: below that there is nothing to learn from
CHUNK = 100_000  # customers scored at a time: bounds the memory, changes no score


@dataclass(frozen=True)
class ChurnModel:
    """A trained model: from features to the probability of buying nothing in the next three months.

    Attributes:
        classifier: the boosted trees; they speak in log-odds.
        slope, intercept: of the calibration: log-odds times slope plus intercept.
        held_out_auc: AUC among customers not learned from, in the same months. Flattering: time has not passed.
    """

    classifier: HistGradientBoostingClassifier
    slope: float
    intercept: float
    held_out_auc: float

    @cached_property
    def trees(self) -> Trees:
        """The same trees in the form in which many customers are asked about."""
        return trees_of(self.classifier)

    def probability(self, values: Numbers, months_ahead: int = HORIZON_MONTHS) -> Numbers:
        """The probability of buying nothing in so many months, one for each row of features."""
        result = np.empty(len(values))
        for start in range(0, len(values), CHUNK):
            asked = looking_ahead(values[start : start + CHUNK], months_ahead)
            result[start : start + CHUNK] = share_of(self.slope * self.trees.log_odds(asked) + self.intercept)
        return result

    def changes(self, values: Numbers, fixed: Numbers, groups: Sequence[Sequence[int]]) -> Numbers:
        """By how much each group of features changes each row's log-odds from what they were with the group fixed."""
        result = np.empty((len(values), len(groups)))
        row = looking_ahead(fixed[None, :], HORIZON_MONTHS)
        for start in range(0, len(values), CHUNK):
            asked = looking_ahead(values[start : start + CHUNK], HORIZON_MONTHS)
            result[start : start + CHUNK] = self.slope * self.trees.with_groups(asked, row, groups)[1]
        return result


def looking_ahead(values: Numbers, months: int) -> Numbers:
    """The features with the last one beside them: how many months are looked ahead."""
    return np.column_stack([values, np.full(len(values), float(months))])


class TooLittle(HoivaError):
    """There are too few examples of those who left or of those who stayed to learn from."""


def settings_hash() -> str:
    """A short digest of everything that shapes a model besides its data."""
    import sklearn

    settings = {**BOOSTING, "folds": FOLDS, "horizon": HORIZON_MONTHS, "scikit-learn": sklearn.__version__}
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def train(examples: Examples) -> ChurnModel:
    """Learn from these examples; the same examples give the same model.

    How: a model from all examples; beside it one for each part of the customers, from the other part alone. What
    those say of the customers they never saw, looked ahead as far as is known, sets slope and intercept.

    Raises:
        TooLittle: fewer than ``FEWEST_OF_EACH`` left, or stayed; or in a part learned from alone nobody did.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    fewest = min(int(examples.has_left.sum()), int((~examples.has_left).sum()))
    if fewest < FEWEST_OF_EACH:
        raise TooLittle(
            f"churn: {fewest} past examples of leaving or of staying; {FEWEST_OF_EACH} of each are the least to learn"
        )
    part = parts_of(examples)
    furthest = examples.months_ahead == examples.months_ahead.max()
    for alone in (furthest, *(part != number for number in range(FOLDS))):
        if len(np.unique(examples.has_left[alone])) < 2:
            raise TooLittle("churn: of the examples looked ahead furthest, or of a part, all left or all stayed")
    unseen = np.empty(len(examples.has_left))
    for number in range(FOLDS):
        learned = fitted(examples.values[part != number], examples.has_left[part != number])
        unseen[part == number] = log_odds_of(learned, examples.values[part == number])
    calibration = LogisticRegression(C=np.inf).fit(unseen[furthest, None], examples.has_left[furthest])
    return ChurnModel(
        fitted(examples.values, examples.has_left),
        float(calibration.coef_[0, 0]),
        float(calibration.intercept_[0]),
        float(roc_auc_score(examples.has_left[furthest], unseen[furthest])),
    )


def fitted(values: Numbers, has_left: Flags) -> HistGradientBoostingClassifier:
    """The boosted trees, on one thread: sums taken in one order give the same bits everywhere.

    A feature nobody has a value of (no web shop, no letters) is taken as all zeros: nothing can be learned from it,
    and the trees cannot bin a column of gaps.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    values = np.where(np.isnan(values).all(axis=0), 0.0, values)
    with threadpool_limits(limits=1):
        return HistGradientBoostingClassifier(**BOOSTING).fit(values, has_left)


def log_odds_of(classifier: HistGradientBoostingClassifier, values: Numbers) -> Numbers:
    """What the trees say of each row, in log-odds."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return np.asarray(classifier.decision_function(values), dtype=np.float64)


def parts_of(examples: Examples) -> np.ndarray:
    """Which part each example's customer falls in: all examples of one customer together, by the id's hash."""
    import pandas as pd

    return np.asarray(pd.util.hash_array(examples.customer_id) % FOLDS)


def share_of(log_odds: Numbers) -> Numbers:
    """From log-odds to a probability.

    >>> share_of(np.array([0.0, 2.0])).round(3).tolist()
    [0.5, 0.881]
    """
    return np.asarray(1 / (1 + np.exp(-log_odds)))
