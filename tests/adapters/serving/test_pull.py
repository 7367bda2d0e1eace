"""A tool fetches its own batches and nobody else's, in whole or in parts, with real curl."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.holding import hold, let_go
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.serving.app import make_app
from dagster_project.domain.exports.manifest import Batch
from dagster_project.domain.exports.transport import Pull
from dagster_project.settings import Settings
from tests.adapters.small_house import (
    AS_OF,
    CALLS,
    LETTERS,
    SECRETS,
    claim,
    consent,
    customer_ids,
    house,
    point,
    statuses,
)
from tests.adapters.transports.servers import free_port, wait_for

IDS = customer_ids(4)
MINE, OTHERS = replace(LETTERS, transport=Pull()), replace(CALLS, transport=Pull())
CURL = shutil.which("curl")
pytestmark = pytest.mark.skipif(CURL is None, reason="curl is not on this machine")


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        house(home, map(point, IDS), audience=IDS)
        consent(opened, IDS)
        claim(opened, IDS)
        claim(opened, IDS, channel="phone")
        yield opened


@pytest.fixture
def address(home: Settings, ledger: Ledger) -> Iterator[str]:
    port = free_port()
    app = make_app(home, {"letters", "calls"})
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, access_log=False, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(port)
    yield f"http://127.0.0.1:{port}/v1"
    server.should_exit = True
    thread.join(10)


def curl(address: str, token: str | None, *options: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what real curl gets."""
    auth = [] if token is None else ["-H", f"Authorization: Bearer {token}"]
    command = [str(CURL), "-s", "-i", "--path-as-is", *auth, *options, address]
    answered = subprocess.run(command, check=True, capture_output=True, timeout=30).stdout
    head, _, body = answered.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, body


def exported(home: Settings, ledger: Ledger, destination: Any = MINE) -> Batch:
    batch = export_destination(home, ledger, destination, AS_OF)
    assert batch is not None
    return batch


def test_a_tool_lists_takes_reads_and_answers(home: Settings, ledger: Ledger, address: str) -> None:
    batch, token = exported(home, ledger), ledger.make_token("letters", AS_OF)
    status, _, body = curl(f"{address}/letters/batches", token)
    listed = json.loads(body)["batches"]
    assert (status, [(one["name"], one["is_taken"]) for one in listed]) == (200, [(batch.folder_name, False)])
    here = f"{address}/letters/batches/{batch.folder_name}"
    assert curl(f"{here}/contacts.csv", token)[0] == 409, "read before it was taken: it might yet be withdrawn"
    status, headers, manifest = curl(f"{here}/manifest.json", token)
    assert (status, headers["etag"]) == (200, f'"{batch.manifest_sha256}"')
    assert curl(f"{here}/take", token, "-X", "POST")[0] == 200
    assert curl(f"{here}/take", token, "-X", "POST")[0] == 200, "taking again changes nothing"
    for entry in json.loads(manifest)["files"]:
        status, headers, content = curl(f"{here}/{entry['name']}", token)
        assert (status, hashlib.sha256(content).hexdigest()) == (200, entry["sha256"])
        assert headers["etag"] == f'"{entry["sha256"]}"'
    answer = json.dumps({"batch_id": batch.batch_id, "status": "accepted"})
    assert curl(f"{address}/letters/answers/{batch.batch_id}", token, "-X", "PUT", "-d", answer)[0] == 204
    assert [one.outcome for one in read_acks(home, ledger, AS_OF)] == ["applied"]
    assert {status for status, _ in statuses(ledger).values()} == {"accepted", "claimed"}
    assert json.loads(curl(f"{address}/letters/batches", token)[2])["batches"] == []


def test_a_file_comes_in_parts_and_not_again(home: Settings, ledger: Ledger, address: str, tmp_path: Path) -> None:
    batch, token = exported(home, ledger), ledger.make_token("letters", AS_OF)
    here = f"{address}/letters/batches/{batch.folder_name}"
    curl(f"{here}/take", token, "-X", "POST")
    _, headers, whole = curl(f"{here}/contacts.csv", token)
    status, part_headers, part = curl(f"{here}/contacts.csv", token, "-r", "10-19")
    assert (status, part) == (206, whole[10:20])
    assert part_headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert curl(f"{here}/contacts.csv", token, "-r", "-5")[2] == whole[-5:]
    assert curl(f"{here}/contacts.csv", token, "-r", f"{len(whole)}-")[0] == 416
    tag = ["-H", f"If-None-Match: {headers['etag']}"]
    assert curl(f"{here}/contacts.csv", token, *tag)[::2] == (304, b"")
    assert curl(f"{here}/contacts.csv", token, "-H", 'If-None-Match: "another"')[0] == 200
    other = ["-r", "0-3", "-H", 'If-Range: "another"']
    assert curl(f"{here}/contacts.csv", token, *other)[::2] == (200, whole), "a part of another file is no part"
    started = tmp_path / "contacts.csv"
    started.write_bytes(whole[:7])
    resumed = [str(CURL), "-s", "-C", "-", "-o", str(started), "-H", f"Authorization: Bearer {token}"]
    subprocess.run([*resumed, f"{here}/contacts.csv"], check=True, timeout=30)
    assert started.read_bytes() == whole, "curl went on where it stopped"


def test_a_token_opens_its_own_destination_alone(home: Settings, ledger: Ledger, address: str) -> None:
    batch, other = exported(home, ledger), exported(home, ledger, OTHERS)
    token = ledger.make_token("letters", AS_OF)
    mine, theirs = f"{address}/letters/batches", f"{address}/calls/batches"
    assert curl(mine, None)[0] == 401
    assert curl(mine, "wrong")[0] == 401
    assert curl(mine, token[:-1] + ("a" if token[-1] != "a" else "b"))[0] == 401
    assert "bearer" in curl(mine, None)[1]["www-authenticate"].lower()
    assert curl(theirs, token)[0] == 403
    assert curl(f"{theirs}/{other.folder_name}/take", token, "-X", "POST")[0] == 403
    assert curl(f"{mine}/{other.folder_name}/manifest.json", token)[0] == 404, "theirs under my name"
    assert curl(f"{address}/nobody/batches", token)[0] == 403
    answer = json.dumps({"batch_id": other.batch_id, "status": "rejected"})
    assert curl(f"{address}/letters/answers/{other.batch_id}", token, "-X", "PUT", "-d", answer)[0] == 404
    assert curl(f"{mine}/{batch.folder_name}/manifest.json", token)[0] == 200, "the right one opens"
    ledger.end_token(token.partition(".")[0], AS_OF)
    assert curl(mine, token)[0] == 401, "an ended one opens nothing"


def test_a_restored_home_gives_nothing_out_until_it_is_settled(home: Settings, ledger: Ledger, address: str) -> None:
    exported(home, ledger)
    token = ledger.make_token("letters", AS_OF)
    hold(home.at_home, {})
    assert curl(f"{address}/letters/batches", token)[0] == 503
    let_go(home.at_home)
    assert curl(f"{address}/letters/batches", token)[0] == 200


def test_a_token_of_a_destination_that_is_not_fetched_opens_nothing(
    home: Settings, ledger: Ledger, address: str
) -> None:
    assert curl(f"{address}/google/batches", ledger.make_token("google", AS_OF))[0] == 404


HOSTILE = (
    "batches/../../../../etc/passwd",
    "batches/..%2f..%2f..%2f..%2fetc/passwd",
    "batches/{name}/..%2f..%2f..%2fledger.db",
    "batches/{name}/%2e%2e/%2e%2e/ledger.db",
    "batches/.taken/{name}",
    "batches/.staging/manifest.json",
    "batches/{name}/rows.csv%00.json",
    "batches/{name}/",
    "batches/{name}/other.csv",
    "batches/000001-ffffffffffffffffffffffffffffffff/manifest.json",
    "batches/{name}%20/manifest.json",
)


def test_no_path_leads_out_of_a_batch(home: Settings, ledger: Ledger, address: str) -> None:
    batch, token = exported(home, ledger), ledger.make_token("letters", AS_OF)
    curl(f"{address}/letters/batches/{batch.folder_name}/take", token, "-X", "POST")
    for path in HOSTILE:
        status, _, body = curl(f"{address}/letters/{path.format(name=batch.folder_name)}", token)
        assert status in (400, 404), path
        assert not any(secret.encode() in body for secret in (*SECRETS, "SQLite", "root:")), path
    assert curl(f"{address}/letters/batches/{batch.folder_name}/rows.csv", token)[0] == 200, "a right path leads there"


def test_batches_are_taken_in_order(home: Settings, ledger: Ledger, address: str) -> None:
    first = exported(home, ledger)
    claim(ledger, IDS, care_model="thanks")
    second, token = exported(home, ledger), ledger.make_token("letters", AS_OF)
    mine = f"{address}/letters/batches"
    assert curl(f"{mine}/{second.folder_name}/take", token, "-X", "POST")[0] == 409
    assert curl(f"{mine}/{first.folder_name}/take", token, "-X", "POST")[0] == 200
    assert curl(f"{mine}/{second.folder_name}/take", token, "-X", "POST")[0] == 200


def test_a_wrong_answer_is_refused_in_words_that_quote_nothing(home: Settings, ledger: Ledger, address: str) -> None:
    batch, token = exported(home, ledger), ledger.make_token("letters", AS_OF)
    curl(f"{address}/letters/batches/{batch.folder_name}/take", token, "-X", "POST")
    where = f"{address}/letters/answers/{batch.batch_id}"
    for wrong in ("{", json.dumps({"batch_id": batch.batch_id, "status": "asiakas1@example.com"}), "[]"):
        status, _, body = curl(where, token, "-X", "PUT", "-d", wrong)
        assert status == 422
        assert b"example.com" not in body
    assert not list((home.at_home.acks).rglob("*.json"))


def test_the_log_says_what_was_asked_and_nothing_a_caller_wrote(
    home: Settings, ledger: Ledger, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    batch, token = exported(home, ledger), ledger.make_token("letters", AS_OF)
    with caplog.at_level(logging.INFO, "dagster_project.adapters.serving.app"):
        curl(f"{address}/letters/batches/asiakas1@example.com/manifest.json?phone=0401234567", token)
        curl(f"{address}/letters/batches/{batch.folder_name}/manifest.json", token)
        until = time.monotonic() + 5
        while len(caplog.messages) < 2 and time.monotonic() < until:
            time.sleep(0.01)
    lines = [message for message in caplog.messages if "/v1/" in message]
    assert [line.split()[:4] for line in lines] == [
        ["GET", "/v1/{destination}/batches/{name}/{file}", "letters", "404"],
        ["GET", "/v1/{destination}/batches/{name}/{file}", "letters", "200"],
    ]
    assert not any(part in line for line in lines for part in ("example.com", "0401234567", token, batch.batch_id))


def test_its_own_description_names_every_answer(home: Settings) -> None:
    told = make_app(home, set()).openapi()
    assert sorted(told["paths"]) == [
        "/v1/{destination}/answers/{batch_id}",
        "/v1/{destination}/batches",
        "/v1/{destination}/batches/{name}/take",
        "/v1/{destination}/batches/{name}/{file}",
    ]
    for path, methods in told["paths"].items():
        for one in methods.values():
            assert {"401", "403", "404"} <= one["responses"].keys(), path
            assert one["security"] == [{"HTTPBearer": []}], path
