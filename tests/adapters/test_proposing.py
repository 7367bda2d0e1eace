"""The catalogue against a ledger: proposed, decided, and not again too soon, whatever runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters.deciding import Decided, run_decisions
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.proposing import Proposing, propose, read_next_products
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.conditions import compile_condition
from dagster_project.domain.decisions.catalogue import CatalogueAction, Learned, Treatment, with_actions
from dagster_project.domain.decisions.policy import ContactPolicy
from dagster_project.settings import Settings
from tests.adapters.ledger.plans import batch
from tests.domain.decisions.builders import FREE, NOON, consents, customers

DAY = timedelta(days=1)
IDS = ["c1", "c2", "c3"]
EMAIL = Treatment("email", "plain", "An offer", "https://shop.example/offer")
PHONE = Treatment("phone", "script", "An offer", lever=0.5)
OFFER = CatalogueAction(
    "offer", "An offer", 1, "crm", "marketing", "marketing", (EMAIL, PHONE), 10.0, Learned(0.1), again_after=28
)
NO_ANSWERS = pa.schema(
    [("contact_id", pa.string()), ("response", pa.string()), ("occurred_at", pa.timestamp("us")),
     ("known_at", pa.timestamp("us"))]
).empty_table()  # fmt: skip


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        yield opened


def asked(home: Settings, ledger: Ledger, *actions: CatalogueAction, as_of: datetime = NOON, **given: Any) -> Proposing:
    responses = given.pop("responses", NO_ANSWERS)
    people = given.pop("people", customers(*IDS))
    return propose(home, ledger, {one.action: one for one in actions}, people, responses, as_of, **given)


def night(
    home: Settings, ledger: Ledger, *actions: CatalogueAction, as_of: datetime = NOON, policy: ContactPolicy = FREE
) -> Decided:
    """Propose, decide and claim."""
    found = asked(home, ledger, *actions, as_of=as_of)
    told = consents(*IDS).append_column("decided_at", pa.array([naive_utc(NOON - 90 * DAY)] * 6, pa.timestamp("us")))
    return run_decisions(
        home.model_copy(update={"holdout_share": 0.0}), ledger, with_actions(policy, actions), found.proposed_actions,
        customers(*IDS), told, as_of, {one.action: one.department for one in actions}, found.not_eligible,
    )  # fmt: skip


def test_an_action_is_claimed_once_and_the_same_moment_again_says_the_same(home: Settings, ledger: Ledger) -> None:
    first = night(home, ledger, OFFER)
    assert first.count_claimed == 3
    assert set(ledger.contacts()["channel"].to_pylist()) == {"email"}, "the better way; nobody gets both"
    again = night(home, ledger, OFFER)
    assert again.count_claimed == 0
    assert again.decisions.candidates.equals(first.decisions.candidates)
    assert again.decisions.funnel.equals(first.decisions.funnel)


def test_it_comes_again_when_its_time_is_over_and_not_a_day_sooner(home: Settings, ledger: Ledger) -> None:
    claimed = {}
    for day in (0, 1, 13, 27, 28, 29):
        claimed[day] = night(home, ledger, OFFER, as_of=NOON + day * DAY).count_claimed
    assert claimed == {0: 3, 1: 0, 13: 0, 27: 0, 28: 3, 29: 0}
    stages = asked(home, ledger, OFFER, as_of=NOON + 30 * DAY).proposed_actions["fails"].to_pylist()
    assert set(stages) == {"applicability"}


def test_a_run_that_does_not_know_of_another_one_claims_no_second_way(home: Settings, ledger: Ledger) -> None:
    """The proposal was made before the other run claimed; the claim's rules hold it."""
    late = replace(OFFER, treatments=(PHONE,))
    before = asked(home, ledger, late, as_of=NOON + DAY)
    assert night(home, ledger, OFFER).count_claimed == 3
    told = consents(*IDS).append_column("decided_at", pa.array([naive_utc(NOON - 90 * DAY)] * 6, pa.timestamp("us")))
    own = home.model_copy(update={"holdout_share": 0.0})
    run = (before.proposed_actions, customers(*IDS), told, NOON + DAY)
    assert run_decisions(own, ledger, with_actions(FREE, [late]), *run).count_claimed == 0
    assert run_decisions(own, ledger, FREE, *run).count_claimed == 3, "negative control: without the rule they go out"


def test_what_came_back_changes_the_next_proposals(home: Settings, ledger: Ledger) -> None:
    night(home, ledger, OFFER)
    ids = ledger.contacts()["contact_id"].to_pylist()
    ledger.open_batch(batch(rows=len(ids)), ids)
    ledger.publish_batch(batch().batch_id, lambda: None, NOON)
    seen = naive_utc(NOON + DAY)
    answers = pa.table([ids, ["clicked"] * 3, [seen] * 3, [seen] * 3], schema=NO_ANSWERS.schema)
    found = asked(home, ledger, OFFER, as_of=NOON + 28 * DAY, responses=answers)
    chances = {row["channel"]: row["propensity"] for row in found.proposed_actions.to_pylist()}
    assert chances == {"email": pytest.approx(8 / 53), "phone": 0.1}
    assert found.propensities["count_positive"].to_pylist() == [3, 0]


def test_an_action_that_cannot_be_asked_stops_itself_alone(home: Settings, ledger: Ledger) -> None:
    columns = {"is_fading": "boolean"}
    absent = replace(OFFER, action="absent", suitability=compile_condition("is_fading", columns))
    found = asked(home, ledger, absent, OFFER)
    assert set(found.proposed_actions["care_model"].to_pylist()) == {"offer"}
    assert found.faults == ["absent.suitability: the column is_fading is not in the rows asked about"]
    people = customers(*IDS, is_fading=[True, True, False])
    both = asked(home, ledger, absent, OFFER, people=people)
    assert both.faults == []
    assert both.proposed_actions.num_rows == 12


def test_next_products_are_read_when_the_analytics_have_made_them(home: Settings, tmp_path: Path) -> None:
    with open_warehouse(home) as warehouse:
        assert read_next_products(warehouse) is None
        lists = {"customer_id": ["c1", "c1", "c2"], "position": [1, 2, 1], "product_id": ["p1", "p2", "p3"],
                 "because": ["p9", "p9", None], "quality": [0.2, 0.2, 0.2]}  # fmt: skip
        warehouse.write("analytics", "next_products", pa.table(lists))
        warehouse.write("customer_360", "current_products", pa.table({"product_id": ["p1"], "unit_price": [9.5]}))
        found = read_next_products(warehouse)
    assert found is not None
    assert [list(row.values()) for row in found.to_pylist()] == [
        ["c1", "p1", "p9", 0.2, 9.5],
        ["c2", "p3", None, 0.2, None],
    ]
