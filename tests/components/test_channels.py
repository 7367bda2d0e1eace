"""The channels' file: ten ways to reach customers, each with what it costs, carries and gives back."""

from __future__ import annotations

from datetime import time

import pytest
from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML

from dagster_project.components.channels import (
    CHANNELS_FILE,
    DECISIONS,
    ChannelsFile,
    ContactChannel,
    ResponseCode,
    contact_channels,
    linked_channels,
    responses_by_channel,
    shipped,
)
from dagster_project.components.fenced import validate_text
from dagster_project.domain.care_models.duration import Duration
from dagster_project.settings import CHECKOUT

LETTER = "channels:\n  letter:\n    kind: analog\n    contact_point: has_postal_address\n    daily_capacity: 10\n"


def faults_of(text: str) -> str:
    read = validate_text(text, CHANNELS_FILE, ChannelsFile)
    return " ".join(map(str, read)) if isinstance(read, list) else ""


def test_all_ten_ways_are_there_digital_and_analog() -> None:
    assert set(shipped()) == {*contact_channels(), "ads"}
    assert linked_channels() == ("email", "sms", "push", "web")
    assert {name for name in contact_channels() if shipped()[name].kind == "analog"} == {
        "phone", "letter", "sample", "event", "staff",
    }  # fmt: skip


def test_every_way_by_which_a_customer_is_contacted_can_answer_and_an_audience_cannot() -> None:
    assert all(responses_by_channel().values())
    assert "ads" not in responses_by_channel()
    assert shipped()["ads"].responses == ()


def test_paper_takes_longer_than_a_call() -> None:
    assert shipped()["letter"].lead_time == Duration(days=2)
    assert not shipped()["phone"].lead_time


def test_a_channel_is_asked_for_its_own_consent_unless_it_says_whose_covers_it() -> None:
    covered = {name: channel.covered_by for name, channel in shipped().items() if channel.covered_by}
    assert covered == {"sample": "letter", "event": "letter", "staff": "any", "web": "any"}


def test_the_hours_are_read_as_written() -> None:
    staff = shipped()["staff"]
    assert (staff.opens, staff.closes, sorted(staff.weekdays)) == (time(10), time(18), [0, 1, 2, 3, 4, 5])


SLIPS = {
    "a kind that is none": (LETTER.replace("analog", "paper"), "channels.yaml:3: channels.letter.kind"),
    "a response twice": (LETTER + "    responses: [returned, returned]\n", "channels.yaml:6"),
    "a response of machines": (LETTER + "    responses: [any_opened]\n", "any_ stands for"),
    "a lead time of months": (LETTER + "    lead_time: 60d\n", "is at most 31d"),
    "a lead time in words": (LETTER + "    lead_time: soon\n", "12h, 7d, 2w"),
    "a contact point left out": (LETTER.replace("    contact_point: has_postal_address\n", ""), "contact_point"),
    "covered by what is none": (LETTER + "    consent: pigeon\n", "pigeon is no channel here"),
    "an audience that answers": (
        LETTER + "    carries: audiences\n    responses: [returned]\n",
        "gives no response of one customer",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_named(slip: str) -> None:
    text, words = SLIPS[slip]
    assert words in faults_of(text)
    assert faults_of(LETTER) == ""


def test_who_covers_must_be_asked_about_itself() -> None:
    text = (DECISIONS / CHANNELS_FILE).read_text().replace("consent: letter\n", "consent: web\n", 1)
    assert "customers are not asked about web" in faults_of(text)


def test_the_words_of_a_care_model_come_from_this_file() -> None:
    channel, response = TypeAdapter(ContactChannel), TypeAdapter(ResponseCode)
    assert (channel.validate_python("sample"), response.validate_python("code_used")) == ("sample", "code_used")
    for name, words in ((channel, "ads"), (channel, "pigeon"), (response, "applauded")):
        with pytest.raises(ValidationError, match="should be"):
            name.validate_python(words)
    assert channel.json_schema()["enum"] == list(contact_channels())
    assert set(response.json_schema()["enum"]) == {code for codes in responses_by_channel().values() for code in codes}


def test_a_statement_may_be_about_any_channel() -> None:
    models = YAML(typ="safe", pure=True).load(
        (CHECKOUT / "dbt_project/models/unified/_unified__models.yml").read_text()
    )
    [consents] = [model for model in models["models"] if model["name"] == "consents"]
    [channel] = [column for column in consents["columns"] if column["name"] == "channel"]
    [allowed] = [test["accepted_values"] for test in channel["data_tests"] if "accepted_values" in test]
    assert set(allowed["arguments"]["values"]) == set(shipped())


def test_a_list_of_contacts_may_be_on_any_channel_that_carries_them() -> None:
    read = YAML(typ="safe", pure=True).load((CHECKOUT / "expectations/audiences/trigger_list.yaml").read_text())
    [allowed] = [rule for rule in read["tables"]["trigger_list"] if rule["expect"] == "column_values_to_be_in_set"]
    assert set(allowed["value_set"]) == set(contact_channels())
