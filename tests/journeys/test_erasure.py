"""Twenty people of a town ask to be forgotten: after a whole day's run nothing of them is left, and none comes back."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dagster_project.adapters.erasing.erasing import House, erase, resume_all
from dagster_project.adapters.erasing.finding import Wanted
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import scan
from dagster_project.adapters.landing import CONTRACTS, land_all
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.outbox import take
from dagster_project.adapters.published import open_published
from dagster_project.domain.clock import business_date
from dagster_project.settings import Settings
from tests.journeys.homes import TOWN, at_home, copy_of, published_customers, run_day

TWENTY = 20


@pytest.mark.slow
def test_twenty_people_leave_no_byte_and_do_not_come_back(town_home: Path, tmp_path: Path) -> None:
    folder = copy_of(town_home, tmp_path / "own")
    with at_home(folder, **TOWN) as own:
        forget_twenty(own, tmp_path)


def forget_twenty(own: Settings, apart: Path) -> None:
    """Choose them, let every kind of file fail on them, erase them, run the next day on what their systems deliver."""
    from dagster_project.adapters.gate import contracts_in
    from dagster_project.components.destination import destinations

    contact_file = next((own.home / "town" / "hubspot").glob("contact_*.csv"))
    delivered = contact_file.read_bytes()
    records = {f"hubspot:contact:{row['id']}": row for row in csv.DictReader(delivered.decode().splitlines())}
    clusters = open_published(own).read("identity/clusters").to_pylist()
    whose = {row["source_record_id"]: row["customer_id"] for row in clusters}
    chosen = [record for record in sorted(records) if record in whose and records[record]["property_email"]][:TWENTY]
    ids = {whose[record] for record in chosen}
    values = {records[record]["property_email"] for record in chosen} | {*chosen, *ids}
    values |= {records[record]["property_phone"] for record in chosen if records[record]["property_phone"]}
    points = open_published(own).read_vault("contact_points").to_pylist()
    of_others = {value for row in points if row["customer_id"] not in ids for value in row.values()}
    values -= of_others  # the telephone of a home stays the others'
    assert len(values) > 2 * TWENTY
    shop = "shop:customer:"
    of_them = {one.removeprefix(shop) for one, customer in whose.items() if customer in ids and one.startswith(shop)}

    # Every way a file fails, with them in it.
    broken = delivered.replace(b'"FALSE"', b'"perhaps"')
    failing = {"contact_b.csv": broken, "contact_c.csv": delivered.replace(b'"', b"", 1), "note_d.csv": delivered}
    for name, content in failing.items():
        (apart / name).write_bytes(content)
        land_all(own, "hubspot", [apart / name], None, None, history=False)

    patterns = Patterns(sorted(values))
    assert scan(own.at_home, patterns).numbers == set(range(len(values))), "the look is blind"
    invoices = next((own.home / "town" / "shop").glob("invoice_lines_*.parquet"))
    lines = [row for row in pq.read_table(invoices).to_pylist() if row["CustomerID"] not in of_them]
    others = _ids_of_customers(own) - ids
    moment = open_published(own).as_of
    with open_ledger(own.ledger_address) as ledger:
        house = House(own, ledger, list(contracts_in(CONTRACTS).items.values()), destinations())
        erase(house, Wanted(customer_ids=frozenset(ids)), datetime.now(UTC))
        for batch in sorted(own.at_home.outbox.glob("[a-z]*/[0-9]*")):
            take(own.at_home, batch.parent.name, batch.name)
        resume_all(house, datetime.now(UTC))
        assert {one.state for one in ledger.erasures()} == {"ended"}
        assert ledger.miscounts() == {}
    assert scan(own.at_home, patterns, deep=True).hits == {}
    assert _ids_of_customers(own) == others

    again = apart / "contact_again.csv"
    again.write_bytes(delivered + b"\n")
    (told,) = land_all(own, "hubspot", [again], None, moment, history=False)
    assert told["count_erased"] >= len(chosen)
    run_day(own, business_date(moment, own.zone) + timedelta(days=1))
    assert scan(own.at_home, patterns).hits == {}
    assert _ids_of_customers(own) == others
    kept = pq.read_table(own.at_home.lake / "shop" / "invoice_lines", partitioning=None).to_pylist()
    days = Counter(row["InvoiceDate"].date() for row in kept if row["InvoiceNo"])
    assert days == Counter(row["InvoiceDate"].date() for row in lines), "each day lost exactly their lines"


def _ids_of_customers(own: Settings) -> set[str]:
    return set(published_customers(own)["customer_id"].to_pylist())
