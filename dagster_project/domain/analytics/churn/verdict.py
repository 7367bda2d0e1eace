"""Whether a score may be shown to anyone: only when it has proved that it knows something."""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.domain.analytics.churn.checking import NAMES, Check

COIN = 0.5  # the AUC of a coin
SURENESS = 1.5  # times the half-width of the 95 % interval (2.9 standard deviations): one coin in 600 passes


@dataclass(frozen=True)
class Verdict:
    """Whether scores are published, and why (not), in words."""

    is_published: bool
    reason: str


def verdict_on(check: Check | None, why_unchecked: str = "") -> Verdict:
    """Refuse scores whose check could have been a coin's, or that could not be checked at all.

    A score that does not beat the best simple one is published, and its reason says so: it is no worse, and it speaks
    in probabilities.
    """
    if check is None:
        return Verdict(False, f"not published: {why_unchecked}")
    found = check.model.auc
    sure_low = found.value - SURENESS * (found.value - found.low)
    if sure_low <= COIN:
        return Verdict(False, f"not published: no signal, an AUC of {found} may be a coin's")
    best = min(check.told[1:], key=lambda told: told.auc_behind.value)
    if best.auc_behind.low <= 0:
        return Verdict(
            True, f"published; not surely better than {NAMES[best.score]} alone (AUC ahead by {best.auc_behind})"
        )
    return Verdict(True, f"published; better than {NAMES[best.score]} alone: AUC ahead by {best.auc_behind}")
