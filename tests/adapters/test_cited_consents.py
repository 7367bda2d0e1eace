"""Each row that leaves cites the consent that allows it, and one that has expired or is another's allows nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.withdrawing import withdraw_blocked
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.schemas import PLAN_SCHEMA
from dagster_project.settings import Settings
from tests.adapters.small_house import (
    ANYTHING_GOES,
    AS_OF,
    CALLS,
    GOOGLE,
    LETTERS,
    META,
    batches,
    claim,
    customer_ids,
    house,
    point,
    statuses,
)

IDS = customer_ids(5)
ALL = (LETTERS, CALLS, GOOGLE, META)
HOUR = timedelta(hours=1)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("customer_id", "purpose", "channel")),
        ("is_allowed", pa.bool_()),
        ("consent_id", pa.string()),
        ("decided_at", pa.timestamp("us")),
        ("expires_at", pa.timestamp("us")),
    ]
)


def consents(ledger: Ledger, expires_at: Any = None) -> pa.Table:
    """Everybody allows e-mail, phone and ads, each by a consent of its own; the first one's may end."""
    rows = [
        {
            "customer_id": customer_id,
            "purpose": "marketing",
            "channel": channel,
            "is_allowed": True,
            "consent_id": f"{customer_id}-{channel}" if channel != "ads" else f"s-{customer_id}",
            "decided_at": naive_utc(AS_OF - timedelta(days=9)),
            "expires_at": naive_utc(expires_at) if expires_at is not None and customer_id == IDS[0] else None,
        }
        for customer_id in IDS
        for channel in ("email", "phone", "ads")
    ]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    ledger.sync_consents(table, AS_OF)
    return table


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        house(home, map(point, IDS), audience=IDS)
        yield opened


def uncited(home: Settings, ledger: Ledger, known: pa.Table) -> list[str]:
    """Rows of every batch whose consent is none, or none that allows it to that customer on that channel."""
    allowed = {
        (row["customer_id"], row["channel"], row["consent_id"]) for row in known.to_pylist() if row["is_allowed"]
    }
    owners = {row["contact_id"]: row["customer_id"] for row in ledger.contacts().to_pylist()}
    wrong = []
    for destination in ALL:
        if destination.kind == "membership":
            members = ledger.memberships(destination.name).to_pylist()
            owners |= {row["customer_key"]: row["customer_id"] for row in members}
        for folder in batches(home, destination.name):
            with (folder / "rows.csv").open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if row["file"].startswith("remove"):
                        assert row["consent_id"] == "", "a removal needs none"
                    elif (owners[row["row_key"]], destination.channel, row["consent_id"]) not in allowed:
                        wrong.append(f"{destination.name} {row['row_key']}")
    return wrong


def export(home: Settings, ledger: Ledger) -> None:
    claim(ledger, IDS)
    claim(ledger, IDS, channel="phone")
    for destination in ALL:
        assert export_destination(home, ledger, destination, AS_OF) is not None


def test_every_row_cites_a_consent_that_allows_it(home: Settings, ledger: Ledger) -> None:
    known = consents(ledger)
    export(home, ledger)
    assert uncited(home, ledger, known) == []
    assert sum(len((folder / "rows.csv").read_text().splitlines()) - 1 for folder in batches(home, "letters")) == 5


@pytest.mark.parametrize("cited", ["none", "another channel's"])
def test_a_row_that_cites_none_or_another_is_found(
    home: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, cited: str
) -> None:
    """Negative control."""
    known = consents(ledger)
    value = "" if cited == "none" else f"{IDS[0]}-letter"
    monkeypatch.setattr(ledger, "cite_consents", lambda ids, at: dict.fromkeys(ids, value))
    export(home, ledger)
    assert len(uncited(home, ledger, known)) == 10, "every letter and every call"


def test_an_expired_consent_is_refused_at_the_claim(ledger: Ledger) -> None:
    consents(ledger, expires_at=AS_OF + HOUR)
    row: dict[str, Any] = dict.fromkeys(PLAN_SCHEMA.names) | {
        "contact_id": "1" * 20,
        "customer_id": IDS[0],
        "care_model": "welcome",
        "version": "1",
        "step": "first",
        "window_key": "once",
        "channel": "email",
        "treatment": "hello",
        "purpose": "marketing",
        "action_class": "marketing",
        "score": 1.0,
        "cost": 0,
        "planned_for": naive_utc(AS_OF),
        "planned_date": AS_OF.date(),
        "as_of": naive_utc(AS_OF),
    }
    plan = pa.Table.from_pylist([row], schema=PLAN_SCHEMA)
    late = ledger.claim(plan, ANYTHING_GOES, AS_OF + 2 * HOUR)
    assert list(late.refused.values()) == ["consent"]
    assert ledger.claim(plan, ANYTHING_GOES, AS_OF).claimed == ("1" * 20,), "control: an hour earlier it may"


def test_a_consent_that_expires_between_claim_and_publishing_stops_the_contact(home: Settings, ledger: Ledger) -> None:
    consents(ledger, expires_at=AS_OF + HOUR)
    claim(ledger, IDS)
    batch = export_destination(home, ledger, LETTERS, AS_OF + HOUR)
    assert batch is not None
    assert batch.count("contacts") == 4
    assert sorted(reason or "" for _, reason in statuses(ledger).values()) == ["", "", "", "", "no_consent"]


def test_a_row_cites_the_consent_that_stands_when_it_leaves(home: Settings, ledger: Ledger) -> None:
    known = consents(ledger)
    claim(ledger, IDS)
    again = pc.binary_join_element_wise(known["consent_id"], "again", "-")
    later = known.set_column(known.schema.get_field_index("consent_id"), "consent_id", again)
    ledger.sync_consents(later, AS_OF)
    before = ledger.permissions_revision()
    export_destination(home, ledger, LETTERS, AS_OF)
    assert ledger.permissions_revision() == before
    (folder,) = batches(home, LETTERS.name)
    with (folder / "rows.csv").open(encoding="utf-8", newline="") as file:
        cited = {row["row_key"]: row["consent_id"] for row in csv.DictReader(file)}
    told = ledger.contacts()
    assert cited == dict(zip(told["contact_id"].to_pylist(), told["consent_id"].to_pylist(), strict=True))
    assert all(consent_id.endswith("-again") for consent_id in cited.values())


def test_the_last_check_knows_the_hour(ledger: Ledger) -> None:
    consents(ledger, expires_at=AS_OF + HOUR)
    (contact_id,) = claim(ledger, IDS[:1])
    assert ledger.blocked_contacts([contact_id], AS_OF) == {}
    assert ledger.blocked_contacts([contact_id], AS_OF + HOUR) == {contact_id: "no_consent"}


def test_a_batch_in_which_a_consent_has_expired_is_taken_back_and_a_member_let_go(
    home: Settings, ledger: Ledger
) -> None:
    consents(ledger, expires_at=AS_OF + HOUR)
    export(home, ledger)
    assert withdraw_blocked(home, ledger, AS_OF) == []
    taken_back = withdraw_blocked(home, ledger, AS_OF + HOUR)
    assert sorted(record.destination for record in taken_back) == ["calls", "google", "letters", "meta"]
    batch = export_destination(home, ledger, GOOGLE, AS_OF + HOUR)
    assert batch is not None
    assert batch.count("add") == 4
    members = ledger.memberships("google")
    assert not pc.is_in(pa.scalar(IDS[0]), members["customer_id"].combine_chunks()).as_py()
