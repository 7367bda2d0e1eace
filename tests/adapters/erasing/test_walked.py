"""The runbooks walked by their own lines, in a home where somebody asks to be forgotten, withdraws or is wronged."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.dagster_home import only_run
from dagster_project.adapters.erasing.erasing import House
from tests.adapters.erasing.people import OTHERS, PLANTED
from tests.adapters.erasing.planted import LATER, house_of, land_all, look, take_all
from tests.adapters.small_house import statuses
from tests.walks import PAGES, walk

ONE = PLANTED[5]


@pytest.fixture
def own(few: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The home that the commands work in."""
    from dagster_project.settings import settings

    monkeypatch.setenv("HOIVA_HOME", str(few.settings.home))
    monkeypatch.setattr("dagster_project.components.erasing.house_of", lambda own: house_of(own.home))
    settings.cache_clear()
    return few


def test_a_request_to_be_forgotten_is_walked_to_its_proof(own: House, tmp_path: Path) -> None:
    before = shutil.copytree(own.settings.home, tmp_path / "backup", symlinks=True)
    page = walk("erasure_request", own.settings.home, tmp_path)
    (page.folder / "address.txt").write_text(ONE.email + "\n")
    ((code, told),) = page.step("## 2. Give what is held")
    assert (code, (page.folder / "aino" / "everything.json").stat().st_mode & 0o777) == (0, 0o600)
    assert ONE.email not in told

    _, (code, told) = page.step("## 3. Erase")
    assert (code, "waits for google: " in told, "goes on by itself" in " ".join(told.split())) == (1, True, True)
    assert ONE.email not in told
    ((code, told),) = page.step("## 4. While it waits")
    assert (code, "has not been taken" in told) == (1, True)
    assert page.do("hoiva erase --verify --file people.csv")[0] == 1, "negative control: it is not over"
    take_all(own.settings)
    ((code, told),) = page.step("## 4. While it waits")
    assert (code, ": ended" in told) == (0, True)
    (code, told), (_, receipt) = page.step("## 5. Prove it")
    assert (code, "0 of 1 values found" in told, ": ended" in receipt) == (0, True, True)

    shutil.copy(own.settings.home / "erasures" / "journal.jsonl", page.folder)
    restored = walk("erasure_request", before, tmp_path)
    (before / "erasures").mkdir()
    (line,) = restored.lines("## 6. Tell the others")
    put_back, _, replay = line.partition(" && ")
    restored.do(put_back)
    assert restored.do(replay)[0] == 1, "the platforms of the restored home are told once more"
    with house_of(before) as again:
        take_all(again.settings)
        assert restored.do(f"hoiva erase --resume --home {before}")[0] == 0
        assert not {name for name in look(again.settings).hits if "contact_4" not in name}


def test_what_hoiva_erase_says_stands_in_the_table_with_what_to_do(own: House, tmp_path: Path) -> None:
    page = walk("erasure_request", own.settings.home, tmp_path)
    text = (PAGES / "erasure_request.md").read_text()

    def said(line: str) -> str:
        code, told = page.do(line)
        assert code == (0 if "Nothing of them" in told else 1), told
        return " ".join(told.split())

    assert "of the ids are no customer's" in said("hoiva erase c00000000000000000000")
    with only_run(own.settings):
        assert "another `hoiva run` is at work" in said("hoiva erase c00000000000000000000")
    row = f"contact_id,email,updated_at\n{OTHERS[0].id},{ONE.email},2026-03-31 10:00:00\n"
    land_all(own.settings, own.ledger, tmp_path / "shared", {("standard", "contacts_6.csv"): row.encode()})
    (page.folder / "people.csv").write_text(f"email\n{ONE.email}\n")
    assert "these addresses lead to 2 customers" in said("hoiva erase --file people.csv")
    (page.folder / "nobody.csv").write_text("email\nnobody@nowhere.example.com\n")
    assert "Nothing of them was found" in said("hoiva erase --file nobody.csv")
    for words in (
        "of the ids are no customer's",
        "another hoiva run is at work",
        "these addresses lead to 2 customers",
        "Nothing of them was found",
    ):
        assert f"{words}" in text, words


def test_a_consent_withdrawn_on_the_phone_counts_this_minute(own: House, tmp_path: Path) -> None:
    (later,) = own.settings.at_home.outbox.glob("letters/[0-9]*")
    page = walk("withdrawn_consent", own.settings.home, tmp_path)
    (page.folder / "id.txt").write_text(ONE.id)
    written, landed, *after = page.lines("## Somebody tells you by phone")
    page.do(written)
    code, told = page.do(landed)
    assert (code, "refused" in told, "count all the same: 1" in " ".join(told.split())) == (1, True, True)
    assert not later.exists(), "the batch that nobody had taken is back"
    mine = ONE.customer_id(own.settings.identity_salt)
    rows = {row["contact_id"]: row for row in own.ledger.contacts().to_pylist() if row["care_model"] == "later"}
    assert {row["status"] for row in rows.values() if row["customer_id"] == mine} == {"returned"}
    assert [line.split("#")[0].strip() for line in after] == ["hoiva explain CUSTOMER_ID", "hoiva run"]


def test_a_no_of_an_unknown_column_is_not_heard(own: House, tmp_path: Path) -> None:
    """Negative control: the words that the page tells to look for are not always there."""
    page = walk("withdrawn_consent", own.settings.home, tmp_path)
    (page.folder / "optout.csv").write_text(f"id,no_more_letters\n{ONE.id},true\n")
    code, told = page.do(page.lines("## Somebody tells you by phone")[1])
    assert (code, "all the same" in told) == (1, False)


def test_a_wrong_batch_that_nobody_has_taken_is_answered_for_its_receiver(own: House, tmp_path: Path) -> None:
    (later,) = own.settings.at_home.outbox.glob("letters/[0-9]*")
    number, _, batch_id = later.name.partition("-")
    page = walk("wrong_send", own.settings.home, tmp_path, DESTINATION="letters", BATCH_ID=batch_id, NUMBER=number)
    *lines, export = page.lines("## 3. A batch that nobody has taken")
    assert export == "hoiva run"
    for line in lines:
        page.do(line)
    assert not later.exists()
    read_acks(own.settings, own.ledger, LATER)  # what hoiva run and the job export do first
    mine = {row["contact_id"] for row in own.ledger.contacts().to_pylist() if row["care_model"] == "later"}
    assert {statuses(own.ledger)[one] for one in mine} == {("rejected", "batch_rejected")}
    code, told = page.do(page.lines("## 2. See what left")[1])
    assert (code, "danger" in told) == (0, False)


def test_what_a_receiver_stopped_of_a_taken_batch_ends_and_the_rest_counts(own: House) -> None:
    """Step 4 of a wrong send: rows are named by `row_key` in `rows.csv`."""
    take_all(own.settings, "letters")
    record = own.ledger.batches("letters")[-1]
    (batch,) = own.settings.at_home.outbox.glob(f"letters/.taken/*{record.batch_id}")
    with (batch / "rows.csv").open() as file:
        stopped, *met = [row["row_key"] for row in csv.DictReader(file)]
    told = {"batch_id": record.batch_id, "status": "partly"}
    rejected = [{"contact_id": stopped, "reason": "stopped"}]
    answer = own.settings.at_home.acks / "letters" / f"{record.batch_id}.json"
    answer.write_text(json.dumps(told | {"rejected": rejected}))
    read_acks(own.settings, own.ledger, LATER)
    now = statuses(own.ledger)
    assert now[stopped] == ("rejected", "stopped")
    assert {now[one][0] for one in met} <= {"published", "accepted"}
