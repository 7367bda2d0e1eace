"""From the months known to a model with a name, its proof, and the line it gets in the registry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from dagster_project.domain.analytics.churn.checking import Check, NoCheck, check_at
from dagster_project.domain.analytics.churn.examples import Examples, Months, last_whole_window
from dagster_project.domain.analytics.churn.measures import Between
from dagster_project.domain.analytics.churn.schema import CHURN_MODEL
from dagster_project.domain.analytics.churn.training import ChurnModel, TooLittle, settings_hash, train
from dagster_project.domain.analytics.churn.verdict import Verdict, verdict_on
from dagster_project.domain.analytics.columns import Numbers
from dagster_project.domain.analytics.schema import conforming_to
from dagster_project.domain.clock import business_date, naive_utc

# Customers whose past is learned from: those with the smallest ids, which are hashes, so it is a fair draw that stays
# the same from night to night. On a town of 100,000 more of them did not change the AUC in the third digit.
TRAINING_CUSTOMERS = 15_000
SHORT_HASH = 8  # digits of the data hash in a version's name


@dataclass(frozen=True)
class Learned:
    """One version: the model, how it did when it could not know, and whether its scores may be shown.

    Attributes:
        version: the month it learned up to and a digest of its data and settings.
        model: None when there was too little to learn from.
        check: None when nothing could be checked.
        verdict: whether scores are published, in words.
        line: its row of ``churn_model``, without the moment it was made.
        newest: the features of the newest month learned from, to see later how far customers have drifted from them.
    """

    version: str
    model: ChurnModel | None
    check: Check | None
    verdict: Verdict
    line: dict[str, Any]
    newest: Numbers

    @property
    def quality(self) -> float:
        """The AUC of its last check; NaN when it could not be checked."""
        return self.check.model.auc.value if self.check else float("nan")


def version_of(examples: Examples, zone: ZoneInfo) -> str:
    """The name of what these examples and today's settings make: known before it is made.

    >>> nothing = Examples(np.zeros(0, object), np.zeros(0, "datetime64[us]"), np.zeros((0, 18)), np.zeros(0, bool))
    >>> version_of(nothing, ZoneInfo("Europe/Helsinki")).split("-")[0]
    'nothing'
    """
    digest = f"{examples.data_hash()[:SHORT_HASH]}-{settings_hash()[:SHORT_HASH]}"
    newest = newest_month(examples)
    return f"{business_date(newest.replace(tzinfo=UTC), zone) if newest else 'nothing'}-{digest}"


def newest_month(examples: Examples) -> datetime | None:
    """The newest month's end among the examples, UTC without a zone."""
    return examples.month.max().astype("datetime64[us]").item() if len(examples.month) else None


def learn(months: Months, examples: Examples, zone: ZoneInfo) -> Learned:
    """Train on everything known, and check the same procedure on the latest months it could not know.

    The check trains a second model with what was known three months before the newest outcome, so its figures are
    those of the procedure, a season older than the model that scores.
    """
    model, check, why = None, None, "no month's end with three known months after it"
    try:
        model = train(examples)
        window = last_whole_window(months, zone)
        if window is not None:
            check = check_at(months, window[0], zone)
    except (TooLittle, NoCheck) as error:
        why = str(error)
    verdict = verdict_on(check, why)
    newest = examples.values[examples.month == examples.month.max()] if len(examples.month) else examples.values
    version = version_of(examples, zone)
    return Learned(version, model, check, verdict, line_of(version, examples, check, verdict), newest[:, :-1])


def line_of(version: str, examples: Examples, check: Check | None, verdict: Verdict) -> dict[str, Any]:
    """What the registry keeps of a version, by column of ``CHURN_MODEL``."""
    months = np.unique(examples.month).astype("datetime64[us]").tolist()
    line: dict[str, Any] = dict.fromkeys(CHURN_MODEL.names)
    line |= {
        "model_version": version,
        "data_hash": examples.data_hash(),
        "settings_hash": settings_hash(),
        "verdict": verdict.reason,
        "count_examples": len(examples.has_left),
        "count_customers": len(np.unique(examples.customer_id)),
        "is_published": verdict.is_published,
        "first_month_at": months[0] if months else None,
        "last_month_at": months[-1] if months else None,
    }
    if check is not None:
        line |= {
            "count_checked": len(check.has_left),
            "left_share": float(check.has_left.mean()),
            "calibration_error": check.calibration_error,
            "checked_at": check.cut,
        }
        for told in check.told:
            line |= figures(f"auc_{told.score}", told.auc) | figures(f"lift_{told.score}", told.lift)
    return line


def figures(name: str, found: Between) -> dict[str, float]:
    """A figure and the ends of its interval as three columns."""
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def registry_table(lines: list[dict[str, Any]], current: str) -> pa.Table:
    """The registry: one row for each version ever trained, in the order they were made, and which one is in use."""
    told = [{**line, "is_current": line["model_version"] == current} for line in lines]
    ordered = sorted(told, key=lambda line: (line["as_of"], line["model_version"]))
    rows = pa.Table.from_pylist(ordered, schema=CHURN_MODEL)
    return conforming_to("analytics.churn_model", rows, CHURN_MODEL, ("model_version",))


def registered(line: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    """A version's row with the moment it was first trained as of."""
    return {**line, "as_of": naive_utc(as_of)}
