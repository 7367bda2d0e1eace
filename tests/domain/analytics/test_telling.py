"""What an asset says of its table in one number and one picture."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from dagster_project.domain.analytics.schema import SEGMENT_SIZES
from dagster_project.domain.analytics.telling import TOLD, telling

CUSTOMERS = ["c1", "c2", "c3"]
TABLES = {
    "rfm": pa.table(
        {
            "customer_id": CUSTOMERS,
            "value_tier": ["top", "low", "none"],
            "monetary_amount": [Decimal(300), Decimal(100), None],
        }
    ),
    "rhythm": pa.table(
        {
            "customer_id": CUSTOMERS,
            "quiet_ratio": [2.0, 0.5, None],
            "is_fading": [True, False, False],
        }
    ),
    "lifecycle": pa.table({"customer_id": CUSTOMERS, "lifecycle_stage": ["active", "lost", "prospect"]}),
    "customer_analytics": pa.table({"lifecycle_stage": ["active", "lost"], "value_tier": ["top", "none"]}),
    "segments": pa.table({"segment": ["big", "big", "small"], "customer_id": ["c1", "c2", "c1"]}),
    "segment_sizes": pa.table(
        [["big", "small"], ["team:crm"] * 2, ["analysis"] * 2, [2, 1], [0, 2], [3, 4], [True, False]],
        schema=SEGMENT_SIZES,
    ),
    "lifecycle_moves": pa.table({"event_type": ["became_lost", "became_new", "became_lost"]}),
    "lifecycle_before": pa.table({"previous_lifecycle_stage": ["active", None, None]}),
    "churn_model": pa.table(
        {
            "verdict": ["no signal", "published"],
            "count_examples": [90, 100],
            "count_customers": [9, 10],
            "auc_model": [None, 0.8],
            "auc_model_low": [None, 0.7],
        }
    ),
    "churn_scores": pa.table({"churn_probability": [0.1, 0.4, 1.0]}),
    "product_rules": pa.table({"confidence": [0.1, 0.2], "lift": [1.5, 4.0]}),
    "lifetime_value_model": pa.table(
        {"check_days": [90], "check_forecast": [95.0], "check_actual": [100], "count_customers": [9]}
    ),
}
NUMBERS = {
    "rfm": ("share_of_value_of_top_tier", "75.0%"),
    "rhythm": ("count_fading", 1),
    "lifecycle": ("share_active_of_buyers", "50.0%"),
    "customer_analytics": ("count_customers", 2),
    "segments": ("count_customers_in_any_segment", 2),
    "segment_sizes": ("count_segments_outside_their_band", 1),
    "lifecycle_moves": ("count_moves", 3),
    "lifecycle_before": ("count_met_since", 2),
    "churn_model": ("verdict", "published"),
    "churn_scores": ("expected_to_buy_nothing", 1.5),
    "product_rules": ("count_rules", 2),
    "lifetime_value_model": ("forecast_of_actual", "95.0%"),
}


@pytest.mark.parametrize("table", sorted(TOLD))
def test_each_table_has_its_number_and_a_picture(table: str) -> None:
    number, picture = telling(table, TABLES[table])
    assert number == NUMBERS[table]
    assert picture is not None
    assert picture.startswith("![")
    assert len(picture) < 60_000


@pytest.mark.parametrize("table", sorted(TOLD))
def test_an_empty_table_has_nothing_to_tell(table: str) -> None:
    assert telling(table, TABLES[table].slice(0, 0)) == (None, None)


def test_a_table_nobody_has_drawn_is_left_alone() -> None:
    assert telling("enrolments", TABLES["lifecycle"]) == (None, None)


def test_a_refused_model_shows_what_there_was_to_learn_from() -> None:
    number, picture = telling("churn_model", TABLES["churn_model"].slice(0, 1))
    assert number == ("verdict", "no signal")
    assert picture is not None
    assert picture.startswith("![What there was to learn from]")
