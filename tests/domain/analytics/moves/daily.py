"""Every day of a town's life, to see each single move: no month in between in which two things could happen."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

import pandas as pd

from dagster_project.domain.analytics.moves.standing import Standing, standing_at
from tests.domain.analytics.fading.town_of_months import purchases as with_a_rhythm
from tests.domain.analytics.making import AS_OF, ZONE, base, bought, random_purchases

STEADY = pd.concat([bought(f"steady{number:02d}", list(range(3, 1_500, 30))) for number in range(60)])


@lru_cache(maxsize=2)
def purchases(customers: int, seed: int) -> pd.DataFrame:
    """Customers of all paces, some with a rhythm they may leave, and steady ones so that the base's stands still."""
    return pd.concat([random_purchases(customers, seed=seed, days=1_500), with_a_rhythm(customers // 3, seed), STEADY])


def standing_days_ago(days: int, rows: pd.DataFrame, prospects: int = 3) -> Standing:
    """Where everyone stood so many days before ``AS_OF``."""
    as_of = AS_OF - timedelta(days=days)
    return standing_at(base(rows, prospects=prospects, as_of=as_of), as_of, ZONE)
