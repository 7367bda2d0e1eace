"""Tonight's probabilities, each with its reasons."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.churn.features import Asked, asked_at
from dagster_project.domain.analytics.churn.reasons import effects, reasons, typical
from dagster_project.domain.analytics.churn.schema import CHURN_SCORES, REASONS
from dagster_project.domain.analytics.churn.training import ChurnModel
from dagster_project.domain.analytics.columns import Numbers
from dagster_project.domain.analytics.ranks import scores
from dagster_project.domain.analytics.schema import conforming_to
from dagster_project.domain.clock import naive_utc

TENTHS = 10


def churn_scores(
    customer_360: pa.Table, model: ChurnModel, version: str, quality: float, as_of: datetime, zone: ZoneInfo
) -> pa.Table:
    """Who will buy nothing in the three months after ``as_of``: everyone who bought within the year before.

    Args:
        customer_360: one row per customer, built for this ``as_of``.
        model: the trained model.
        version: its name.
        quality: its AUC in its last check.
        as_of: the moment, with its zone.
        zone: the business zone.

    Returns:
        A table of the schema ``CHURN_SCORES``. ``risk_tenth`` is 1 for the lowest tenth of the probabilities and 10
        for the highest; equal probabilities share a tenth.
    """
    asked = asked_at(customer_360, as_of, zone)
    probability = model.probability(asked.values)
    told = reasons(asked.values, effects(model, asked.values, typical(asked.values)))
    return table_of(asked, probability, told, version, quality, as_of)


def table_of(
    asked: Asked, probability: Numbers, told: list[pa.Array], version: str, quality: float, as_of: datetime
) -> pa.Table:
    """The scores as their readers expect them."""
    count = len(probability)
    tenth = scores(probability, classes=TENTHS) if count else probability
    return conforming_to(
        "analytics.churn_scores",
        pa.table(
            {
                "customer_id": asked.customer_id,
                **dict(zip(REASONS, told, strict=True)),
                "churn_probability": pa.array(probability),
                "risk_tenth": pa.array(tenth.astype(np.int64)),
                "as_of": pa.array([naive_utc(as_of)] * count, CHURN_SCORES.field("as_of").type),
                "model_version": pa.array([version] * count, pa.string()),
                "quality": pa.array(np.full(count, quality)),
            }
        ),
        CHURN_SCORES,
        ("customer_id",),
    )


def no_scores() -> pa.Table:
    """The table without a row: what is written when a score has been refused."""
    return CHURN_SCORES.empty_table()
