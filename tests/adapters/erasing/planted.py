"""A home with planted people in every kind of source and on every failing path, and everything a run makes of them."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import pickle
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.erasing.erasing import House
from dagster_project.adapters.erasing.finding import Wanted
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import Found, scan
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.gate import contracts_in, land
from dagster_project.adapters.gate.typing import pseudonyms
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
from tests.adapters.small_house import AS_OF, GOOGLE, LETTERS, POINT_COLUMNS, claim, consent

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 9, tzinfo=UTC)
WHEN = "2026-03-29 10:00:00"
LETTERS_OF = "abcdefghijklmnopqrst"
CONTRACT_BY_SOURCE = contracts_in(CONTRACTS).items


@dataclass(frozen=True)
class Person:
    """Somebody, with values in every field that nobody else has."""

    number: int
    kind: str  # a word that all planted people share, and all others

    @property
    def word(self) -> str:
        return f"{self.kind}{LETTERS_OF[self.number % 20]}{LETTERS_OF[self.number // 20]}q"

    @property
    def email(self) -> str:
        return f"Paivi.{self.word}@Posti{self.number:02d}.example.com"

    @property
    def phone(self) -> str:
        return f"040 {71 if self.kind == 'vesi' else 81}0 {1000 + self.number}"

    @property
    def first_name(self) -> str:
        return f"Jäkälä{self.word}"

    @property
    def last_name(self) -> str:
        return f"Öljymäki{self.word}"

    @property
    def street(self) -> str:
        return f"Lähdekuja {self.word} {self.number}"

    @property
    def city(self) -> str:
        return f"Kylänen{self.word}"

    @property
    def ticket(self) -> str:
        return f"Terveisin {self.word}, soittakaa"

    @property
    def id(self) -> str:
        return str((7 if self.kind == "vesi" else 8) * 10_000_000 + self.number)

    @property
    def customer_number(self) -> str:
        return str((7 if self.kind == "vesi" else 8) * 10_000 + self.number)

    @property
    def member(self) -> str:
        return hashlib.md5(self.email.lower().encode(), usedforsecurity=False).hexdigest()

    @property
    def fields(self) -> list[str]:
        """Every planted value."""
        return [self.email, self.phone, self.first_name, self.last_name, self.street, self.city, self.ticket]

    def records(self, salt: str) -> list[str]:
        """Her source records, the eldest first."""
        member = pseudonyms(pa.chunked_array([[self.member]]), salt).to_pylist()[0]
        cookie = f"cookie-{self.word}"
        return [
            f"hubspot:contact:{self.id}",
            f"standard:contact:{self.id}",
            f"mailchimp:member:{member}",
            f"shop:customer:{self.customer_number}",
            f"ga4:cookie:{cookie}",
        ]

    def customer_id(self, salt: str) -> str:
        return record_ids([self.records(salt)[0]], salt)[0]


PLANTED = [Person(number, "vesi") for number in range(20)]
OTHERS = [Person(number, "maa") for number in range(10)]
VALUES = [value for one in PLANTED for value in one.fields]


def as_csv(rows: Sequence[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def deliveries(people: Sequence[Person]) -> dict[tuple[str, str], bytes]:
    """(source, file name) to the bytes that each kind of source delivers about these people."""
    contact = [
        {
            "id": one.id, "_fivetran_deleted": "false", "_fivetran_synced": WHEN, "property_email": one.email.upper(),
            "property_firstname": one.first_name, "property_lastname": one.last_name, "property_phone": one.phone,
            "property_address": one.street, "property_city": one.city, "property_zip": "00100",
            "property_country": "Finland", "property_date_of_birth": "19710624",
            "property_customer_number": one.customer_number, "property_createdate": WHEN,
            "property_lastmodifieddate": WHEN, "property_hs_email_optout": "false", "property_may_phone": "true",
            "property_may_post": "true",
        }
        for one in people
    ]  # fmt: skip
    broken = [row | {"property_createdate": "yesterday"} for row in contact[:10]] + [contact[-1]]
    ticket = [
        {
            "id": f"t{one.id}", "_fivetran_synced": WHEN, "is_deleted": "false", "property_createdate": WHEN,
            "property_closed_date": "", "property_hs_ticket_category": "complaint",
            "property_hs_ticket_priority": "LOW", "property_source_type": "EMAIL", "property_subject": one.ticket,
            "property_content": f"{one.ticket} {one.phone}",
        }
        for one in people
    ]  # fmt: skip
    ticket_contact = [
        {"ticket_id": f"t{one.id}", "contact_id": one.id, "category": "x", "_fivetran_synced": WHEN} for one in people
    ]
    member = [
        {
            "id": one.member, "list_id": "l1", "_fivetran_synced": WHEN, "country_code": "FI",
            "email_address": one.email.lower(), "email_type": "html", "language": "fi", "last_changed": WHEN,
            "member_rating": 2, "merge_fname": one.first_name, "merge_lname": one.last_name, "status": "subscribed",
            "timestamp_opt": WHEN, "timestamp_signup": WHEN, "vip": "false",
        }
        for one in people
    ]  # fmt: skip
    recipient = [
        {"campaign_id": "c1", "member_id": one.member, "list_id": "l1", "_fivetran_synced": WHEN} for one in people
    ]
    web = b"".join(
        json.dumps(
            {
                "event_date": "20260329", "event_timestamp": 1_774_000_000_000_000 + one.number, "event_name": "view",
                "event_params": [{"key": "q", "value": one.last_name}], "user_pseudo_id": f"cookie-{one.word}",
                "user_id": one.customer_number, "device": {}, "geo": {}, "ecommerce": {}, "items": [],
            }
        ).encode()
        + b"\n"
        for one in people
    )  # fmt: skip
    lines = pa.table(
        {
            "InvoiceNo": [f"5{one.id}" for one in people], "StockCode": ["A1"] * len(people),
            "Description": ["MUG"] * len(people), "Quantity": ["2"] * len(people),
            "InvoiceDate": [f"2026-03-{1 + one.number % 9:02d} 10:00:00" for one in people],
            "UnitPrice": ["2.5"] * len(people), "CustomerID": [one.customer_number for one in people],
            "Country": ["Finland"] * len(people),
        }
    )  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(lines, sink)
    standard = [
        {
            "contact_id": one.id, "customer_number": "", "email": one.email, "phone": one.phone,
            "first_name": one.first_name, "last_name": one.last_name, "street": one.street, "postal_code": "00100",
            "city": one.city, "updated_at": WHEN,
        }
        for one in people
    ]  # fmt: skip
    orders = [{"order_id": f"o{one.id}", "contact_id": one.id, "ordered_at": WHEN} for one in people]
    order_lines = [
        {"order_id": f"o{one.id}", "line": "1", "quantity": "1", "unit_price": "9", "ordered_at": WHEN}
        for one in people
    ]
    answers = [
        {
            "answer_id": f"a{one.id}", "source_record_id_a": f"hubspot:contact:{one.id}",
            "source_record_id_b": f"standard:contact:{one.id}", "is_same": "true", "answered_at": WHEN,
        }
        for one in people
    ]  # fmt: skip
    short = f"{contact[0]['id']},{contact[0]['property_email']}\n".encode()
    return {
        ("hubspot", "contact_1.csv"): as_csv(contact),
        ("hubspot", "contact_2.csv"): as_csv(broken),
        ("hubspot", "contact_3.csv"): as_csv(contact[:1]) + short,
        ("hubspot", "ticket_1.csv"): as_csv(ticket),
        ("hubspot", "ticket_contact_1.csv"): as_csv(ticket_contact),
        ("mailchimp", "member_1.csv.gz"): gzip.compress(as_csv(member)),
        ("mailchimp", "campaign_recipient_1.csv"): as_csv(recipient),
        ("ga4", "events_1.jsonl.gz"): gzip.compress(web),
        ("shop", "invoice_lines_1.parquet"): sink.getvalue(),
        ("standard", "contacts_1.csv"): as_csv(standard),
        ("standard", "orders_1.csv"): as_csv(orders),
        ("standard", "order_lines_1.csv"): as_csv(order_lines),
        ("standard", "match_answers_1.csv"): as_csv(answers),
        # Refused as a whole: a quote is opened that never closes.
        ("hubspot", "contact_4.csv"): as_csv(contact).replace(b"00100", b'"00100', 1),
    }


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
    publish(settings, tables, AS_OF, vault, pages)
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
