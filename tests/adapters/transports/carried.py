"""Batches to carry, and what lies on the other side."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger
from dagster_project.domain.exports.manifest import Batch
from dagster_project.domain.exports.transport import ToFolder, ToS3, ToSftp, Transport
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, LETTERS, claim, customer_ids
from tests.adapters.transports.servers import SftpServer

REGION = "eu-north-1"


def letters_by(transport: Transport) -> Any:
    return replace(LETTERS, transport=transport)


def export(home: Settings, ledger: Ledger, destination: Any) -> Batch:
    batch = export_destination(home, ledger, destination, AS_OF)
    assert batch is not None
    return batch


def export_another(home: Settings, ledger: Ledger, destination: Any, number: int) -> Batch:
    """One more batch: the same customers, in another care model."""
    claim(ledger, customer_ids(4), care_model=f"model_{number}")
    return export(home, ledger, destination)


class There:
    """The other side of a transport: a folder on this machine, however it is reached."""

    def __init__(self, transport: Transport, root: Path | None, address: str | None = None) -> None:
        self.transport = transport
        self.root = root
        self.address = address
        self.bucket = transport.bucket if isinstance(transport, ToS3) else ""

    def files(self) -> dict[str, bytes]:
        """Every file there by its path, the hidden ones too."""
        if self.root is not None:
            return {
                str(path.relative_to(self.root)): path.read_bytes()
                for path in sorted(self.root.rglob("*"))
                if path.is_file()
            }
        client = s3_client(self.address or "")
        found = client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {one["Key"]: client.get_object(Bucket=self.bucket, Key=one["Key"])["Body"].read() for one in found}

    def put(self, name: str, content: bytes) -> None:
        """A file that its tool leaves there."""
        if self.root is not None:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        else:
            s3_client(self.address or "").put_object(Bucket=self.bucket, Key=name, Body=content)

    def seen(self) -> dict[str, bytes]:
        """What a receiver there sees: nothing whose name begins with a dot, and nothing without its manifest."""
        files = {name: one for name, one in self.files().items() if not any(p[:1] == "." for p in name.split("/"))}
        whole = {name.rpartition("/")[0] for name in files if name.endswith("/manifest.json")}
        return {name: one for name, one in files.items() if name.rpartition("/")[0] in whole}


def s3_client(address: str) -> Any:
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        region_name="eu-north-1",
    )


def folder_there(tmp_path: Path) -> There:
    root = tmp_path / "there"
    root.mkdir()
    return There(ToFolder(str(root)), root)


def sftp_there(server: SftpServer, monkeypatch: Any) -> There:
    monkeypatch.setenv("HOIVA_SECRET_LETTERS_PRIVATE_KEY_FILE", str(server.key_file))
    name = f"in{os.urandom(4).hex()}"
    (server.root / name).mkdir()
    to = ToSftp(server.host, server.user, name, server.host_key, server.port)
    return There(to, server.root / name)


def s3_there(address: str, monkeypatch: Any) -> There:
    monkeypatch.setenv("HOIVA_SECRET_LETTERS_ACCESS_KEY", "testing")
    monkeypatch.setenv("HOIVA_SECRET_LETTERS_SECRET_KEY", "testing")
    bucket = f"hoiva-{os.urandom(4).hex()}"
    s3_client(address).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return There(ToS3(bucket, "", address, REGION), None, address)


def differs_from_manifest(files: Mapping[str, bytes], folder: str, batch: Batch) -> list[str]:
    """The names of files that are not as the manifest says, the manifest included."""
    manifest = json.loads(batch.manifest)
    expected = {entry["name"]: entry["sha256"] for entry in manifest["files"]}
    expected["manifest.json"] = batch.manifest_sha256
    found = {
        name.rpartition("/")[2]: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name.startswith(f"{folder}/")
    }
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
