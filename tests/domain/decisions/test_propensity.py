"""Propensities learned from responses: the right contacts counted, and little believed of little."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.catalogue import CatalogueAction, Learned, Treatment
from dagster_project.domain.decisions.propensity import PROPENSITIES, RESPONSE_DAYS, by_key, learn, shrunk
from tests.domain.decisions.builders import NOON

DAY = timedelta(days=1)
AGO = 60  # days: long enough to be judged
EMAIL = Treatment("email", "plain", "An offer", "https://shop.example/offer")
PHONE = Treatment("phone", "script", "An offer")
OFFER = CatalogueAction(
    "offer", "An offer", 1, "crm", "marketing", "marketing", (EMAIL, PHONE), 10.0, Learned(0.08, 50.0)
)
OTHER = replace(OFFER, action="other")
RESPONSES = {"contact_id": pa.string(), "response": pa.string(), "occurred_at": pa.timestamp("us"),
             "known_at": pa.timestamp("us")}  # fmt: skip


def contact(number: int, **given: Any) -> dict[str, Any]:
    row = {"contact_id": f"k{number}", "department": "crm", "care_model": "offer", "step": "action",
           "channel": "email", "status": "accepted", "planned_for": naive_utc(NOON - AGO * DAY)}  # fmt: skip
    return row | given


def answer(number: int, response: str = "clicked", days: float = 2, known: float | None = None) -> dict[str, Any]:
    """An answer so many days after the contact, known at once unless told."""
    made = NOON - AGO * DAY
    return {
        "contact_id": f"k{number}",
        "response": response,
        "occurred_at": naive_utc(made + days * DAY),
        "known_at": naive_utc(made + (days if known is None else known) * DAY),
    }


def learned(
    contacts: list[dict[str, Any]], answers: list[dict[str, Any]] | None = None, *actions: CatalogueAction, **more: Any
) -> dict[str, dict[str, Any]]:
    """The rows by ``action channel``."""
    kinds = {name: pa.timestamp("us") if name == "planned_for" else pa.string() for name in contact(0)}
    table = learn(
        pa.Table.from_pylist(contacts, schema=pa.schema(kinds)),
        pa.Table.from_pylist(answers or [], schema=pa.schema(RESPONSES)),
        NOON,
        actions or (OFFER,),
        **more,
    )
    assert table.schema == PROPENSITIES
    return {f"{row['care_model']} {row['channel']}": row for row in table.to_pylist()}


def test_without_a_contact_it_stands_at_its_start() -> None:
    rows = learned([])
    assert {name: row["propensity"] for name, row in rows.items()} == {"offer email": 0.08, "offer phone": 0.08}
    assert rows["offer email"]["rate"] is None
    assert rows["offer email"]["count_contacts"] == 0


def test_little_is_hardly_believed_and_much_is() -> None:
    rates = {}
    for count in (2, 50, 5_000):
        contacts = [contact(number) for number in range(count)]
        rates[count] = learned(contacts, [answer(number) for number in range(count // 2)])["offer email"]
    assert [row["rate"] for row in rates.values()] == [0.5, 0.5, 0.5]
    few, some, many = (row["propensity"] for row in rates.values())
    assert few == pytest.approx((50 * 0.08 + 1) / 52)
    assert some == pytest.approx(0.29), "as many contacts as the start weighs: halfway"
    assert many == pytest.approx(0.5, abs=0.005)


def test_the_fall_back_beats_the_bare_rate_where_contacts_are_few() -> None:
    """Two hundred actions of one department, ten contacts each: the shrunk rates lie nearer to the truth."""
    rng = np.random.default_rng(7)
    truth = rng.beta(8, 72, size=200)
    actions = [replace(OFFER, action=f"offer_{number}", treatments=(EMAIL,)) for number in range(200)]
    contacts = [contact(place, care_model=f"offer_{place // 10}") for place in range(2_000)]
    answers = [answer(place) for place in range(2_000) if rng.random() < truth[place // 10]]
    rows = learned(contacts, answers, *actions)
    found = [rows[f"offer_{number} email"] for number in range(200)]
    of_shrunk = np.mean([(row["propensity"] - one) ** 2 for row, one in zip(found, truth, strict=True)])
    of_bare = np.mean([(row["rate"] - one) ** 2 for row, one in zip(found, truth, strict=True)])
    assert of_shrunk < of_bare / 4


def test_a_new_action_stands_where_its_departments_others_stand_on_the_channel() -> None:
    contacts = [contact(number, care_model="other") for number in range(1_000)]
    answers = [answer(number) for number in range(400)]
    rows = learned(contacts, answers, OFFER, OTHER)
    assert rows["offer email"]["propensity"] == rows["offer email"]["group_rate"] == pytest.approx(0.385, abs=0.001)
    assert rows["offer phone"]["propensity"] == 0.08, "another channel teaches nothing"
    assert rows["other email"]["group_rate"] == 0.08, "its own contacts are not counted twice"
    elsewhere = replace(OFFER, department="service")
    assert learned(contacts, answers, elsewhere, OTHER)["offer email"]["propensity"] == 0.08, "nor another department"


@pytest.mark.parametrize(
    ("given", "reply", "counted"),
    [
        ({}, answer(0), (1, 1)),
        ({}, None, (1, 0)),
        ({"status": "published"}, answer(0), (1, 1)),
        ({"status": "claimed"}, answer(0), (0, 0)),  # it never went out
        ({"status": "returned"}, answer(0), (0, 0)),
        ({}, answer(0, "opened"), (1, 0)),  # a look is no response
        ({}, answer(0, "any_clicked"), (1, 0)),  # a machine, or nobody knows who
        ({}, answer(0, "bounced"), (1, 0)),
        ({}, answer(0, days=RESPONSE_DAYS), (1, 1)),
        ({}, answer(0, days=RESPONSE_DAYS + 0.01), (1, 0)),  # too late to be an answer
        ({}, answer(0, known=AGO), (1, 1)),
        ({}, answer(0, known=AGO + 0.01), (1, 0)),  # not known yet at the moment asked about
        ({"planned_for": naive_utc(NOON - RESPONSE_DAYS * DAY)}, None, (1, 0)),
        ({"planned_for": naive_utc(NOON - (RESPONSE_DAYS - 0.01) * DAY)}, None, (0, 0)),  # still to be answered
    ],
)
def test_only_contacts_that_had_their_time_and_responses_of_people_count(
    given: dict[str, Any], reply: dict[str, Any] | None, counted: tuple[int, int]
) -> None:
    row = learned([contact(0, **given)], [reply] if reply else [])["offer email"]
    assert (row["count_contacts"], row["count_positive"]) == counted


def test_two_answers_to_one_contact_are_one() -> None:
    row = learned([contact(0)], [answer(0), answer(0, "replied", days=3), answer(0, days=5)])["offer email"]
    assert (row["count_contacts"], row["count_positive"]) == (1, 1)


def test_the_file_says_which_responses_count() -> None:
    call = replace(OFFER, propensity=Learned(0.3, responses=frozenset({"reached", "dissatisfied"})))
    contacts = [contact(number, channel="phone") for number in range(3)]
    answers = [answer(0, "reached"), answer(1, "bought"), answer(2, "dissatisfied")]
    assert learned(contacts, answers, call)["offer phone"]["count_positive"] == 2
    assert learned(contacts, answers, OFFER)["offer phone"]["count_positive"] == 1, "as it is usual: who bought"


def test_care_models_are_learned_too_step_by_step() -> None:
    contacts = [
        contact(0, care_model="welcome", step="letter"),
        contact(1, care_model="welcome", step="call", channel="phone"),
        contact(2, care_model="old", step="letter", department=None),
    ]
    rows = learned(contacts, [answer(0)], OFFER, departments={"old": "crm"})
    assert (rows["welcome email"]["step"], rows["welcome email"]["count_positive"]) == ("letter", 1)
    assert rows["old email"]["department"] == "crm"
    assert rows["old email"]["group_rate"] > 0.05, "the department's other letter was answered"
    assert rows["welcome phone"]["propensity"] == pytest.approx(shrunk(0, 1, 0.05, 50))


def test_contacts_from_before_departments_were_kept_belong_to_the_one_that_is_named_later() -> None:
    contacts = [contact(0, care_model="old", department=None), contact(1, care_model="old")]
    for order in (contacts, contacts[::-1]):
        assert learned(order)["old email"]["department"] == "crm"
    assert learned(contacts[:1])["old email"]["department"] is None, "where nobody names one there is none"


def test_a_fixed_propensity_is_not_learned() -> None:
    assert learned([], [], replace(OFFER, propensity=0.5)) == {}


def test_propensities_are_looked_up_by_action_step_and_channel() -> None:
    kinds = {name: pa.timestamp("us") if name == "planned_for" else pa.string() for name in contact(0)}
    table = learn(
        pa.Table.from_pylist([contact(0)], schema=pa.schema(kinds)),
        pa.Table.from_pylist([], schema=pa.schema(RESPONSES)),
        NOON,
        (OFFER,),
    )
    assert by_key(table) == {
        ("offer", "action", "email"): pytest.approx(4 / 51),
        ("offer", "action", "phone"): 0.08,
    }
