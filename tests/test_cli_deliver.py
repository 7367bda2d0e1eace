"""``hoiva deliver``, ``hoiva token`` and ``hoiva serve`` as a person types them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.adapters.ledger import open_ledger
from dagster_project.cli import app
from dagster_project.components import destination as files
from dagster_project.domain.exports.transport import Pull, ToFolder
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, CALLS, LETTERS, claim, consent, customer_ids, house, point
from tests.adapters.transports.carried import export

IDS = customer_ids(3)
WHEN = ["--as-of", f"{AS_OF:%Y-%m-%dT%H:%M}"]


@pytest.fixture
def there(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with one batch of letters to carry; its folder over there is not mounted yet."""
    there = tmp_path / "there"
    letters = replace(LETTERS, transport=ToFolder(str(there)))
    calls = replace(CALLS, transport=Pull())
    monkeypatch.setattr(files, "destinations", lambda: [calls, letters])
    monkeypatch.setattr(files, "pulled", lambda: frozenset({"calls"}))
    with open_ledger(home.ledger_address) as ledger:
        house(home, map(point, IDS))
        consent(ledger, IDS)
        claim(ledger, IDS)
        export(home, ledger, letters)
    return there


def test_a_person_delivers_and_sees_what_waits(there: Path) -> None:
    waiting = CliRunner().invoke(app, ["deliver", *WHEN])
    assert waiting.exit_code == 1
    assert "waiting: folder_missing, tried again after" in waiting.stdout
    there.mkdir()
    nothing = CliRunner().invoke(app, ["deliver", *WHEN])
    assert (nothing.exit_code, nothing.stdout) == (0, "nothing to deliver, 0 answers fetched\n")
    done = CliRunner().invoke(app, ["deliver", "letters", *WHEN, "--at-once", "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert [(one["destination"], one["outcome"]) for one in told["batches"]] == [("letters", "delivered")]
    assert len(list(there.rglob("manifest.json"))) == 1


def test_a_destination_nobody_knows_is_named(there: Path) -> None:
    wrong = CliRunner().invoke(app, ["deliver", "lettres"])
    assert isinstance(wrong.exception, HoivaError)
    assert str(wrong.exception) == "there is no destination lettres; known: calls, letters"


def test_a_token_is_shown_once_and_ended(there: Path, home: Settings) -> None:
    made = CliRunner().invoke(app, ["token", "new", "calls"])
    assert made.exit_code == 0
    token = made.stdout.split()[-1]
    with open_ledger(home.ledger_address) as ledger:
        assert ledger.destination_of_token(token) == "calls"
    listed = CliRunner().invoke(app, ["token", "list", "--json"])
    (one,) = json.loads(listed.stdout)
    assert token.partition(".")[2] not in listed.stdout
    assert CliRunner().invoke(app, ["token", "end", one["token_id"]]).exit_code == 0
    with open_ledger(home.ledger_address) as ledger:
        assert ledger.destination_of_token(token) is None
    refused = CliRunner().invoke(app, ["token", "new", "letters"])
    assert "letters is no destination with `transport: {kind: pull}`; such are: calls" in str(refused.exception)


def test_tokens_never_travel_in_the_clear() -> None:
    refused = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0"])
    assert "would travel in the clear" in str(refused.exception)
    assert CliRunner().invoke(app, ["serve", "--certificate", "here.pem"]).exit_code == 2
