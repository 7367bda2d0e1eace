"""Answers that tools leave beside their batches on the other side come home, where they are read like any other."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, replace_file
from dagster_project.adapters.transports.deliver import AT_ONCE, UNDELIVERED, carrier_of
from dagster_project.adapters.transports.remote import trouble
from dagster_project.adapters.transports.trip import Delayed
from dagster_project.domain.exports.transport import FILES
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Home, Settings


def fetch_answers(settings: Settings, ledger: Ledger, destinations: Iterable[Destination]) -> int:
    """Fetch the answers to batches that were delivered and not answered yet; how many came.

    A destination that cannot be reached now is asked again the next time; the others are not kept waiting for it.
    """
    asked = [one for one in destinations if isinstance(one.transport, FILES)]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return sum(pool.map(lambda one: _fetch(settings, ledger, one), asked))


def unanswered(ledger: Ledger, destination: Destination) -> list[str]:
    """The ids of batches that were delivered and not answered yet."""
    delivered = {one.batch_id for one in ledger.transfers(destination.name) if one.state == "delivered"}
    return [one.batch_id for one in ledger.batches(destination.name, set(UNDELIVERED)) if one.batch_id in delivered]


def asked_again(ledger: Ledger, destinations: Iterable[Destination], now: datetime) -> list[str]:
    """``destination:hour`` where an answer may lie on the other side: asked for once an hour, for a sensor.

    After a batch has expired nobody is asked for an answer to it by this; a run for another reason still asks.
    """
    asked = []
    for one in destinations:
        if isinstance(one.transport, FILES):
            open_ids = set(unanswered(ledger, one))
            records = [record for record in ledger.batches(one.name, set(UNDELIVERED)) if record.batch_id in open_ids]
            if any(record.as_of + one.expires_after > now for record in records):
                asked.append(f"{one.name}:answers:{now:%Y-%m-%dT%H}")
    return asked


def _fetch(settings: Settings, ledger: Ledger, destination: Destination) -> int:
    home = settings.at_home
    batch_ids = [one for one in unanswered(ledger, destination) if not _is_here(home, destination.name, one)]
    if not batch_ids:
        return 0
    count = 0
    carrier = None
    try:
        carrier = carrier_of(settings, destination)
        for batch_id in batch_ids:
            answer = carrier.answer_of(batch_id)
            if answer is not None and answer != _set_aside(home, destination.name, batch_id):
                folder = make_folder(home.acks / destination.name, PRIVATE_FOLDER)
                replace_file(folder / f"{batch_id}.json", answer, PRIVATE_FILE)
                count += 1
    except (Delayed, HoivaError):
        pass  # the delivery says what is wrong; here there is only nothing to read
    except trouble():
        pass
    finally:
        if carrier is not None:
            carrier.close()
    return count


def _is_here(home: Home, destination: str, batch_id: str) -> bool:
    folder = home.acks / destination
    return any((place / f"{batch_id}.json").exists() for place in (folder, folder / ".applied"))


def _set_aside(home: Home, destination: str, batch_id: str) -> bytes | None:
    """An answer that could not be used: the same one again would not be of more use, a mended one is."""
    path: Path = home.acks / destination / ".set_aside" / f"{batch_id}.json"
    return path.read_bytes() if path.is_file() else None
