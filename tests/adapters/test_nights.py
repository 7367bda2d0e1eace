"""Nights of care models: enter, go on, propose; once, in any order of repetition, and each model for itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.components.care_model import CareModelFile
from dagster_project.components.fenced import validate_text
from dagster_project.domain.care_models import CareModel, StateEntry, in_control_group
from dagster_project.domain.conditions import compile_condition
from dagster_project.settings import Settings
from tests.adapters.living import Life, answered, known
from tests.domain.care_models.making import customers, happened, ids, model

LETTER_THEN_CALL = """
care_model: tested
title: A letter, and a call for those who do not answer
version: {version}
owner: marketing
stage: use
purpose: marketing
action_class: marketing
entry: {{trigger: event, event: purchase, within: 7d}}
reentry: never
goal: {{event: purchase, within: 30d}}
exit: [{{event: newsletter_unsubscribed}}]
control_share: {control}
value: 4
steps:
  - {{id: pause, wait: {{for: 1d, until: "09:00"}}}}
  - {{id: letter, channel: email, treatment: hello, subject: Hello, link: https://shop.example/hello}}
  - id: answer
    wait_for:
      - {{response: opened, to: letter, then: [{{id: thanks, exit: read}}]}}
    no_reaction: {{after: 3d, then: [{{id: call, channel: phone, treatment: script, subject: A word with you}}]}}
"""
BOUGHT = happened(("a", "2026-03-02T14:00", "order-1"))


def read(text: str, **values: Any) -> CareModel:
    made = validate_text(text.format(**{"version": 1, "control": 0} | values), "tested.yaml", CareModelFile)
    assert not isinstance(made, list), [str(fault) for fault in made]
    return made[0].as_model()


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with open_ledger("sqlite://") as opened:
        yield opened


@pytest.fixture
def life(home: Settings, ledger: Ledger) -> Life:
    return Life(home.model_copy(update={"holdout_share": 0.0}), ledger, [read(LETTER_THEN_CALL)])


def night(day: int, hour: str = "23:59:59") -> str:
    return f"2026-03-{day:02d}T{hour}"


def proposed(found: Any) -> list[tuple[str, str]]:
    return list(zip(ids(found.candidates), ids(found.candidates, "step"), strict=True))


def test_a_path_from_a_purchase_to_a_call(life: Life) -> None:
    base = customers("a")
    first = life.night(night(2), known(base, BOUGHT))
    assert (ids(first.standings, "step"), proposed(first)) == (["pause"], [])
    second = life.night(night(3), known(base, BOUGHT))
    assert proposed(second) == [("a", "letter")], "decided the night before, for its own hour"
    assert [str(moment) for moment in ids(second.candidates, "planned_for")] == ["2026-03-04 07:00:00"]
    life.contact(second, night(3))
    assert proposed(life.night(night(4), known(base, BOUGHT))) == []
    assert ids(life.nights[-1].standings, "step") == ["answer"]
    assert proposed(life.night(night(6), known(base, BOUGHT))) == [], "three days have not passed"
    assert proposed(life.night(night(7), known(base, BOUGHT))) == [("a", "call")]


def test_an_answer_takes_its_own_way(life: Life) -> None:
    base = customers("a")
    life.night(night(2), known(base, BOUGHT))
    (contact,) = life.contact(life.night(night(3), known(base, BOUGHT)), night(3))
    opened = known(base, BOUGHT, responses=answered((contact, "opened", night(5, "10:00"))))
    found = life.night(night(5), opened)
    assert (ids(found.enrolments, "outcome"), ids(found.enrolments, "step")) == (["read"], [None])
    machine = known(base, BOUGHT, responses=answered((contact, "any_opened", night(5, "10:00"))))
    assert ids(life.night(night(6), machine).enrolments, "outcome") == ["read"], "what is recorded stays"


def test_the_goal_ends_it_before_the_next_contact(life: Life) -> None:
    base = customers("a")
    life.night(night(2), known(base, BOUGHT))
    life.contact(life.night(night(3), known(base, BOUGHT)), night(3))
    again = pa.concat_tables([BOUGHT, happened(("a", night(5, "12:00"), "order-2"))])
    assert proposed(life.night(night(7), known(base, again))) == []
    assert ids(life.nights[-1].enrolments, "outcome") == ["goal_reached"]
    assert proposed(life.night(night(8), known(base, BOUGHT))) == [], "and stays ended"


@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_same_night_again_finds_and_writes_the_same(life: Life, times: int) -> None:
    base = customers("a")
    for day in (2, 3, 4, 7):
        found = [life.night(night(day), known(base, BOUGHT)) for _ in range(times)]
        if day == 3:
            life.contact(found[-1], night(day))
            found.append(life.night(night(day), known(base, BOUGHT)))
        assert all(one.candidates.equals(found[0].candidates) for one in found)
        assert all(one.enrolments.equals(found[0].enrolments) for one in found)
        assert all(one.standings.equals(found[0].standings) for one in found)
    told = life.ledger.transitions()
    assert ids(told, "did") == ["entered", "next", "contacted", "no_reaction"]


def test_missed_nights_are_caught_up_as_of_when_things_were_due(life: Life) -> None:
    base = customers("a")
    life.night(night(2), known(base, BOUGHT))
    life.contact(life.night(night(3), known(base, BOUGHT)), night(3))
    late = life.night(night(20), known(base, BOUGHT))
    path = {row["did"]: str(row["occurred_at"]) for row in late.path.to_pylist()}
    assert path["no_reaction"] == "2026-03-07 07:00:00", "as of when it was due"
    assert proposed(late) == []
    assert path["dropped"] == "2026-03-14 07:00:00", "a call seven days old is not made any more, and that is told"


def test_the_control_group_walks_along_and_is_never_contacted(life: Life) -> None:
    life.models = [read(LETTER_THEN_CALL, control=0.5)]
    people = [f"c{number}" for number in range(20)]
    base = customers(*people)
    events = happened(*[(one, "2026-03-02T14:00", one) for one in people])
    life.night(night(2), known(base, events))
    life.contact(life.night(night(3), known(base, events)), night(3))
    control = {row["customer_id"] for row in life.nights[-1].enrolments.to_pylist() if row["is_control"]}
    assert 0 < len(control) < 20
    found = life.night(night(4), known(base, events))
    passed = {row["customer_id"] for row in found.candidates.to_pylist() if row["is_control"]}
    assert passed == control, "counted by the funnel at the moment the letter passes them by"
    contacted = {row["enrolment_id"] for row in found.path.to_pylist() if row["did"] == "contacted"}
    of_control = {row["enrolment_id"] for row in found.enrolments.to_pylist() if row["is_control"]}
    assert contacted
    assert not contacted & of_control


def test_the_holdout_walks_along_and_is_never_contacted(life: Life) -> None:
    base = customers("a")
    life.ledger.hold_out(["a"], life_start := known_start())
    life.night(night(2), known(base, BOUGHT))
    found = life.night(night(4), known(base, BOUGHT))
    assert {row["did"] for row in found.path.to_pylist()} >= {"withheld"}
    assert ids(found.candidates, "is_control") == [False], "proposed for the funnel, which stops the holdout"
    assert life_start


def known_start() -> Any:
    from tests.domain.care_models.making import at

    return at("2026-03-01T00:00")


def test_an_enrolment_finishes_on_its_version_and_a_new_one_begins_on_the_newest(life: Life) -> None:
    base = customers("a", "b")
    life.night(night(2), known(base, BOUGHT))
    shorter = LETTER_THEN_CALL.replace('wait: {{for: 1d, until: "09:00"}}', "wait: 20d")
    life.models = [read(shorter, version=2)]
    both = pa.concat_tables([BOUGHT, happened(("b", "2026-03-03T14:00", "order-2"))])
    found = life.night(night(3), known(base, both))
    assert ids(found.enrolments, "version") == ["1", "2"]
    assert proposed(found) == [("a", "letter")], "by the pause of one day, as when she entered"


def test_a_file_changed_without_a_new_number_lets_nobody_in(life: Life) -> None:
    base = customers("a", "b")
    life.night(night(2), known(base, BOUGHT))
    life.models = [read(LETTER_THEN_CALL.replace("within: 30d", "within: 3d"))]
    changed = life.night(night(2), known(base, BOUGHT))
    assert "raise version to 2" in changed.faults["tested"], "the goal belongs to the version"
    life.models = [read(LETTER_THEN_CALL.replace("for: 1d", "for: 9d"))]
    both = pa.concat_tables([BOUGHT, happened(("b", "2026-03-03T14:00", "order-2"))])
    found = life.night(night(3), known(base, both))
    assert "raise version to 2" in found.faults["tested"]
    assert proposed(found) == [("a", "letter")], "who was inside goes on as she entered"
    assert ids(found.enrolments) == ["a"]


def test_two_who_become_one_are_not_contacted_twice(life: Life) -> None:
    both = happened(("a", "2026-03-02T14:00", "order-1"), ("b", "2026-03-02T15:00", "order-2"))
    life.night(night(2), known(customers("a", "b"), both))
    merged = pa.table({"alias_customer_id": ["a", "b"], "customer_id": ["a", "a"]})
    of_one = happened(("a", "2026-03-02T14:00", "order-1"), ("a", "2026-03-02T15:00", "order-2"))
    found = life.night(night(3), known(customers("a"), of_one, aliases=merged))
    # The second purchase, now her own, is the goal of what the first began.
    assert ids(found.enrolments, "outcome").count("goal_reached") == 1
    assert proposed(found) == [], "as if she had always been one: she entered once, and is at the goal"


def test_an_enrolment_keeps_its_side_when_the_share_changes(life: Life) -> None:
    people = [f"c{number}" for number in range(60)]
    base, events = customers(*people), happened(*[(one, "2026-03-02T14:00", one) for one in people])
    life.models = [read(LETTER_THEN_CALL, control=0.5)]
    first = life.night(night(2), known(base, events)).enrolments
    life.models = [read(LETTER_THEN_CALL, version=2)]
    assert ids(life.night(night(3), known(base, events)).enrolments, "is_control") == ids(first, "is_control")
    assert 10 < sum(ids(first, "is_control")) < 50


@pytest.mark.parametrize("control", [(False, False), (True, False), (False, True)])
def test_a_merged_customer_is_in_the_control_group_if_either_was(life: Life, control: tuple[bool, bool]) -> None:
    both = happened(("a", "2026-03-02T14:00", "order-1"), ("b", "2026-03-02T15:00", "order-2"))
    sides = {True: LETTER_THEN_CALL.replace("{control}", "0.5"), False: LETTER_THEN_CALL}
    found = {}
    for number, side in enumerate(control):  # ids that the draw puts on the wanted side
        drawn = in_control_group([f"{'ab'[number]}{i}" for i in range(40)], "tested", 0.5, life.settings.holdout_salt)
        found["ab"[number]] = f"{'ab'[number]}{drawn.tolist().index(side)}"
    life.models = [read(sides[True])]
    named = both.set_column(
        both.column_names.index("customer_id"), "customer_id", pa.array([found[one] for one in ids(both)])
    )
    entered = life.night(night(2), known(customers(*found.values()), named)).enrolments
    assert dict(zip(ids(entered), ids(entered, "is_control"), strict=True)) == dict(
        zip(found.values(), control, strict=True)
    )
    merged = pa.table({"alias_customer_id": list(found.values()), "customer_id": [found["a"]] * 2})
    one = named.slice(0, 1)
    proposals = life.night(night(3), known(customers(found["a"]), one, aliases=merged)).candidates
    assert any(ids(proposals, "is_control")) is False
    assert proposals.num_rows == (0 if any(control) else 1), "the control group is proposed when the letter is due"
    later = life.night(night(4), known(customers(found["a"]), one, aliases=merged))
    assert {row["did"] for row in later.path.to_pylist()} >= ({"withheld"} if any(control) else {"entered"})


def test_a_model_that_cannot_be_asked_stops_itself_alone(life: Life) -> None:
    where = compile_condition("no_such_column = 1", {"no_such_column": "bigint"})
    broken = replace(model(name="broken"), entry=StateEntry(where))
    life.models = [broken, model(name="works")]
    found = life.night(night(2), known(customers("a")))
    assert set(ids(found.enrolments, "care_model")) == {"works"}
    assert found.faults == {"broken": "broken: the column no_such_column is not in the rows asked about"}


def test_a_night_of_the_past_writes_nothing(life: Life) -> None:
    base = customers("a")
    life.night(night(2), known(base, BOUGHT))
    life.night(night(7), known(base, BOUGHT))
    before = life.ledger.transitions()
    life.night(night(4), known(base, BOUGHT))
    assert life.ledger.transitions().equals(before)
