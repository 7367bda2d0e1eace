"""The decision: each rule where it acts and where it must hold back, and sums that balance."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.domain.decisions.funnel import check_balance
from dagster_project.domain.decisions.policy import Cap, Pause
from dagster_project.domain.decisions.reasons import STAGES
from dagster_project.domain.decisions.standing import Taken
from dagster_project.errors import HoivaError
from tests.domain.decisions.builders import FREE, NOON, candidate, consents, customers, decided, id_of, stops

ONE = candidate("c1")


def test_a_candidate_that_nothing_stops_is_chosen_and_cites_its_consent() -> None:
    decisions = decided(ONE)
    row = decisions.contact_plan.to_pylist()[0]
    assert (row["contact_id"], row["consent_id"], row["score"]) == (id_of(ONE), "c1-email", 1.0)
    assert decisions.candidates.to_pylist()[0]["reason"] == "Chosen."


NOBODY = consents()
BOTH = pa.concat_tables([consents("c1"), consents("c1", is_allowed=False)])
BLOCKS: dict[str, tuple[str, dict[str, Any]]] = {
    "no statement": ("consent", {"allowed": NOBODY}),
    "a denial": ("consent", {"allowed": consents("c1", is_allowed=False)}),
    "a blank": ("consent", {"allowed": consents("c1", is_allowed=None)}),
    "a consent and a denial": ("consent", {"allowed": BOTH}),
    "another channel's consent": ("consent", {"allowed": consents("c1", channels=("phone",))}),
    "another's consent": ("consent", {"allowed": consents("c2")}),
    "none in the ledger": ("consent", {"consent_ids": {}}),
    "no address": ("contactable", {"people": customers("c1", has_email=[False])}),
    "an unknown address": ("contactable", {"people": customers("c1", has_email=[None])}),
    "no such customer": ("contactable", {"people": customers("c2")}),
    "the holdout": ("holdout", {"held_out": frozenset([id_of(ONE)])}),
    "a suppression": ("suppression", {"suppressed": {id_of(ONE): "deceased"}}),
    "an open complaint": ("suppression", {"people": customers("c1", count_open_complaints=[1])}),
    "terms of its own": ("eligibility", {"row": {"fails": "eligibility"}}),
    "no sense now": ("applicability", {"row": {"fails": "applicability"}}),
    "no good to her": ("suitability", {"row": {"fails": "suitability"}}),
    "an unknown chance": ("suitability", {"row": {"propensity": None}}),
    "an unknown value": ("suitability", {"row": {"value": None}}),
    "a loss": ("suitability", {"row": {"value": -0.5}}),
    "a pause": ("paused", {"paused": {"c1": [Pause(3, 60)]}}),
    "an earlier contact": ("repetition", {"repeated": frozenset([id_of(ONE)])}),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_one_rule_stops_a_candidate_and_says_so(name: str) -> None:
    stage, given = BLOCKS[name]
    given = dict(given)
    decisions = decided(ONE | given.pop("row", {}), **given)
    row = decisions.candidates.to_pylist()[0]
    assert (row["outcome"], row["stopped_by"]) == ("stopped", stage)
    assert decisions.contact_plan.num_rows == 0
    assert "c1" not in row["reason"]
    assert row["reason"].endswith(".")


def test_a_control_group_is_counted_and_never_chosen() -> None:
    assert stops(decided(candidate("c1", is_control=True))) == {"c1 welcome": "control_group"}


def test_a_channel_nobody_declared_reaches_nobody() -> None:
    row = candidate("c1", channel="pigeon")
    assert stops(decided(row, allowed=consents("c1", channels=("pigeon",)))) == {"c1 welcome": "contactable"}


def test_an_open_complaint_stops_sales_and_not_service() -> None:
    people = customers("c1", count_open_complaints=[1])
    rows = [candidate("c1", care_model=kind, action_class=kind) for kind in ("marketing", "transactional", "mandatory")]
    assert stops(decided(*rows, people=people)) == {
        "c1 marketing": "suppression",
        "c1 transactional": None,
        "c1 mandatory": None,
    }
    lenient = replace(FREE, open_complaint_suspends_marketing=False)
    assert stops(decided(ONE, people=people, policy=lenient)) == {"c1 welcome": None}


def test_the_first_rule_in_order_is_the_one_named() -> None:
    given: dict[str, Any] = {}
    found = []
    for stage, more in reversed(list(BLOCKS.values())):
        if "people" in more and "people" in given:
            continue
        given |= more | {"row": given.get("row", {}) | more.get("row", {})}
        rest = {name: value for name, value in given.items() if name != "row"}
        found.append((decided(ONE | given["row"], **rest).candidates.to_pylist()[0]["stopped_by"], stage))
    assert all(STAGES.index(got or "") <= STAGES.index(stage) for got, stage in found)
    assert found[-1] == ("consent", "consent")


def scores(*customer_ids: str, **given: Any) -> list[dict[str, Any]]:
    """Candidates of one kind, the first the best."""
    return [candidate(one, value=float(100 - place), **given) for place, one in enumerate(customer_ids)]


def test_a_scarce_channel_goes_to_the_highest_scores() -> None:
    scarce = replace(FREE, channels=FREE.channels | {"email": replace(FREE.channels["email"], daily_capacity=2)})
    rows = scores("c3", "c1", "c2")
    assert stops(decided(*rows, policy=scarce)) == {"c3 welcome": None, "c1 welcome": None, "c2 welcome": "outbid"}
    used = {("email", NOON.date()): 2}
    assert set(stops(decided(*rows, policy=scarce, used=used)).values()) == {"capacity"}


def test_mandatory_comes_before_service_before_sales_when_a_channel_is_short() -> None:
    scarce = replace(FREE, channels=FREE.channels | {"email": replace(FREE.channels["email"], daily_capacity=2)})
    rows = [
        candidate("c1", value=9.0),
        candidate("c2", value=2.0, action_class="transactional"),
        candidate("c3", value=1.0, action_class="mandatory"),
    ]
    assert stops(decided(*rows, policy=scarce)) == {"c1 welcome": "outbid", "c2 welcome": None, "c3 welcome": None}


def test_one_action_a_day_is_the_best_one_and_a_mandatory_one_comes_besides() -> None:
    daily = replace(FREE, per_customer_per_day=1)
    rows = [
        candidate("c1", care_model="small", value=1.0),
        candidate("c1", care_model="large", value=2.0, channel="phone"),
        candidate("c1", care_model="recall", value=0.1, action_class="mandatory"),
    ]
    assert stops(decided(*rows, policy=daily)) == {"c1 small": "priority", "c1 large": None, "c1 recall": None}


def test_a_cap_counts_what_the_customer_already_has() -> None:
    weekly = replace(FREE, caps=(Cap("weekly", 1, 7),))
    earlier = Taken("earlier", NOON.date(), "phone", "marketing")
    assert stops(decided(ONE, policy=weekly, taken={"c1": (earlier,)})) == {"c1 welcome": "contact_cap"}
    service = replace(earlier, action_class="transactional")
    assert stops(decided(ONE, policy=weekly, taken={"c1": (service,)})) == {"c1 welcome": None}


def test_a_call_waits_for_the_hours_of_its_channel() -> None:
    from datetime import time

    phone = replace(FREE.channels["phone"], opens=time(9), closes=time(17), weekdays=frozenset(range(5)))
    policy = replace(FREE, channels=FREE.channels | {"phone": phone})
    saturday = candidate("c1", channel="phone", planned_for=NOON.replace(day=7, tzinfo=None))
    row = decided(saturday, policy=policy).contact_plan.to_pylist()[0]
    assert (str(row["planned_for"]), str(row["planned_date"])) == ("2026-03-09 07:00:00", "2026-03-09")


def test_the_order_of_rows_changes_nothing() -> None:
    scarce = replace(
        FREE,
        channels=FREE.channels | {"email": replace(FREE.channels["email"], daily_capacity=7)},
        caps=(Cap("weekly", 1, 7),),
        per_customer_per_day=1,
    )
    rows = [
        candidate(f"c{number % 9}", care_model=f"m{number // 9}", value=float(number % 4), channel=channel)
        for number in range(36)
        for channel in ("email", "phone")
    ]
    first = decided(*rows, policy=scarce)
    random.Random(7).shuffle(rows)
    again = decided(*rows, policy=scarce)
    assert (again.candidates, again.contact_plan, again.funnel) == (
        first.candidates,
        first.contact_plan,
        first.funnel,
    )


def test_the_funnel_balances_and_shows_models_that_proposed_nobody() -> None:
    rows = [*scores("c1", "c2", "c3"), candidate("c4", is_control=True)]
    funnel = decided(*rows, allowed=consents("c1", "c2", "c4"), care_models={"quiet": "crm"}).funnel.to_pylist()
    counts = {row["stage"]: row["count"] for row in funnel if row["care_model"] == "welcome"}
    assert (counts["all"], counts["consent"], counts["control_group"], counts["chosen"]) == (4, 3, 2, 2)
    assert {row["count"] for row in funnel if row["care_model"] == "quiet"} == {0}
    assert len(funnel) == 2 * (len(STAGES) + 2)


@pytest.mark.parametrize("place", range(len(STAGES) + 2))
def test_a_funnel_that_loses_a_candidate_is_noticed(place: int) -> None:
    decisions = decided(*scores("c1", "c2"))
    check_balance(decisions.funnel, 2, 2)
    counts = decisions.funnel["count"].to_pylist()
    counts[place] -= 1
    broken = decisions.funnel.set_column(
        decisions.funnel.schema.get_field_index("count"), "count", pa.array(counts, pa.int64())
    )
    with pytest.raises(HoivaError, match="balance"):
        check_balance(broken, 2, 2)


def test_nothing_proposed_is_decided_as_nothing() -> None:
    decisions = decided(care_models={"welcome": "crm"})
    assert (decisions.candidates.num_rows, decisions.contact_plan.num_rows) == (0, 0)
    assert decisions.funnel.num_rows == len(STAGES) + 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([ONE, ONE], "twice"),
        ([candidate("c1", action_class="fun")], "class"),
        ([candidate("c1", lever=float("nan"))], "score"),
    ],
)
def test_candidates_that_make_no_sense_are_refused(rows: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(HoivaError, match=words):
        decided(*rows)
