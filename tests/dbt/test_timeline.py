"""One view tells a customer's whole story in time order: what happened, what we did, and what is planned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from dagster_project.adapters import dbt
from dagster_project.adapters.contacts_snapshot import COLUMNS, ROOM, TABLE, make_room_for_contacts
from dagster_project.adapters.ledger.contacts import CONTACT_SCHEMA
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.settings import Settings
from tests.dbt.unified_rows import Row, at, build_rooms, customer_of, event, hold_rules, shared_home, small_town

TONIGHT = at("03-31")


def snapshot(*rows: Row) -> None:
    """Keep these contacts as the nightly run keeps the ledger's."""
    schema = pa.schema([CONTACT_SCHEMA.field(name) for name in COLUMNS])
    with open_warehouse(shared_home()) as warehouse:
        warehouse.write(ROOM, TABLE, pa.Table.from_pylist(list(rows), schema=schema))


def planned(customer: str, name: str, when: datetime, decided: datetime) -> Row:
    about = {"care_model": "welcome", "step": name, "channel": "email"}
    return {"contact_id": name, "customer_id": customer, **about, "planned_for": when, "decided_as_of": decided}


def timeline(home: Settings, customer: str) -> list[tuple[str, str | None, bool]]:
    with open_warehouse(home) as warehouse:
        rows = warehouse.read(
            "select event_type, subject_id, is_planned from customer_360.customer_timeline where customer_id = $id"
            " order by occurred_at, event_id", {"id": customer},
        ).to_pylist()  # fmt: skip
    return [(row["event_type"], row["subject_id"], row["is_planned"]) for row in rows]


@pytest.fixture
def without_contacts() -> Iterator[None]:
    """The shared home is left as it was found."""
    yield
    with open_warehouse(shared_home()) as warehouse:
        warehouse.connection.execute(f"drop schema if exists {ROOM} cascade")


def test_events_contacts_made_and_contacts_planned_stand_in_time_order(without_contacts: None) -> None:
    with open_warehouse(shared_home()) as warehouse:
        make_room_for_contacts(warehouse)
    town = [*small_town(), event("shop:customer:1", "purchase", at("03-20"), amount=7, subject_id="last")]
    home = build_rooms(town, TONIGHT)
    dbt.build(home, ["customer_timeline"], TONIGHT.replace(tzinfo=UTC), command="run")  # it looks for the snapshot
    aino = customer_of(home, "shop:customer:1")
    before = timeline(home, aino)
    assert before[-1] == ("purchase", "last", False)
    snapshot(
        planned(aino, "early", at("03-10"), at("03-09")),
        planned(aino, "next", TONIGHT + timedelta(days=1), TONIGHT),
        planned(aino, "decided_later", TONIGHT + timedelta(days=2), TONIGHT + timedelta(days=1)),
        planned("c00000000000000000000", "nobody", at("03-10"), at("03-09")),
    )
    told = timeline(home, aino)
    assert told[-3:] == [
        ("contact", "welcome:early", False),
        ("purchase", "last", False),
        ("contact", "welcome:next", True),
    ]
    assert [row for row in told if row[0] != "contact"] == before
    assert timeline(home, "c00000000000000000000") == []
    hold_rules(home, TONIGHT, "customer_timeline")


def test_a_warehouse_without_a_snapshot_has_a_timeline_of_events() -> None:
    home = build_rooms([*small_town(), event("shop:customer:1", "purchase", at("03-21"), subject_id="o")], TONIGHT)
    told = timeline(home, customer_of(home, "shop:customer:1"))
    assert told[-1] == ("purchase", "o", False)
    assert not any(kind == "contact" for kind, _, _ in told)
