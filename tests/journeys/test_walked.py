"""Two runbooks walked in a town: a consent withdrawn on the phone, and a batch that was wrong, up to the next day."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest

from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.published import open_published
from dagster_project.domain.clock import business_date
from dagster_project.settings import Settings
from tests.journeys.homes import TOWN, at_home, copy_of
from tests.walks import walk

LETTERS = "mailchimp_letters"


def rows_of(batch: Path) -> list[str]:
    """The contact ids of a batch."""
    with (batch / "rows.csv").open() as file:
        return [row["row_key"] for row in csv.DictReader(file)]


def customer_with_a_card(own: Settings, contacts: dict[str, str], batch: Path) -> tuple[str, str]:
    """Somebody in the batch whom the CRM knows: the customer id, and the id in the CRM."""
    records = open_published(own).read("identity/clusters").to_pylist()
    crm = {
        row["customer_id"]: row["source_record_id"].rpartition(":")[2]
        for row in records
        if row["source_record_id"].startswith("hubspot:contact:")
    }
    found = [contacts[key] for key in rows_of(batch) if contacts[key] in crm]
    assert found, "nobody in the batch has a card in the CRM"
    return found[0], crm[found[0]]


@pytest.mark.slow
def test_the_next_day_nobody_who_said_no_is_written_to_and_nothing_wrong_goes_again(
    town_home: Path, tmp_path: Path
) -> None:
    with at_home(copy_of(town_home, tmp_path / "home"), **TOWN) as own:
        outbox = own.at_home.outbox
        (letters,) = outbox.glob(f"{LETTERS}/[0-9]*")
        with open_ledger(own.ledger_address) as ledger:
            contacts = {row["contact_id"]: row["customer_id"] for row in ledger.contacts().to_pylist()}
        told = {path: rows_of(path) for path in sorted(outbox.glob("[a-z]*/[0-9]*")) if path != letters}
        wrong = next(path for path, rows in told.items() if contacts.keys() >= set(rows))  # no audience
        in_letters, in_wrong = rows_of(letters), rows_of(wrong)
        customer, card = customer_with_a_card(own, contacts, letters)
        tomorrow = business_date(open_published(own).as_of, own.zone) + timedelta(days=1)

        page = walk("withdrawn_consent", own.home, tmp_path, CUSTOMER_ID=customer)
        (page.folder / "id.txt").write_text(card)
        written, landed, explained, ran = page.lines("## Somebody tells you by phone")
        page.do(written)
        assert page.do(landed)[0] == 1
        assert not letters.exists()
        assert "ledger: withdrawn" in page.do(explained)[1]

        number, _, batch_id = wrong.name.partition("-")
        destination = wrong.parent.name
        words = {"DESTINATION": destination, "BATCH_ID": batch_id, "NUMBER": number, "CUSTOMER_ID": customer}
        page = walk("wrong_send", own.home, tmp_path, **words)
        assert [page.do(line)[0] for line in page.lines("## 2. See what left")] == [0, 0, 0]
        *lines, again = page.lines("## 3. A batch that nobody has taken")
        for line in lines:
            page.do(line)
        assert again == ran.partition("#")[0].strip() == "hoiva run"
        code, output = page.do(f"{again} --as-of {tomorrow}")
        assert code == 0, output
        with open_ledger(own.ledger_address) as ledger:
            after = {row["contact_id"]: row for row in ledger.contacts().to_pylist()}
        now_out = {key for batch in outbox.glob("[a-z]*/[0-9]*") for key in rows_of(batch)}
        assert {after[key]["status"] for key in in_wrong} == {"rejected"}
        assert not set(in_wrong) & now_out, "nothing of it goes again"
        emails = [one for one in after.values() if one["customer_id"] == customer and one["channel"] == "email"]
        assert {one["status"] for one in emails} == {"returned"}
        others = {key for key in in_letters if contacts[key] != customer}
        assert others <= now_out, "the others leave with the next batch"
        assert page.do("hoiva verify")[0] == 0
