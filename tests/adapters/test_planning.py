"""Plans leave no trace: a run on the published tables and a copy of the ledger, every store untouched."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.nights import Night, night
from dagster_project.adapters.planning import ledger_copy, live_definitions, try_night
from dagster_project.adapters.published import NotPublished, publish
from dagster_project.components.care_model import model_of
from dagster_project.components.trying import contact_policy
from dagster_project.domain.care_models.effects import effects, overlaps
from dagster_project.domain.decisions.catalogue import CatalogueAction, Learned, Treatment
from dagster_project.domain.decisions.overlaps import displaced
from dagster_project.domain.decisions.overlaps import overlaps as overlaps_of
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.living import NO_ALIASES, NO_RESPONSES, known
from tests.domain.care_models.making import MOMENT, at, customers, happened, model, purchase_within

AS_OF = at("2026-03-31T23:59:59")
FADING, BUYERS = model(name="fading"), model(purchase_within("7d"), name="buyers")


def people() -> pa.Table:
    base = customers("a", "b", "c", "d", is_fading=[True, True, True, False])
    for name in ("has_email", "has_phone", "has_postal_address"):
        base = base.append_column(name, pa.array([True] * 4))
    return base


def consents() -> pa.Table:
    rows = {"customer_id": ["a", "b", "d"], "purpose": ["marketing"] * 3, "channel": ["email"] * 3}
    return pa.table(
        rows | {"is_allowed": [True] * 3, "consent_id": ["1", "2", "3"]}
        | {"decided_at": pa.array([AS_OF.replace(tzinfo=None)] * 3, MOMENT)}
    )  # fmt: skip


BOUGHT = happened(("a", "2026-03-30T12:00", "1"), ("d", "2026-03-30T12:00", "2"))


def published() -> dict[str, pa.Table]:
    moves = BOUGHT.slice(0, 0).select(
        ["customer_id", "event_id", "event_type", "subject_id", "occurred_at", "known_at"]
    )
    return {
        "analytics/customer_analytics": people(), "analytics/lifecycle_moves": moves,
        "customer_360/customer_events": BOUGHT, "customer_360/consents_current": consents(),
        "identity/customer_aliases": NO_ALIASES, "care_models/answers": NO_RESPONSES,
    }  # fmt: skip


@pytest.fixture
def house(home: Settings) -> Settings:
    """A home with a published version, and a ledger in which the model of the fading has run once."""
    own = home.model_copy(update={"holdout_share": 0.0})
    own.at_home.make()
    publish(own, published(), AS_OF)
    with open_ledger(own.ledger_address) as ledger:
        told = known(people(), BOUGHT, consents=consents())
        night(own, ledger, [FADING], contact_policy(), told, AS_OF, model_of)
    return own


def stores(own: Settings) -> dict[str, str]:
    """Every file of the home, by its content."""
    root = own.at_home.root
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_no_file_of_the_house_is_written_or_made(house: Settings) -> None:
    before = stores(house)
    assert any(name.endswith("ledger.db") for name in before)
    found, decided, without = try_night(
        house, [FADING, BUYERS], contact_policy(), model_of, without=["fading", "buyers"]
    )  # fmt: skip
    assert (found.enrolments.num_rows, decided.count_claimed) == (5, 3)
    assert {name: one.contact_plan.num_rows for name, one in without.items()} == {"fading": 2, "buyers": 2}
    assert live_definitions(house).keys() == {"fading"}, "the copy forgets, the ledger does not"
    assert stores(house) == before


def test_a_real_night_does_write(house: Settings) -> None:
    """The negative control: the hash of all files sees what a run on the ledger itself does."""
    before = stores(house)
    with open_ledger(house.ledger_address) as ledger:
        night(house, ledger, [FADING, BUYERS], contact_policy(), known(people(), BOUGHT, consents=consents()), AS_OF,
              model_of)  # fmt: skip
    assert stores(house) != before


def test_a_plan_is_made_while_a_run_has_the_ledger_open(house: Settings) -> None:
    with open_ledger(house.ledger_address) as ledger, ledger.writing(), ledger_copy(house) as copy:
        assert copy.enrolments().num_rows == 3
    assert live_definitions(house).keys() == {"fading"}


def test_what_is_planned_is_what_the_next_run_does(house: Settings) -> None:
    found, decided, _ = try_night(house, [FADING, BUYERS], contact_policy(), model_of)
    told = effects(["fading", "buyers"], found.enrolments, decided.decisions.candidates,
                   decided.decisions.contact_plan, found.faults)  # fmt: skip
    fading, buyers = told["fading"], told["buyers"]
    assert (fading.entered, fading.count_contacts, dict(fading.stopped or {})) == (3, 2, {"consent": 1})
    assert (buyers.entered, buyers.count_contacts, dict(buyers.stopped or {})) == (2, 1, {"priority": 1})
    assert [(each.step, each.channel, each.count) for each in buyers.contacts] == [("first", "email", 1)]
    assert float(fading.cost) == 0.02, "two e-mails at the channel's cost"
    (met,) = overlaps("fading", found.enrolments, decided.decisions.candidates)
    assert (met.other, met.both_inside, met.both_propose, met.channels) == ("buyers", 1, 1, ("email",))
    with open_ledger(house.ledger_address) as ledger:
        real, done = night(house, ledger, [FADING, BUYERS], contact_policy(),
                           known(people(), BOUGHT, consents=consents()), AS_OF, model_of)  # fmt: skip
    assert real.enrolments.equals(found.enrolments)
    assert done.decisions.contact_plan.equals(decided.decisions.contact_plan)


def test_a_decision_without_a_care_model_is_that_of_a_house_that_has_it_not(house: Settings) -> None:
    tried = try_night(house, [FADING, BUYERS], contact_policy(), model_of, without=["buyers", "fading", "unheard_of"])
    for name, others in (("buyers", [FADING]), ("fading", [BUYERS]), ("unheard_of", [FADING, BUYERS])):
        alone = try_night(house, others, contact_policy(), model_of).decided.decisions
        assert tried.without[name].contact_plan.equals(alone.contact_plan), name
        assert tried.without[name].candidates.equals(alone.candidates), name
    assert not tried.without["fading"].contact_plan.equals(tried.decided.decisions.contact_plan)


def test_what_a_care_model_takes_from_another_is_found_on_the_copy(house: Settings) -> None:
    tried = try_night(house, [FADING, BUYERS], contact_policy(), model_of, without=["fading"])
    decided = tried.decided.decisions.candidates, tried.without["fading"].candidates
    (met,) = overlaps_of(*decided, house.zone).to_pylist()
    told = [met[name] for name in ("care_model", "channel", "week", "count_shared_customers", "count_displaced")]
    assert told == ["buyers", "email", "2026-W14", 1, 1]
    (gone,) = displaced(*decided).to_pylist()
    assert (gone["stopped_by"], gone["count_displaced"]) == ("priority", 1)


OFFER = CatalogueAction(
    "offer", "An offer", 1, "shop", "marketing", "marketing", (Treatment("email", "offer", "An offer", offer="cup"),),
    value=500.0,
)  # fmt: skip


def test_an_action_of_the_catalogue_is_planned_beside_the_care_models_and_leaves_no_trace(house: Settings) -> None:
    before = stores(house)
    tried = try_night(house, [FADING], contact_policy(), model_of, without=["offer"], actions={"offer": OFFER})
    decided = tried.decided.decisions
    assert set(decided.contact_plan["care_model"].to_pylist()) == {"offer"}, "it is worth more to everybody"
    alone = try_night(house, [FADING], contact_policy(), model_of).decided.decisions
    assert tried.without["offer"].contact_plan.equals(alone.contact_plan)
    (gone,) = displaced(decided.candidates, tried.without["offer"].candidates).to_pylist()
    assert (gone["care_model"], gone["count_displaced"]) == ("fading", alone.contact_plan.num_rows)
    assert alone.contact_plan.num_rows == 2
    assert stores(house) == before


def test_an_action_that_is_left_out_takes_nothing_else_with_it(house: Settings) -> None:
    """Its share in what is learned, and in the contact policy, stays: only its proposals are gone."""
    actions = {"offer": OFFER, "gift": replace(OFFER, action="gift", propensity=Learned(0.1))}
    tried = try_night(house, [FADING], contact_policy(), model_of, without=["offer"], actions=actions)
    with_it, without_it = (
        {row["contact_id"]: row["score"] for row in one.candidates.to_pylist() if row["care_model"] != "offer"}
        for one in (tried.decided.decisions, tried.without["offer"])
    )
    assert with_it == without_it
    assert len(with_it) > 4


SECOND = model("{trigger: state, where: not is_fading}", name="fading", version=2)


def versions(found: Night) -> list[tuple[str, str]]:
    return sorted((row["customer_id"], row["version"]) for row in found.enrolments.to_pylist())


def test_a_changed_model_is_planned_as_if_the_run_of_this_moment_had_not_been(house: Settings) -> None:
    found, decided, _ = try_night(house, [SECOND], contact_policy(), model_of)
    assert versions(found) == [("d", "2")]
    assert decided.decisions.contact_plan["customer_id"].to_pylist() == ["d"]


def test_a_changed_model_is_planned_beside_those_who_entered_before(house: Settings) -> None:
    publish(house, published(), at("2026-04-01T23:59:59"))
    found, decided, _ = try_night(house, [SECOND], contact_policy(), model_of)
    assert versions(found) == [("a", "1"), ("b", "1"), ("c", "1"), ("d", "2")]
    assert decided.decisions.contact_plan["customer_id"].to_pylist() == ["d"], "a and b were contacted the night before"


def test_without_a_published_version_there_is_no_plan(home: Settings) -> None:
    with pytest.raises(NotPublished):
        try_night(home, [FADING], contact_policy(), model_of)
    assert live_definitions(home) == {}, "and nobody ever entered"


def test_a_ledger_that_is_no_file_is_not_copied(home: Settings) -> None:
    elsewhere = home.model_copy(update={"ledger_url": "postgresql://ledger.example/hoiva"})
    with pytest.raises(HoivaError, match="restore a backup"), ledger_copy(elsewhere):
        pass


def test_no_file_beside_a_ledger_that_nobody_has_open(house: Settings) -> None:
    folder = Path(house.at_home.ledger).parent
    before = sorted(path.name for path in folder.iterdir())
    with ledger_copy(house) as copy:
        assert copy.enrolments().num_rows == 3
    assert sorted(path.name for path in folder.iterdir()) == before
