"""Small tables of customers, events and past enrolments to ask care models of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from dagster_project.adapters.conditions import evaluate
from dagster_project.components.care_model import CareModelFile
from dagster_project.components.fenced import validate_text
from dagster_project.domain.care_models import PAST_ENROLMENTS, CareModel, entries
from dagster_project.domain.care_models.doors import Seen, doors
from dagster_project.domain.clock import naive_utc

ZONE = ZoneInfo("Europe/Helsinki")
SALT = "salt-for-tests"
MOMENT = pa.timestamp("us")

TEXT = """
care_model: {name}
title: A model for tests
version: {version}
owner: marketing
stage: use
purpose: marketing
action_class: marketing
entry: {entry}
reentry: {reentry}
control_share: {control}
value: 4
priority: 60
steps:
  - {{id: first, channel: email, treatment: hello, subject: Hello, link: https://shop.example/hello, lead_time: {lead}}}
"""


def model(
    entry: str = "{trigger: state, where: is_fading}",
    reentry: str = "never",
    *,
    name: str = "tested",
    version: int = 1,
    control: float = 0.0,
    lead: str = "0d",
) -> CareModel:
    """A care model, through its file's own form."""
    text = TEXT.format(name=name, version=version, entry=entry, reentry=reentry, control=control, lead=lead)
    read = validate_text(text, "tested.yaml", CareModelFile)
    assert not isinstance(read, list), [str(fault) for fault in read]
    return read[0].as_model()


def purchase_within(span: str, where: str = "count_orders >= 0", event: str = "purchase") -> str:
    return f'{{trigger: event, event: {event}, within: {span}, where: "{where}"}}'


def at(text: str) -> datetime:
    """A moment written in Helsinki time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def customers(*ids: str, **columns: list[Any]) -> pa.Table:
    """One row per customer; all of them fading, of top value, with one order."""
    count = len(ids)
    rows: dict[str, Any] = {
        "customer_id": pa.array(ids, pa.string()),
        "is_fading": pa.array([True] * count, pa.bool_()),
        "value_tier": pa.array(["top"] * count, pa.string()),
        "count_orders": pa.array([1] * count, pa.int64()),
        "count_open_complaints": pa.array([0] * count, pa.int64()),
        "count_open_service_contacts": pa.array([0] * count, pa.int64()),
        "may_email": pa.array([True] * count, pa.bool_()),
    }
    return pa.table(rows | {name: pa.array(values, rows[name].type) for name, values in columns.items()})


def happened(*events: tuple[str, str, str], event_type: str = "purchase", known: str | None = None) -> pa.Table:
    """Events as (customer_id, moment in Helsinki, subject_id)."""
    moments = [naive_utc(at(moment)) for _, moment, _ in events]
    return pa.table(
        {
            "event_id": pa.array(
                [f"e{number}-{subject}" for number, (_, _, subject) in enumerate(events)], pa.string()
            ),
            "event_type": pa.array([event_type] * len(events), pa.string()),
            "source_system": pa.array(["shop"] * len(events), pa.string()),
            "subject_id": pa.array([subject or None for _, _, subject in events], pa.string()),
            "channel": pa.array(["web"] * len(events), pa.string()),
            "amount": pa.array([10] * len(events), pa.decimal128(18, 4)),
            "customer_id": pa.array([customer for customer, _, _ in events], pa.string()),
            "occurred_at": pa.array(moments, MOMENT),
            "known_at": pa.array([naive_utc(at(known))] * len(events) if known else moments, MOMENT),
        }
    )


NOTHING = happened()
NO_PAST = PAST_ENROLMENTS.empty_table()


def enter(
    care_model: CareModel,
    base: pa.Table,
    as_of: str,
    events: pa.Table = NOTHING,
    past: pa.Table = NO_PAST,
    seen: dict[str, Any] | None = None,
) -> pa.Table:
    """Who enters as of a moment in Helsinki."""
    found = doors(care_model, Seen(base, events, **(seen or {})), at(as_of), ZONE, evaluate)
    return entries(care_model, found.opened, past, at(as_of), zone=ZONE, salt=SALT)


def remembered(*tables: pa.Table, ended: str | None = None) -> pa.Table:
    """What a ledger remembers of entries found earlier; all of them ended at one moment, or none."""
    rows = pa.concat_tables(tables)
    moment = naive_utc(at(ended)) if ended else None
    rows = rows.append_column("ended_at", pa.array([moment] * rows.num_rows, MOMENT))
    return rows.select(PAST_ENROLMENTS.names).cast(PAST_ENROLMENTS)


def ids(rows: pa.Table, column: str = "customer_id") -> list[Any]:
    return list(rows.column(column).to_pylist())


def renamed(past: pa.Table, names: dict[str, str]) -> pa.Table:
    """The same memory after two customers became one."""
    values: Iterable[str] = [names.get(name, name) for name in ids(past)]
    return past.set_column(
        past.column_names.index("customer_id"), PAST_ENROLMENTS.field("customer_id"), pa.array(values, pa.string())
    )
