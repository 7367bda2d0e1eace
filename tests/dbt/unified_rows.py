"""A small unified room written by hand, and the two rooms after it, identity and customer_360, built by dbt."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from dagster_project.adapters import dbt
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.settings import Settings, load_settings
from dagster_project.settings import settings as settings_of_process
from tests.dbt.compiled_models import build, made_of, models

BOTH_ROOMS = ["path:models/identity", "path:models/customer_360"]
# A row needs only the columns a test is about; the others are null, ``known_at`` is ``occurred_at``.
Row = dict[str, object]

TEXT, MOMENT, MONEY = pa.string(), pa.timestamp("us"), pa.decimal128(18, 4)
COLUMNS = {
    "contacts": {
        **dict.fromkeys(["contact_version_id", "source_record_id", "source_system", "customer_number"], TEXT),
        **dict.fromkeys(["email_raw", "phone_raw", "first_name", "last_name", "street", "postal_code"], TEXT),
        **dict.fromkeys(["city", "country", "language_code"], TEXT),
        "birth_date": pa.date32(),
        "contract_end_date": pa.date32(),
        "is_deleted": pa.bool_(),
        "created_at": MOMENT,
    },
    "consents": {
        **dict.fromkeys(
            ["consent_id", "source_record_id", "source_system", "purpose", "channel", "text_version"], TEXT
        ),
        "is_given": pa.bool_(),
        "expires_at": MOMENT,
    },
    "web_events": dict.fromkeys(["web_event_id", "source_record_id", "login_customer_number"], TEXT),
    "web_purchases": dict.fromkeys(["web_purchase_id", "web_event_id", "source_record_id", "buyer_record_id"], TEXT),
    "match_answers": {
        **dict.fromkeys(["match_answer_id", "source_record_id_a", "source_record_id_b"], TEXT),
        "is_same": pa.bool_(),
    },
    "service_contacts": {
        **dict.fromkeys(["service_contact_version_id", "service_contact_id", "source_record_id"], TEXT),
        **dict.fromkeys(["source_system", "category", "priority", "contact_channel"], TEXT),
        **dict.fromkeys(["opened_at", "closed_at", "updated_at"], MOMENT),
    },
    "order_lines": {
        **dict.fromkeys(["order_line_id", "order_id", "source_record_id", "product_id", "source_system"], TEXT),
        "line_kind": TEXT,
        **dict.fromkeys(["quantity", "line_amount"], MONEY),
    },
    "products": {
        **dict.fromkeys(["product_version_id", "product_id", "source_system", "name", "category"], TEXT),
        "unit_price": MONEY,
    },
    "product_availability": {
        **dict.fromkeys(["product_statement_id", "product_id", "source_system"], TEXT),
        "is_available": pa.bool_(),
    },
    "deals": {
        **dict.fromkeys(["deal_version_id", "deal_id", "source_system", "deal_stage"], TEXT),
        "amount": MONEY,
        "is_deleted": pa.bool_(),
    },
    "deal_parties": {
        **dict.fromkeys(["deal_party_id", "deal_id", "source_record_id", "company_id", "deal_role"], TEXT),
        "is_removed": pa.bool_(),
    },
    "events": {
        **dict.fromkeys(["event_id", "event_type", "source_system", "source_record_id", "subject_id", "channel"], TEXT),
        "amount": MONEY,
    },
}
KEYS = {name: next(iter(columns)) for name, columns in COLUMNS.items()}
ROOMS = {  # table -> in the vault
    "identity": {"normalised_contacts": True, "source_records": False, "identifiers": True, "matches": False,
                 "clusters": False, "review_queue": False, "customers": False, "customer_aliases": False,
                 "customer_records": False, "merge_suspects": False},
    "customer_360": {"customer_events": False, "customer_service_contacts": False, "consents_current": False,
                     "current_contacts": True, "golden_values": True, "customer_emails": True, "customer_phones": True,
                     "customer_names": True, "customer_addresses": True, "contact_points": True, "customer_360": False,
                     "customer_months": False, "customer_products": False, "current_products": False,
                     "customer_deals": False, "households": False},
}  # fmt: skip


def at(day: str, time: str = "09:00") -> datetime:
    """A moment of 2026 in UTC, as tables keep it: ``at("03-31")``."""
    return datetime.fromisoformat(f"2026-{day} {time}")


def contact(record: str, when: datetime, **columns: object) -> Row:
    """One version of a contact; its id follows from record and moment."""
    version = f"{record}@{when.isoformat()}"
    return {
        "contact_version_id": version,
        "source_record_id": record,
        "occurred_at": when,
        "created_at": when,
        **columns,
    }


def event(record: str, event_type: str, when: datetime, **columns: object) -> Row:
    """One event of a record."""
    name = f"{event_type}:{record}:{when.isoformat()}"
    return {"event_id": name, "event_type": event_type, "source_record_id": record, "occurred_at": when, **columns}


def consent(record: str, channel: str, is_given: bool, when: datetime, **columns: object) -> Row:
    """One statement about marketing."""
    name = f"{channel}:{record}:{when.isoformat()}:{is_given}"
    said = {"consent_id": name, "purpose": "marketing", "channel": channel, "is_given": is_given}
    return {"source_record_id": record, "occurred_at": when, **said, **columns}


def ticket(record: str, name: str, opened: datetime, updated: datetime | None = None, **columns: object) -> Row:
    """One version of a service contact."""
    moments = {"opened_at": opened, "updated_at": updated or opened, "occurred_at": opened}
    version = f"{name}@{updated or opened}"
    ids = {"service_contact_version_id": version, "service_contact_id": name, "source_record_id": record}
    return {**ids, **moments, "known_at": updated or opened, **columns}


def login(record: str, number: str | None, when: datetime) -> Row:
    """One web event of a browser, logged in or not."""
    name = f"{record}:{when.isoformat()}"
    return {"web_event_id": name, "source_record_id": record, "login_customer_number": number, "occurred_at": when}


def order_on_the_web(browser: str, buyer: str, when: datetime) -> Row:
    """One purchase of a browser in the name of a record of the shop."""
    name = f"{browser}:{buyer}:{when.isoformat()}"
    row = {"web_purchase_id": name, "web_event_id": name, "source_record_id": browser, "buyer_record_id": buyer}
    return {**row, "occurred_at": when}


def answer(one: str, other: str, is_same: bool, when: datetime) -> Row:
    """What a person said of two records."""
    pair = dict(zip(("source_record_id_a", "source_record_id_b"), sorted((one, other)), strict=True))
    return {"match_answer_id": f"{one}|{other}|{when}", **pair, "is_same": is_same, "occurred_at": when}


@lru_cache(maxsize=1)
def shared_home() -> Settings:
    """One home for all tests of these rooms in this process: dbt parses its project once."""
    folder = Path(tempfile.mkdtemp(prefix="hoiva-rooms-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = load_settings(home=folder / "home")
    settings.at_home.make()
    return settings


_built: list[object] = []  # what the shared home holds now
_fresh: set[str] = set()  # the tables that were built from it
_EVERYTHING = "every table"


def build_rooms(
    rows: Iterable[Row], as_of: datetime, *, shuffled: int | None = None, only: str | None = None
) -> Settings:
    """Write the rows as the unified room, in the order given or shuffled, and build identity and customer_360.

    ``only`` builds one table and what it is made of. A home that holds the same already is left as it is.
    """
    home, process = shared_home(), settings_of_process()
    ordered = [dict(row) for row in rows]
    wanted = [ordered, as_of, shuffled, process.identity_salt, process.phone_region]
    if _built == wanted and _fresh & {_EVERYTHING, only}:
        return home
    if _built != wanted:
        _built.clear()
        _fresh.clear()
        write_unified(home, ordered, shuffled)
        if not _has_countries(home):
            dbt.build(home, ["countries"], as_of.replace(tzinfo=UTC), command="seed")
    names = {name for name, model in models().items() if model.room in ROOMS}
    if only is not None:
        names &= made_of(only)
    build(home, names, as_of)
    _built[:] = wanted
    _fresh.update(names if only else {_EVERYTHING})
    return home


def hold_rules(home: Settings, as_of: datetime, *rules: str) -> None:
    """Run these tests of dbt, or all of the two rooms. Raises DbtFailed when one finds rows."""
    assert home != shared_home() or _EVERYTHING in _fresh, "a rule may read any table: build them all"
    dbt.build(home, list(rules) or BOTH_ROOMS, as_of.replace(tzinfo=UTC), command="test")


@contextmanager
def damaged(home: Settings, table: str, harm: str) -> Iterator[None]:
    """Change a built table by hand, and put it back afterwards."""
    _do(home, f"create or replace table main.saved as from {table}", harm.format(table=table))
    try:
        yield
    finally:
        _do(home, f"create or replace table {table} as from main.saved", "drop table main.saved")


def _do(home: Settings, *statements: str) -> None:
    with open_warehouse(home) as warehouse:
        for statement in statements:
            warehouse.connection.execute(statement)


def write_unified(settings: Settings, rows: Iterable[Row], shuffled: int | None = None) -> None:
    """Replace the tables of the unified room that the two rooms read."""
    ordered = list(rows)
    if shuffled is not None:
        random.Random(shuffled).shuffle(ordered)
    with open_warehouse(settings) as warehouse:
        for name, columns in COLUMNS.items():
            schema = pa.schema({**columns, "occurred_at": MOMENT, "known_at": MOMENT}.items())
            own = [{"known_at": row["occurred_at"], **row} for row in ordered if KEYS[name] in row]
            table = pa.Table.from_pylist(own, schema=schema)
            warehouse.write("unified", name, table, in_vault=name == "contacts")


def _has_countries(settings: Settings) -> bool:
    with open_warehouse(settings) as warehouse:
        return warehouse.has("seeds", "countries")


def read(settings: Settings, table: str, where: str = "true") -> list[Row]:
    """The rows of a table of the two rooms, in an order of their own."""
    assert settings != shared_home() or _fresh & {_EVERYTHING, table}, f"{table} holds what was built before"
    room = next(room for room, tables in ROOMS.items() if table in tables)
    vault = "vault." if ROOMS[room][table] else ""
    with open_warehouse(settings) as warehouse:
        return warehouse.read(f"select * from {vault}{room}.{table} where {where} order by all").to_pylist()


def built(rows: Iterable[Row], as_of: datetime, table: str) -> list[Row]:
    """The rows of one table that these rows lead to, with nothing built but what it is made of."""
    return read(build_rooms(rows, as_of, only=table), table)


def read_all(settings: Settings) -> dict[str, list[Row]]:
    """Every table of the two rooms."""
    return {table: read(settings, table) for tables in ROOMS.values() for table in tables}


def customer_of(settings: Settings, record: str) -> str:
    """The customer a source record belongs to."""
    (row,) = read(settings, "clusters", f"source_record_id = '{record}'")
    return str(row["customer_id"])


AINO_BORN = date(1980, 5, 1)


def small_town() -> list[Row]:
    """Aino, whom four systems know, Eino who shares her phone, a visitor, and a guest's purchase.

    Aino bought on 10 January, 20 January and late on 28 February (which is 1 March in Helsinki).
    """
    aino = {"email_raw": "Aino@Posti.fi", "phone_raw": "040 123 4567", "customer_number": "1", "birth_date": AINO_BORN}
    home = {"street": "Kotikatu 1", "postal_code": "00100", "city": "Helsinki", "country": "Suomi"}
    return [
        contact("hubspot:contact:1", at("01-05"), first_name="Aino", last_name="Aalto", **aino, **home),
        contact("hubspot:contact:2", at("01-06"), customer_number="2", phone_raw="+358401234567"),
        contact("shop:customer:1", at("01-10"), customer_number="1", country="Finland"),
        contact("shop:customer:2", at("01-11"), customer_number="2", country="Sweden"),
        contact("mailchimp:member:a", at("01-07"), email_raw="aino@posti.fi", language_code="FI"),
        login("ga4:cookie:a", "1", at("01-04")),
        login("ga4:cookie:shared", "1", at("01-08")),
        login("ga4:cookie:shared", "2", at("01-09")),
        login("ga4:cookie:visitor", None, at("01-09")),
        event("ga4:cookie:a", "web_visit", at("01-04"), subject_id="s1"),
        event("ga4:cookie:visitor", "web_visit", at("01-09"), subject_id="s2"),
        event("shop:customer:1", "purchase", at("01-10"), amount=10, subject_id="o1"),
        event("shop:customer:1", "purchase", at("01-10", "12:00"), amount=5, subject_id="o2"),
        event("shop:customer:1", "purchase", at("01-20"), amount=20, subject_id="o3"),
        event("shop:customer:1", "purchase", at("02-28", "22:30"), amount=30, subject_id="o4"),
        event("shop:customer:1", "return", at("01-25"), amount=5, subject_id="o5"),
        event("shop:customer:2", "purchase", at("01-11"), amount=7, subject_id="o6"),
        event("mailchimp:member:a", "newsletter_sent", at("02-01"), subject_id="letter"),
        event("mailchimp:member:a", "newsletter_machine_opened", at("02-01", "09:00"), subject_id="letter"),
        event("mailchimp:member:a", "newsletter_opened", at("02-01", "19:00"), subject_id="letter"),
        ticket("hubspot:contact:1", "t1", at("02-02"), category="delivery", closed_at=at("02-05")),
        ticket("hubspot:contact:1", "t2", at("02-03")),
        ticket("hubspot:contact:1", "t2", at("02-03"), updated=at("02-10"), category="complaint"),
        consent("hubspot:contact:1", "phone", True, at("01-05")),
        consent("mailchimp:member:a", "email", True, at("01-07")),
        {**event("x", "purchase", at("01-12"), amount=99, subject_id="guest"), "source_record_id": None},
    ]  # fmt: skip
