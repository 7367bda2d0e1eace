"""The form of a care model's file: what is accepted, and the sentence that helps where it is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dagster_project.components.care_model import (
    MODELS,
    SCHEMA,
    CareModelFile,
    json_schema,
    load_care_models,
    main,
)
from dagster_project.components.fenced import files_of, validate_text
from dagster_project.domain.care_models import Duration
from dagster_project.domain.conditions import compile_condition
from dagster_project.domain.conditions.customer import CUSTOMER_COLUMNS, EVENT_COLUMNS
from dagster_project.settings import CHECKOUT

GOOD = """\
care_model: welcome
title: Welcome
version: 1
owner: marketing
stage: receive
purpose: marketing
action_class: marketing
entry:
  trigger: event
  event: purchase
  within: 7d
  where: count_orders = 1
reentry: never
steps:
  - id: first
    channel: email
    treatment: welcome
    subject: Welcome to us
    link: https://shop.example/welcome
"""


def faults_of(text: str) -> list[str]:
    read = validate_text(text, "welcome.yaml", CareModelFile)
    return [str(fault) for fault in read] if isinstance(read, list) else []


def test_the_example_is_right() -> None:
    assert faults_of(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("channel: email", "channel: e-mail", "16: steps.0.channel: should be 'email', 'sms', 'push', 'web', 'phone', "
         "'letter', "
         "'sample', 'event' or 'staff'; "
         "did you mean email?"),
        ("    channel: email\n", "", "15: steps.0.channel: is missing"),
        ("reentry: never", "reentry: never\nvalues: 4", "14: values: is not a key here; did you mean value?"),
        ("owner: marketing", "owner: ''", "4: owner: is one line of 3 to 150 characters"),
        ("version: 1", "version: '1'", "3: version: should be a valid integer"),
        ("version: 1", "version: 0", "3: version: should be greater than or equal to 1"),
        ("event: purchase", "event: purchases", "10: entry.event: should be 'purchase', 'return', 'web_visit', "
         "'product_view', 'checked_in', 'newsletter_sent', 'newsletter_opened', 'newsletter_clicked', "
         "'newsletter_machine_opened', "
         "'newsletter_machine_clicked', 'newsletter_bounced', 'newsletter_unsubscribed', 'service_opened', "
         "'service_closed', 'consent_given', 'consent_denied', 'joined', 'became_prospect', 'became_new', "
         "'became_active', 'became_fading', 'became_passive', 'became_lost' or 'became_returned'; "
         "did you mean purchase?"),
        ("trigger: event", "trigger: events", "8: entry: trigger 'events' is none of 'event', 'state', "
         "'becomes', 'segment', 'wave', 'silence', 'date'"),
        ("within: 7d", "within: 7 days", "11: entry.within: is a whole number with h, d or w: 12h, 7d, 2w"),
        ("within: 7d", "within: 61d", "11: entry.within: lies between 1h and 60d: what is older is no reason to "
         "write any more"),
        ("within: 7d", "within: 0d", "11: entry.within: lies between 1h and 60d: what is older is no reason to "
         "write any more"),
        ("count_orders = 1", "count_order = 1", "12: entry.where: character 1: count_order is not a column here; did "
         "you mean count_orders?"),
        ("count_orders = 1", "may_email", "12: entry.where: character 1: may_email is not for conditions: consent and "
         "holdout are checked for every contact anyway"),
        ("reentry: never", "reentry: sometimes", "13: reentry: should be 'never' or 'after_exit'"),
        ("reentry: never", "reentry: {after: 12h}", "13: reentry.after: is counted in days: 90d"),
        ("reentry: never", "reentry: {per: order_id}", "13: reentry.per: should be 'subject'"),
        ("reentry: never", "reentry: {after: 90d, per: subject}", "13: reentry.after: does not go together with the "
         "other keys here"),
        ("reentry: never", "reentry: {after: 6d}", "1: reentry: after is shorter than entry.within: one "
         "event would open the door twice"),
        ("https://shop.example/welcome", "https://shop.example/", "19: steps.0.link: leads to one page, not to the "
         "front door: add the path"),
        ("https://shop.example/welcome", "http://shop.example/x", "19: steps.0.link: is an https address, as "
         "https://shop.example/welcome"),
        ("    link: https://shop.example/welcome\n", "", "15: steps.0: link is missing: a message by email leads to a "
         "page"),
        ("purpose: marketing", "purpose: service", "6: purpose: should be 'marketing' or 'advertising'"),
        ("reentry: never", "reentry: never\ncontrol_share: 0.6", "14: control_share: should be less than or equal to "
         "0.5"),
        ("care_model: welcome", "care_model: Welcome!", "1: care_model: is a name of small letters, "
         "digits and _, as birthday_letter"),
    ],
)  # fmt: skip
def test_a_slip_is_named_by_file_line_and_key(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert faults_of(GOOD.replace(old, new)) == [f"welcome.yaml:{expected}"]


def test_a_state_has_no_subject_and_no_event() -> None:
    state = re.sub(r"  trigger: event\n.*\n.*\n", "  trigger: state\n", GOOD)
    assert faults_of(state) == []
    assert "a state has no subject" in faults_of(state.replace("reentry: never", "reentry: {per: subject}"))[0]
    assert "event_amount is not a column here" in faults_of(state.replace("count_orders", "event_amount"))[0]
    assert faults_of(GOOD.replace("count_orders", "event_amount")) == []


def test_one_bad_care_model_never_stops_the_others(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(GOOD.replace("count_orders = 1", "1; drop table x"))
    folder = load_care_models(tmp_path)
    assert list(folder.items) == ["welcome"]
    assert [fault.file for fault in folder.faults] == ["bad.yaml"]


def test_durations() -> None:
    assert Duration.parse("2w") == Duration(days=14)
    assert str(Duration.parse("12h")) == "12h"
    for wrong in ("", "7", "d", "-7d", "7.5d", "7m", " 7d", "7d\n", "99999d", "9999d", "٧d"):
        with pytest.raises(ValueError, match=r"whole number|ten years"):
            Duration.parse(wrong)


def test_the_json_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text() == json_schema(), "python -m dagster_project.components.care_model --write-schema"


def test_the_json_schema_refuses_what_the_loader_refuses_about_keys() -> None:
    schema = json.loads(json_schema())
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
    for path in files_of(MODELS):
        written = YAML(typ="safe", pure=True).load(path.read_text())
        assert set(written) <= set(schema["properties"])
        assert set(schema["required"]) <= set(written)
        line = path.read_text().splitlines()[0]
        assert "$schema=" not in line or (path.parent / line.split("$schema=")[1]).resolve() == SCHEMA


def test_the_page_explains_every_key() -> None:
    page = (CHECKOUT / "docs" / "contracts" / "care_model.md").read_text()
    schema = json.loads(json_schema())
    keys = {key for part in (schema, *schema["$defs"].values()) for key in part["properties"]}
    missing = {key for key in keys if f"`{key}`" not in page}
    assert not missing


def examples(page: str) -> list[str]:
    return re.findall(r"```yaml\n(care_model: .*?)```", page, re.DOTALL)


@pytest.mark.parametrize("page", ["contracts/care_model.md"])
def test_every_example_in_the_documents_is_right(page: str) -> None:
    found = examples((CHECKOUT / "docs" / page).read_text())
    assert found
    for text in found:
        assert faults_of(text) == []


def test_the_page_lists_every_column_a_condition_may_read() -> None:
    page = (CHECKOUT / "docs" / "contracts" / "care_model.md").read_text()
    assert not [column for column in CUSTOMER_COLUMNS | EVENT_COLUMNS if f"`{column}`" not in page]


def test_the_conditions_shown_on_the_page_can_be_asked() -> None:
    page = (CHECKOUT / "docs" / "contracts" / "care_model.md").read_text()
    section = page.split("Words are as in SQL:")[1].split("- Compare")[0]
    shown = [line.strip() for line in section.splitlines() if line.strip()]
    assert len(shown) == 4
    for text in shown:
        compile_condition(text, CUSTOMER_COLUMNS)


def test_the_command_lists_what_is_right_and_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    assert main([str(tmp_path)]) == 0
    (tmp_path / "bad.yaml").write_text(GOOD.replace("channel: email", "channel: pigeon"))
    assert main([str(tmp_path)]) == 1
    assert "good.yaml: Welcome, version 1\nbad.yaml:16: steps.0.channel:" in capsys.readouterr().out
