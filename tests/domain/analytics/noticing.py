"""When a rule notices that somebody in the town has changed, and how often it is wrong: held against the truth.

A spell is the time from one purchase day of a customer to the next. A rule fires once in a spell, on the first day on
which it calls the silence unusual. Fired before the customer's turning day it is a false alarm; after it, the change is
noticed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.domain.analytics.columns import Numbers
from dagster_project.domain.analytics.rhythm import (
    GAP_WITHOUT_A_BASE,
    RHYTHM_FROM,
    base_gap,
    expected_gaps,
    fading,
)
from dagster_project.domain.analytics.silence import paces_of, silence_chances
from dagster_project.domain.synthetic import make_town

DAYS, JUDGED_FROM = 730, 365  # of the town; alarms count in its second year, when there is something to learn from
LOOKED_FOR = 120  # days after the turning day within which a change must be noticed
MONTH = 30  # days: the base is learned anew so often
LONGEST = 150  # days of silence within which a rule must fire


@dataclass(frozen=True)
class Spells:
    """One row per spell of somebody with at least three purchase days."""

    person: Numbers
    begins: Numbers
    ends: Numbers  # the next purchase day, or the town's end
    turns: Numbers  # the person's turning day; infinite for the steady
    chances: np.ndarray  # per spell and day of silence 1, 2, 3 ...: silence_chance
    ratios: np.ndarray  # the same: quiet_ratio
    count_days: Numbers
    base_gaps: Numbers  # the mean gap of the base in the month in which the spell began


@dataclass(frozen=True)
class Noticed:
    """How a rule did: false alarms per customer and year, share of changes noticed, days until then (120 if not)."""

    false_alarms: float
    share: float
    mean_days: float
    median_days: float


def spells_of(people: int, seed: int, *, without_history: bool = False) -> Spells:
    """Every spell of a town, with what was known when it began; the base's rhythm is that of the month's beginning."""
    lives = make_town(people, DAYS, seed).lives
    pairs = np.unique(lives.buyer.astype(np.int64) * 10_000 + np.floor(lives.bought_at).astype(np.int64))
    person, day = pairs // 10_000, pairs % 10_000
    first = np.r_[True, person[1:] != person[:-1]]
    starts = np.maximum.accumulate(np.where(first, np.arange(len(day)), 0))
    count_gaps = (np.arange(len(day)) - starts).astype(np.float64)
    mean = np.where(count_gaps > 0, (day - day[starts]) / np.maximum(count_gaps, 1), np.nan)
    median, spread = np.full(len(day), np.nan), np.full(len(day), np.nan)
    for row in np.flatnonzero(count_gaps > 0):
        lower, median[row], upper = np.percentile(np.diff(day[starts[row] : row + 1]), [25, 50, 75])
        spread[row] = upper - lower if count_gaps[row] > 1 else np.nan
    ends = np.where(np.r_[first[1:], True], DAYS, np.r_[day[1:], DAYS])
    silent, base_gaps = np.arange(1.0, LONGEST + 1), np.ones(len(day))
    chances, ratios = np.ones((len(day), LONGEST)), np.zeros((len(day), LONGEST))
    for month in range(int(day.max()) // MONTH + 1):
        known = np.flatnonzero((day < month * MONTH) & ((ends >= month * MONTH) | np.r_[first[1:], True]))
        base = paces_of(mean[known], median[known], spread[known], count_gaps[known], GAP_WITHOUT_A_BASE)
        now = np.flatnonzero((day // MONTH == month) & (count_gaps >= RHYTHM_FROM - 1))
        gaps = np.zeros(len(now)) if without_history else count_gaps[now]
        base_gaps[now] = base.mean_gap
        chances[now] = silence_chances(silent, mean[now, None], gaps[:, None], base)
        ratios[now] = silent / expected_gaps(median[now], count_gaps[now], base_gap(median[known]))[:, None]
    turning = np.where(np.isnan(lives.turning_day), np.inf, lives.turning_day)[person]
    rows = count_gaps >= RHYTHM_FROM - 1
    return Spells(
        person[rows].astype(np.float64), day[rows].astype(np.float64), ends[rows].astype(np.float64), turning[rows],
        chances[rows], ratios[rows], count_gaps[rows] + 1, base_gaps[rows],
    )  # fmt: skip


def own_rhythm(spells: Spells, strictness: float = 1.0) -> Numbers:
    """The day of silence on which ``is_fading`` first is true; ``strictness`` makes fewer silences unusual."""
    silences = np.arange(1.0, LONGEST + 1) / spells.base_gaps[:, None]
    flags = fading(silences, spells.chances * strictness, spells.ratios, spells.count_days[:, None])
    return np.where(flags.any(axis=1), flags.argmax(axis=1) + 1.0, np.inf)


def fixed_days(spells: Spells, days: float) -> Numbers:
    """The rule that calls everyone's silence unusual after so many days."""
    return np.full(len(spells.begins), days)


def noticed(spells: Spells, fires_after: Numbers) -> Noticed:
    """How the rule that fires after so many days of silence did in the second year."""
    at = spells.begins + fires_after
    fires = at < spells.ends
    watched = np.clip(np.minimum(spells.ends, spells.turns) - np.maximum(spells.begins, JUDGED_FROM), 0, None).sum()
    wrong = (fires & (at >= JUDGED_FROM) & (at < spells.turns)).sum()
    judged = (spells.turns >= JUDGED_FROM) & (spells.turns < DAYS - LOOKED_FOR)
    late = np.where(fires & (spells.ends > spells.turns), np.maximum(at - np.where(judged, spells.turns, 0), 0), np.inf)
    people = np.unique(spells.person[judged & (spells.begins <= spells.turns)]).astype(int)
    best = np.full(int(spells.person.max()) + 1, np.inf)
    np.minimum.at(best, spells.person[judged].astype(int), late[judged])
    days = np.minimum(best[people], LOOKED_FOR)
    return Noticed(
        float(wrong / watched * 365), float((days < LOOKED_FOR).mean()), float(days.mean()), float(np.median(days))
    )


def at_as_many_alarms(curve: list[Noticed], false_alarms: float) -> Noticed:
    """What a rule does where it gives so many false alarms, between the two nearest of its settings; else NaN."""
    ordered = sorted(curve, key=lambda one: one.false_alarms)
    alarms = [one.false_alarms for one in ordered]
    return Noticed(
        false_alarms,
        *(float(np.interp(false_alarms, alarms, [getattr(one, name) for one in ordered], np.nan, np.nan))
          for name in ("share", "mean_days", "median_days")),
    )  # fmt: skip
