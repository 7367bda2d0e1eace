"""A home with planted people in every kind of source and on every failing path, and everything a run makes of them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import pickle
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.at_hand import keep_at_hand
from dagster_project.adapters.differences import keep_differences
from dagster_project.adapters.erasing.erasing import House
from dagster_project.adapters.erasing.finding import Wanted
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import Found, scan
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.gate import contracts_in, land
from dagster_project.adapters.landing import CONTRACTS
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.outbox import take
from dagster_project.adapters.published import publish
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.domain.audiences import MEMBERSHIP_SCHEMA
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.identity.ids import record_ids
from dagster_project.domain.sources.delivery import Delivery
from dagster_project.settings import Settings
from tests.adapters.erasing.people import PLANTED, VALUES, Person, deliveries
from tests.adapters.small_house import AS_OF, GOOGLE, LETTERS, POINT_COLUMNS, claim, consent

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 9, tzinfo=UTC)
CONTRACT_BY_SOURCE = contracts_in(CONTRACTS).items


def land_all(
    settings: Settings, ledger: Ledger, folder: Path, files: dict[tuple[str, str], bytes], at: datetime = NOON
) -> dict[str, Delivery]:
    """Deliver files through the gate; what became of each by its name."""
    folder.mkdir(exist_ok=True)
    told = {}
    for (source, name), content in files.items():
        path = folder / name
        path.write_bytes(content)
        told[f"{source}/{name}"] = land(
            settings, ledger, CONTRACT_BY_SOURCE[source], path, arrived_at=at, history=False, landed_at=at,
            expectations=False,
        )  # fmt: skip
    return told


def run_day(settings: Settings, ledger: Ledger, people: Sequence[Person]) -> None:
    """What a day makes of them, in small: identity, warehouse, vault, published tables, contacts, two batches."""
    salt = settings.identity_salt
    clusters = [
        {"source_record_id": record, "customer_id": one.customer_id(salt), "record_customer_id": alias}
        for one in people
        for record, alias in zip(one.records(salt), record_ids(one.records(salt), salt), strict=True)
    ]
    points = [
        {
            "customer_id": one.customer_id(salt), "customer_number": one.customer_number,
            "email": one.email.lower(), "phone": "+358" + one.phone.replace(" ", "")[1:], "first_name": one.first_name,
            "last_name": one.last_name, "street": one.street, "postal_code": "00100", "city": one.city,
            "country_code": "FI", "language_code": "fi",
        }
        for one in people
    ]  # fmt: skip
    ids = [one.customer_id(salt) for one in people]
    table = pa.Table.from_pylist(clusters)
    contact_points = pa.Table.from_pylist(points, schema=pa.schema([(name, pa.string()) for name in POINT_COLUMNS]))
    columns = [ids, [f"s-{one}" for one in ids], [naive_utc(AS_OF)] * len(ids)]
    audience = [pa.array(values, field.type) for values, field in zip(columns, MEMBERSHIP_SCHEMA, strict=True)]
    with open_warehouse(settings) as warehouse:
        warehouse.write("identity", "clusters", table)
        warehouse.write("identity", "known_contacts", contact_points, in_vault=True)
        warehouse.write("customer_360", "customer_360", contact_points.select(["customer_id", "country_code"]))
    tables = {
        "identity/clusters": table,
        "audiences/fading": pa.table(audience, schema=MEMBERSHIP_SCHEMA),
        "customer_360/customer_360": contact_points.select(["customer_id", "country_code"]),
    }
    vault = {"contact_points": contact_points}
    publish(settings, tables | {"customer_360/older": table}, AS_OF - timedelta(days=1), vault)
    page = f"<html>{ids[0]} {people[0].last_name}</html>".encode()
    pages = {"2026-03/fading": page, "2026-03/base_xray": b"<html>7 customers</html>"}
    version = publish(settings, tables, AS_OF, vault, pages)
    assert keep_differences(settings, version) == 1
    assert keep_at_hand(settings, version, POINT_COLUMNS[1:]) == 2
    aliases = table.select(["record_customer_id", "customer_id"]).rename_columns(["alias_customer_id", "customer_id"])
    ledger.follow_aliases(aliases, AS_OF)
    consent(ledger, ids)
    ledger.hold_out([record_ids(["nobody"], salt)[0]], AS_OF)
    for destination in (LETTERS, GOOGLE):
        if destination is LETTERS:
            claim(ledger, ids)
        batch = export_destination(settings, ledger, destination, AS_OF)
        assert batch is not None
        take(settings.at_home, destination.name, batch.folder_name)
        answer = settings.at_home.acks / destination.name / f"{batch.batch_id}.json"
        answer.parent.mkdir(parents=True, exist_ok=True)
        answer.write_text(json.dumps({"batch_id": batch.batch_id, "status": "accepted"}))
    claim(ledger, ids, care_model="later")
    assert export_destination(settings, ledger, LETTERS, AS_OF) is not None  # nobody takes this one


def leave_traces(settings: Settings, people: Sequence[Person]) -> None:
    """What must not exist and may have been left: values in logs, run databases, artifacts, models, pages, names."""
    home = settings.at_home
    values = [value for one in people for value in one.fields]
    logs = home.dagster / "storage" / "run1" / "compute_logs"
    logs.mkdir(parents=True, exist_ok=True)
    failed = [f"ConversionException: Could not convert string '{value}' to INT64" for value in values]
    (logs / "step.err").write_text("\n".join(failed))
    (logs / "forms.out").write_bytes(b"\n".join(form for value in values for form in forms_of(value).values()))
    (home.dbt / "logs").mkdir(parents=True, exist_ok=True)
    (home.dbt / "logs" / "dbt.log.gz").write_bytes(gzip.compress("\n".join(failed).encode()))
    (home.dbt / "target").mkdir(parents=True, exist_ok=True)
    (home.dbt / "target" / "run_results.json").write_text(
        json.dumps({"results": [{"message": text} for text in failed]})
    )
    docs = home.data_docs / "validations"
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "outcome.html").write_text(f"<table>{''.join(f'<td>{value}</td>' for value in values)}</table>")
    events = sqlite3.connect(home.dagster / "events.db")
    events.execute("create table event_logs (id integer primary key, event text)")
    events.executemany("insert into event_logs (event) values (?)", [(json.dumps({"error": text}),) for text in failed])
    events.execute("insert into event_logs (event) values (?)", ("x" * 9000 + values[0] + "y" * 9000,))
    events.commit()
    events.close()
    (home.models / "churn").mkdir(parents=True, exist_ok=True)
    (home.models / "churn" / "1.model").write_bytes(b"\x80\x04\0" + pickle.dumps(values))
    (home.reports / "2026-03").mkdir(parents=True, exist_ok=True)
    (home.reports / "2026-03" / "fading.html").write_text(f"<html>{values[2]}</html>")
    (home.lake / "gone" / "notes").mkdir(parents=True, exist_ok=True)  # of a contract that is no more
    pq.write_table(pa.table({"note": values}), home.lake / "gone" / "notes" / "n.parquet", compression="zstd")
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema if not exists unified")
        connection.execute("create table unified.notes as select unnest(?) as note", [failed])
    waiting = home.landing / "standard"
    waiting.mkdir(parents=True, exist_ok=True)
    (waiting / "contacts_9.csv").write_bytes(deliveries(people)[("standard", "contacts_1.csv")])


def forms_of(value: str) -> dict[str, bytes]:
    """A value in each form that is looked for, as somebody else would write it: not by the code under test."""
    text = f"x={value};"
    return {
        "plain": value.encode(),
        "lower": value.lower().encode(),
        "nfd": unicodedata.normalize("NFD", value).encode(),
        "url": quote(value).encode(),
        "base64": base64.b64encode(text.encode()) + b"|" + base64.b64encode(b"a" + text.encode())
        + b"|" + base64.b64encode(b"ab" + text.encode()),
        "utf16": value.encode("utf-16-le"),
        "utf16be": value.encode("utf-16-be"),
        "hashed": hashlib.sha256(value.lower().encode()).hexdigest().encode(),
        "md5": hashlib.md5(value.lower().encode(), usedforsecurity=False).hexdigest().encode(),
    }  # fmt: skip


def wanted(settings: Settings) -> Wanted:
    """All planted people, by their customer ids."""
    return Wanted(customer_ids=frozenset(one.customer_id(settings.identity_salt) for one in PLANTED))


def look(settings: Settings, *, deep: bool = False) -> Found:
    """What a look for every planted value and customer id finds."""
    ids = [one.customer_id(settings.identity_salt) for one in PLANTED]
    return scan(settings.at_home, Patterns([*VALUES, *ids]), deep=deep)


def take_all(settings: Settings, destination: str = "[a-z]*") -> None:
    """Every receiver takes whatever waits for it."""
    for folder in sorted(settings.at_home.outbox.glob(f"{destination}/[0-9]*")):
        take(settings.at_home, folder.parent.name, folder.name)


@contextmanager
def house_of(root: Path) -> Iterator[House]:
    """A home with its ledger open."""
    settings = Settings(home=root)
    with open_ledger(settings.ledger_address) as ledger:
        yield House(settings, ledger, list(CONTRACT_BY_SOURCE.values()), [LETTERS, GOOGLE])
