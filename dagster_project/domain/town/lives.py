"""What people do: buy in their own rhythm, fade, leave, come back, call, and change their minds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.domain.town.people import People

FATES = ("steady", "fading", "left", "returned")
FATE_SHARES = (0.7, 0.16, 0.1, 0.04)
SLOWER_WHEN_FADING = 2.6  # times the gap of before
PAUSE_OF_RETURNED = 160  # days of silence before they come back
GAP_SHAPE = 5.0  # of the gamma draw: the higher, the more regular
FEWEST_GAPS, GAPS_MARGIN = 6, 1.6
OPENS, CLOSES = 8.0, 19.5  # hours of the shop, UTC
TICKETS_PER_YEAR = 0.6
CATEGORIES = ("delivery", "return", "damaged", "complaint")
SHARE_CHANGES_MIND = 0.05


@dataclass(frozen=True)
class Lives:
    """Truth about each person, and the moments of what they did.

    Moments are days since the first day, with a fraction: 1.5 is noon of the second day, UTC.
    """

    gap: np.ndarray  # the mean days between purchases of each person
    spend: np.ndarray  # what each person spends at a time, on average
    fate: np.ndarray  # one of FATES
    turning_day: np.ndarray  # when fading, leaving or the pause began; nan for steady people
    buyer: np.ndarray  # person of each purchase
    bought_at: np.ndarray
    caller: np.ndarray  # person of each service ticket
    called_at: np.ndarray
    closed_at: np.ndarray  # nan: open on the last day
    category: np.ndarray
    withdrawn_at: np.ndarray  # when a person took their consents back; nan: never


def make_lives(rng: np.random.Generator, people: People, days: int) -> Lives:
    """Live for so many days.

    How: gaps are gamma draws around each person's own mean, added up; the time after a turning point runs slower
    (fading), stops (left) or is pushed on by the pause (returned).
    """
    count = len(people)
    gap = np.clip(rng.lognormal(np.log(26), 0.55, count), 6, 150)
    spend = np.clip(rng.lognormal(np.log(38), 0.8, count), 4, 3000)
    fate = np.asarray(FATES, dtype=object)[rng.choice(len(FATES), count, p=FATE_SHARES)]
    start = np.maximum(people.arrival, -60) + rng.random(count) * np.minimum(gap, 20)
    turning = start + np.maximum(4 * gap, rng.random(count) * (days - start))
    # Half of the fading have only just begun to: they are the ones a care model can still reach.
    lately = (fate == "fading") & (rng.random(count) < 0.5)
    turning = np.where(lately, days - rng.uniform(1.2, 2.4, count) * gap, turning)
    turning = np.where(fate == "steady", np.nan, turning)
    many = np.maximum(FEWEST_GAPS, np.ceil(GAPS_MARGIN * np.maximum(days - start, 0) / gap)).astype(np.int64)
    person = np.repeat(people.person, many)
    drawn = rng.gamma(GAP_SHAPE, 1 / GAP_SHAPE, len(person)) * gap[person]
    first = np.concatenate(([0], np.cumsum(many)[:-1]))
    drawn[first] = 0
    running = np.cumsum(drawn)
    at = start[person] + running - running[first][person]
    turn, kind = turning[person], fate[person]
    after = at > turn
    at = np.where(after & (kind == "fading"), turn + (at - turn) * SLOWER_WHEN_FADING, at)
    at = np.where(after & (kind == "returned"), at + PAUSE_OF_RETURNED, at)
    keep = (at >= 0) & (at < days) & ~(after & (kind == "left"))
    person, at = person[keep], at[keep]
    at = _in_opening_hours(rng, at)
    calls = rng.poisson(TICKETS_PER_YEAR * days / 365, count)
    caller = np.repeat(people.person, calls)
    called = rng.random(len(caller)) * days
    caller, called = caller[called > people.arrival[caller]], called[called > people.arrival[caller]]
    called = _in_opening_hours(rng, called)
    closed = called + rng.exponential(2.5, len(called))
    withdrawn = np.where(rng.random(count) < SHARE_CHANGES_MIND, rng.random(count) * days, np.nan)
    return Lives(
        gap=gap,
        spend=spend,
        fate=fate,
        turning_day=turning,
        buyer=person,
        bought_at=at,
        caller=caller,
        called_at=called,
        closed_at=np.where(closed < days - 0.2, closed, np.nan),
        category=np.asarray(CATEGORIES, dtype=object)[rng.choice(4, len(caller), p=[0.4, 0.25, 0.2, 0.15])],
        withdrawn_at=np.where(withdrawn > people.arrival, withdrawn, np.nan),
    )


def _in_opening_hours(rng: np.random.Generator, at: np.ndarray) -> np.ndarray:
    return np.floor(at) + (OPENS + rng.random(len(at)) * (CLOSES - OPENS)) / 24
