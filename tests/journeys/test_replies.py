"""A reply to a call takes a branch: from the batch that left, through a file of answers, to what follows for each."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project.adapters.ledger import open_ledger
from dagster_project.settings import Settings
from tests.journeys.homes import TOWN, at_home, contacts_of, land, recipients_of, run_day

PEOPLE = [f"k{number}" for number in range(8)]
JOINED, BOUGHT = datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 23, 12, tzinfo=UTC)  # a Monday
ENTERED, CALLED, ANSWERED = date(2026, 3, 24), date(2026, 3, 30), date(2026, 3, 31)


def told(folder: Path, table: str, header: str, *lines: str) -> tuple[str, Path]:
    """A file of our own layout."""
    path = folder / f"{table}.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return "standard", path


def deliveries(folder: Path) -> list[tuple[str, Path]]:
    """Eight people who may be called, each with one large order."""
    since, bought = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (JOINED, BOUGHT))
    return [
        told(
            folder, "contacts", "contact_id,phone,first_name,last_name,street,city,country,created_at,updated_at",
            *(f"{one},04812345{place:02d},Uusi,Asiakas{one},Katu {place},Turku,FI,{since},{since}"
              for place, one in enumerate(PEOPLE)),
        ),
        told(
            folder, "consents", "contact_id,purpose,channel,is_given,changed_at",
            *(f"{one},marketing,phone,true,{since}" for one in PEOPLE),
        ),
        told(
            folder, "orders", "order_id,contact_id,ordered_at", *(f"o{one},{one},{bought}" for one in PEOPLE)
        ),
        told(
            folder, "order_lines", "order_id,line,product_id,quantity,unit_price,ordered_at",
            *(f"o{one},1,coat,1,240.00,{bought}" for one in PEOPLE),
        ),
    ]  # fmt: skip


def ways_taken(own: Settings) -> dict[str, list[str]]:
    """Enrolment to what it did at the call and the question after it."""
    with open_ledger(own.ledger_address) as ledger:
        rows = ledger.transitions().to_pylist()
    asked = [row for row in rows if row["step"] in ("check_call", "is_satisfied")]
    return {
        one: [row["did"] for row in asked if row["enrolment_id"] == one]
        for one in {row["enrolment_id"] for row in asked}
    }


@pytest.mark.slow
def test_a_reply_from_the_contact_centre_takes_its_branch(tmp_path: Path) -> None:
    with at_home(tmp_path / "home", **TOWN, HOIVA_HOLDOUT_SHARE="0") as own:
        land(own, deliveries(tmp_path))
        for day in (ENTERED, CALLED):
            run_day(own, day)
        calls = sorted(row["contact_id"] for row in recipients_of(own.home) if row.get("script") == "is_all_well")
        assert len(calls) > 3
        happy, unhappy, applauding, *silent = calls
        codes = {happy: "satisfied", unhappy: "Dissatisfied ", applauding: "applauded", "f" * 64: "dissatisfied"}
        lines = [f"r{place},{one},{code},2026-03-31 10:00:00" for place, (one, code) in enumerate(codes.items())]
        file = told(tmp_path, "responses", "response_id,hoiva_contact_id,response,responded_at", *lines)
        land(own, [file], arrived_at=datetime(2026, 3, 31, 14, tzinfo=UTC))
        run_day(own, ANSWERED)
        made = {row["contact_id"]: row for row in contacts_of(own)}
        follow_ups = [row for row in made.values() if row["step"] == "make_it_right"]
        assert [row["enrolment_id"] for row in follow_ups] == [made[unhappy]["enrolment_id"]]
        assert follow_ups[0]["channel"] == "staff"
        ways = ways_taken(own)
        assert ways[made[happy]["enrolment_id"]][-1] == "satisfied"
        assert ways[made[unhappy]["enrolment_id"]][-1] == "dissatisfied"
        waiting = [ways[made[one]["enrolment_id"]] for one in (applauding, *silent)]
        assert not [way for way in waiting if {"satisfied", "dissatisfied", "no_reaction"} & set(way)]
        tasks = Counter(row["contact_id"] for row in recipients_of(own.home) if row.get("content") == "make_it_right")
        assert tasks == {follow_ups[0]["contact_id"]: 1}, "the shop's people have it in their list"
