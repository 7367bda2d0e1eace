"""A destination's file: what ships is right, and a slip stops that destination alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dagster_project.components.channels import contact_channels, shipped
from dagster_project.components.destination import destinations, load_destinations, pulled
from dagster_project.domain.exports.transport import ToSftp

LETTERS = """\
destination: letters
title: Letters
owner: marketing
kind: message
format: mailchimp
channel: email
"""
AUDIENCE = """\
destination: ads
title: An audience
owner: marketing
kind: membership
format: google_ads
channel: ads
audience: fading
segment: fading
audience_code: hv-01
"""


def load(tmp_path: Path, **files: str) -> tuple[list[str], list[str]]:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    folder = load_destinations(tmp_path)
    return sorted(folder.items), [str(fault) for fault in folder.faults]


def test_the_destinations_that_ship_are_right() -> None:
    assert load_destinations().faults == []
    assert {destination.name: destination.format for destination in destinations()} == {
        "app_messages": "slot_list",
        "contact_centre_calls": "call_list",
        "event_invitations": "postal_list",
        "google_ads_fading_high_value": "google_ads",
        "mailchimp_letters": "mailchimp",
        "meta_fading_high_value": "meta",
        "postal_letters": "postal_list",
        "sample_orders": "postal_list",
        "shop_pages": "slot_list",
        "shop_staff_tasks": "task_list",
        "text_messages": "text_list",
    }


def test_every_channel_that_carries_contacts_is_delivered_by_somebody() -> None:
    delivered = {one.channel for one in destinations() if one.kind == "message" and one.care_models is None}
    assert delivered == set(contact_channels())


def test_a_batch_is_valid_for_longer_than_its_channel_needs() -> None:
    for one in destinations():
        needed = shipped()[one.channel].lead_time
        assert one.expires_after > timedelta(days=needed.days + 3, hours=needed.hours) or not needed, one.name


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (LETTERS.replace("mailchimp", "mailchump"), "letters.yaml:5: format"),
        (LETTERS.replace("format: mailchimp", "format: meta"), "format meta is for a membership destination"),
        (LETTERS.replace("channel: email", "channel: phone"), "serves the channel email"),
        (LETTERS.replace("destination: letters", "destination: ../letters"), "letters.yaml:1: destination"),
        (LETTERS + "audience: fading\n", "audience is for membership destinations"),
        (LETTERS + "colour: red\n", "letters.yaml:7: colour: is not a key here"),
        (LETTERS + "expires_after_days: 0\n", "letters.yaml:7: expires_after_days"),
        (AUDIENCE.replace("audience_code: hv-01", "audience_code: bankrupt"), "audience_code"),
        (AUDIENCE.replace("audience: fading\n", ""), "audience is missing"),
        (AUDIENCE + "care_models: [welcome]\n", "care_models is for message destinations"),
        (LETTERS + "full_every: 1\n", "full_every is for membership destinations"),
        (AUDIENCE + "full_every: 0\n", "letters.yaml:10: full_every"),
        (
            AUDIENCE.replace("google_ads", "meta")
            + "full_every: 1\ntransport:\n  kind: meta\n  audience_id: '12345'\n",
            "full_every is not for transport meta: its API is told adds and removes",
        ),
    ],
)
def test_a_slip_is_named_and_stops_that_destination_alone(tmp_path: Path, wrong: str, fault: str) -> None:
    right = LETTERS.replace("letters", "others") + "care_models: [welcome]\n"
    names, faults = load(tmp_path, letters=wrong, others=right)
    assert names == ["others"]
    assert any(fault in line for line in faults), faults


def test_a_list_that_is_replaced_says_so(tmp_path: Path) -> None:
    text = AUDIENCE.replace("google_ads", "linkedin") + "full_every: 1\n" + SFTP
    assert load(tmp_path, ads=text) == (["ads"], [])
    assert destinations(tmp_path)[0].full_every == 1


def test_two_destinations_are_never_handed_the_same_contacts(tmp_path: Path) -> None:
    names, faults = load(
        tmp_path,
        letters=LETTERS + "care_models: [welcome, thank_you]\n",
        others=LETTERS.replace("letters", "others") + "care_models: [welcome]\n",
        calls=LETTERS.replace("letters", "calls").replace("email", "phone").replace("mailchimp", "call_list"),
    )
    assert names == ["calls"]
    assert faults[0].startswith("letters.yaml:7: care_models: others would be handed the same contacts")


def test_two_destinations_with_care_models_of_their_own_get_on(tmp_path: Path) -> None:
    one = LETTERS + "care_models: [welcome]\n"
    other = LETTERS.replace("letters", "others") + "care_models: [thank_you]\n"
    assert load(tmp_path, letters=one, others=other) == (["letters", "others"], [])


def test_an_audience_has_one_definition(tmp_path: Path) -> None:
    meta = AUDIENCE.replace("destination: ads", "destination: meta").replace("google_ads", "meta")
    assert load(tmp_path, ads=AUDIENCE, meta=meta)[1] == []
    names, faults = load(tmp_path, ads=AUDIENCE, meta=meta.replace("segment: fading", "segment: leaving"))
    assert names == []
    assert "ads.yaml:7: audience: meta draws this audience in another way: rename one" in faults


SFTP = """\
transport:
  kind: sftp
  host: sftp.printing.example
  user: hoiva
  path: incoming/hoiva
  host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB
"""


def test_a_destination_says_how_its_batches_travel(tmp_path: Path) -> None:
    assert load(tmp_path, letters=LETTERS + SFTP) == (["letters"], [])
    (one,) = destinations(tmp_path)
    assert one.transport == ToSftp(
        "sftp.printing.example", "hoiva", "incoming/hoiva", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB"
    )
    assert pulled(tmp_path) == frozenset()
    assert load(tmp_path, letters=LETTERS + "transport:\n  kind: pull\n")[1] == []
    assert pulled(tmp_path) == {"letters"}


SAID = "a secret does not belong in this file"


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (LETTERS + SFTP + "  password: hunter2hunter2\n", SAID),
        (LETTERS + SFTP + "  private_key: |\n    -----BEGIN OPENSSH PRIVATE KEY-----\n", SAID),
        (LETTERS + SFTP.replace("user: hoiva", "user: AKIAABCDEFGHIJKLMNOP"), SAID),
        (LETTERS + "transport:\n  kind: s3\n  bucket: out\n  secret_key: hunter2hunter2\n", SAID),
        (LETTERS + "transport:\n  kind: s3\n  bucket: out\n  endpoint: https://me:hunter2hunter2@s3.example\n", SAID),
        (LETTERS + SFTP.replace("incoming/hoiva", "../others"), "letters.yaml:11: transport.path"),
        (LETTERS + SFTP.replace("incoming/hoiva", "in;rm -rf x"), "letters.yaml:11: transport.path"),
        (LETTERS + SFTP.replace("ssh-ed25519 ", ""), "letters.yaml:12: transport.host_key"),
        (LETTERS + "transport:\n  kind: fax\n", "letters.yaml:7: transport: kind 'fax' is none of"),
        (LETTERS + "transport:\n  kind: folder\n  path: /mnt/../x\n", "must not climb with .."),
        (LETTERS + "transport:\n  kind: meta\n  audience_id: '1234567'\n", "transport meta carries the format meta"),
    ],
)
def test_a_transport_holds_no_secret_and_leads_where_it_says(tmp_path: Path, wrong: str, fault: str) -> None:
    names, faults = load(tmp_path, letters=wrong)
    assert names == []
    assert any(fault in line for line in faults), faults
    assert not any("hunter2" in line or "AKIA" in line for line in faults)
