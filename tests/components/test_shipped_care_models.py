"""The shipped care models and encounters: right, as their pages say, and good neighbours to each other."""

from __future__ import annotations

import pytest

from dagster_project.components.care_model import load_care_models
from dagster_project.components.encounter import load_encounters
from dagster_project.components.story import load_stories
from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.care_models.model import CareModel, DateEntry, EventEntry, SilenceEntry, WaveEntry
from dagster_project.domain.care_models.steps import Action, Part
from dagster_project.settings import CHECKOUT

PAGES = CHECKOUT / "docs" / "care_models"
EIGHT = {
    "welcome_after_first_purchase", "second_purchase", "post_purchase_check", "high_value_fading", "service_recovery",
    "loyalty_activation", "birthday_visit", "sleeping_subscriber",
}  # fmt: skip
# A house may add models of its own; what is said here is of those it begins with.
MODELS = {name: item.as_model() for name, item in load_care_models().items.items() if name in EIGHT}
each_model = pytest.mark.parametrize("model", list(MODELS.values()), ids=list(MODELS))


def hours(span: Duration) -> int:
    return span.days * 24 + span.hours


def test_eight_models_are_shipped_and_none_has_a_fault() -> None:
    assert load_care_models().faults == []
    assert set(MODELS) == EIGHT


def test_every_encounter_is_right_and_used() -> None:
    encounters = load_encounters()
    assert encounters.faults == []
    used = {action.encounter for model in MODELS.values() for action in model.actions.values()}
    assert used <= set(encounters.items)
    assert {name for one in encounters.items.values() for name in one.follows} <= set(encounters.items)
    assert [encounters.files[name].stem for name in encounters.items] == list(encounters.items)
    assert [load_care_models().files[name].stem for name in MODELS] == list(MODELS), "a file is named as its model"


def test_nothing_is_sold_where_the_customer_is_tense_and_what_sells_waits_for_calm() -> None:
    for encounter in load_encounters().items.values():
        if encounter.stress == "high":
            assert not encounter.sells
            assert encounter.offer is None
    for model in MODELS.values():
        for step, action in model.actions.items():
            asks = action.where is not None and "count_open_complaints" in action.where.names
            assert asks or not action.sells, f"{model.care_model}: {step}"
            assert model.action_class == "marketing" or not action.sells, f"{model.care_model}: {step}"


@each_model
def test_a_model_that_sells_lets_nobody_in_who_waits_for_an_answer_to_a_complaint(model: CareModel) -> None:
    asks = model.entry.where is not None and "count_open_complaints" in model.entry.where.names
    assert asks or model.action_class != "marketing"
    assert model.action_class != "marketing" or model.leaves_when is not None


@each_model
def test_nobody_is_let_in_for_whom_the_first_message_would_be_too_late(model: CareModel) -> None:
    first = model.steps[0].does
    if isinstance(first, Action) and isinstance(model.entry, (EventEntry, DateEntry, SilenceEntry)):
        assert hours(first.max_age) >= hours(model.entry.within)


@each_model
def test_a_model_with_a_goal_stays_until_the_last_contact_had_its_time(model: CareModel) -> None:
    """Who has left a model can no longer reach its goal in it: after each contact comes a step that takes time."""

    def ends_on_a_contact(parts: tuple[Part, ...]) -> bool:
        last = parts[-1]
        if isinstance(last.does, Action):
            return True
        return any(arm.parts and ends_on_a_contact(arm.parts) for arm in last.arms)

    assert model.goal is None or not ends_on_a_contact(model.parts)


@each_model
def test_its_page_names_every_step_its_file_and_its_map(model: CareModel) -> None:
    page = (PAGES / f"{model.care_model}.md").read_text()
    assert [step.step for step in model.steps if f"`{step.step}`" not in page] == []
    assert f"models/{model.care_model}.yaml" in page
    assert f"images/care_models/{model.care_model}.svg" in page
    assert f"owner: `{model.owner}`" in page.replace("\n", " ")
    assert page.startswith(f"# {model.title}")
    assert f"]({model.care_model}.md)" in (PAGES / "README.md").read_text()


def test_every_model_has_stories_that_go_well_and_stories_of_what_must_never_happen() -> None:
    stories = list(load_stories().items.values())
    for name in MODELS:
        mine = [story for story in stories if story.care_model == name]
        assert len(mine) >= 3, name
        assert any(story.expect for story in mine), name
        assert any(story.never for story in mine), name
    played = {(story.care_model, met.step) for story in stories for met in story.expect}
    due = {(name, step) for name, model in MODELS.items() for step in model.actions}
    assert due - played == set(), "every action of every model is met in some story"


def test_the_ways_in_are_of_four_kinds() -> None:
    kinds = {type(model.entry) for model in MODELS.values()}
    assert kinds == {EventEntry, DateEntry, SilenceEntry, WaveEntry}


def test_where_two_want_the_same_customer_they_go_in_the_order_the_page_tells() -> None:
    order = sorted(MODELS.values(), key=lambda one: (one.action_class != "transactional", -one.priority * one.value))
    assert [one.care_model for one in order] == [
        "service_recovery", "post_purchase_check", "high_value_fading", "birthday_visit", "second_purchase",
        "welcome_after_first_purchase", "loyalty_activation", "sleeping_subscriber",
    ]  # fmt: skip


def test_the_birthday_goes_by_post_and_shop_and_phone_before_any_letter_by_e_mail() -> None:
    channels = [action.channel for action in MODELS["birthday_visit"].actions.values()]
    assert channels == ["letter", "staff", "email", "sms"]
