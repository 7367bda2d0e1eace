"""Volume constraints as written: what a skill stands for, and a slip named by file and line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from dagster_project.components.channels import CHANNELS_FILE, DECISIONS, ChannelsFile
from dagster_project.components.contact_policy import POLICY_FILE, PolicyRead, load_contact_policy
from dagster_project.components.fenced import load_file
from dagster_project.components.proposers import proposers_here
from dagster_project.components.volume_constraints import VOLUMES_FILE

CHANNELS = """channels:
  phone:
    contact_point: has_phone
    daily_capacity: 10
    minutes: 8
    skills:
      complaints: [sorry, make_it_right]
  chat:
    contact_point: null
    daily_capacity: 10
    skills:
      complaints: [sorry]
      swedish: [hej]
"""
LIMIT = """constraints:
  - name: hours
    measure: minutes
    of:
      skill: complaints
    per: day
    most: 40
"""


@dataclass(frozen=True)
class Contact:
    """As a constraint sees it."""

    channel: str
    treatment: str
    day: date = date(2026, 3, 31)
    cost: int = 0
    minutes: int = 80_000
    units: int = 0


def read(folder: Path, volumes: str, channels: str = CHANNELS) -> PolicyRead:
    (folder / POLICY_FILE).write_text("caps: []\n")
    (folder / CHANNELS_FILE).write_text(channels)
    (folder / VOLUMES_FILE).write_text(volumes)
    return load_contact_policy(folder)


def counted(folder: Path, volumes: str) -> set[tuple[str, str]]:
    """The contacts that the one constraint counts."""
    policy = read(folder, volumes).policy
    assert policy is not None
    contacts = [Contact(channel, treatment) for channel in ("phone", "chat") for treatment in ("sorry", "hej", "news")]
    return {(one.channel, one.treatment) for one in contacts if policy.volumes[0].counts(one)}


def test_a_skill_counts_what_needs_it_and_nothing_else(tmp_path: Path) -> None:
    assert counted(tmp_path, LIMIT) == {("phone", "sorry"), ("chat", "sorry")}
    assert counted(tmp_path, LIMIT.replace("complaints", "swedish")) == {("chat", "hej")}
    both = counted(tmp_path, LIMIT.replace("complaints", "[complaints, swedish]"))
    assert both >= {("chat", "hej"), ("phone", "sorry"), ("chat", "sorry")}
    assert not [pair for pair in both if pair[1] == "news"]
    on_the_phone = LIMIT.replace("skill: complaints", "skill: complaints\n      channel: phone")
    assert counted(tmp_path, on_the_phone) == {("phone", "sorry")}
    without = LIMIT.replace("skill: complaints", "channel: [phone, chat]")
    assert len(counted(tmp_path, without)) == 6, "negative control: a constraint that names no skill counts them all"


SLIPS = {
    "a skill that is none": (
        LIMIT.replace("complaints", "complains"),
        "volume_constraints.yaml:5: constraints.0.of.skill: complains is no skill of channels.yaml",
    ),
    "a skill of another channel": (
        LIMIT.replace("skill: complaints", "skill: swedish\n      channel: phone"),
        "volume_constraints.yaml:5: constraints.0.of.skill: no contact needs it",
    ),
    "a channel that is none": (LIMIT.replace("skill: complaints", "channel: fax"), "volume_constraints.yaml:5"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_named_and_there_is_no_policy_then(tmp_path: Path, slip: str) -> None:
    volumes, words = SLIPS[slip]
    found = read(tmp_path, volumes)
    assert found.policy is None
    assert words in " ".join(map(str, found.faults))


def test_a_skill_without_treatments_is_a_slip(tmp_path: Path) -> None:
    found = read(tmp_path, LIMIT, CHANNELS.replace("[hej]", "[]"))
    assert found.policy is None
    assert "channels.yaml:13" in " ".join(map(str, found.faults))


def used_by_the_shipped() -> set[tuple[str, str]]:
    """Channel and treatment of everything that care models and actions may propose."""
    shipped = proposers_here()
    steps = [step for model in shipped.models.values() for step in model.actions.values()]
    used = {(step.channel, one.treatment) for step in steps for one in step.variants}
    return used | {(one.channel, one.treatment) for action in shipped.actions.values() for one in action.treatments}


def test_every_treatment_that_is_said_to_need_a_skill_is_one_of_that_channel() -> None:
    """A script misspelt would hold nobody back: those shipped are held to the care models and actions shipped."""
    declared = load_file(DECISIONS / CHANNELS_FILE, ChannelsFile)
    assert not isinstance(declared, list)
    needs = {pair for pairs in declared[0].skills().values() for pair in pairs}
    assert needs
    assert needs <= used_by_the_shipped()
