"""Channels that no statement names are allowed by the consent of another, and a denial of theirs wins."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.covering import with_covered
from dagster_project.domain.decisions.policy import Channel, ContactPolicy
from dagster_project.domain.decisions.proposals import proposals
from tests.domain.decisions.builders import DAY, HELSINKI, NOON, candidate, candidates

POLICY = ContactPolicy(
    {
        "email": Channel("email", "has_email"),
        "letter": Channel("letter", "has_postal_address", lead_time=Duration(days=2)),
        "sample": Channel("sample", "has_postal_address", consent="letter"),
        "staff": Channel("staff", None, consent="any"),
    }
)


def told(customer_id: str, channel: str, is_allowed: bool, day: int = 1, purpose: str = "marketing") -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "consent_id": f"{customer_id}-{channel}",
        "purpose": purpose,
        "channel": channel,
        "is_allowed": is_allowed,
        "decided_at": naive_utc(NOON + day * DAY),
    }


def covered(channel: str, *rows: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """customer, consent and verdict of each row about a channel."""
    found = with_covered(pa.Table.from_pylist(list(rows)), POLICY).to_pylist()
    return sorted(
        (row["customer_id"], row["consent_id"], row["is_allowed"]) for row in found if row["channel"] == channel
    )


def test_who_allows_letters_allows_a_sample_and_who_denies_them_denies_it() -> None:
    rows = [told("aino", "letter", True), told("eero", "letter", False), told("liisa", "email", True)]
    assert covered("sample", *rows) == [("aino", "aino-letter", True), ("eero", "eero-letter", False)]


def test_one_consent_is_enough_for_a_word_in_the_shop_and_the_newest_is_cited() -> None:
    rows = [told("aino", "letter", True, 1), told("aino", "email", True, 2), told("eero", "email", False)]
    assert covered("staff", *rows) == [("aino", "aino-email", True)]


def test_a_consent_for_another_purpose_covers_nothing_here() -> None:
    found = with_covered(pa.Table.from_pylist([told("aino", "email", True, purpose="research")]), POLICY).to_pylist()
    assert {(row["channel"], row["purpose"]) for row in found} == {("email", "research"), ("staff", "research")}


def test_a_denial_of_the_channel_itself_stays_beside_and_wins() -> None:
    rows = [told("aino", "email", True), told("aino", "staff", False)]
    assert ("aino", "aino-staff", False) in covered("staff", *rows)
    assert covered("staff", told("aino", "staff", False)) == [("aino", "aino-staff", False)]


def test_a_policy_in_which_nothing_is_covered_changes_nothing() -> None:
    table = pa.Table.from_pylist([told("aino", "email", True)])
    assert with_covered(table, ContactPolicy({"email": Channel("email", "has_email")})).equals(table)


@pytest.mark.parametrize(("channel", "days"), [("letter", 2), ("email", 0)])
def test_nothing_goes_out_sooner_than_its_channel_can(channel: str, days: int) -> None:
    proposed = proposals(candidates(candidate("aino", channel=channel)), POLICY, HELSINKI, NOON)
    assert proposed["planned_for"].to_pylist() == [naive_utc(NOON + days * DAY)]


def test_what_is_planned_for_later_than_the_lead_time_stays_there() -> None:
    later = candidate("aino", channel="letter", planned_for=naive_utc(NOON + 9 * DAY))
    assert proposals(candidates(later), POLICY, HELSINKI, NOON)["planned_for"].to_pylist() == [
        naive_utc(NOON + 9 * DAY)
    ]


def test_an_unknown_word_about_one_channel_allows_no_other() -> None:
    unknown = told("aino", "email", True) | {"is_allowed": None}
    assert covered("staff", unknown, told("aino", "letter", True)) == [("aino", "aino-letter", True)]


def test_a_single_covered_channel_is_covered_too() -> None:
    policy = ContactPolicy({name: POLICY.channels[name] for name in ("letter", "sample")})
    found = with_covered(pa.Table.from_pylist([told("aino", "letter", True)]), policy).to_pylist()
    assert sorted(row["channel"] for row in found) == ["letter", "sample"]
