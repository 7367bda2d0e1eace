"""What the town's own law says about who will buy nothing: by all that is true, and by what anybody could see.

Two truths. ``hazard``: of somebody who knows each person's gap and fate up to now, also that they left yesterday. No
purchase tells that, so nobody who looks at purchases can rank as well. ``observed_hazard``: of somebody who knows each
person's gap and the law of fates, and sees the purchases: Bayes' rule over every fate and turning day. No score made
from purchases can rank better on average.
"""

from __future__ import annotations

from math import factorial

import numpy as np
import pandas as pd

from dagster_project.domain.synthetic import Town
from dagster_project.domain.town.lives import FATE_SHARES, FATES, GAP_SHAPE, PAUSE_OF_RETURNED, SLOWER_WHEN_FADING

Numbers = np.ndarray
TURNING_DAYS = 60  # of the grid over which turning days are summed
SHARE = dict(zip(FATES, FATE_SHARES, strict=True))
LOG_CONSTANT = GAP_SHAPE * np.log(GAP_SHAPE) - np.log(factorial(int(GAP_SHAPE) - 1))


def log_density(gaps: Numbers) -> Numbers:
    """Of a gap, in units of the person's own mean: a gamma of whole shape."""
    kept = np.maximum(gaps, 1e-4)
    return LOG_CONSTANT + (GAP_SHAPE - 1) * np.log(kept) - GAP_SHAPE * kept


def log_survival(gaps: Numbers) -> Numbers:
    """That a gap is longer than so many of the person's own mean ones."""
    scaled = GAP_SHAPE * np.maximum(gaps, 0)
    return -scaled + np.log(sum(scaled**power / factorial(power) for power in range(int(GAP_SHAPE))))


def purchases_of(town: Town) -> pd.DataFrame:
    """The town's purchases as tests take them: customer_id, purchased_at, amount."""
    lives = town.lives
    at = pd.Timestamp(town.first_day) + pd.to_timedelta((lives.bought_at * 86_400).round(), unit="s")
    return pd.DataFrame(
        {
            "customer_id": [f"c{person:06d}" for person in lives.buyer],
            "purchased_at": at.astype("datetime64[us]"),
            "amount": lives.spend[lives.buyer].round(2),
        }
    )


def hazard(town: Town, persons: Numbers, now: float, ahead: float) -> Numbers:
    """The chance of buying nothing in (now, now + ahead], by everything that is true now."""
    return np.array([one_hazard(town, person, bought, now, ahead) for person, bought in seen(town, persons, now)])


def one_hazard(town: Town, person: int, bought: Numbers, now: float, ahead: float) -> float:
    lives = town.lives
    turn, fate = lives.turning_day[person], lives.fate[person]
    has_turned = not np.isnan(turn) and turn < now
    if has_turned and fate == "left":
        return 1.0
    moments = np.array([bought[-1], now, now + ahead])
    if has_turned and fate == "fading":
        moments = slowed(moments, turn)
    if has_turned and fate == "returned":
        moments = paused(moments, turn)
    last, then, end = moments / lives.gap[person]
    return float(np.exp(log_survival(end - last) - log_survival(then - last)))


def slowed(moments: Numbers, turn: Numbers | float) -> Numbers:
    """Moments by the clock of a fading person: slower after the turning day."""
    return np.where(moments > turn, turn + (moments - turn) / SLOWER_WHEN_FADING, moments)


def paused(moments: Numbers, turn: Numbers | float) -> Numbers:
    """Moments by the clock of somebody who comes back: it stands still during the pause."""
    return np.minimum(moments, np.maximum(turn, moments - PAUSE_OF_RETURNED))


def seen(town: Town, persons: Numbers, now: float) -> list[tuple[int, Numbers]]:
    """Each person's purchases until now."""
    order = np.lexsort((town.lives.bought_at, town.lives.buyer))
    buyer, at = town.lives.buyer[order], town.lives.bought_at[order]
    start, end = np.searchsorted(buyer, persons), np.searchsorted(buyer, persons, side="right")
    return [
        (int(person), at[first:last][at[first:last] < now])
        for person, first, last in zip(persons, start, end, strict=True)
    ]


def observed_hazard(town: Town, persons: Numbers, now: float, ahead: float, days: int) -> Numbers:
    """The chance of buying nothing in (now, now + ahead], for who sees the purchases and knows gaps and the law."""
    return np.array(
        [one_observed(town.lives.gap[person], bought, now, ahead, days) for person, bought in seen(town, persons, now)]
    )


def one_observed(gap: float, bought: Numbers, now: float, ahead: float, days: int) -> float:
    start = bought[0]
    middle = (np.arange(TURNING_DAYS) + 0.5) / TURNING_DAYS
    turns = start + np.maximum(4 * gap, middle * (days - start))
    lately = days - (1.2 + 1.2 * middle) * gap  # half of the fading turn shortly before the last day
    told = [weighed("steady", np.array([np.inf]), SHARE["steady"], gap, bought, now, ahead)]
    for fate, share, when in (
        ("left", SHARE["left"], turns),
        ("returned", SHARE["returned"], turns),
        ("fading", SHARE["fading"] / 2, turns),
        ("fading", SHARE["fading"] / 2, lately),
    ):
        told.append(weighed(fate, when, share / TURNING_DAYS, gap, bought, now, ahead))
    weight = np.concatenate([one for one, _ in told])
    chance = np.concatenate([one for _, one in told])
    kept = np.exp(weight - weight.max())
    return float((kept * chance).sum() / kept.sum())


def weighed(
    fate: str, turns: Numbers, share: float, gap: float, bought: Numbers, now: float, ahead: float
) -> tuple[Numbers, Numbers]:
    """For each turning day: the log weight of what was seen under this fate, and the chance of nothing ahead."""
    turn = turns[:, None]
    moments = np.concatenate([bought, [now, now + ahead]])[None, :].repeat(len(turns), axis=0)
    clock = moments
    if fate == "fading":
        clock = slowed(moments, turn)
    elif fate == "returned":
        clock = paused(moments, turn)
    elif fate == "left":
        clock = np.minimum(moments, turn)  # nothing is bought later: the clock stands still for ever
    clock = clock / gap
    gaps = np.diff(clock[:, :-2], axis=1)
    weight = np.log(share) + log_density(gaps).sum(axis=1)
    if fate == "fading":
        weight -= np.log(SLOWER_WHEN_FADING) * (moments[:, 1:-2] > turn).sum(axis=1)
    if fate == "left":
        weight = np.where(moments[:, -3] > turns, -np.inf, weight)
    if fate == "returned":
        inside = (moments[:, :-2] > turn) & (moments[:, :-2] < turn + PAUSE_OF_RETURNED)
        weight = np.where(inside.any(axis=1), -np.inf, weight)
    silent = log_survival(clock[:, -2] - clock[:, -3])
    chance = np.exp(log_survival(clock[:, -1] - clock[:, -3]) - silent)
    return weight + silent, chance
