"""What a care model takes from the others: told contact by contact, and nothing where nobody is shared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.overlaps import (
    DISPLACED_SCHEMA,
    OVERLAP_SCHEMA,
    conflicts,
    displaced,
    overlaps,
)
from dagster_project.domain.decisions.policy import Cap, ContactPolicy
from dagster_project.domain.decisions.schemas import DECISION_SCHEMA
from dagster_project.errors import HoivaError
from tests.domain.decisions.builders import CHANNELS, DAY, FREE, HELSINKI, NOON, candidate, consents, decided

ONE_A_DAY = ContactPolicy(CHANNELS, per_customer_per_day=1)
ONE_CALL_A_DAY = replace(FREE, channels=CHANNELS | {"phone": replace(CHANNELS["phone"], daily_capacity=1)})
WEEK = "2026-W10"  # of NOON


STAGES = (None, "consent", "applicability", "suitability", "contact_cap", "capacity", "outbid", "priority")
wanted = st.tuples(
    st.sampled_from("abc"), st.sampled_from(["new", "welcome", "birthday"]), st.sampled_from(["email", "phone"]),
    st.integers(0, 15), st.sampled_from(STAGES), st.booleans(), st.integers(1, 5),
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(wanted, max_size=20))
def test_the_tables_are_what_counting_by_hand_gives(rows: list[Any]) -> None:
    """Customer, care model, channel, day, stage with it, whether chosen without it, score: counted one by one."""
    with_it, without_it = by_rows(rows)
    shared: dict[tuple[str, ...], set[str]] = {}
    lost: dict[tuple[str, ...], list[int]] = {}
    reasons: dict[tuple[str, ...], list[int]] = {}
    weeks = {(who, week_of(day)) for who, name, _, day, stage, _, _ in rows if name == "new" and stage not in EARLY}
    for who, name, channel, day, stage, was_chosen, score in rows:
        if name == "new":
            continue
        if stage not in EARLY and (who, week_of(day)) in weeks:
            shared.setdefault((name, channel, week_of(day)), set()).add(who)
        if was_chosen and stage is not None:
            lost.setdefault((name, channel, week_of(day)), []).append(score)
            reasons.setdefault((name, stage, f"rule of {stage}"), []).append(score)
    keys = sorted(shared.keys() | lost.keys())
    by_hand = [(*key, len(shared.get(key, ())), len(lost.get(key, ())), float(sum(lost.get(key, ())))) for key in keys]
    assert told(with_it, without_it) == by_hand
    gone = displaced(with_it, without_it).to_pylist()
    names = ("care_model", "stopped_by", "rule", "count_displaced", "value_displaced")
    assert sorted(tuple(row[name] for name in names) for row in gone) == sorted(
        (*key, len(scores), float(sum(scores))) for key, scores in reasons.items()
    )
    assert [row["value_displaced"] for row in gone] == sorted((row["value_displaced"] for row in gone), reverse=True)
    all_of_it = conflicts(with_it, without_it, HELSINKI)
    assert all_of_it.count_displaced == sum(map(len, lost.values()))
    assert all_of_it.value_displaced == sum(map(sum, lost.values()))
    chosen = [row for row in rows if row[4] is None]
    assert (all_of_it.count_contacts, all_of_it.value) == (len(chosen), sum(row[6] for row in chosen))
    before = [row for row in rows if row[1] != "new" and row[5]]
    assert (all_of_it.count_contacts_without, all_of_it.value_without) == (len(before), sum(row[6] for row in before))


EARLY = {"consent", "applicability", "suitability"}  # who is stopped here is shared by nobody


def week_of(day: int) -> str:
    year, week, _ = (NOON + day * DAY).astimezone(HELSINKI).isocalendar()
    return f"{year}-W{week:02d}"


def by_rows(rows: list[Any]) -> tuple[pa.Table, pa.Table]:
    """Decisions made up, with ``new`` and without."""
    with_it, without_it = [], []
    for number, (who, name, channel, day, stage, was_chosen, score) in enumerate(rows):
        same = {
            "contact_id": f"{number:03d}", "customer_id": who, "care_model": name, "department": "crm",
            "channel": channel, "score": float(score), "planned_for": naive_utc(NOON + day * DAY),
        }  # fmt: skip
        now = {"outcome": "stopped" if stage else "chosen", "stopped_by": stage, "rule": stage and f"rule of {stage}"}
        with_it.append(same | now)
        if name != "new":
            without_it.append(same | {"outcome": "chosen" if was_chosen else "stopped"})
    one, other = (pa.Table.from_pylist(table, schema=DECISION_SCHEMA) for table in (with_it, without_it))
    return one, other


def pair(*rows: dict[str, Any], policy: ContactPolicy = FREE, **more: Any) -> tuple[pa.Table, pa.Table]:
    """These proposals decided with those of the care model ``new`` and without."""
    others = [row for row in rows if row["care_model"] != "new"]
    with_it, without_it = (decided(*some, policy=policy, **more).candidates for some in (rows, others))
    return with_it, without_it


def told(with_it: pa.Table, without_it: pa.Table) -> list[tuple[Any, ...]]:
    """(other, channel, week, shared customers, displaced contacts, their value)."""
    found = overlaps(with_it, without_it, HELSINKI)
    assert found.schema == OVERLAP_SCHEMA
    return [
        tuple(row[name] for name in OVERLAP_SCHEMA.names if name != "department") for row in found.to_pylist()
    ]  # fmt: skip


def test_one_displaced_contact_is_one() -> None:
    plans = pair(
        candidate("a", value=3.0), candidate("b", value=5.0), candidate("a", care_model="new", value=4.0),
        policy=ONE_A_DAY,
    )  # fmt: skip
    assert told(*plans) == [("welcome", "email", WEEK, 1, 1, 3.0)]
    (gone,) = displaced(*plans).to_pylist()
    assert gone == {
        "care_model": "welcome", "department": "crm", "stopped_by": "priority", "rule": "per_customer_per_day",
        "count_displaced": 1, "value_displaced": 3.0,
    }  # fmt: skip


def test_who_shares_a_customer_and_takes_nothing_is_told_with_nothing_displaced() -> None:
    plans = pair(candidate("a", value=5.0), candidate("a", care_model="new", value=4.0), policy=ONE_A_DAY)
    assert told(*plans) == [("welcome", "email", WEEK, 1, 0, 0.0)], "the better one keeps its place"
    assert displaced(*plans).num_rows == 0


def test_who_shares_nobody_and_takes_nothing_shows_nothing() -> None:
    plans = pair(candidate("a"), candidate("b", care_model="new"), policy=ONE_A_DAY)
    assert told(*plans) == []
    assert displaced(*plans).schema == DISPLACED_SCHEMA
    assert displaced(*plans).num_rows == 0


def test_the_last_call_of_a_day_is_displaced_though_nobody_is_shared() -> None:
    plans = pair(
        candidate("a", channel="phone", value=3.0), candidate("b", channel="phone", care_model="new", value=4.0),
        policy=ONE_CALL_A_DAY,
    )  # fmt: skip
    assert told(*plans) == [("welcome", "phone", WEEK, 0, 1, 3.0)]
    (gone,) = displaced(*plans).to_pylist()
    assert (gone["stopped_by"], "phone" in gone["rule"], gone["count_displaced"]) == ("outbid", True, 1)


def test_it_is_told_under_which_rule_each_gives_way() -> None:
    capped = replace(ONE_CALL_A_DAY, caps=(Cap("letters_in_a_week", 1, 7, channel="email"),))
    plans = pair(
        candidate("a", channel="phone", value=2.0), candidate("b", channel="phone", care_model="new", value=4.0),
        candidate("c", care_model="birthday", department="shops", value=3.0),
        candidate("c", care_model="new", step="other", value=4.0),
        policy=capped,
    )  # fmt: skip
    rows = displaced(*plans).to_pylist()
    assert [(row["care_model"], row["department"], row["value_displaced"]) for row in rows] == [
        ("birthday", "shops", 3.0), ("welcome", "crm", 2.0),
    ]  # fmt: skip
    assert rows[0]["rule"] == "letters_in_a_week"
    assert rows[0]["rule"] != rows[1]["rule"]


def test_a_customer_wanted_in_two_weeks_is_not_shared_and_in_one_she_is() -> None:
    later = naive_utc(NOON + 7 * DAY)
    assert told(*pair(candidate("a"), candidate("a", care_model="new", planned_for=later))) == []
    sunday = naive_utc(NOON + 6 * DAY)
    assert told(*pair(candidate("a"), candidate("a", care_model="new", planned_for=sunday))) == [
        ("welcome", "email", WEEK, 1, 0, 0.0)
    ]


def test_the_week_is_that_of_the_business_zone() -> None:
    monday_in_helsinki = naive_utc(NOON + 6.46 * DAY)  # Sunday, 23:02 UTC
    rows = [candidate("a", care_model=name, planned_for=monday_in_helsinki) for name in ("welcome", "new")]
    assert told(*pair(*rows)) == [("welcome", "email", "2026-W11", 1, 0, 0.0)]
    (row,) = overlaps(*pair(*rows), ZoneInfo("UTC")).to_pylist()
    assert row["week"] == WEEK


def test_a_customer_whom_the_other_may_not_contact_is_not_shared() -> None:
    rows = [candidate("a", channel="phone"), candidate("a", care_model="new")]
    assert told(*pair(*rows)) == [("welcome", "phone", WEEK, 1, 0, 0.0)]
    assert told(*pair(*rows, allowed=consents("a", channels=("email",)))) == [], "no consent to calls"


def test_a_customer_proposed_two_steps_by_one_other_is_one() -> None:
    rows = [candidate("a"), candidate("a", step="card"), candidate("a", care_model="new")]
    assert told(*pair(*rows)) == [("welcome", "email", WEEK, 1, 0, 0.0)]


def test_a_contact_that_comes_in_place_of_another_is_not_displaced() -> None:
    """The new one takes the only call, so the customer of the call gets the letter that was behind it."""
    policy = replace(ONE_CALL_A_DAY, per_customer_per_day=1)
    plans = pair(
        candidate("a", channel="phone", value=3.0), candidate("a", care_model="letters", value=1.0),
        candidate("b", channel="phone", care_model="new", value=9.0),
        policy=policy,
    )  # fmt: skip
    assert told(*plans) == [("welcome", "phone", WEEK, 0, 1, 3.0)]


def test_the_rows_are_in_order_whatever_the_order_of_the_proposals() -> None:
    rows = [candidate(one, care_model=name) for one in "abc" for name in ("zeta", "alpha", "new")]
    found = told(*pair(*rows, policy=ONE_A_DAY))
    assert [row[0] for row in found] == ["alpha", "zeta"]
    assert found == told(*pair(*reversed(rows), policy=ONE_A_DAY))


def test_plans_of_other_proposals_are_not_compared() -> None:
    one, other = decided(candidate("a")).candidates, decided(candidate("b")).candidates
    with pytest.raises(HoivaError, match="not of the same proposals"):
        overlaps(one, other, HELSINKI)
    with pytest.raises(HoivaError, match="not of the same proposals"):
        displaced(one, other)


def test_a_proposal_of_no_department_is_told_too() -> None:
    plans = pair(
        candidate("a", value=3.0, department=None), candidate("a", care_model="new", value=4.0), policy=ONE_A_DAY
    )  # fmt: skip
    assert told(*plans) == [("welcome", "email", WEEK, 1, 1, 3.0)]
