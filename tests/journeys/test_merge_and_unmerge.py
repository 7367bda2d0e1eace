"""A merge and an unmerge through the whole house: who is one has one history, one consent and one holdout."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project.adapters.ledger import open_ledger
from dagster_project.domain.clock import end_of_day
from dagster_project.settings import Settings
from tests.journeys.homes import (
    TOWN,
    at_home,
    build_all_models,
    built_customers,
    contacts_of,
    differences,
    land,
    published_customers,
    run_day,
)

SINCE = datetime(2026, 3, 2, 8, tzinfo=UTC)
FIRST, MERGED, PARTED = date(2026, 3, 24), date(2026, 3, 26), date(2026, 3, 30)
NAMES = {"a": "Aino Aalto", "c": "Celia Cederholm", "d": "Daavid Dahl", "e": "Eeva Eskola", "g": "Greta Granlund"}
NAMES |= {"b": NAMES["a"], "f": NAMES["e"], "h": NAMES["g"]}  # three pairs who will turn out to be one
BOUGHT_EARLY, BOUGHT_LATE = ("a", "c"), ("b", "d", "e", "g")
CONTACTS = "contact_id,email,phone,first_name,last_name,country,created_at,updated_at"


def told(folder: Path, name: str, table: str, header: str, lines: list[str]) -> tuple[str, Path]:
    """A file of our own layout."""
    path = folder / name / f"{table}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n")
    return "standard", path


def contact(one: str, phone: str, moment: datetime) -> str:
    first, last = NAMES[one].split()
    return f"{one},{one}@example.com,{phone},{first},{last},FI,{SINCE:%Y-%m-%d %H:%M:%S},{moment:%Y-%m-%d %H:%M:%S}"


def orders(folder: Path, name: str, people: tuple[str, ...], moment: datetime) -> list[tuple[str, Path]]:
    at = f"{moment:%Y-%m-%d %H:%M:%S}"
    return [
        told(folder, name, "orders", "order_id,contact_id,ordered_at", [f"o{one},{one},{at}" for one in people]),
        told(
            folder, name, "order_lines", "order_id,line,product_id,quantity,unit_price,ordered_at",
            [f"o{one},1,coat,1,40.00,{at}" for one in people],
        ),
    ]  # fmt: skip


def deliveries(folder: Path) -> list[tuple[datetime | None, list[tuple[str, Path]]]]:
    """What arrives when: everyone first; then a phone that three pairs share; at last a word that one pair is two."""
    phones = {"b": "0481234501", "f": "0481234502", "h": "0481234503"}
    everyone = [contact(one, phones.get(one, ""), SINCE) for one in sorted(NAMES)]
    said = [f"{one},marketing,email,{'false' if one == 'h' else 'true'},{SINCE:%Y-%m-%d %H:%M:%S}" for one in NAMES]
    later, at_last = datetime(2026, 3, 26, 9, tzinfo=UTC), datetime(2026, 3, 30, 9, tzinfo=UTC)
    shared = [contact(one, phone, later) for one, phone in zip("aeg", phones.values(), strict=True)]
    different = f"w1,standard:contact:a,standard:contact:b,false,{at_last:%Y-%m-%d %H:%M:%S}"
    return [
        (
            None,
            [
                told(folder, "first", "contacts", CONTACTS, everyone),
                told(folder, "first", "consents", "contact_id,purpose,channel,is_given,changed_at", said),
                *orders(folder, "first", BOUGHT_EARLY, datetime(2026, 3, 23, 12, tzinfo=UTC)),
            ],
        ),
        (
            later,
            [
                told(folder, "second", "contacts", CONTACTS, shared),
                *orders(folder, "second", BOUGHT_LATE, later.replace(hour=8)),
            ],
        ),
        (
            at_last,
            [
                told(
                    folder, "third", "match_answers",
                    "answer_id,source_record_id_a,source_record_id_b,is_same,answered_at", [different],
                )
            ],
        ),
    ]  # fmt: skip


def customers_of(own: Settings) -> dict[str, str]:
    """Contact to customer, as published."""
    import pyarrow.parquet as pq

    rows = pq.read_table(own.at_home.published / "identity" / "clusters.parquet").to_pylist()
    return {row["source_record_id"].rpartition(":")[2]: row["customer_id"] for row in rows}


def welcomed(own: Settings) -> dict[str, list[str]]:
    """By contact, the steps of every contact that was made or reserved for whom it is today."""
    today = customers_of(own)
    with open_ledger(own.ledger_address) as ledger:
        rows = ledger.enrolments().to_pylist()
    entered = {row["enrolment_id"]: row["customer_id"] for row in rows}
    made = [(entered.get(str(row["enrolment_id"])), str(row["step"])) for row in contacts_of(own)]
    return {one: sorted(step for customer, step in made if customer == today[one]) for one in NAMES}


@pytest.mark.slow
def test_who_turns_out_to_be_one_is_one_for_contacts_consent_and_holdout_and_parts_again(tmp_path: Path) -> None:
    steps = deliveries(tmp_path)
    with at_home(tmp_path / "home", **TOWN, HOIVA_HOLDOUT_SHARE="0") as own:
        land(own, steps[0][1])
        run_day(own, FIRST)
        apart, first_contacts = customers_of(own), welcomed(own)
        assert len(set(apart.values())) == len(NAMES)
        assert first_contacts["a"], "the first purchase is welcomed"
        assert first_contacts["c"] == first_contacts["a"]
        assert not first_contacts["b"]
        with open_ledger(own.ledger_address) as ledger:
            ledger.hold_out([apart["f"]], end_of_day(FIRST, own.zone))

        land(own, steps[1][1], arrived_at=steps[1][0])
        run_day(own, MERGED)
        together, contacts = customers_of(own), welcomed(own)
        assert together["a"] == together["b"]
        assert together["a"] in (apart["a"], apart["b"]), "no new id: that of one of them stays"
        assert (together["e"] == together["f"], together["g"] == together["h"]) == (True, True)
        assert contacts["d"], "negative control: a first purchase of that day is welcomed"
        assert contacts["b"] == contacts["a"] == first_contacts["a"], "their one history: no second welcome"
        assert contacts["e"] == [], "one half is in the holdout, so both are"
        assert contacts["g"] == [], "one half denies, so both do"
        with open_ledger(own.ledger_address) as ledger:
            assert together["e"] in ledger.held_out()
            changes = ledger.identity_changes(end_of_day(MERGED, own.zone)).to_pylist()
        assert sorted(row["change"] for row in changes if row["change"] != "born") == ["merged"] * 3

        land(own, steps[2][1], arrived_at=steps[2][0])
        run_day(own, PARTED)
        parted = customers_of(own)
        assert {one: parted[one] for one in "ab"} == {one: apart[one] for one in "ab"}, "each has the id it had"
        assert parted["e"] == together["e"], "the others stay together"
        with open_ledger(own.ledger_address) as ledger:
            changes = ledger.identity_changes(end_of_day(PARTED, own.zone)).to_pylist()
        assert [row["change"] for row in changes][-1] == "split"
        published = published_customers(own)
        held = {row["customer_id"]: row["count_orders"] for row in published.to_pylist()}
        assert (held[apart["a"]], held[apart["b"]]) == (1, 1), "each has its own purchases again"

    with at_home(tmp_path / "rebuilt", **TOWN, HOIVA_HOLDOUT_SHARE="0") as fresh:
        for moment, files in steps:
            land(fresh, files, arrived_at=moment)
        build_all_models(fresh, end_of_day(PARTED, fresh.zone))
        assert differences(published, built_customers(fresh)) == {}, "the same as from a clean rebuild"
