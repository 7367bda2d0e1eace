"""customer_analytics: one row per customer, whoever computed what in which order, and no score made up."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dagster_project.domain.analytics import customers as module
from dagster_project.domain.analytics.customers import customer_analytics
from dagster_project.domain.analytics.lifecycle import lifecycle
from dagster_project.domain.analytics.rfm import rfm
from dagster_project.domain.analytics.rhythm import rhythm
from dagster_project.domain.analytics.schema import ADDED
from dagster_project.errors import HoivaError
from tests.domain.analytics.making import AS_OF, ZONE, base, random_purchases


@pytest.fixture(scope="module")
def customers() -> pa.Table:
    return base(random_purchases(500, seed=6))


@pytest.fixture(scope="module")
def analyses(customers: pa.Table) -> dict[str, pa.Table]:
    rhythms = rhythm(customers, AS_OF, ZONE)
    return {
        "rfm": rfm(customers, AS_OF, ZONE),
        "rhythm": rhythms,
        "lifecycle": lifecycle(customers, rhythms, AS_OF, ZONE),
    }


@pytest.fixture
def with_a_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ADDED", pa.schema([*ADDED, pa.field("luck", pa.float64())]))


def test_a_customer_missing_in_one_analysis_is_refused(customers: pa.Table, analyses: dict[str, pa.Table]) -> None:
    with pytest.raises(HoivaError, match="1 are missing in it"):
        customer_analytics(customers, analyses | {"rfm": analyses["rfm"].slice(1)})


def test_a_missing_analysis_is_refused(customers: pa.Table, analyses: dict[str, pa.Table]) -> None:
    with pytest.raises(HoivaError, match="is_fading must be filled"):
        customer_analytics(customers, {name: rows for name, rows in analyses.items() if name != "rhythm"})


def test_analyses_in_another_order_meet_their_customers(customers: pa.Table, analyses: dict[str, pa.Table]) -> None:
    turned = {name: rows.take(np.arange(rows.num_rows)[::-1]) for name, rows in analyses.items()}
    assert customer_analytics(customers, turned).equals(customer_analytics(customers, analyses))


@pytest.mark.usefixtures("with_a_score")
def test_a_customer_without_a_score_has_none(customers: pa.Table, analyses: dict[str, pa.Table]) -> None:
    scored = pa.table({"customer_id": customers.column("customer_id").slice(1), "luck": pa.array(np.ones(499))})
    luck = customer_analytics(customers, analyses | {"lucky": scored}).column("luck")
    assert luck[0].as_py() is None
    assert luck.null_count == 1
    assert customer_analytics(customers, analyses).column("luck").null_count == 500, "the scores were refused"


@pytest.mark.usefixtures("with_a_score")
def test_a_score_of_somebody_else_is_refused(customers: pa.Table, analyses: dict[str, pa.Table]) -> None:
    stranger = pa.table({"customer_id": ["nobody"], "luck": [1.0]})
    with pytest.raises(HoivaError, match="build both in one run"):
        customer_analytics(customers, analyses | {"lucky": stranger})
