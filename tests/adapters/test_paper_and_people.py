"""Contacts that paper and people deliver leave as plain lists."""

from __future__ import annotations

import csv

import pytest

from dagster_project.adapters.exporting import export_destination, waiting
from dagster_project.adapters.ledger import open_ledger
from dagster_project.domain.exports.destination import Destination
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, batches, claim, consent, customer_ids, house, point, statuses

IDS = customer_ids(2)


@pytest.mark.parametrize(
    ("channel", "form"), [("letter", "postal_list"), ("staff", "task_list"), ("push", "slot_list")]
)
def test_what_is_delivered_by_paper_and_people_leaves_too(home: Settings, channel: str, form: str) -> None:
    house(home, [point(IDS[0]), point(IDS[1], street=None, customer_number=None, last_name=None)])
    destination = Destination("lists", "message", form, channel)
    with open_ledger(home.ledger_address) as ledger:
        consent(ledger, IDS)
        sent, unreachable = claim(ledger, IDS, channel=channel)
        assert export_destination(home, ledger, destination, AS_OF) is not None
        text = (batches(home, "lists")[0] / "contacts.csv").read_text(encoding="utf-8")
        assert [row["contact_id"] for row in csv.DictReader(text.splitlines())] == [sent]
        assert statuses(ledger)[sent][0] == "published"
        assert statuses(ledger)[unreachable][0] == "returned", "and nobody waits for ever"
        assert waiting(home, ledger, [destination]) == []
