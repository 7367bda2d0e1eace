"""A batch is its content: equal rows in the same place are the same batch, anything else is another."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dagster_project.domain.exports.destination import Destination
from dagster_project.domain.exports.manifest import Batch, BatchFile, faults, make_batch

AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)
LETTERS = Destination("letters", "message", "mailchimp", "email", expires_after=timedelta(days=3))
FILE = BatchFile("contacts.csv", "contacts", b"Email Address\na@example.com\n", 1, ("Email Address",))


def batch(**changes: object) -> Batch:
    given = {
        "destination": LETTERS,
        "sequence": 1,
        "previous_manifest_sha256": None,
        "files": [FILE],
        "as_of": AS_OF,
        "consent_as_of": AS_OF,
    }
    return make_batch(**(given | changes))  # type: ignore[arg-type]


def test_the_same_content_is_the_same_batch_to_the_byte() -> None:
    assert batch() == batch()


def test_another_row_place_or_destination_is_another_batch() -> None:
    ids = {
        batch().batch_id,
        batch(sequence=2).batch_id,
        batch(destination=replace(LETTERS, name="others")).batch_id,
        batch(files=[replace(FILE, content=FILE.content + b"b@example.com\n", count_rows=2)]).batch_id,
        batch(files=[replace(FILE, name="add.csv")]).batch_id,
    }
    assert len(ids) == 5
    assert all(len(batch_id) == 32 for batch_id in ids)


def test_the_manifest_tells_a_receiver_all_it_must_check() -> None:
    made = batch(previous_manifest_sha256="ab" * 32)
    manifest = json.loads(made.manifest)
    assert manifest == {
        "protocol": 2,
        "destination": "letters",
        "kind": "message",
        "format": "mailchimp",
        "audience": None,
        "sequence": 1,
        "batch_id": made.batch_id,
        "previous_manifest_sha256": "ab" * 32,
        "withdrawn": [],
        "pickup": "move",
        "as_of": "2026-03-31T20:59:59.999999Z",
        "consent_as_of": "2026-03-31T20:59:59.999999Z",
        "expires_at": "2026-04-03T20:59:59.999999Z",
        "files": [
            {
                "name": "contacts.csv",
                "role": "contacts",
                "rows": 1,
                "bytes": len(FILE.content),
                "sha256": FILE.sha256,
                "columns": ["Email Address"],
            }
        ],
    }


def test_a_damaged_folder_is_noticed() -> None:
    made = batch()
    whole = {FILE.name: (len(FILE.content), FILE.sha256)}
    assert faults(made.manifest, whole) == []
    assert faults(made.manifest, {}) == ["contacts.csv is missing"]
    assert faults(made.manifest, whole | {"more.csv": (1, "x")}) == ["more.csv is not in the manifest"]
    assert faults(made.manifest, {FILE.name: (1, FILE.sha256)}) == ["contacts.csv differs"]
    assert faults(made.manifest[:-20], whole) == ["manifest.json cannot be read"]
    assert faults(b"[]", whole) == ["manifest.json cannot be read"]
