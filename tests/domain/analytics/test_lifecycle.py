"""Lifecycle: every customer stands in exactly one stage, at any moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dagster_project.domain.analytics.customers import customer_analytics
from dagster_project.domain.analytics.lifecycle import LIFECYCLE_STAGES, lifecycle
from dagster_project.domain.analytics.rfm import rfm
from dagster_project.domain.analytics.rhythm import rhythm
from tests.domain.analytics.making import AS_OF, ZONE, base, bought, random_purchases


def stages_of(customers: pa.Table, as_of: datetime = AS_OF) -> dict[str, str]:
    rows = lifecycle(customers, rhythm(customers, as_of, ZONE), as_of, ZONE)
    return dict(zip(rows.column("customer_id").to_pylist(), rows.column("lifecycle_stage").to_pylist(), strict=True))


def analysed(customers: pa.Table, as_of: datetime = AS_OF) -> pa.Table:
    rhythms = rhythm(customers, as_of, ZONE)
    stages = lifecycle(customers, rhythms, as_of, ZONE)
    return customer_analytics(customers, {"rfm": rfm(customers, as_of, ZONE), "rhythm": rhythms, "lifecycle": stages})


MONTHLY = pd.concat([bought(f"monthly{number:02d}", list(range(3, 300, 30))) for number in range(30)])


@pytest.mark.parametrize(
    ("story", "days_ago", "stage"),
    [
        ("bought for the first time last month", [30], "new"),
        ("two quick purchases, the first 60 days ago", [20, 60], "new"),
        ("first purchase 61 days ago, back since", [20, 61], "active"),
        ("every month, as ever", [20, 50, 80, 110], "active"),
        ("every month, then three missed", [95, 125, 155, 185], "fading"),
        ("bought twice, then quiet", [90, 120], "passive"),
        ("a rhythm once, silent for five of its gaps", [160, 190, 220], "passive"),
        ("silent for a year and a half", [550, 580, 610], "lost"),
        ("back after two silent years", [10, 740, 770, 800], "returned"),
        ("back after two silent years, with only one purchase before", [10, 740], "returned"),
        ("back after two silent years, with two purchases before", [10, 740, 770], "returned"),
        ("back after two silent years, that was 90 days ago", [20, 50, 90, 820, 850], "active"),
        ("every other year, as ever", [10, 740, 1470, 2200, 2930, 3660, 4390, 5120, 5850, 6580, 7310, 8040], "active"),
    ],
)
def test_a_story_ends_in_its_stage(story: str, days_ago: list[int], stage: str) -> None:
    stages = stages_of(base(pd.concat([MONTHLY, bought("someone", days_ago)])))
    assert stages["someone"] == stage, story


def test_everyone_has_exactly_one_stage() -> None:
    customers = base(random_purchases(5_000, seed=1), prospects=300)
    stages = stages_of(customers)
    assert len(stages) == customers.num_rows
    assert set(stages.values()) == set(LIFECYCLE_STAGES)
    assert sum(stage == "prospect" for stage in stages.values()) == 300


def test_fading_in_the_rhythm_is_fading_in_the_lifecycle() -> None:
    rows = analysed(base(random_purchases(5_000, seed=2), prospects=10)).to_pandas()
    assert rows["is_fading"].sum() > 0
    assert ((rows["lifecycle_stage"] == "fading") == rows["is_fading"]).all()


def test_the_order_of_rows_changes_nothing() -> None:
    customers = base(random_purchases(2_000, seed=3), prospects=100)
    shuffled = customers.take(np.random.default_rng(3).permutation(customers.num_rows))
    assert analysed(shuffled).sort_by("customer_id").equals(analysed(customers).sort_by("customer_id"))


def test_rows_after_the_moment_do_not_exist() -> None:
    purchases = random_purchases(1_000, seed=4)
    earlier = AS_OF - timedelta(days=200)
    known_then = purchases[purchases["purchased_at"] <= earlier.replace(tzinfo=None)]
    assert len(known_then) < len(purchases)
    assert analysed(base(purchases, as_of=earlier), earlier).equals(analysed(base(known_then, as_of=earlier), earlier))


def test_the_stage_of_an_earlier_day_differs_from_todays() -> None:
    purchases = random_purchases(1_000, seed=4)
    earlier = AS_OF - timedelta(days=200)
    then, now = stages_of(base(purchases, as_of=earlier), earlier), stages_of(base(purchases))
    assert any(then[customer] != now[customer] for customer in then)


def test_the_moment_is_utc_and_the_day_is_the_zones() -> None:
    midnight = datetime(2026, 3, 31, 21, 0, tzinfo=UTC)  # midnight in Helsinki: the first of April
    first = bought("someone", [60], as_of=AS_OF)
    assert stages_of(base(first))["someone"] == "new"
    assert stages_of(base(first, as_of=midnight), midnight)["someone"] == "active"


def test_late_but_not_unusually_so_is_active_for_whom_has_a_rhythm() -> None:
    rng = np.random.default_rng(4)
    irregular = bought("irregular", np.cumsum(np.r_[55, rng.choice([1, 3, 60, 90], 8)]).tolist())
    regular = bought("regular", list(range(55, 280, 25)))
    customers = base(pd.concat([random_purchases(200, seed=6), irregular, regular]))
    rows = rhythm(customers, AS_OF, ZONE)
    stages = lifecycle(customers, rows, AS_OF, ZONE)
    found = dict(zip(stages["customer_id"].to_pylist(), stages["lifecycle_stage"].to_pylist(), strict=True))
    quiet = dict(zip(rows["customer_id"].to_pylist(), rows["quiet_ratio"].to_pylist(), strict=True))
    assert quiet["regular"] > 1
    assert found["irregular"] == "active"
    assert "passive" not in {
        found[customer]
        for customer, days, ratio in zip(
            customers["customer_id"].to_pylist(), customers["count_purchase_days"].to_pylist(), quiet.values(),
            strict=True,
        )
        if days >= 3 and ratio < 4
    }  # fmt: skip
