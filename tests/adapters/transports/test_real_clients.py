"""What was delivered is pulled by the clients that tools use, and is what the manifest says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from dagster_project.adapters.ledger import Ledger
from dagster_project.adapters.transports.deliver import deliver
from dagster_project.domain.exports.transport import ToSftp
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF
from tests.adapters.transports.carried import (
    differs_from_manifest,
    export,
    letters_by,
    s3_client,
    s3_there,
    sftp_there,
)
from tests.adapters.transports.servers import SftpServer, asyncssh_server


@pytest.mark.skipif(shutil.which("sftp") is None, reason="the sftp command (openssh-client) is not on this machine")
def test_the_printing_house_pulls_its_files_by_sftp(
    home: Settings, ledger: Ledger, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = sftp_there(sftp, monkeypatch)
    assert isinstance(there.transport, ToSftp)
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)
    deliver(home, ledger, [letters], AS_OF)
    (tmp_path / "known_hosts").write_text(f"[{sftp.host}]:{sftp.port} {sftp.host_key}\n")
    options = ["-i", str(sftp.key_file), "-P", str(sftp.port), "-o", f"UserKnownHostsFile={tmp_path / 'known_hosts'}"]
    command = ["sftp", "-q", "-b", "-", "-F", "none", *options, f"{sftp.user}@{sftp.host}"]
    got = tmp_path / "got"
    script = f"get -r {there.transport.path}/outbox {got}\n"
    subprocess.run(command, input=script.encode(), check=True, capture_output=True, timeout=60)
    files = {str(path.relative_to(got)): path.read_bytes() for path in got.rglob("*") if path.is_file()}
    assert differs_from_manifest(files, f"letters/{batch.folder_name}", batch) == []


def test_an_s3_client_pulls_its_files(
    home: Settings, ledger: Ledger, s3: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = s3_there(s3, monkeypatch)
    letters = letters_by(there.transport)
    batch = export(home, ledger, letters)
    deliver(home, ledger, [letters], AS_OF)
    client = s3_client(s3)
    found = client.list_objects_v2(Bucket=there.bucket, Prefix=f"outbox/letters/{batch.folder_name}/")["Contents"]
    for one in found:
        client.download_file(there.bucket, one["Key"], str(tmp_path / one["Key"].rpartition("/")[2]))
    files = {f"here/{path.name}": path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert differs_from_manifest(files, "here", batch) == []


@pytest.mark.slow
def test_another_servers_sftp_will_do(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with asyncssh_server(tmp_path) as server:
        there = sftp_there(server, monkeypatch)
        letters = letters_by(there.transport)
        batch = export(home, ledger, letters)
        assert deliver(home, ledger, [letters], AS_OF)[0].outcome == "delivered"
        assert differs_from_manifest(there.files(), f"outbox/letters/{batch.folder_name}", batch) == []
