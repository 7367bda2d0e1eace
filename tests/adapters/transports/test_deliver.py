"""What may go wrong on the way is noted with a code, waits for its moment, and holds up nobody else."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.holding import hold, let_go
from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.transports.answers import asked_again, fetch_answers
from dagster_project.adapters.transports.deliver import deliver, waiting_transfers
from dagster_project.adapters.withdrawing import withdraw
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.domain.exports.transport import ToFolder, ToS3, ToSftp
from dagster_project.settings import Settings, load_settings
from tests.adapters.small_house import AS_OF, CALLS, SECRETS, claim, statuses
from tests.adapters.transports.carried import (
    differs_from_manifest,
    export,
    export_another,
    folder_there,
    letters_by,
    s3_there,
    sftp_there,
)
from tests.adapters.transports.conftest import IDS
from tests.adapters.transports.servers import SftpServer, free_port


def test_a_destination_that_is_stuck_holds_up_no_other(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    there = folder_there(tmp_path)
    calls, letters = replace(CALLS, transport=ToFolder(str(tmp_path / "not-mounted"))), letters_by(there.transport)
    claim(ledger, IDS, channel="phone")
    export(home, ledger, calls)
    export(home, ledger, letters)
    outcomes = {one.destination: (one.outcome, one.reason) for one in deliver(home, ledger, [calls, letters], AS_OF)}
    assert outcomes == {"calls": ("waiting", "folder_missing"), "letters": ("delivered", None)}
    assert not (tmp_path / "not-mounted").exists(), "a disk that is not mounted is not filled up beside its place"


def test_a_failed_batch_is_tried_again_later_and_later(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    letters = letters_by(ToFolder(str(tmp_path / "there")))
    export(home, ledger, letters)
    export_another(home, ledger, letters, 2)
    now, waits = AS_OF, []
    for _ in range(4):
        (held,) = deliver(home, ledger, [letters], now)
        assert held.not_before is not None
        waits.append((held.not_before - now).total_seconds())
        assert deliver(home, ledger, [letters], held.not_before - timedelta(seconds=1)) == []
        now = held.not_before
    assert waits == [60, 120, 240, 480]
    (tmp_path / "there").mkdir()
    assert [one.outcome for one in deliver(home, ledger, [letters], now)] == ["delivered", "delivered"]
    assert [(one.state, one.reason) for one in ledger.transfers("letters")] == [("delivered", None)] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"port": 1}, "unreachable"),
        ({"host_key": "of another"}, "host_key_differs"),
        ({"user": "somebody_else"}, "not_allowed"),
    ],
)
def test_what_is_wrong_with_a_server_is_a_code(
    home: Settings,
    ledger: Ledger,
    sftp: SftpServer,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    import asyncssh

    there = sftp_there(sftp, monkeypatch)
    if "host_key" in change:
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        change = {"host_key": " ".join(other.split()[:2])}
    assert isinstance(there.transport, ToSftp)
    letters = letters_by(replace(there.transport, **change))
    export(home, ledger, letters)
    with caplog.at_level("DEBUG"):
        (held,) = deliver(home, ledger, [letters], AS_OF)
    assert held.reason == reason
    assert not [secret for secret in SECRETS if secret in caplog.text]
    assert there.files() == {}


def test_a_missing_secret_says_where_it_belongs(
    home: Settings, ledger: Ledger, sftp: SftpServer, caplog: pytest.LogCaptureFixture
) -> None:
    letters = letters_by(ToSftp(sftp.host, sftp.user, "in", sftp.host_key, sftp.port))
    export(home, ledger, letters)
    (held,) = deliver(home, ledger, [letters], AS_OF)
    assert held.reason == "not_set_up"
    assert "letters has no password: set HOIVA_SECRET_LETTERS_PASSWORD" in caplog.text


def test_secrets_come_from_a_file_that_its_owner_alone_can_read(
    ledger: Ledger, home: Settings, sftp: SftpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = sftp_there(sftp, monkeypatch)
    monkeypatch.delenv("HOIVA_SECRET_LETTERS_PRIVATE_KEY_FILE")
    file = tmp_path / "secrets.yaml"
    file.write_text(f"letters:\n  private_key_file: {sftp.key_file}\n")
    file.chmod(0o644)
    own = load_settings(secrets_file=file)
    letters = letters_by(there.transport)
    export(own, ledger, letters)
    assert deliver(own, ledger, [letters], AS_OF)[0].reason == "not_set_up", "others could read it"
    file.chmod(0o600)
    assert deliver(own, ledger, [letters], AS_OF + timedelta(hours=1))[0].outcome == "delivered"


@pytest.mark.slow
def test_a_missing_bucket_is_said(home: Settings, ledger: Ledger, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    s3_there(s3, monkeypatch)
    letters = letters_by(ToS3("no-such-bucket", "", s3, "eu-north-1"))
    export(home, ledger, letters)
    assert deliver(home, ledger, [letters], AS_OF)[0].reason == "folder_missing"
    letters = letters_by(ToS3("no-such-bucket", "", f"http://127.0.0.1:{free_port()}", "eu-north-1"))
    assert deliver(home, ledger, [letters], AS_OF + timedelta(hours=1))[0].reason == "unreachable"


def test_a_batch_withdrawn_while_it_is_carried_never_appears(
    home: Settings, ledger: Ledger, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = sftp_there(sftp, monkeypatch)
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)

    def withdraw_now(at: str) -> None:
        if at == "take.noted":
            monkeypatch.setattr(durable, "on_reached", None)
            ledger.suppress([Suppression(IDS[0], "withdrawn")], AS_OF)
            assert len(withdraw(home, ledger, [IDS[0]], AS_OF)) == 1

    monkeypatch.setattr(durable, "on_reached", withdraw_now)
    (withdrawn,) = deliver(home, ledger, [letters], AS_OF)
    assert (withdrawn.batch, withdrawn.outcome) == (batch.folder_name, "withdrawn")
    assert there.files() == {}, "what was brought of it is gone again"
    another = export(home, ledger, letters)
    assert deliver(home, ledger, [letters], AS_OF)[0].outcome == "delivered"
    folder = f"outbox/letters/{another.folder_name}"
    assert differs_from_manifest(there.files(), folder, another) == []
    assert another.count("contacts") == 3


def test_a_delivered_batch_is_not_withdrawn(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    letters = letters_by(folder_there(tmp_path).transport)
    export(home, ledger, letters)
    deliver(home, ledger, [letters], AS_OF)
    ledger.suppress([Suppression(IDS[0], "withdrawn")], AS_OF)
    assert withdraw(home, ledger, [IDS[0]], AS_OF) == []


def test_a_batch_that_expired_on_the_way_is_answered_for_and_never_sent(
    home: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    there = folder_there(tmp_path)
    letters = letters_by(there.transport)
    old = export(home, ledger, letters)
    later = AS_OF + letters.expires_after
    assert [(one.batch, one.outcome) for one in deliver(home, ledger, [letters], later)] == [
        (old.folder_name, "expired")
    ]
    assert there.files() == {}
    assert [one.status for one in read_acks(home, ledger, later)] == ["rejected"]
    assert {reason for _, reason in statuses(ledger).values()} == {"batch_rejected"}


def test_a_batch_somebody_took_by_hand_is_not_carried_too(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    there = folder_there(tmp_path)
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)
    place = home.at_home.outbox / "letters"
    (place / ".taken").mkdir()
    os.rename(place / batch.folder_name, place / ".taken" / batch.folder_name)
    assert deliver(home, ledger, [letters], AS_OF) == []
    assert there.files() == {}


def test_a_batch_that_vanished_holds_up_the_next_until_it_is_answered(
    home: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    there = folder_there(tmp_path)
    letters = letters_by(there.transport)
    lost, following = export(home, ledger, letters), export_another(home, ledger, letters, 2)
    shutil.rmtree(home.at_home.outbox / "letters" / lost.folder_name)
    assert [one.reason for one in deliver(home, ledger, [letters], AS_OF)] == ["withdrawn_or_gone"]
    answers = home.at_home.acks / "letters"
    answers.mkdir(parents=True)
    (answers / f"{lost.batch_id}.json").write_text(json.dumps({"batch_id": lost.batch_id, "status": "rejected"}))
    read_acks(home, ledger, AS_OF)
    (carried,) = deliver(home, ledger, [letters], AS_OF)
    assert (carried.batch, carried.outcome) == (following.folder_name, "delivered")


def test_a_restored_home_sends_nothing_and_then_not_again_what_its_tool_has_had(
    home: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    there = folder_there(tmp_path)
    letters = letters_by(there.transport)
    export(home, ledger, letters)
    new = export_another(home, ledger, letters, 2)
    hold(home.at_home, {"batches": {}})
    assert deliver(home, ledger, [letters], AS_OF) == []
    ledger.end_transfers("letters", 1, AS_OF)
    let_go(home.at_home)
    assert [one.batch for one in deliver(home, ledger, [letters], AS_OF)] == [new.folder_name]


def test_a_file_damaged_here_is_not_carried_on(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    there = folder_there(tmp_path)
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)
    (home.at_home.outbox / "letters" / batch.folder_name / "contacts.csv").write_bytes(b"half a li")
    assert deliver(home, ledger, [letters], AS_OF)[0].reason == "damaged_here"
    assert there.files() == {}


def test_other_content_of_the_same_name_is_never_written_over(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    there = folder_there(tmp_path)
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)
    there.put(f"outbox/letters/{batch.folder_name}/manifest.json", b"{}")
    assert deliver(home, ledger, [letters], AS_OF)[0].reason == "other_content_there"
    assert there.files() == {f"outbox/letters/{batch.folder_name}/manifest.json": b"{}"}


def test_a_sensor_asks_for_a_run_when_something_can_travel(home: Settings, ledger: Ledger, tmp_path: Path) -> None:
    letters = letters_by(ToFolder(str(tmp_path / "there")))
    assert waiting_transfers(ledger, [letters], AS_OF) == []
    batch = export(home, ledger, letters)
    (first,) = waiting_transfers(ledger, [letters], AS_OF)
    assert first.startswith(f"letters:{batch.batch_id}")
    deliver(home, ledger, [letters], AS_OF)
    assert waiting_transfers(ledger, [letters], AS_OF) == [], "it waits for its moment"
    later = AS_OF + timedelta(minutes=1)
    (second,) = waiting_transfers(ledger, [letters], later)
    assert second != first, "another attempt is another run"
    assert asked_again(ledger, [letters], later) == []
    (tmp_path / "there").mkdir()
    deliver(home, ledger, [letters], later)
    assert waiting_transfers(ledger, [letters], later) == []
    assert asked_again(ledger, [letters], later) == [f"letters:answers:{later:%Y-%m-%dT%H}"]
    assert asked_again(ledger, [letters], AS_OF + letters.expires_after) == []


def test_an_answer_that_was_set_aside_comes_again_only_when_it_is_mended(
    home: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    there = folder_there(tmp_path)
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)
    deliver(home, ledger, [letters], AS_OF)
    there.put(f"acks/letters/{batch.batch_id}.json", b"{")
    there.put("acks/letters/other.json", b"{}")
    assert fetch_answers(home, ledger, [letters]) == 1
    assert [one.outcome for one in read_acks(home, ledger, AS_OF)] == ["set_aside"]
    assert fetch_answers(home, ledger, [letters]) == 0
    answer = {"batch_id": batch.batch_id, "status": "accepted"}
    there.put(f"acks/letters/{batch.batch_id}.json", json.dumps(answer).encode())
    assert fetch_answers(home, ledger, [letters]) == 1
    assert [one.outcome for one in read_acks(home, ledger, AS_OF)] == ["applied"]
