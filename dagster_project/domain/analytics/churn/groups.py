"""For whom the score is right, and for whom it fails: the check, told for parts of the customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.domain.analytics.churn.checking import FEWEST_OUTCOMES, Check
from dagster_project.domain.analytics.churn.features import FEATURES
from dagster_project.domain.analytics.churn.measures import Between, auc, share_between
from dagster_project.domain.analytics.columns import Flags, Numbers

FAR = 0.05  # between what was foretold and the nearer end of what came: more than this is wrong for the group
COIN = 0.5


@dataclass(frozen=True)
class GroupCheck:
    """How the score did for one group.

    Attributes:
        group: who, in words.
        count: how many customers.
        foretold: their mean probability.
        came: the share who left.
        auc: None where too few left, or stayed, to say.
        fails: in words; empty where it does not.
    """

    group: str
    count: int
    foretold: float
    came: Between
    auc: Between | None
    fails: str


def groups_of(values: Numbers) -> dict[str, Flags]:
    """The parts looked at: by purchase days, by how long a customer, by silence, by spending, by returns."""
    column = {name: values[:, place] for place, name in enumerate(FEATURES)}
    days, age = column["count_purchase_days"], column["days_since_first_purchase"]
    silence, spent = column["days_since_last_purchase"], column["amount_place"]
    return {
        "bought on one day": days == 1,
        "bought on two or three days": (days >= 2) & (days <= 3),
        "bought on four to nine days": (days >= 4) & (days <= 9),
        "bought on ten days or more": days >= 10,
        "customers for less than 90 days": age < 90,
        "customers for 90 days or longer": age >= 90,
        "bought within 30 days": silence < 30,
        "silent for 30 to 89 days": (silence >= 30) & (silence < 90),
        "silent for 90 days or longer": silence >= 90,
        "the fifth who spent most": spent >= 0.8,
        "the fifth who spent least": spent < 0.2,
        "sent something back": column["return_share"] > 0,
        "sent nothing back": column["return_share"] == 0,
    }


def group_checks(check: Check) -> list[GroupCheck]:
    """Each group with customers in it, in the order of :func:`groups_of`."""
    found = []
    for group, members in groups_of(check.values).items():
        if not members.any():
            continue
        left, probability = check.has_left[members], check.probability[members]
        enough = min(int(left.sum()), int((~left).sum())) >= FEWEST_OUTCOMES
        ranked = auc(left, probability) if enough else None
        came = share_between(int(left.sum()), len(left))
        foretold = float(probability.mean())
        found.append(GroupCheck(group, len(left), foretold, came, ranked, failing(foretold, came, ranked)))
    return found


def failing(foretold: float, came: Between, ranked: Between | None) -> str:
    """What is wrong for a group, in words.

    >>> failing(0.6, Between(0.4, 0.35, 0.45), None)
    'says too much'
    >>> failing(0.4, Between(0.4, 0.35, 0.45), Between(0.52, 0.45, 0.6))
    'cannot tell them apart'
    """
    said = []
    if foretold > came.high + FAR:
        said.append("says too much")
    if foretold < came.low - FAR:
        said.append("says too little")
    if ranked is not None and ranked.low <= COIN:
        said.append("cannot tell them apart")
    return ", ".join(said)


def found_by_share(left: Flags, score: Numbers, points: int = 21) -> tuple[Numbers, Numbers]:
    """The lift chart: the share of leavers among the highest scores, for growing shares of the customers.

    Equal scores are taken in part, as if drawn by lot.

    >>> share, found = found_by_share(np.array([True, False, True, False]), np.array([4.0, 3.0, 2.0, 1.0]), 3)
    >>> share.tolist(), found.tolist()
    ([0.0, 0.5, 1.0], [0.0, 0.5, 1.0])
    """
    _, block = np.unique(-score, return_inverse=True)
    customers = np.concatenate([[0.0], np.cumsum(np.bincount(block))])
    leavers = np.concatenate([[0.0], np.cumsum(np.bincount(block, left))])
    share = np.linspace(0, 1, points)
    return share, np.interp(share * len(left), customers, leavers) / max(float(left.sum()), 1.0)
