"""Homes for journeys: landed, run and compared in this process."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.domain.clock import end_of_day
from dagster_project.settings import Settings, settings

if TYPE_CHECKING:
    import pyarrow as pa

GIFT_SHOP_ENDS = date(2011, 8, 31)
TOWN = {"HOIVA_PHONE_REGION": "FI"}  # the settings of a synthetic town; the real shop is in Britain
TOWN_SIZE = ("--customers", "300", "--days", "150")
FILES = {
    "hubspot": ["hubspot/contact.csv", "hubspot/ticket.csv", "hubspot/ticket_contact.csv"],
    "mailchimp": [
        "mailchimp/list.csv",
        "mailchimp/member.csv",
        "mailchimp/campaign.csv",
        "mailchimp/campaign_recipient.csv.gz",
        "mailchimp/campaign_recipient_activity.csv.gz",
        "mailchimp/unsubscribe.csv",
    ],
    "ga4": ["ga4/events_*.jsonl.gz"],
    "shop": ["shop/invoice_lines_*.parquet"],
}


@contextmanager
def at_home(folder: Path, **variables: str) -> Iterator[Settings]:
    """Settings of a home in this folder, also for what reads the environment (dbt's profile, Dagster)."""
    wanted = {
        "HOIVA_HOME": str(folder),
        "HOIVA_CONFIG": str(folder / "none.yaml"),
        "HOIVA_PHONE_REGION": "GB",
        **variables,
    }
    before = {name: os.environ.get(name) for name in [*wanted, "DAGSTER_HOME"]}
    os.environ.update(wanted)
    settings.cache_clear()
    try:
        yield settings()
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        settings.cache_clear()


def gift_shop_files(folder: Path) -> list[tuple[str, Path]]:
    """(source, file) of every delivery of the real shop."""
    return [
        (source, file)
        for source, patterns in FILES.items()
        for pattern in patterns
        for file in sorted(folder.glob(pattern))
    ]


def land(
    own: Settings, deliveries: list[tuple[str, Path]], arrived_at: datetime | None = None
) -> list[dict[str, object]]:
    """Land files as history, or as arrived at a moment."""
    from dagster_project.adapters.landing import land_all

    landed = []
    for source, file in deliveries:
        landed += land_all(own, source, [file], None, arrived_at, history=arrived_at is None)
    return landed


def land_and_run_day(own: Settings, deliveries: list[tuple[str, Path]], day: date) -> None:
    """A month's files arrive at the end of its last day, and the whole job runs as of that moment."""
    moment = end_of_day(day, own.zone)
    land(own, deliveries, arrived_at=moment)
    run_day(own, day)


def run_day(own: Settings, day: date) -> None:
    """The whole job as of the end of a day; fails the test with the steps that failed."""
    from dagster_project.adapters.jobs import run_job

    outcome = run_job(own, "day", end_of_day(day, own.zone))
    assert outcome.success, {**outcome.failed_steps, "checks": outcome.failed_checks}


def files_of(home: Path, *folders: str) -> dict[str, str]:
    """The SHA-256 of every file under these folders of a home, by its path."""
    return {
        f"{folder}/{path.relative_to(home / folder)}": hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted((home / folder).rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path.suffix != ".lock"
    }


def copy_of(home: Path, folder: Path) -> Path:
    """A home of one's own to change, with everything another one holds."""
    shutil.copytree(home, folder, symlinks=True)
    return folder


def build_customer_360(own: Settings, as_of: datetime, rooms: tuple[str, ...] = ("identity", "customer_360")) -> None:
    """Build only these dbt rooms as of a moment, without their tests, in a home that holds what they read."""
    from dagster_project.adapters import dbt

    dbt.build(own, [f"fqn:hoiva.{room}" for room in rooms], as_of, command="run")


def build_all_models(own: Settings, as_of: datetime) -> None:
    """Show dbt what was landed and build every room up to the customer 360, without Dagster."""
    from dagster_project.adapters import dbt
    from dagster_project.adapters.gate import contracts_in
    from dagster_project.adapters.lake import register_lake
    from dagster_project.adapters.landing import CONTRACTS
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.warehouse import open_warehouse

    with open_ledger(own.ledger_address) as ledger, open_warehouse(own) as warehouse:
        register_lake(warehouse, own, list(contracts_in(CONTRACTS).items.values()), ledger.accepted_files())
    dbt.build(own, ["resource_type:seed"], as_of, command="seed")
    build_customer_360(own, as_of, ("staging", "unified", "identity", "customer_360"))


def built_customers(own: Settings) -> pa.Table:
    """customer_360 as it stands in the warehouse, in order."""
    from dagster_project.adapters.warehouse import open_warehouse

    with open_warehouse(own) as warehouse:
        return warehouse.read("select * from customer_360.customer_360 order by customer_id")


def published_customers(own: Settings) -> pa.Table:
    """customer_360 as it was published, in order."""
    import pyarrow.parquet as pq

    return pq.read_table(own.at_home.published / "customer_360" / "customer_360.parquet").sort_by("customer_id")


def differences(one: pa.Table, other: pa.Table) -> dict[str, int]:
    """How many rows differ in each column of two tables with one row per customer; empty when they are identical."""
    if one.schema.names != other.schema.names:
        return {"columns": len(set(one.schema.names) ^ set(other.schema.names))}
    if not one["customer_id"].equals(other["customer_id"]):
        return {"customer_id": len(set(one["customer_id"].to_pylist()) ^ set(other["customer_id"].to_pylist()))}
    pairs = {name: zip(one[name].to_pylist(), other[name].to_pylist(), strict=True) for name in one.schema.names}
    counts = {name: sum(left != right for left, right in values) for name, values in pairs.items()}
    return {name: count for name, count in counts.items() if count}


def recipients_of(home: Path, kind: str = "message") -> list[dict[str, str]]:
    """Every row of the files that receiving tools import, of all batches of a kind in the outbox."""
    rows: list[dict[str, str]] = []
    for manifest in sorted((home / "outbox").glob("*/*/manifest.json")):
        told = json.loads(manifest.read_text())
        names = [file["name"] for file in told["files"] if file["name"] != "rows.csv"]
        if told["kind"] == kind:
            for name in names:
                with open(manifest.parent / name, newline="", encoding="utf-8") as handle:
                    rows += list(csv.DictReader(handle))
    return rows


def contacts_of(own: Settings) -> list[dict[str, object]]:
    """Every contact of the ledger, in order."""
    from dagster_project.adapters.ledger import open_ledger

    with open_ledger(own.ledger_address) as ledger:
        return sorted(ledger.contacts().to_pylist(), key=lambda row: str(row["contact_id"]))


def customers_contacted(own: Settings) -> set[str]:
    """Whoever is in a message batch that left the house."""
    return {str(row["customer_id"]) for row in contacts_of(own) if row["status"] in ("published", "accepted")}


def named_as_in(other: Settings, own: Settings, customers: pa.Table) -> pa.Table:
    """Customers of one's own home under the ids they have in another home, which must hold the same people.

    A customer's id is that of its record known first, so homes to which the same files came at other times name alike
    people differently; who is one person with whom may not differ.
    """
    import pyarrow as pa

    from dagster_project.adapters.warehouse import open_warehouse

    ids: list[dict[str, str]] = []
    for home in (own, other):
        with open_warehouse(home) as warehouse:
            rows = warehouse.read("select source_record_id, customer_id from identity.clusters").to_pylist()
        ids.append({row["source_record_id"]: row["customer_id"] for row in rows})
    here, there = ids
    assert here.keys() == there.keys(), "both homes know the same records"
    renamed = {(here[record], there[record]) for record in here}
    names = dict(renamed)
    assert len(renamed) == len(names) == len(set(names.values())), "the same records are one person in both homes"
    place = customers.schema.get_field_index("customer_id")
    told = pa.array([names[customer_id] for customer_id in customers["customer_id"].to_pylist()], pa.string())
    return customers.set_column(place, "customer_id", told).sort_by("customer_id")
