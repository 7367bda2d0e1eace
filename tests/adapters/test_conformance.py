"""The receiver of the contract's page is right, and the check that says so finds each slip of a wrong one."""

from __future__ import annotations

import csv
import io
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.withdrawing import withdraw
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import CHECKOUT, Settings
from tests.adapters.small_house import (
    AS_OF,
    LETTERS,
    batches,
    claim,
    consent,
    customer_ids,
    house,
    point,
    statuses,
)

IDS = customer_ids(4)
CHECK = runpy.run_path(str(CHECKOUT / "scripts" / "check_receiver.py"))
Deliver = Callable[[dict[str, Any], dict[str, bytes]], list[dict[str, str]]]


def code() -> str:
    """The receiver as it stands on the page."""
    text = (CHECKOUT / "docs" / "contracts" / "outbox.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    return str(found)


@pytest.fixture
def receive(tmp_path: Path) -> Callable[..., None]:
    path = tmp_path / "receiver.py"
    path.write_text(code(), encoding="utf-8")
    receive: Callable[..., None] = runpy.run_path(str(path))["receive"]
    return receive


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        house(home, map(point, IDS))
        consent(opened, IDS)
        claim(opened, IDS)
        yield opened


def outcomes(home: Settings, ledger: Ledger) -> list[str]:
    return [applied.outcome for applied in read_acks(home, ledger, AS_OF)]


def noting(taken: list[str]) -> Deliver:
    """Delivers by noting contact ids, and refuses the first row."""

    def deliver(manifest: dict[str, Any], files: dict[str, bytes]) -> list[dict[str, str]]:
        rows = list(csv.DictReader(io.StringIO(files["contacts.csv"].decode(), newline="")))
        taken.extend(row["Contact ID"] for row in rows)
        return [{"contact_id": rows[0]["Contact ID"], "reason": "address_unknown"}]

    return deliver


def test_it_takes_each_row_once(home: Settings, ledger: Ledger, tmp_path: Path, receive: Callable[..., None]) -> None:
    taken: list[str] = []
    contact_ids = set(statuses(ledger))
    for care_model in ("second", "third"):
        export_destination(home, ledger, LETTERS, AS_OF)
        contact_ids |= set(claim(ledger, IDS, care_model=care_model))
    export_destination(home, ledger, LETTERS, AS_OF)
    places = (home.at_home.outbox, home.at_home.acks, "letters", tmp_path / "done")
    for _ in range(2):
        receive(*places, noting(taken), AS_OF)
    assert sorted(taken) == sorted(contact_ids)
    assert outcomes(home, ledger) == ["applied"] * 3
    found = [status for status, _ in statuses(ledger).values()]
    assert (found.count("rejected"), found.count("accepted")) == (3, 9)


def test_it_goes_on_after_a_withdrawal(
    home: Settings, ledger: Ledger, tmp_path: Path, receive: Callable[..., None]
) -> None:
    taken: list[str] = []
    places = (home.at_home.outbox, home.at_home.acks, "letters", tmp_path / "done")
    export_destination(home, ledger, LETTERS, AS_OF)
    receive(*places, noting(taken), AS_OF)
    claim(ledger, IDS, care_model="second")
    export_destination(home, ledger, LETTERS, AS_OF)
    ledger.suppress([Suppression(IDS[0], "withdrawn")], AS_OF)
    assert len(withdraw(home, ledger, [IDS[0]], AS_OF)) == 1
    export_destination(home, ledger, LETTERS, AS_OF)
    receive(*places, noting(taken), AS_OF)
    assert len(taken) == len(set(taken)) == 7


def test_it_refuses_what_is_damaged_or_expired(
    home: Settings, ledger: Ledger, tmp_path: Path, receive: Callable[..., None]
) -> None:
    export_destination(home, ledger, LETTERS, AS_OF)
    places = (home.at_home.outbox, home.at_home.acks, "letters", tmp_path / "done")

    def deliver(*_: object) -> list[dict[str, str]]:
        raise AssertionError("must not be delivered")

    (folder,) = batches(home, "letters")
    content = (folder / "contacts.csv").read_bytes()
    (folder / "contacts.csv").write_bytes(content.replace(b"asiakas1", b"asiakas9"))
    with pytest.raises(ValueError, match="damaged"):
        receive(*places, deliver, AS_OF)
    (folder / "contacts.csv").write_bytes(content)
    receive(*places, deliver, AS_OF + timedelta(days=30))
    assert outcomes(home, ledger) == ["applied"]
    assert {status for status, _ in statuses(ledger).values()} == {"rejected"}


def wrong_cases(receiver: str, tmp_path: Path) -> set[str]:
    """The cases a receiver fails, by the check that its owner would run."""
    path = tmp_path / "receiver.py"
    path.write_text(receiver, encoding="utf-8")
    places = [f"{{{name}}}" for name in CHECK["PLACES"]]
    found = CHECK["check"]([sys.executable, "-S", str(path), *places])
    return {name for name, (_, wrong) in found.items() if wrong}


def test_the_receiver_of_the_page_is_short_and_right(tmp_path: Path) -> None:
    assert len(code().splitlines()) <= 60
    assert wrong_cases(code(), tmp_path) == set()


SLIPS = {
    "uses damaged files": ('!= entry["sha256"]', "is None", {"damaged"}),
    "ignores the expiry": ("< now", "< now.replace(year=2000)", {"expired"}),
    "ignores a gap": ('if last and manifest["previous_manifest_sha256"] != previous', "if False", {"gap"}),
    "takes any number that is missing for a gap": (
        'if last and manifest["previous_manifest_sha256"] != previous',
        'if last and manifest["sequence"] != int(last[:6]) + 1',
        {"withdrawn"},
    ),
    "does not read the protocol": ('manifest["protocol"] != 2', "False", {"unknown_protocol"}),
    "does not remember": ("if not record.exists():", "if True:", {"two_in_order"}),
    "works where the batch lies": (
        "os.rename(taken.parent / name, taken / name)",
        "name = f'../{name}'",
        {"two_in_order"},
    ),
    "never answers": ("write(acks /", "write(done /", {"two_in_order"}),
    "forgets what it took when it died": ("in sorted(os.listdir(taken)):", "in ():", {"died_after_taking"}),
    "takes the newest first": (
        "sorted(name for name in os.listdir(taken.parent) if name[0].isdigit())",
        "sorted((name for name in os.listdir(taken.parent) if name[0].isdigit()), reverse=True)",
        {"two_in_order"},
    ),
    "passes over a batch that empties a list": (
        "rejected = [] if is_late else deliver(manifest, files)",
        "rejected = [] if is_late else deliver(manifest, files) or (manifest['files'][0]['rows'] == 0 and [{}]) or []",
        {"whole_audience"},
    ),
    "reads the first file of an audience alone": (
        "*row[:3], file=log) for row in list(rows)[1:]]",
        "*row[:3], file=log) for row in list(rows)[1:] if row[0] != 'full_2.csv']",
        {"whole_audience"},
    ),
    "adds before it removes": ("list(rows)[1:]", "list(rows)[:0:-1]", {"removes_first"}),
}


@pytest.mark.parametrize("slip", ["ignores the expiry", "works where the batch lies", "ignores a gap"])
def test_the_check_finds_a_slip(tmp_path: Path, slip: str) -> None:
    find_slip(tmp_path, slip)


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS)
def test_the_check_finds_every_slip(tmp_path: Path, slip: str) -> None:
    find_slip(tmp_path, slip)


def find_slip(tmp_path: Path, slip: str) -> None:
    """Negative controls: each wrong receiver is found out by the case that is about it."""
    right, wrong, cases = SLIPS[slip]
    assert code().count(right) == 1
    assert wrong_cases(code().replace(right, wrong), tmp_path) >= cases
