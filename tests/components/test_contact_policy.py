"""The contact policy's files: what ships is right, and a slip is named by file and line and stops the decisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.components.channels import CHANNELS_FILE, DECISIONS
from dagster_project.components.contact_policy import POLICY_FILE, load_contact_policy

POLICY = "caps:\n  - name: weekly\n    contacts: 2\n    days: 7\n"
CHANNELS = "channels:\n  email:\n    contact_point: has_email\n    daily_capacity: 10\n"


def folder_with(tmp_path: Path, policy: str = POLICY, channels: str = CHANNELS) -> Path:
    (tmp_path / POLICY_FILE).write_text(policy)
    (tmp_path / CHANNELS_FILE).write_text(channels)
    return tmp_path


def test_the_policy_that_ships_limits_every_channel_of_the_care_models() -> None:
    read = load_contact_policy(DECISIONS)
    assert read.faults == []
    assert read.policy is not None
    assert {"email", "sms", "push", "web", "phone", "letter", "sample", "event", "staff"} < set(read.policy.channels)
    assert read.policy.channels["phone"].weekdays == frozenset(range(5))
    assert read.policy.open_complaint_suspends_marketing


def test_a_small_policy_is_enough(tmp_path: Path) -> None:
    policy = load_contact_policy(folder_with(tmp_path)).policy
    assert policy is not None
    assert (policy.caps[0].contacts, policy.caps[0].action_class) == (2, "marketing")
    assert (policy.per_customer_per_day, policy.channels["email"].daily_capacity) == (1, 10)


SLIPS = {
    "a word for a number": (POLICY.replace("contacts: 2", "contacts: two"), CHANNELS, "contact_policy.yaml:3: caps.0"),
    "less than nothing": (POLICY.replace("2", "-1"), CHANNELS, "contact_policy.yaml:3: caps.0.contacts"),
    "no days at all": (POLICY.replace("7", "0"), CHANNELS, "contact_policy.yaml:4: caps.0.days"),
    "a key that is none": (POLICY + "    hours: 3\n", CHANNELS, "contact_policy.yaml:5: caps.0.hours"),
    "a channel that is none": (POLICY + "    channel: pigeon\n", CHANNELS, "contact_policy.yaml:5: caps.0.channel"),
    "two caps of one name": (POLICY + POLICY[6:], CHANNELS, "weekly"),
    "a capacity left out": (POLICY, CHANNELS.replace("    daily_capacity: 10\n", ""), "channels.yaml"),
    "closing before opening": (POLICY, CHANNELS + '    opens: "17:00"\n    closes: "09:00"\n', "opens before"),
    "never open": (POLICY, CHANNELS + "    weekdays: []\n", "weekdays"),
    "a column that is none": (POLICY, CHANNELS.replace("has_email", "has_fax"), "channels.yaml:3"),
    "no YAML": ("caps: [", CHANNELS, "contact_policy.yaml"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_named_and_there_is_no_policy_then(tmp_path: Path, slip: str) -> None:
    policy, channels, words = SLIPS[slip]
    read = load_contact_policy(folder_with(tmp_path, policy, channels))
    assert read.policy is None
    assert words in " ".join(map(str, read.faults))


def test_a_missing_file_is_no_policy(tmp_path: Path) -> None:
    read = load_contact_policy(tmp_path)
    assert read.policy is None
    assert {fault.file for fault in read.faults} == {POLICY_FILE, CHANNELS_FILE}
