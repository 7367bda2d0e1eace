"""After an erasure nothing of a person is left in any byte of the home; before it the same look finds everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dagster_project.adapters.erasing import stores
from dagster_project.adapters.erasing.erasing import House, erase, resume_all
from dagster_project.adapters.erasing.finding import Wanted
from dagster_project.adapters.erasing.journal import journal_file
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import scan
from dagster_project.adapters.ledger import Ledger
from dagster_project.commands import erase as command
from dagster_project.errors import HoivaError
from tests.adapters.erasing.conftest import Forgotten
from tests.adapters.erasing.people import OTHERS, PLANTED, VALUES, deliveries
from tests.adapters.erasing.planted import LATER, forms_of, house_of, land_all, look, take_all, wanted

PLACES = {
    "lake", "vault", "warehouse.duckdb", "dagster", "dbt", "data_docs", "models", "reports", "landing", "outbox",
}  # fmt: skip


def balances(ledger: Ledger) -> list[tuple[str, int, int]]:
    return [
        (one.file_name, one.count_delivered, one.count_loaded + one.count_quarantined + one.count_erased)
        for one in ledger.deliveries()
    ]


def test_the_look_is_not_blind(forgotten: Forgotten) -> None:
    """Before: every value in every form, in every place."""
    before = forgotten.before
    assert before.numbers == set(range(len(VALUES) + len(PLANTED)))
    assert before.by_place().keys() >= PLACES
    forms: dict[int, set[str]] = {}
    for pairs in before.hits.values():
        for number, form in pairs:
            forms.setdefault(number, set()).add(form)
    for number, value in enumerate(VALUES):
        planted = {form for form, content in forms_of(value).items() if content != value.encode()}
        assert forms[number] >= (planted - {"utf16be", "md5"}) | {"plain"}, value


def test_nothing_is_left_in_any_byte(forgotten: Forgotten) -> None:
    assert (forgotten.waiting.state, forgotten.waiting.waits_for.keys()) == ("waiting", {"google"})
    assert forgotten.ended.state == "ended"
    settings = forgotten.house.settings
    assert look(settings, deep=True).hits == {}
    counted = [one for one in balances(forgotten.house.ledger) if one[0] != "contact_4.csv"]  # refused: none counted
    assert all(delivered == accounted for _, delivered, accounted in counted)
    assert list((settings.at_home.vault / "erasures").iterdir()) == []


def test_everybody_else_keeps_every_value(forgotten: Forgotten) -> None:
    home = forgotten.house.settings.at_home
    found = scan(home, Patterns([value for one in OTHERS for value in one.fields]))
    assert found.numbers == set(range(len(OTHERS) * 7))
    lake = pq.read_table(home.vault_lake / "hubspot" / "contact", partitioning=None)
    assert {row for row in lake["id"].to_pylist() if row} == {one.id for one in OTHERS}
    days = pq.read_table(home.lake / "shop" / "invoice_lines", partitioning=None)["InvoiceDate"].to_pylist()
    assert sorted(day.day for day in days if day) == sorted(1 + one.number % 9 for one in OTHERS)
    assert pq.read_table(home.published / "customer_360" / "customer_360.parquet").num_rows == len(OTHERS)


def test_the_ledger_keeps_its_sums_and_no_name(forgotten: Forgotten) -> None:
    ledger = forgotten.house.ledger
    rows = ledger.contacts().to_pylist()
    assert len(rows) == forgotten.contacts_before
    assert ledger.miscounts() == {}
    ids = {one.customer_id(forgotten.house.settings.identity_salt) for one in PLANTED}
    assert not ids & {row["customer_id"] for row in rows}
    ended = [row for row in rows if row["care_model"] == "later" and row["customer_id"].startswith("e")]
    assert len(ended) == len(PLANTED)
    assert {row["status"] for row in ended} == {"returned"}
    assert ledger.about(ids) == {}


def test_the_receipt_and_the_journal_name_nobody(forgotten: Forgotten) -> None:
    home, told = forgotten.house.settings.at_home, forgotten.ended
    receipt = json.loads((home.root / "erasures" / f"{told.erasure_id}.json").read_text())
    assert receipt["count_customers"] == len(PLANTED)
    assert receipt["steps"]["lake"]["rows"] >= 11 * len(PLANTED)
    assert receipt["steps"]["outbox"]["batches"] == 3
    text = (home.root / "erasures" / f"{told.erasure_id}.txt").read_text() + journal_file(home).read_text()
    ids = [one.id for one in PLANTED] + [one.customer_number for one in PLANTED]
    assert not [value for value in [*VALUES, *ids] for form in forms_of(value).values() if form in text.encode()]


def test_tomorrows_file_brings_nobody_back(after: House, tmp_path: Path) -> None:
    files = deliveries([*OTHERS, *PLANTED])
    for key in (("hubspot", "contact_2.csv"), ("hubspot", "contact_4.csv")):  # what does not fit, and says no
        files[key] = files[key].replace(b",false,true,true", b",true,false,false")
    told = land_all(after.settings, after.ledger, tmp_path / "again", files, LATER)
    assert look(after.settings).hits == {}
    assert after.ledger.suppressions().num_rows, "those who are known are heeded"
    for name, one in told.items():
        accounted = one.count_loaded + one.count_quarantined + one.count_erased
        assert one.count_delivered == accounted, name
    assert told["hubspot/contact_1.csv"].count_erased == len(PLANTED)
    assert told["standard/order_lines_1.csv"].count_erased == len(PLANTED)
    assert told["ga4/events_1.jsonl.gz"].count_erased == len(PLANTED)
    assert told["hubspot/contact_1.csv"].count_loaded == len(OTHERS)


def test_without_the_hashes_tomorrows_file_would_bring_them_back(after: House, tmp_path: Path) -> None:
    """Negative control."""
    from sqlalchemy import text

    with after.ledger.writing() as connection:
        connection.execute(text("delete from erased_identifiers"))
    files = {key: data for key, data in deliveries([*OTHERS, *PLANTED]).items() if key == ("hubspot", "contact_1.csv")}
    land_all(after.settings, after.ledger, tmp_path / "again", files, LATER)
    assert look(after.settings).numbers


def test_a_new_record_with_an_erased_address_stays_outside_too(after: House, tmp_path: Path) -> None:
    at = "2026-04-01 10:00:00"
    rows = f"contact_id,email,updated_at\nnew1,{PLANTED[3].email},{at}\nnew2,a@b.example.com,{at}\n"
    told = land_all(
        after.settings, after.ledger, tmp_path / "new", {("standard", "contacts_5.csv"): rows.encode()}, LATER
    )
    one = told["standard/contacts_5.csv"]
    assert (one.count_delivered, one.count_loaded, one.count_erased) == (2, 1, 1)


@pytest.mark.parametrize("left_out", ["take_from_archive", pytest.param("take_from_lake", marks=pytest.mark.slow)])
def test_a_step_that_does_nothing_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch, left_out: str) -> None:
    """Negative control: neither the last look nor its cleaning may be what hides a step that fails to do its work."""
    settings = house.settings
    monkeypatch.setattr(stores, left_out, lambda *_: {})
    monkeypatch.setattr("dagster_project.adapters.erasing.sweeping._clean", lambda _, path, __: ("texts", path))
    erase(house, wanted(settings), LATER)
    take_all(settings)
    with pytest.raises(HoivaError, match="still in"):
        resume_all(house, LATER)
    assert {one.state for one in house.ledger.erasures()} == {"waiting"}


def test_somebody_known_by_an_address_alone_is_found(house: House) -> None:
    settings = house.settings
    told = erase(house, Wanted(emails=frozenset({PLANTED[0].email.lower()})), LATER)
    take_all(settings)
    resume_all(house, LATER)
    found = scan(settings.at_home, Patterns([*PLANTED[0].fields, *PLANTED[1].fields]))
    assert found.numbers == set(range(7, 14)), "one is gone, the other is not"
    assert told.receipt["count_customers"] == 1


def test_an_address_of_two_customers_is_not_guessed(house: House, tmp_path: Path) -> None:
    row = f"contact_id,email,updated_at\n{OTHERS[0].id},{PLANTED[0].email},2026-03-31 10:00:00\n"
    land_all(house.settings, house.ledger, tmp_path / "shared", {("standard", "contacts_6.csv"): row.encode()})
    with pytest.raises(HoivaError, match="lead to 2 customers"):
        erase(house, Wanted(emails=frozenset({PLANTED[0].email})), LATER)
    assert house.ledger.erasures() == []


def test_an_address_that_somebody_else_has_too_stays_theirs(house: House, tmp_path: Path) -> None:
    settings = house.settings
    row = f"contact_id,email,updated_at\n{OTHERS[0].id},{PLANTED[0].email},2026-03-31 10:00:00\n"
    land_all(settings, house.ledger, tmp_path / "shared", {("standard", "contacts_6.csv"): row.encode()})
    erase(house, Wanted(customer_ids=frozenset({PLANTED[0].customer_id(settings.identity_salt)})), LATER)
    lake = pq.read_table(settings.at_home.vault_lake / "standard" / "contacts", partitioning=None)
    assert PLANTED[0].email in lake["email"].to_pylist()
    again = land_all(settings, house.ledger, tmp_path / "next", {("standard", "contacts_7.csv"): row.encode() + b"\n"})
    assert again["standard/contacts_7.csv"].count_erased == 0


@pytest.mark.parametrize("written", [str.title, str.lower])
def test_a_name_within_the_address_of_a_relative_stays_there(
    house: House, tmp_path: Path, written: Callable[[str], str]
) -> None:
    """Taken out there, her relative would have another address, and be another customer tomorrow."""
    settings = house.settings
    one, relative = PLANTED[0], f"antti.{PLANTED[0].word}x1@posti.example.com"
    head = "contact_id,email,last_name,updated_at\n"
    rows = f"{one.id},{one.email},{written(one.word)},2026-03-31\n{OTHERS[0].id},{relative},,2026-03-31\n"
    land_all(settings, house.ledger, tmp_path / "home", {("standard", "contacts_6.csv"): (head + rows).encode()})
    erase(house, Wanted(customer_ids=frozenset({one.customer_id(settings.identity_salt)})), LATER)
    take_all(settings)
    resume_all(house, LATER)
    lake = pq.read_table(settings.at_home.vault_lake / "standard" / "contacts", partitioning=None)
    assert relative in lake["email"].to_pylist()
    assert one.email not in lake["email"].to_pylist()
    assert {each.state for each in house.ledger.erasures()} == {"ended"}


def test_an_unknown_customer_changes_nothing(house: House) -> None:
    with pytest.raises(HoivaError, match="no customer's"):
        erase(house, Wanted(customer_ids=frozenset({"c" + "0" * 20})), LATER)
    assert house.ledger.erasures() == []


def test_a_refused_removal_is_told_again_before_anything_ends(house: House) -> None:
    settings = house.settings
    erase(house, wanted(settings), LATER)
    record = house.ledger.batches("google")[-1]
    take_all(settings)
    answer = settings.at_home.acks / "google" / f"{record.batch_id}.json"
    answer.write_text(json.dumps({"batch_id": record.batch_id, "status": "rejected"}))
    (told,) = resume_all(house, LATER)
    assert told.state == "waiting"
    assert len(house.ledger.batches("google")) == 3, "an add, a removal that was refused, and another removal"
    take_all(settings)
    (told,) = resume_all(house, LATER)
    assert (told.state, look(settings).hits) == ("ended", {})


def test_a_run_goes_on_with_what_waits(few: House, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = few.settings
    assert command.go_on_with_erasures(settings) == [], "nothing waits, nothing is opened"
    monkeypatch.setattr("dagster_project.components.erasing.house_of", lambda own: house_of(own.home))
    somebody = Wanted(customer_ids=frozenset({PLANTED[5].customer_id(settings.identity_salt)}))
    assert erase(few, somebody, LATER).state == "waiting"
    assert [one.state for one in command.go_on_with_erasures(settings)] == ["waiting"], "nobody took it yet"
    take_all(settings)
    assert [one.state for one in command.go_on_with_erasures(settings)] == ["ended"]
    assert command.go_on_with_erasures(settings) == []
