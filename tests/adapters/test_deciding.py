"""A run of the decisions, from candidates to claims: the same again, and what must hold on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters.deciding import Decided, run_decisions
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.holdout import in_share
from dagster_project.domain.decisions.policy import ContactPolicy, Pause
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.ledger.plans import batch
from tests.domain.decisions.builders import FREE, NOON, candidate, candidates, consents, customers

DAY = timedelta(days=1)
IDS = [f"c{number:03d}" for number in range(200)]
SCARCE = replace(
    FREE, channels=FREE.channels | {"email": replace(FREE.channels["email"], daily_capacity=30)}, per_customer_per_day=1
)


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        yield opened


def dated(table: pa.Table) -> pa.Table:
    moments = pa.array([naive_utc(NOON - 30 * DAY)] * table.num_rows, pa.timestamp("us"))
    return table.append_column("decided_at", moments)


def run(home: Settings, ledger: Ledger, *rows: dict[str, Any], as_of: Any = NOON, **given: Any) -> Decided:
    policy: ContactPolicy = given.pop("policy", SCARCE)
    people = given.pop("people", customers(*IDS))
    allowed = dated(given.pop("allowed", consents(*IDS)))
    return run_decisions(home, ledger, policy, candidates(*rows), people, allowed, as_of, **given)


def everybody() -> list[dict[str, Any]]:
    letters = [candidate(one, value=float(place)) for place, one in enumerate(IDS)]
    return letters + [candidate(one, care_model="calls", channel="phone", value=1.0) for one in IDS[:60]]


def test_every_planned_contact_is_claimed_and_nothing_else(home: Settings, ledger: Ledger) -> None:
    decided = run(home, ledger, *everybody())
    planned = decided.decisions.contact_plan["contact_id"].to_pylist()
    assert planned == ledger.contacts()["contact_id"].to_pylist()
    assert decided.count_claimed == len(planned) > 30
    assert ledger.miscounts() == {}


def test_the_same_moment_again_gives_the_same_tables_and_no_contact(home: Settings, ledger: Ledger) -> None:
    first = run(home, ledger, *everybody())
    again = run(home, ledger, *reversed(everybody()))
    assert again.count_claimed == 0
    for name in ("candidates", "contact_plan", "funnel"):
        assert getattr(again.decisions, name).equals(getattr(first.decisions, name)), name


def test_nobody_in_the_holdout_is_in_the_plan(home: Settings, ledger: Ledger) -> None:
    half = home.model_copy(update={"holdout_share": 0.5})
    drawn = {one for one, is_in in zip(IDS, in_share(IDS, half.holdout_salt, 0.5), strict=True) if is_in}
    decided = run(half, ledger, *everybody(), policy=FREE)
    planned = set(decided.decisions.contact_plan["customer_id"].to_pylist())
    assert 50 < len(drawn) < 150
    assert planned == set(IDS) - drawn
    assert ledger.held_out() == drawn
    nobody_held = run(home.model_copy(update={"holdout_share": 0.0}), ledger, *everybody(), policy=FREE)
    assert set(nobody_held.decisions.contact_plan["customer_id"].to_pylist()) == planned, "for good"


def test_the_holdout_test_can_fail(home: Settings, ledger: Ledger) -> None:
    nobody = home.model_copy(update={"holdout_share": 0.0})
    decided = run(nobody, ledger, *everybody(), policy=FREE)
    assert set(decided.decisions.contact_plan["customer_id"].to_pylist()) == set(IDS)


def test_a_withdrawal_that_landed_before_the_run_is_obeyed(home: Settings, ledger: Ledger) -> None:
    nobody = home.model_copy(update={"holdout_share": 0.0})
    ledger.suppress([Suppression("c000", "withdrawn", "marketing", "email")], NOON)
    rows = run(nobody, ledger, candidate("c000"), candidate("c001")).decisions.candidates.to_pylist()
    assert {row["customer_id"]: row["stopped_by"] for row in rows} == {"c000": "suppression", "c001": None}
    assert ledger.contacts()["customer_id"].to_pylist() == ["c001"]


def test_sales_that_wait_end_when_the_customer_complains(home: Settings, ledger: Ledger) -> None:
    nobody = home.model_copy(update={"holdout_share": 0.0})
    service = candidate("c000", care_model="thanks", action_class="transactional", channel="phone")
    run(nobody, ledger, candidate("c000"), candidate("c001"), service, policy=FREE)
    complaint = customers("c000", "c001", count_open_complaints=[1, 0])
    later = run(nobody, ledger, as_of=NOON + DAY, people=complaint, policy=FREE)
    assert later.count_ended == 1
    rows = ledger.contacts().to_pylist()
    assert {(row["care_model"], row["customer_id"]): (row["status"], row["reason"]) for row in rows} == {
        ("welcome", "c000"): ("returned", "open_complaint"),
        ("welcome", "c001"): ("claimed", None),
        ("thanks", "c000"): ("claimed", None),
    }


def test_a_replay_of_the_past_ends_nothing_that_was_decided_since(home: Settings, ledger: Ledger) -> None:
    nobody = home.model_copy(update={"holdout_share": 0.0})
    run(nobody, ledger, candidate("c000"))
    complaint = customers("c000", count_open_complaints=[1])
    assert run(nobody, ledger, as_of=NOON - DAY, people=complaint).count_ended == 0


def test_a_run_that_another_overtakes_decides_again(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between this run's look and its claim another one takes the channel's whole day."""
    nobody = home.model_copy(update={"holdout_share": 0.0})
    claim, overtaken = ledger.claim, []

    def overtake(plan: pa.Table, *rest: Any) -> Any:
        if not overtaken:
            overtaken.append(True)
            with open_ledger(home.ledger_address) as other:
                run(nobody, other, *[candidate(one, care_model="faster") for one in IDS])
        return claim(plan, *rest)

    monkeypatch.setattr(ledger, "claim", overtake)
    decided = run(nobody, ledger, *everybody())
    mine = set(decided.decisions.contact_plan["contact_id"].to_pylist())
    rows = ledger.contacts().to_pylist()
    assert mine == {row["contact_id"] for row in rows if row["care_model"] != "faster"}
    assert sum(row["channel"] == "email" for row in rows) == 30
    assert "capacity" in decided.decisions.candidates["stopped_by"].to_pylist()
    assert ledger.miscounts() == {}


def test_the_policy_that_ships_decides(home: Settings, ledger: Ledger) -> None:
    policy = load_contact_policy().policy
    assert policy is not None
    decided = run(home, ledger, *everybody(), policy=policy)
    assert decided.count_claimed > 100


def test_a_task_for_the_shops_people_needs_a_consent_of_some_kind_and_ends_with_it(
    home: Settings, ledger: Ledger
) -> None:
    shipped = load_contact_policy().policy
    assert shipped is not None
    nobody = home.model_copy(update={"holdout_share": 0.0})
    rows = [candidate(one, channel=channel, care_model=channel) for one in IDS[:3] for channel in ("staff", "push")]
    allowed = pa.concat_tables([consents("c000", channels=("email",)), consents("c001", is_allowed=False)])
    decided = run(nobody, ledger, *rows, policy=shipped, allowed=allowed)
    assert [(row["customer_id"], row["channel"]) for row in decided.decisions.contact_plan.to_pylist()] == [
        ("c000", "staff")
    ]
    [contact_id] = ledger.contacts()["contact_id"].to_pylist()
    assert ledger.blocked_contacts([contact_id]) == {}
    run(nobody, ledger, policy=shipped, allowed=consents("c000", is_allowed=False), as_of=NOON + DAY)
    assert ledger.blocked_contacts([contact_id]) == {contact_id: "no_consent"}


def test_a_reservation_that_nobody_used_is_given_back_after_its_time(home: Settings, ledger: Ledger) -> None:
    policy = replace(SCARCE, reservation_days=5)
    first = run(home, ledger, candidate("c001"), policy=policy)
    assert (first.count_claimed, first.count_expired) == (1, 0)
    assert run(home, ledger, as_of=NOON + 5 * DAY, policy=policy).count_expired == 0
    assert run(home, ledger, as_of=NOON + 6 * DAY, policy=policy).count_expired == 1
    assert [(row["status"], row["reason"]) for row in ledger.contacts().to_pylist()] == [("returned", "expired")]
    assert ledger.miscounts() == {}


ANSWERS = pa.schema([("contact_id", pa.string()), ("response", pa.string()), ("known_at", pa.timestamp("us"))])


@pytest.mark.parametrize(
    ("count", "response", "days", "stops"),
    [
        (3, None, 20, True),
        (2, None, 20, False),  # too few
        (3, None, 13, False),  # there is time to react yet
        (3, None, 14, True),
        (3, None, 59, True),
        (3, None, 60, False),  # the pause is over
        (3, "clicked", 20, False),
        (3, "any_opened", 20, True),  # it may have been a machine
        (3, "bounced", 20, True),
    ],
)
def test_who_does_not_react_is_left_alone_for_a_while(
    home: Settings, ledger: Ledger, count: int, response: str | None, days: int, stops: bool
) -> None:
    policy = replace(FREE, pauses=(Pause(ignored=3, days=60, within=14),))
    rows = [candidate("c001", care_model=f"m{number}") for number in range(count)]
    decided = run(home, ledger, *rows, policy=policy)
    sent = decided.decisions.contact_plan["contact_id"].to_pylist()
    assert len(sent) == count
    ledger.open_batch(batch(rows=count), sent)
    ledger.publish_batch(batch().batch_id, lambda: None, NOON)
    told = [] if response is None else [(sent[0], response, naive_utc(NOON + DAY))]
    answers = pa.Table.from_pylist([dict(zip(ANSWERS.names, row, strict=True)) for row in told], schema=ANSWERS)
    later = NOON + days * DAY
    wishes = [
        candidate("c001", care_model="more", planned_for=naive_utc(later)),
        candidate("c001", care_model="care", planned_for=naive_utc(later), action_class="transactional"),
    ]
    found = run(home, ledger, *wishes, as_of=later, policy=policy, responses=answers).decisions.candidates.to_pylist()
    assert {row["care_model"]: row["stopped_by"] for row in found} == {
        "care": None,
        "more": "paused" if stops else None,
    }
