"""Stand-alone actions: whom they are proposed to, what they are worth, and when they come again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from math import inf, nan
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters.conditions import evaluate
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.conditions import compile_condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS
from dagster_project.domain.decisions.actions import (
    Proposed,
    all_candidates,
    had_lately,
    proposed,
    with_next_products,
)
from dagster_project.domain.decisions.catalogue import (
    ACTION_COLUMNS,
    CatalogueAction,
    Context,
    Learned,
    OfColumn,
    Treatment,
    with_actions,
)
from dagster_project.domain.decisions.decide import Decisions, decide
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.domain.decisions.proposals import proposals
from dagster_project.domain.decisions.schemas import CANDIDATE_SCHEMA
from dagster_project.domain.decisions.standing import Standing
from tests.domain.decisions.builders import FREE, HELSINKI, NOON, candidate, candidates, consents, customers

EMAIL = Treatment("email", "plain", "A call", "https://shop.example/page")
PHONE = Treatment("phone", "script", "A call", cost=Decimal("2.50"), minutes=6.0, lever=0.5)
OFFER = CatalogueAction("offer", "An offer", 1, "crm", "marketing", "marketing", (EMAIL,), value=10.0, again_after=28)
TODAY = date(2026, 3, 2)


def condition(text: str) -> Any:
    return compile_condition(text, CUSTOMER_COLUMNS | ACTION_COLUMNS)


def people(*orders: int | None, **columns: list[Any]) -> pa.Table:
    ids = [f"c{number}" for number in range(len(orders))]
    given = {"customer_id": ids, "count_orders": pa.array(orders, pa.int64())} | columns
    return with_next_products(pa.table(given))


def ask(*actions: CatalogueAction, of: pa.Table, as_of: Any = NOON, **given: Any) -> Proposed:
    return proposed(actions, of, as_of, HELSINKI, evaluate, **given)


def column(found: Proposed, name: str) -> list[Any]:
    values: list[Any] = found.candidates[name].to_pylist()
    return values


def decided(found: pa.Table, policy: ContactPolicy = FREE, never: pa.Table | None = None) -> Decisions:
    """What is decided for candidates of customers who allow everything and are known to the ledger for nothing."""
    ready = proposals(found, policy, HELSINKI)
    ids = sorted(set(found["customer_id"].to_pylist()))
    known = Standing(consent_ids=dict.fromkeys(ready["contact_id"].to_pylist(), "consent"))
    return decide(ready, customers(*ids), consents(*ids), known, policy, NOON, {"offer": "crm"}, never)


def contacts(*rows: tuple[str, str, str, date, timedelta]) -> pa.Table:
    """Contacts: customer, action, status, day, how long ago decided."""
    names = ["customer_id", "care_model", "status", "planned_date", "decided_as_of"]
    made = [(*row[:4], naive_utc(NOON - row[4])) for row in rows]
    return pa.table(dict(zip(names, map(list, zip(*made, strict=True)), strict=True)))


def test_a_candidate_says_everything_the_file_says() -> None:
    action = replace(OFFER, treatments=(EMAIL, PHONE), priority=75, version=3)
    found = ask(action, of=people(1))
    assert found.candidates.schema == CANDIDATE_SCHEMA
    mail, call = found.candidates.to_pylist()
    same = {"customer_id": "c0", "care_model": "offer", "step": "action", "version": "3", "department": "crm",
            "enrolment_id": None, "is_control": False, "purpose": "marketing", "fails": None}  # fmt: skip
    assert same.items() <= mail.items()
    assert same.items() <= call.items()
    assert (mail["channel"], mail["link"], mail["cost"], mail["minutes"]) == ("email", EMAIL.link, None, None)
    assert (call["channel"], call["link"], call["cost"], call["minutes"]) == ("phone", None, Decimal("2.5"), 6.0)
    assert (mail["propensity"], mail["context"], mail["value"], mail["lever"]) == (1.0, 1.0, 10.0, 1.5)
    assert call["lever"] == 0.75, "its own lever leans on top of the priority"
    assert mail["planned_for"] == naive_utc(NOON)
    assert mail["candidate_id"] != call["candidate_id"]


def test_whom_it_is_not_for_is_only_counted_and_whoever_fails_later_is_kept_with_the_reason() -> None:
    action = replace(
        OFFER,
        treatments=(EMAIL, PHONE),
        eligibility=condition("count_orders >= 1"),
        applicability=condition("count_orders >= 2"),
        suitability=condition("count_orders <= 5 and count_orders <> 1"),
    )
    found = ask(action, of=people(0, None, 1, 2, 9))
    fails = ["applicability", None, "suitability"]
    assert column(found, "customer_id") == ["c2", "c3", "c4"] * 2
    assert column(found, "fails") == fails * 2, "the first condition that is not met"
    assert found.not_eligible.to_pylist() == [{"department": "crm", "care_model": "offer", "count_not_eligible": 4}], (
        "two customers, two ways each; unknown is no"
    )


def test_every_customer_and_treatment_is_counted_once() -> None:
    orders = [None if number % 7 == 0 else number % 5 for number in range(300)]
    action = replace(OFFER, treatments=(EMAIL, PHONE), eligibility=condition("count_orders > 2"))
    found = ask(action, replace(OFFER, action="other"), of=people(*orders))
    count_not = sum(found.not_eligible["count_not_eligible"].to_pylist())
    assert found.candidates.num_rows + count_not == 300 * 3
    assert len(set(column(found, "candidate_id"))) == found.candidates.num_rows


def test_the_funnel_stops_each_at_its_stage_and_balances() -> None:
    action = replace(
        OFFER, eligibility=condition("count_orders > 0"), applicability=condition("count_orders > 1"),
        suitability=condition("count_orders > 2"), value=OfColumn("average_order_amount"),
    )  # fmt: skip
    amounts = pa.array([1, 1, 1, 1, None], pa.float64())
    found = ask(action, of=people(0, 1, 2, 3, 4, average_order_amount=amounts))
    result = decided(found.candidates, never=found.not_eligible)
    stopped = {row["customer_id"]: row["stopped_by"] for row in result.candidates.to_pylist()}
    assert stopped == {"c1": "applicability", "c2": "suitability", "c3": None, "c4": "suitability"}
    counts = {row["stage"]: (row["count"], row["count_stopped"]) for row in result.funnel.to_pylist()}
    assert counts["all"] == (5, 0)
    assert counts["eligibility"] == (4, 1)
    assert counts["applicability"] == (3, 1)
    assert counts["suitability"] == (1, 2)
    assert counts["chosen"][0] == 1


@pytest.mark.parametrize("unknown", [None, nan, inf])
def test_an_unknown_factor_is_null_and_never_zero(unknown: float | None) -> None:
    table = people(1, 1, p_alive=pa.array([unknown, 0.5], pa.float64()))
    for given in ({"value": OfColumn("p_alive", 20.0)}, {"propensity": OfColumn("p_alive")}):
        found = ask(replace(OFFER, **given), of=table)  # type: ignore[arg-type]
        (name,) = given
        assert column(found, name) == [None, 10.0 if name == "value" else 0.5]
        scores = proposals(found.candidates, FREE, HELSINKI)["score"].to_pylist()
        assert scores[0] is None
        assert scores[1] > 0


def test_more_than_sure_is_no_chance() -> None:
    found = ask(replace(OFFER, propensity=OfColumn("p_alive")), of=people(1, 1, 1, 1, p_alive=[1.2, -0.1, 1.0, 0.0]))
    assert column(found, "propensity") == [None, None, 1.0, 0.0]


def test_a_learned_propensity_is_used_and_the_start_where_nothing_was_learned() -> None:
    action = replace(OFFER, treatments=(EMAIL, PHONE), propensity=Learned(start=0.08))
    found = ask(action, of=people(1), propensities={("offer", "action", "phone"): 0.3})
    assert column(found, "propensity") == [0.08, 0.3]


def test_contexts_multiply_where_they_hold_and_unknown_does_not() -> None:
    contexts = (Context(condition("count_orders > 1"), 2.0), Context(condition("count_orders > 2"), 0.25))
    found = ask(replace(OFFER, context=contexts), of=people(1, 2, 3, None))
    assert column(found, "context") == [1.0, 2.0, 0.5, 1.0]


def test_it_is_proposed_on_the_days_it_is_valid_both_ends_included() -> None:
    action = replace(OFFER, valid_from=TODAY, valid_until=TODAY + timedelta(days=1))
    on = {day: ask(action, of=people(1), as_of=NOON + timedelta(days=day)).candidates.num_rows for day in (-1, 0, 1, 2)}
    assert on == {-1: 0, 0: 1, 1: 1, 2: 0}
    assert ask(action, of=people(1), as_of=NOON + timedelta(days=2)).not_eligible.num_rows == 0
    late = NOON.replace(hour=22, minute=30) + timedelta(days=1)  # already 3 March plus one in the business zone
    assert ask(action, of=people(1), as_of=late).candidates.num_rows == 0


def test_an_occasion_lasts_a_period_and_the_next_one_is_another() -> None:
    keys = [OFFER.window_key(TODAY + timedelta(days=number)) for number in range(90)]
    assert {keys.count(key) for key in keys[28 - _into() : -28]} == {28}
    assert len(set(keys)) == 4
    assert keys[0] == f"period:{TODAY - timedelta(days=_into())}"
    assert replace(OFFER, again_after=None).window_key(TODAY) == "once"
    weeks = {replace(OFFER, again_after=7).window_key(TODAY + timedelta(days=number)) for number in range(7)}
    assert weeks == {f"period:{TODAY}"}, "a week begins on Monday"
    for length in (1, 7, 28, 366):
        action = replace(OFFER, again_after=length)
        assert action.window_key(TODAY) != action.window_key(TODAY + timedelta(days=length)), "when it may be again"


def _into() -> int:
    """Days since the period of TODAY began."""
    return (TODAY - date.fromisoformat(OFFER.window_key(TODAY).partition(":")[2])).days


@pytest.mark.parametrize(
    ("status", "days_ago", "decided_ago", "is_too_soon"),
    [
        ("accepted", 27, 27, True),
        ("accepted", 28, 28, False),
        ("claimed", -7, 1, True),  # planned ahead
        ("returned", 1, 1, False),  # never made
        ("rejected", 1, 1, False),
        ("claimed", 0, 0, False),  # decided for this very moment: the same again proposes the same
        ("claimed", 0, -1, False),  # decided later than the moment asked about
    ],
)
def test_the_same_action_comes_no_sooner_than_it_says(
    status: str, days_ago: int, decided_ago: int, is_too_soon: bool
) -> None:
    made = contacts(("c0", "offer", status, TODAY - timedelta(days=days_ago), timedelta(days=decided_ago)))
    lately = had_lately([OFFER], made, NOON, HELSINKI)
    assert lately == {"offer": frozenset({"c0"} if is_too_soon else ())}
    found = ask(OFFER, replace(OFFER, action="other"), of=people(1, 1), lately=lately)
    assert column(found, "fails") == ["applicability" if is_too_soon else None, None, None, None]


def test_what_comes_once_comes_never_again() -> None:
    once = replace(OFFER, again_after=None)
    made = contacts(("c0", "offer", "accepted", date(2001, 1, 1), timedelta(days=9_000)))
    assert had_lately([once], made, NOON, HELSINKI) == {"offer": frozenset({"c0"})}
    assert had_lately([OFFER], made, NOON, HELSINKI) == {"offer": frozenset()}, "negative control"


def test_one_run_chooses_one_way_of_an_action() -> None:
    """The two fall on different days, so that no other rule keeps them apart."""
    action = replace(OFFER, treatments=(EMAIL, replace(PHONE, lever=1.0)))
    found = ask(action, of=people(1)).candidates
    later = naive_utc(NOON + timedelta(days=3))
    days = pa.array([naive_utc(NOON), later], pa.timestamp("us"))
    found = found.set_column(found.schema.get_field_index("planned_for"), "planned_for", days)
    assert decided(found).contact_plan.num_rows == 2, "negative control"
    assert decided(found, with_actions(FREE, [action])).contact_plan.num_rows == 1
    for again_after, days in ((28, 28), (None, 366)):
        policy = with_actions(FREE, [replace(action, again_after=again_after)])
        assert ([pair.days for pair in policy.pairs], policy.rests) == ([days], ())


def test_a_mandatory_action_goes_out_by_every_channel_it_names() -> None:
    recall = replace(OFFER, treatments=(EMAIL, PHONE), action_class="mandatory")
    found = ask(recall, of=people(1)).candidates
    assert sorted(decided(found, with_actions(FREE, [recall])).contact_plan["channel"].to_pylist()) == [
        "email",
        "phone",
    ]
    sale = replace(recall, action_class="marketing")
    found = ask(sale, of=people(1)).candidates
    assert decided(found, with_actions(FREE, [sale])).contact_plan.num_rows == 1, "negative control"


def test_an_actions_rest_becomes_a_rest_of_the_policy() -> None:
    rests = replace(OFFER, rest=5, action_class="transactional")
    other = candidate("c0", care_model="letters", planned_for=naive_utc(NOON + timedelta(days=2)))
    both = all_candidates(candidates(other), ask(rests, of=people(1)).candidates)
    assert decided(both, with_actions(FREE, [OFFER])).contact_plan.num_rows == 2, "negative control"
    assert decided(both, with_actions(FREE, [rests])).contact_plan["care_model"].to_pylist() == ["offer"]


def test_next_products_stand_beside_their_customers_and_the_others_have_none() -> None:
    kinds: Iterable[pa.DataType] = (pa.string(), pa.string(), pa.float64(), pa.decimal128(18, 2))
    values = (["p1"], ["p9"], [0.25], [Decimal("19.90")])
    columns = {
        name: pa.array(*pair) for name, pair in zip(ACTION_COLUMNS, zip(values, kinds, strict=True), strict=True)
    }
    following = pa.table({"customer_id": ["c1"]} | columns)
    table = with_next_products(pa.table({"customer_id": ["c0", "c1"]}), following)
    cross = replace(
        OFFER, value=OfColumn("next_product_amount", 0.5), eligibility=condition("next_product_because is not null")
    )
    found = ask(cross, of=table)
    assert (column(found, "customer_id"), column(found, "value")) == (["c1"], [pytest.approx(9.95)])
    nobody = ask(cross, of=with_next_products(pa.table({"customer_id": ["c0", "c1"]})))
    assert nobody.candidates.num_rows == 0


def test_nothing_to_propose_is_two_empty_tables() -> None:
    for found in (ask(of=people(1)), ask(OFFER, of=people())):
        assert found.candidates.schema == CANDIDATE_SCHEMA
        assert found.candidates.num_rows == 0


def test_the_order_of_actions_changes_nothing() -> None:
    other = replace(OFFER, action="another", eligibility=condition("count_orders > 1"))
    assert ask(OFFER, other, of=people(1, 2)) == ask(other, OFFER, of=people(1, 2))
