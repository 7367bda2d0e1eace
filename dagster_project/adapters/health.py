"""How the house is, in one small file for whatever watches it: ``health.json``, written whole, naming nobody."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.durable import replace_file
from dagster_project.adapters.holding import is_held
from dagster_project.adapters.outbox import MANIFEST, TAKEN
from dagster_project.adapters.verifying.outbox_checks import batch_folders
from dagster_project.domain.exports.manifest import folder_name
from dagster_project.domain.operations.alarms import (
    Alarm,
    Handed,
    late_sources,
    little_room,
    stale_published,
    stuck_batches,
    waiting_erasures,
)

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Home, Settings

PROTOCOL = 1
OUT = {"published", "accepted", "partly", "rejected"}


def alarms_of(settings: Settings, ledger: Ledger, now: datetime) -> list[Alarm]:
    """Everything that somebody should look at as of a moment."""
    from dagster_project.adapters.published import has_published, open_published

    home = settings.at_home
    arrivals: dict[tuple[str, str], list[datetime]] = {}
    for delivery in ledger.deliveries():
        if delivery.status == "loaded" and delivery.arrived_at <= now:
            arrivals.setdefault((delivery.source, delivery.table_name), []).append(delivery.arrived_at)
    as_of = open_published(settings).as_of if has_published(settings) else None
    room = shutil.disk_usage(home.root)
    return [
        *late_sources(arrivals, now),
        *stuck_batches(handed_of(home, ledger), now),
        *stale_published(as_of, now),
        *waiting_erasures({one.erasure_id: one.requested_at for one in ledger.erasures("begun", "waiting")}, now),
        *little_room(room.free, room.total),
    ]


def handed_of(home: Home, ledger: Ledger) -> list[Handed]:
    """The batches that left and can still be seen here, with what their receivers made of them."""
    found = []
    for destination in sorted({record.destination for record in ledger.batches(states=OUT)}):
        folders = batch_folders(home, destination)
        for record in ledger.batches(destination=destination, states=OUT):
            folder = folders.get(folder_name(record.sequence, record.batch_id))
            if folder is None or not (folder / MANIFEST).is_file():
                continue
            told = json.loads((folder / MANIFEST).read_bytes())
            is_copied = record.pickup == "copy"  # it counts as taken as it is published
            found.append(
                Handed(
                    destination=destination,
                    sequence=record.sequence,
                    handed_at=record.as_of,
                    expires_at=datetime.fromisoformat(told["expires_at"].replace("Z", "+00:00")),
                    is_taken=is_copied or folder.parent.name == TAKEN,
                    is_answered=record.state != "published",
                )
            )
    return found


def write_health(
    settings: Settings, ledger: Ledger, now: datetime, run: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Look at the house and put ``health.json`` in place; returns what it says.

    Args:
        now: the moment asked about: a run's ``as_of``, or now for a person.
        run: the run that just ended: ``run_id``, ``job``, ``as_of``, ``success``. None keeps the one told before.
    """
    from dagster_project.adapters.published import has_published, open_published

    home = settings.at_home.make()
    path = home.root / "health.json"
    alarms = alarms_of(settings, ledger, now)
    version = open_published(settings) if has_published(settings) else None
    waiting = [record for record in ledger.batches(states={"prepared"})]
    deliveries = ledger.deliveries()
    told = {
        "protocol": PROTOCOL,
        "as_of": now.isoformat(),
        "status": "alarm" if alarms or is_held(home) else "ok",
        "alarms": [{"subject": alarm.subject, "text": alarm.text} for alarm in alarms],
        "is_held_after_restore": is_held(home),
        "published": None if version is None else {"version": version.name, "as_of": version.as_of.isoformat()},
        "last_run": run if run is not None else _former(path).get("last_run"),
        "count_files_loaded": sum(one.status == "loaded" for one in deliveries),
        "count_files_refused": sum(one.status in ("refused", "held") for one in deliveries),
        "count_rows_quarantined": sum(one.count_quarantined for one in deliveries if one.status == "loaded"),
        "count_batches_unfinished": len(waiting),
        "last_batches": _last(ledger),
        "bytes_free": shutil.disk_usage(home.root).free,
    }
    replace_file(path, (json.dumps(told, indent=1) + "\n").encode())
    return told


def _former(path: Any) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told


def _last(ledger: Ledger) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for record in ledger.batches(states=OUT):
        numbers[record.destination] = max(numbers.get(record.destination, 0), record.sequence)
    return numbers
