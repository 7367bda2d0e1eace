"""The model put to the test on months it could not know, beside simple scores of the same customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from dagster_project.domain.analytics.churn.bg_nbd_scores import bg_nbd_scores
from dagster_project.domain.analytics.churn.examples import (
    HORIZON_MONTHS,
    Months,
    examples_of,
    has_left,
    months_between,
    until,
)
from dagster_project.domain.analytics.churn.features import FEATURES, asked_at
from dagster_project.domain.analytics.churn.measures import (
    Between,
    Bin,
    auc,
    auc_gain,
    bins_of,
    calibration_error,
    lift,
)
from dagster_project.domain.analytics.churn.training import ChurnModel, train
from dagster_project.domain.analytics.columns import Flags, Numbers

FEWEST_OUTCOMES = 30  # who left, and who stayed: with fewer the interval of any figure holds everything
NAMES = {  # what people call the scores
    "model": "the model",
    "recency": "days of silence",
    "frequency": "number of orders",
    "rhythm": "silence by own rhythm",
    "p_alive": "BG/NBD p(alive)",
    "expected_purchases": "BG/NBD expected purchases",
}
SEED = 2011  # of the resamples: the same check gives the same intervals


@dataclass(frozen=True)
class Told:
    """How one score did among the same customers: the model, or a simple score beside it.

    Attributes:
        auc: how often somebody who left stood above somebody who stayed.
        lift: leavers among the tenth with the highest scores, by the usual share.
        auc_behind: by how much its AUC lies below the model's (paired); 0 for the model.
    """

    score: str
    auc: Between
    lift: Between
    auc_behind: Between


@dataclass(frozen=True)
class Check:
    """One test: trained with what was known at a cut, held against what came after.

    Attributes:
        cut: the month's end at which was asked; UTC without a zone.
        end: when the window was over.
        told: the model first, then each simple score.
        bins: what was foretold and what came, in tenths.
        calibration_error: the mean distance between the two.
        groups: the same figures for parts of the customers.
        values, probability, has_left: the rows behind it all.
    """

    cut: datetime
    end: datetime
    told: tuple[Told, ...]
    bins: tuple[Bin, ...]
    calibration_error: float
    values: Numbers
    probability: Numbers
    has_left: Flags

    @property
    def model(self) -> Told:
        """The model's own figures."""
        return self.told[0]


class NoCheck(Exception):
    """The month cannot be judged: too few of its customers left, or stayed."""


def check_at(months: Months, cut: datetime, zone: ZoneInfo, model: ChurnModel | None = None) -> Check:
    """Train with what was known at the cut, score its customers, and hold the scores against what came after.

    Args:
        months: all months known, with the cut and the one three months later among them.
        cut: a month's end, UTC without a zone.
        zone: the business zone.
        model: one trained earlier, to see how it keeps; default: trained with what was known at the cut.

    Raises:
        TooLittle: too few examples were known at the cut.
        NoCheck: too few outcomes to judge by.
    """
    end = next(moment for moment in months if months_between(cut, moment, zone) == HORIZON_MONTHS)
    asked = asked_at(months[cut].sort_by("customer_id"), cut.replace(tzinfo=UTC), zone)
    left = has_left(asked.customer_id, cut, months[end])
    if min(int(left.sum()), int((~left).sum())) < FEWEST_OUTCOMES:
        raise NoCheck(f"{int(left.sum())} of {len(left)} customers left; {FEWEST_OUTCOMES} of each are the least")
    trained = model or train(examples_of(until(months, cut), zone))
    probability = trained.probability(asked.values)
    scores = {"model": probability, **simple_scores(asked.values)}
    bins = bins_of(left, probability)
    return Check(cut, end, told_of(left, scores), bins, calibration_error(bins), asked.values, probability, left)


def told_of(left: Flags, scores: Mapping[str, Numbers]) -> tuple[Told, ...]:
    """The figures of each score; the first is what the others are held against."""
    first = next(iter(scores.values()))
    return tuple(
        Told(name, auc(left, score), lift(left, score, np.random.default_rng(SEED)), auc_gain(left, first, score))
        for name, score in scores.items()
    )


def simple_scores(values: Numbers) -> dict[str, Numbers]:
    """What one would sort by without a model, the likeliest to leave highest.

    ``recency``: days of silence. ``frequency``: few orders. ``rhythm``: silence by the customer's own rhythm.
    ``p_alive`` and ``expected_purchases``: what BG/NBD says, fitted on these customers; left out where it cannot be.
    """
    column = {name: values[:, place] for place, name in enumerate(FEATURES)}
    scores = {
        "recency": column["days_since_last_purchase"],
        "frequency": -column["count_orders"],
        "rhythm": column["quiet_ratio"],
    }
    age, silence = column["days_since_first_purchase"], column["days_since_last_purchase"]
    return scores | bg_nbd_scores(column["count_purchase_days"] - 1, age - silence, age)
