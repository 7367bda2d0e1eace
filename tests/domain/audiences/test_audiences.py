"""Nobody stands in an audience without consent, and nobody who is held out."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from dagster_project.domain.audiences import MEMBERSHIP_SCHEMA, TRIGGER_LIST_SCHEMA, membership_audience, trigger_lists

AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)
SEGMENTS = pa.table({"segment": ["fading"] * 6 + ["other"], "customer_id": ["c1", "c2", "c3", "c4", "c5", "c6", "c7"]})
CONSENTS = pa.table(
    {
        "customer_id": ["c1", "c2", "c3", "c3", "c4", "c5", "c5", "c7"],
        "purpose": ["marketing"] * 8,
        "channel": ["ads", "ads", "email", "phone", "ads", "ads", "ads", "ads"],
        "is_allowed": [True, False, True, True, True, True, False, True],
        "consent_id": [f"s{number}" for number in range(8)],
    }
)


def audience(kept_out: set[str], consents: pa.Table = CONSENTS) -> pa.Table:
    return membership_audience(SEGMENTS, "fading", consents, "marketing", "ads", kept_out, AS_OF)


def test_only_consenting_members_of_the_segment_are_in() -> None:
    rows = audience({"c4"})
    assert rows.schema == MEMBERSHIP_SCHEMA
    assert rows.select(["customer_id", "consent_id"]).to_pylist() == [{"customer_id": "c1", "consent_id": "s0"}]
    assert rows["as_of"].to_pylist() == [AS_OF.replace(tzinfo=None)]


@pytest.mark.parametrize("value", [False, None])
def test_a_consent_that_is_denied_or_unknown_keeps_out(value: bool | None) -> None:
    consents = pa.table(
        {
            "customer_id": ["c1"],
            "purpose": ["marketing"],
            "channel": ["ads"],
            "is_allowed": pa.array([value], pa.bool_()),
            "consent_id": ["s"],
        }
    )
    assert audience(set(), consents).num_rows == 0


def test_a_consent_that_cannot_be_named_keeps_out() -> None:
    unnamed = CONSENTS.set_column(4, "consent_id", pa.nulls(8, pa.string()))
    assert audience(set(), unnamed).num_rows == 0


def test_the_holdout_is_kept_out_and_would_be_in_otherwise() -> None:
    assert "c4" in audience(set())["customer_id"].to_pylist(), "negative control"
    assert "c4" not in audience({"c4"})["customer_id"].to_pylist()


def test_every_care_model_has_its_list() -> None:
    plan = pa.table(
        {
            "contact_id": ["k2", "k1"],
            "customer_id": ["c2", "c1"],
            "care_model": ["welcome", "welcome"],
            "version": [1, 1],
            "step": ["letter", "letter"],
            "channel": ["email", "email"],
            "treatment": ["t", "t"],
            "consent_id": ["s2", None],
        }
    )
    lists = trigger_lists(plan, ["welcome", "thank_you"], AS_OF)
    assert lists["welcome"]["contact_id"].to_pylist() == ["k1", "k2"]
    assert lists["thank_you"].num_rows == 0
    assert all(rows.schema == TRIGGER_LIST_SCHEMA for rows in lists.values())
