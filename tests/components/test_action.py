"""The form of an action's file: what is right, what is refused and how it is told, and what the shipped ones say."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dagster_project.adapters.conditions import evaluate
from dagster_project.components.action import (
    ACTIONS,
    SCHEMA,
    ActionFile,
    catalogue,
    context_of,
    json_schema,
    load_actions,
    main,
)
from dagster_project.components.care_model import MODELS
from dagster_project.components.contact_policy import load_contact_policy
from dagster_project.components.fenced import files_of, validate_text
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS
from dagster_project.domain.decisions.catalogue import ACTION_COLUMNS, CatalogueAction, Learned, OfColumn
from dagster_project.settings import CHECKOUT

DOCS = CHECKOUT / "docs"
GOOD = """\
action: offer
title: An offer
owner: team:crm
purpose: marketing
action_class: marketing
eligibility: count_orders >= 3
applicability: days_since_last_purchase between 21 and 27
again_after: 4w
value: 2.50
propensity: {start: 0.1, strength: 100, responses: [clicked, code_used]}
context:
  - {where: is_fading, times: 1.5}
treatments:
  - {channel: email, treatment: offer_letter, link: "https://shop.example/offer"}
  - {channel: letter, treatment: offer_card, subject: A card for you, offer: readers_price, units: 2, lever: 0.8}
"""


def read(text: str) -> CatalogueAction:
    item = validate_text(text, "offer.yaml", ActionFile, context_of())
    assert not isinstance(item, list), item
    return item[0].as_action()


def faults_of(text: str) -> list[str]:
    item = validate_text(text, "offer.yaml", ActionFile, context_of())
    return [str(fault).removeprefix("offer.yaml:") for fault in item] if isinstance(item, list) else []


def changed(*changes: tuple[str, str]) -> str:
    text = GOOD
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_a_file_becomes_an_action() -> None:
    action = read(GOOD)
    assert (action.action, action.department, action.version, action.again_after) == ("offer", "crm", 1, 28)
    assert (action.value, action.priority, action.rest, action.suitability) == (2.5, 50, 0, None)
    assert action.propensity == Learned(0.1, 100.0, frozenset({"clicked", "code_used"}))
    assert action.context[0].times == 1.5
    mail, card = action.treatments
    assert (mail.subject, mail.units, mail.lever) == ("An offer", None, 1.0), "without a subject the title"
    assert (card.subject, card.offer, card.units, card.lever) == ("A card for you", "readers_price", 2.0, 0.8)


def test_values_and_propensities_may_be_the_customers_own() -> None:
    action = read(
        changed(
            ("value: 2.50", "value: {column: average_order_amount, times: 0.2}"),
            (
                "propensity: {start: 0.1, strength: 100, responses: [clicked, code_used]}",
                "propensity: {column: p_alive}",
            ),
        )
    )
    assert (action.value, action.propensity) == (OfColumn("average_order_amount", 0.2), OfColumn("p_alive"))
    assert (
        read(changed(("propensity: {start: 0.1, strength: 100, responses: [clicked, code_used]}\n", ""))).propensity
        == 1
    )


def test_it_may_come_once_rest_and_end() -> None:
    more = "again_after: never\nduration: 1w\nvalid_from: 2026-01-01\nvalid_until: 2026-01-01"
    action = read(changed(("again_after: 4w", more)))
    assert (action.again_after, action.rest) == (None, 7)
    assert action.valid_from == action.valid_until is not None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("action: offer", "action: second_purchase", "1: action: second_purchase is the name of a care model, too: "
         "rename one of them"),
        ("owner: team:crm", "owner: crm", "3: owner: is a team, as team:crm"),
        ("action_class: marketing", "action_class: sales", "5: action_class: should be 'mandatory', 'transactional' or "
         "'marketing'"),
        ("count_orders >= 3", "count_order >= 3", "6: eligibility: character 1: count_order is not a column here; did "
         "you mean count_orders?"),
        ("count_orders >= 3", "may_email", "6: eligibility: "),
        ("count_orders >= 3", "count_orders > 3 and count_orders < 3", "6: eligibility: 'count_orders > 3 and "
         "count_orders < 3' contradicts itself: it never holds"),
        ("again_after: 4w", "again_after: 12h", "8: again_after: is counted in days, from 1d to 366d"),
        ("again_after: 4w", "again_after: 400d", "8: again_after: is counted in days, from 1d to 366d"),
        ("again_after: 4w\n", "", "1: again_after: is missing"),
        ("value: 2.50", "value: lots", "9: value: "),
        ("value: 2.50", "value: -1", "9: value: should be greater than or equal to 0"),
        ("value: 2.50", "value: {column: value_tier}", "9: value.column: is no number of the customer; known: "),
        ("value: 2.50", "value: {colum: count_orders}", "9: value.colum: is not a key here; did you mean column?"),
        ("{start: 0.1,", "{begin: 0.1,", "10: propensity.begin: is not a key here"),
        ("{start: 0.1,", "{start: 1.1,", "10: propensity.start: should be less than or equal to 1"),
        ("{start: 0.1, strength: 100, responses: [clicked, code_used]}", "1.5",
         "10: propensity: should be less than or equal to 1"),
        ("{start: 0.1, strength: 100, responses: [clicked, code_used]}", "{column: quiet_ratio}",
         "10: propensity.column: is no chance between 0 and 1; known: churn_probability, p_alive"),
        ("[clicked, code_used]", "[clicked]", "10: propensity.responses: no response by letter counts, so nothing "
         "could be learned: it gives code_used, returned"),
        ("[clicked, code_used]", "[clicked, code_usd]", "10: propensity.responses.1: should be "),
        ("times: 1.5", "times: 0", "12: context.0.times: should be greater than 0"),
        ("{where: is_fading, times: 1.5}", "{where: fading, times: 1.5}", "12: context.0.where: "),
        ("channel: letter", "channel: leter", "15: treatments.1.channel: should be "),
        ("channel: letter", "channel: ads", "15: treatments.1.channel: should be "),
        ("channel: letter,", "channel: email, link: \"https://shop.example/card\",",
         "15: treatments.1.channel: email is there already: make two actions of it"),
        (', link: "https://shop.example/offer"', "", "14: treatments.0: link is missing: a message by email leads to a "
         "page"),
        ("https://shop.example/offer", "https://shop.example/", "14: treatments.0.link: leads to one page, not to the "
         "front door: add the path"),
        ("offer: readers_price, ", "", "15: treatments.1: units are of an offer's stock: name the offer"),
        ("again_after: 4w", "again_after: 4w\nvalid_from: 2026-02-01\nvalid_until: 2026-01-01",
         "10: valid_until: is before valid_from, 2026-02-01: it would never be proposed"),
        ("again_after: 4w", "again_after: 4w\npriority: 101", "9: priority: should be less than or equal to 100"),
        ("title: An offer", "titel: An offer", "2: titel: is not a key here; did you mean title?"),
    ],
)  # fmt: skip
def test_a_slip_is_named_by_line_and_key_and_says_what_to_write(old: str, new: str, expected: str) -> None:
    assert faults_of(GOOD) == []
    assert any(fault.startswith(expected) for fault in faults_of(changed((old, new)))), faults_of(changed((old, new)))


def test_one_wrong_file_fences_off_itself_and_no_other(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ACTIONS, tmp_path / "actions"))
    (folder / "offer.yaml").write_text(GOOD.replace("value: 2.50\n", ""))
    found = load_actions(folder)
    assert set(found.items) == set(load_actions().items)
    assert [fault.file for fault in found.faults] == ["offer.yaml"]
    (folder / "offer.yaml").write_text(GOOD)
    assert "offer" in load_actions(folder).items, "negative control"


def test_a_faulty_file_is_a_failing_check_in_dagster(tmp_path: Path) -> None:
    from dagster_project.components.action_folder import ActionFolder
    from tests.defs.test_fenced_folders import definitions_in, keys

    folder = Path(shutil.copytree(ACTIONS, tmp_path / "actions"))
    assert keys(definitions_in(ActionFolder, folder)) == set()
    (folder / "offer.yaml").write_text(GOOD.replace("team:crm", "crm"))
    assert keys(definitions_in(ActionFolder, folder)) == {"offer__faulty_action"}


def test_the_command_lists_what_is_right_and_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "offer.yaml").write_text(GOOD)
    assert main([str(tmp_path)]) == 0
    (tmp_path / "other.yaml").write_text(GOOD.replace("action: offer", "action: other").replace("team:crm", "crm"))
    assert main([str(tmp_path)]) == 1
    assert "offer.yaml: An offer, by team:crm\nother.yaml:3: owner: " in capsys.readouterr().out


def test_the_shipped_actions_are_right_and_of_several_departments() -> None:
    assert load_actions().faults == []
    actions = catalogue()
    assert {path.stem for path in files_of(ACTIONS)} == set(actions)
    assert len({action.department for action in actions.values()}) >= 4
    assert not set(actions) & {path.stem for path in files_of(MODELS)}
    assert all(action.rest < 8 and (action.again_after or 366) >= 28 for action in actions.values())


def test_every_shipped_action_can_be_asked_of_the_declared_columns() -> None:
    import pyarrow as pa

    kinds = {"string": pa.string(), "bigint": pa.int64(), "double": pa.float64(), "boolean": pa.bool_(),
             "timestamp": pa.timestamp("us"), "date": pa.date32(), "decimal(18,4)": pa.decimal128(18, 4)}  # fmt: skip
    columns = CUSTOMER_COLUMNS | ACTION_COLUMNS
    nobody = pa.schema([(name, kinds[kind]) for name, kind in columns.items()]).empty_table()
    for action in catalogue().values():
        answers = evaluate(action.conditions, nobody, datetime(2026, 3, 31, tzinfo=UTC))
        assert len(answers) == len(action.conditions) >= 2


def test_the_stock_of_an_offer_that_ends_is_a_volume_constraint() -> None:
    policy = load_contact_policy().policy
    assert policy is not None
    (evening,) = catalogue()["evening_with_the_makers"].treatments
    stocks = [one for one in policy.volumes if one.measure == "units"]
    assert [(one.most, one.of["offer"]) for one in stocks] == [(Decimal(40), frozenset({evening.offer}))]


def test_the_json_schema_is_up_to_date_and_every_file_names_it() -> None:
    assert SCHEMA.read_text() == json_schema(), "python -m dagster_project.components.action --write-schema"
    for path in files_of(ACTIONS):
        line = path.read_text().splitlines()[0]
        assert (path.parent / line.split("$schema=")[1]).resolve() == SCHEMA


def written_in(page: str) -> list[str]:
    """The actions a page writes out."""
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return blocks


def test_the_contract_explains_every_key_and_its_example_is_right() -> None:
    page = (DOCS / "contracts" / "action.md").read_text()
    schema = json.loads(json_schema())
    keys = {key for part in (schema, *schema["$defs"].values()) for key in part.get("properties", {})}
    keys -= {"column", "times", "where", "start", "strength", "responses"}  # explained where they stand
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []
    assert [column for column in ACTION_COLUMNS if f"`{column}`" not in page] == []
    (example,) = written_in("contracts/action.md")
    assert faults_of(example) == []


def test_the_guides_example_has_the_mistake_it_tells_of_and_none_after_it_is_mended() -> None:
    (example,) = written_in("action_guide.md")
    (told,) = re.findall(r"^    actions/what_went_wrong\.yaml:(.*)$", (DOCS / "action_guide.md").read_text(), re.M)
    assert faults_of(example) == [told]
    action = read(example.replace("dissatisfied]", "dissatisfied, code_used]"))
    assert (action.department, action.action_class, len(action.treatments)) == ("service", "transactional", 2)
