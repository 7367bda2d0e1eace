"""A file dropped into the landing folder becomes a batch in the outbox, through the sensors alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from dagster_project.components.automation import DECIDE, EXPORT
from dagster_project.components.running import AS_OF_TAG
from dagster_project.settings import Settings
from tests.journeys.homes import TOWN, at_home, copy_of, recipients_of

NEW_CUSTOMERS = [f"new{number}" for number in range(6)]  # so many that the holdout cannot take them all


@pytest.fixture
def own(town_home: Path, tmp_path: Path) -> Iterator[Settings]:
    """A town that has run once, to drop files into."""
    with at_home(copy_of(town_home, tmp_path / "home"), **TOWN) as own:
        yield own


@pytest.fixture
def instance(own: Settings) -> Iterator[dg.DagsterInstance]:
    """The home's own instance, with the settings `make dev` uses."""
    from dagster_project.adapters.dagster_events import events_held_open
    from dagster_project.adapters.dagster_home import prepare

    prepare(own)
    with dg.DagsterInstance.get() as instance, events_held_open(instance):
        yield instance


def evaluate(definitions: dg.Definitions, instance: dg.DagsterInstance, sensor: str) -> dg.RunRequest | None:
    """What a sensor asks for now; None when it skips, and says why."""
    with dg.build_sensor_context(instance=instance, definitions=definitions) as context:
        told = definitions.resolve_sensor_def(sensor).evaluate_tick(context)
    assert len(told.run_requests or []) <= 1
    if not told.run_requests:
        assert told.skip_message
        return None
    return told.run_requests[0]


def execute(definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, request: dg.RunRequest) -> None:
    """Run what a sensor asked for, as the daemon would."""
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance, tags=request.tags, raise_on_error=False
    )
    failed = [event.step_key for event in result.all_events if event.is_step_failure]
    assert result.success, failed


def drop(own: Settings, table: str, lines: list[str]) -> Path:
    """Put a file into ``landing/standard/<table>/``, last written to a minute ago."""
    folder = own.at_home.landing / "standard" / table
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table}_of_today.csv"
    path.write_text("\n".join(lines) + "\n")
    minute_ago = time.time() - 60
    os.utime(path, (minute_ago, minute_ago))
    return path


def drop_first_purchases(own: Settings) -> None:
    """Six people who gave their address and consent two hours ago, and bought for the first time an hour ago."""
    now = datetime.now(UTC)
    joined, bought = ((now - timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S") for hours in (2, 1))
    people = NEW_CUSTOMERS
    drop(
        own,
        "contacts",
        ["contact_id,email,first_name,last_name,country,language,created_at,updated_at"]
        + [f"{one},{one}@new.example.com,Uusi,Asiakas,FI,fi,{joined},{joined}" for one in people],
    )
    drop(
        own,
        "consents",
        ["contact_id,purpose,channel,is_given,changed_at"] + [f"{one},marketing,email,true,{joined}" for one in people],
    )
    drop(
        own,
        "orders",
        ["order_id,contact_id,ordered_at,is_cancelled,currency"]
        + [f"first-{one},{one},{bought},false,EUR" for one in people],
    )
    drop(
        own,
        "order_lines",
        ["order_id,line,product_id,quantity,unit_price,ordered_at"]
        + [f"first-{one},1,P0001,2,9.50,{bought}" for one in people],
    )


def batches(own: Settings) -> set[str]:
    """Batch folders that lie in the outbox."""
    return {str(path.parent.relative_to(own.at_home.outbox)) for path in own.at_home.outbox.glob("*/*/manifest.json")}


def test_a_dropped_file_leads_to_a_new_batch_through_sensors_alone(own: Settings, instance: dg.DagsterInstance) -> None:
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.definitions import defs

    definitions = defs()
    before = batches(own)
    assert evaluate(definitions, instance, "landing_files") is None
    assert evaluate(definitions, instance, "exports_waiting") is None, "the run of the day has exported everything"

    drop_first_purchases(own)
    request = evaluate(definitions, instance, "landing_files")
    assert request is not None
    again = evaluate(definitions, instance, "landing_files")
    assert again is not None
    assert again.run_key == request.run_key, "the same files ask for one run"
    assert definitions.resolve_sensor_def("landing_files").job_name == DECIDE
    execute(definitions, instance, DECIDE, request)
    assert not [path for path in own.at_home.landing.rglob("*") if path.is_file()], "taken in and moved away"
    with open_ledger(own.ledger_address) as ledger:
        landed = [one for one in ledger.deliveries("standard") if one.file_name.endswith("_of_today.csv")]
    assert [one.status for one in landed] == ["loaded"] * 4
    as_of = datetime.fromisoformat(request.tags[AS_OF_TAG])
    assert all(one.arrived_at <= as_of for one in landed), "known by the moment the run is asked about"
    assert evaluate(definitions, instance, "landing_files") is None
    assert batches(own) == before, "deciding exports nothing by itself"

    request = evaluate(definitions, instance, "exports_waiting")
    assert request is not None
    again = evaluate(definitions, instance, "exports_waiting")
    assert again is not None
    assert again.run_key == request.run_key
    assert definitions.resolve_sensor_def("exports_waiting").job_name == EXPORT
    execute(definitions, instance, EXPORT, request)
    new = batches(own) - before
    assert any(folder.startswith("mailchimp_letters/") for folder in new)
    assert evaluate(definitions, instance, "exports_waiting") is None

    points = pq.read_table(own.at_home.vault_published / "contact_points.parquet").to_pylist()
    ids = {row["email"]: row["customer_id"] for row in points if row["email"]}
    with open_ledger(own.ledger_address) as ledger:
        control = {row["customer_id"] for row in ledger.enrolments().to_pylist() if row["is_control"]}
        apart = ledger.held_out() | control
    expected = {email for one in NEW_CUSTOMERS if ids[email := f"{one}@new.example.com"] not in apart}
    welcomed = {row["Email Address"] for row in recipients_of(own.at_home.root) if "Email Address" in row}
    assert len(expected) >= 3
    assert {email for email in welcomed if email.endswith("@new.example.com")} == expected


def test_a_file_that_still_grows_is_left_alone(own: Settings, instance: dg.DagsterInstance) -> None:
    from dagster_project.definitions import defs

    definitions = defs()
    growing = drop(own, "contacts", ["contact_id,updated_at", "grows,2026-03-31 10:00:00"])
    just_now = time.time() + 30  # nobody can be so slow that it settles within the test
    os.utime(growing, (just_now, just_now))
    part = growing.with_name("contacts_of_tomorrow.csv.part")
    part.write_text(growing.read_text())
    assert evaluate(definitions, instance, "landing_files") is None

    settled = time.time() - 60
    os.utime(growing, (settled, settled))
    request = evaluate(definitions, instance, "landing_files")
    assert request is not None, "negative control: the same file, settled"
    assert datetime.fromisoformat(request.tags[AS_OF_TAG]) <= datetime.now(UTC)
