"""A published house of a few fictional customers, for tests of what leaves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.outbox import take
from dagster_project.adapters.published import Version, publish
from dagster_project.domain.audiences import MEMBERSHIP_SCHEMA
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.policy import Channel, ContactPolicy
from dagster_project.domain.decisions.schemas import PLAN_SCHEMA
from dagster_project.domain.exports.destination import Destination
from dagster_project.domain.exports.values import keyed_hash
from dagster_project.settings import Settings

AS_OF = datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)
LETTERS = Destination("letters", "message", "mailchimp", "email")
CALLS = Destination("calls", "message", "call_list", "phone")
GOOGLE = Destination(
    "google", "membership", "google_ads", "ads", audience="fading", segment="fading", audience_code="hv-01"
)
META = Destination("meta", "membership", "meta", "ads", audience="fading", segment="fading", audience_code="hv-01")
ANYTHING_GOES = ContactPolicy(
    channels={
        "email": Channel("email", "has_email"),
        "phone": Channel("phone", "has_phone"),
        "sms": Channel("sms", "has_phone"),
        "letter": Channel("letter", "has_postal_address"),
        "staff": Channel("staff", None),
        "push": Channel("push", None),
    },
    per_customer_per_day=None,
)
POINT_COLUMNS = (
    "customer_id",
    "customer_number",
    "email",
    "phone",
    "first_name",
    "last_name",
    "street",
    "postal_code",
    "city",
    "country_code",
    "language_code",
)
SECRETS = ("example.com", "+35840", "Etunimi", "Sukunimi", "Salakatu")  # parts of every customer's contact data


def customer_ids(count: int, start: int = 0) -> list[str]:
    return [f"c{number:020d}" for number in range(start, start + count)]


def point(customer_id: str, **changes: str | None) -> dict[str, str | None]:
    """One customer's contact points."""
    number = int(customer_id[1:])
    row: dict[str, str | None] = {
        "customer_id": customer_id,
        "customer_number": str(10_000 + number),
        "email": f"asiakas{number}@example.com",
        "phone": f"+35840{1_000_000 + number}",
        "first_name": f"Etunimi{number}",
        "last_name": f"Sukunimi{number}",
        "street": f"Salakatu {number}",
        "postal_code": "00100",
        "city": "Helsinki",
        "country_code": "FI",
        "language_code": "fi",
    }
    return row | changes


def house(
    settings: Settings,
    points: Iterable[dict[str, str | None]],
    audience: Iterable[str] = (),
    as_of: datetime = AS_OF,
    segment_sizes: pa.Table | None = None,
) -> Version:
    """Publish contact points, one membership audience and, where given, the sizes of segments."""
    schema = pa.schema([(name, pa.string()) for name in POINT_COLUMNS])
    members = list(audience)
    columns = [members, [f"s-{customer_id}" for customer_id in members], [naive_utc(as_of)] * len(members)]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, MEMBERSHIP_SCHEMA, strict=True)]
    tables = {"audiences/fading": pa.table(arrays, schema=MEMBERSHIP_SCHEMA)}
    if segment_sizes is not None:
        tables["analytics/segment_sizes"] = segment_sizes
    return publish(settings, tables, as_of, {"contact_points": pa.Table.from_pylist(list(points), schema=schema)})


def consent_rows(ids: Iterable[str], denied: Iterable[str] = ()) -> pa.Table:
    """Everybody allows every channel but those who deny all of them."""
    no = set(denied)
    rows = [
        {
            "customer_id": customer_id,
            "purpose": "marketing",
            "channel": channel,
            "is_allowed": customer_id not in no,
            "consent_id": f"s-{customer_id}",
            "decided_at": naive_utc(AS_OF - timedelta(days=30)),
        }
        for customer_id in ids
        for channel in ("email", "phone", "sms", "letter", "staff", "push", "ads")
    ]
    schema = pa.schema(
        [
            ("customer_id", pa.string()),
            ("purpose", pa.string()),
            ("channel", pa.string()),
            ("is_allowed", pa.bool_()),
            ("consent_id", pa.string()),
            ("decided_at", pa.timestamp("us")),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def consent(ledger: Ledger, ids: Iterable[str], denied: Iterable[str] = (), at: datetime = AS_OF) -> None:
    """Let the ledger know the consents of these customers, and no others."""
    assert ledger.sync_consents(consent_rows(ids, denied), at)


def claim(ledger: Ledger, ids: Iterable[str], channel: str = "email", care_model: str = "welcome") -> list[str]:
    """One claimed contact per customer, as the decisions leave them; the contact ids."""
    common = {
        "care_model": care_model,
        "version": "1",
        "step": "first",
        "window_key": "once",
        "channel": channel,
        "treatment": "hello",
        "subject": "Tervetuloa",
        "link": "https://shop.example/hei",
        "purpose": "marketing",
        "action_class": "marketing",
        "score": 1.0,
        "cost": Decimal("0.01"),
        "planned_for": naive_utc(AS_OF),
        "planned_date": AS_OF.date(),
        "as_of": naive_utc(AS_OF),
    }
    rows = [
        common | {"contact_id": keyed_hash("test", one, care_model, channel), "customer_id": one, "enrolment_id": one}
        for one in ids
    ]
    claimed = ledger.claim(pa.Table.from_pylist(rows, schema=PLAN_SCHEMA), ANYTHING_GOES, AS_OF)
    assert not claimed.refused
    return list(claimed.claimed)


@contextmanager
def waiting_house(settings: Settings, ids: list[str]) -> Iterator[Ledger]:
    """A house whose customers are an audience, allow everything, and each have a contact that waits; its ledger."""
    with open_ledger(settings.ledger_address) as ledger:
        house(settings, map(point, ids), audience=ids)
        consent(ledger, ids)
        claim(ledger, ids)
        yield ledger


def statuses(ledger: Ledger) -> dict[str, tuple[str, str | None]]:
    """contact_id to status and reason."""
    rows = ledger.contacts().to_pylist()
    return {row["contact_id"]: (row["status"], row["reason"]) for row in rows}


def batches(settings: Settings, destination: str) -> list[Path]:
    """The batch folders a receiver sees or has taken, in order."""
    folder = settings.at_home.outbox / destination
    found = [path for place in (folder, folder / ".taken") if place.is_dir() for path in place.iterdir()]
    return sorted((path for path in found if not path.name.startswith(".")), key=lambda path: path.name)


def take_all(settings: Settings, destination: str) -> None:
    """Take every batch as its receiver does."""
    for path in batches(settings, destination):
        take(settings.at_home, destination, path.name)


def outside(settings: Settings) -> dict[str, tuple[bytes, int]]:
    """Every file of the outbox that a receiver sees: its bytes and time of change."""
    root = settings.at_home.outbox
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.relative_to(root).parts[0].startswith(".")
    }
