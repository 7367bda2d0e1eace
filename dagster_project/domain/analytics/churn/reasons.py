"""Why a customer's probability is what it is, in words a person can read out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.analytics.churn.features import FEATURES, GROUPS
from dagster_project.domain.analytics.churn.training import ChurnModel
from dagster_project.domain.analytics.columns import Numbers

COUNT_REASONS = 3
LEAST_EFFECT = 0.1  # log-odds: about two and a half points around even odds; less is not worth a sentence

# Of each reason: the feature that decides what is said, and the words for a customer who has less of it than the
# typical one, and for all others. What is said is true whichever way it moves the score; {..} is a feature.
WORDS: dict[str, tuple[str, str, str]] = {
    "silence": (
        "days_since_last_purchase",
        "bought {days_since_last_purchase} days ago",
        "silent for {days_since_last_purchase} days, {quiet_ratio} times the gap to expect",
    ),
    "habit": (
        "count_purchase_days",
        "has bought on {count_purchase_days} days only",
        "has bought on {count_purchase_days} days",
    ),
    "standing": (
        "days_since_first_purchase",
        "a customer for {days_since_first_purchase} days",
        "a customer for {days_since_first_purchase} days",
    ),
    "spending": (
        "total_purchase_amount",
        "spends little: {total_purchase_amount} in all, {purchase_amount_90d} in 90 days",
        "spends much: {total_purchase_amount} in all, {purchase_amount_90d} in 90 days",
    ),
    "returns": (
        "return_share",
        "sent back {return_share} % of what was bought",
        "sent back {return_share} % of what was bought",
    ),
}
SAID_TIMES_100 = {"return_share"}  # shares are said in percent
ONE_DECIMAL = {"quiet_ratio"}
SAID_BETTER = ((r"\b1 days", "1 day"), (r"sent back 0 % of what was bought", "has sent nothing back"))
RAISES, LOWERS = "higher risk", "lower risk"


def typical(values: Numbers) -> Numbers:
    """The customer everyone is compared with: the middle one in each feature, NaN where most have nothing.

    >>> typical(np.array([[1.0, np.nan], [2.0, np.nan], [9.0, 4.0]]))
    array([ 2., nan])
    """
    known = ~np.isnan(values)
    middle = np.full(values.shape[1], np.nan)
    often = known.mean(axis=0) >= 0.5 if len(values) else np.zeros(values.shape[1], bool)
    for column in np.flatnonzero(often):
        middle[column] = np.median(values[known[:, column], column])
    return middle


def effects(model: ChurnModel, values: Numbers, usual: Numbers) -> Numbers:
    """What each group of features does to each customer's log-odds of leaving: one column for each of ``GROUPS``.

    How: the group's features are set to the typical customer's, all others left as they are, and the model is asked
    again; the difference is the group's effect. It is what the model would say, not what would happen.
    """
    return model.changes(values, usual, [[FEATURES.index(name) for name in names] for names in GROUPS.values()])


def reasons(values: Numbers, found: Numbers, count: int = COUNT_REASONS) -> list[pa.Array]:
    """The strongest reasons of each customer, strongest first; null where no further one is worth a sentence.

    Args:
        values: the features.
        found: what :func:`effects` gave for them.
        count: how many reasons at most.
    """
    order = np.argsort(-np.abs(found), axis=1, kind="stable")[:, :count]
    rows, usual = np.arange(len(values)), typical(values)
    return [said(values, usual, order[:, place], found[rows, order[:, place]]) for place in range(count)]


def said(values: Numbers, usual: Numbers, group: np.ndarray, effect: Numbers) -> pa.Array:
    """One reason for each customer: the group named, said with the customer's own figures."""
    result = pa.nulls(len(values), pa.string())
    for number, name in enumerate(GROUPS):
        telling, *words = WORDS[name]
        column = FEATURES.index(telling)
        has_more = values[:, column] >= np.nan_to_num(usual[column])
        told = (group == number) & (np.abs(effect) >= LEAST_EFFECT)
        for raises, direction in ((True, RAISES), (False, LOWERS)):
            for more in (False, True):
                here = told & ((effect > 0) == raises) & (has_more == more)
                if here.any():
                    sentences = sentence(words[more], direction, values[here])
                    result = pc.replace_with_mask(result, pa.array(here), sentences)
    return result


def sentence(words: str, direction: str, values: Numbers) -> pa.Array:
    """The words with each customer's figures in them."""
    parts: list[pa.Array | pa.Scalar] = []
    rest = f"{direction}: {words}"
    while "{" in rest:
        before, _, behind = rest.partition("{")
        name, _, rest = behind.partition("}")
        number = values[:, FEATURES.index(name)] * (100 if name in SAID_TIMES_100 else 1)
        digits = 1 if name in ONE_DECIMAL else 0
        rounded = np.floor(np.nan_to_num(number) * 10**digits + 0.5) / 10**digits
        parts += [pa.scalar(before), pa.array(rounded if digits else rounded.astype(np.int64)).cast(pa.string())]
    said_so = pc.binary_join_element_wise(pa.array([""] * len(values)), *parts, pa.scalar(rest), "")
    for awkward, better in SAID_BETTER:
        said_so = pc.replace_substring_regex(said_so, awkward, better)
    return said_so


def group_effects(found: Numbers) -> dict[str, float]:
    """How much each group moves the risk on average over all customers, in log-odds, largest first."""
    strength = dict(zip(GROUPS, np.abs(found).mean(axis=0).tolist(), strict=True))
    return dict(sorted(strength.items(), key=lambda item: -item[1]))
