"""Delivering: every published batch of a destination with a transport reaches its tool, in order, once.

A batch that cannot go on now waits: until when is written in the ledger and measured against the moment asked about, so
that nothing sleeps in a run and a destination that is stuck holds up no other. See docs/contracts/transports.md.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from filelock import FileLock, Timeout

from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, reached
from dagster_project.adapters.holding import HELD_WORDS, is_held
from dagster_project.adapters.outbox import recover, taken_folder
from dagster_project.adapters.transports.files import FileCarrier
from dagster_project.adapters.transports.remote import open_remote, reason_of, trouble
from dagster_project.adapters.transports.secrets import Secrets
from dagster_project.adapters.transports.trip import GONE, Carrier, Delayed, Trip, write_answer
from dagster_project.domain.exports.batches import BatchRecord
from dagster_project.domain.exports.manifest import folder_name
from dagster_project.domain.exports.transfers import ENDED, Transfer, try_again_at
from dagster_project.domain.exports.transport import FILES, PAGES, ByPages
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Home, Settings

log = logging.getLogger(__name__)
AT_ONCE = 8  # destinations delivered to at the same time
UNDELIVERED = ("published",)  # states of a batch that nobody has answered yet


@dataclass(frozen=True)
class Delivered:
    """What became of one batch in this round.

    Attributes:
        outcome: ``waiting`` with a reason and the moment it is tried again, or how its way ended.
    """

    destination: str
    batch: str
    outcome: Literal["delivered", "waiting", "withdrawn", "expired"]
    reason: str | None = None
    not_before: datetime | None = None


def deliver(
    settings: Settings,
    ledger: Ledger,
    destinations: Iterable[Destination],
    as_of: datetime,
    *,
    at_once: bool = False,
) -> list[Delivered]:
    """Deliver whatever waits, to every destination with a transport, side by side; by destination and sequence."""
    recover(settings, ledger)
    travelling = [one for one in destinations if isinstance(one.transport, FILES + PAGES)]
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        rounds = pool.map(lambda one: deliver_destination(settings, ledger, one, as_of, at_once=at_once), travelling)
        return [delivered for of_one in rounds for delivered in of_one]


def deliver_destination(
    settings: Settings, ledger: Ledger, destination: Destination, as_of: datetime, *, at_once: bool = False
) -> list[Delivered]:
    """Deliver whatever waits for one destination, in order, up to the first batch that must wait.

    Trouble on the other side never raises: it is noted with a reason and the moment of the next attempt.

    Args:
        as_of: the moment asked about: what may be tried again, and what has expired.
        at_once: try also what waits for a later moment, as whatever held it up is mended.
    """
    home = settings.at_home.make()
    if not isinstance(destination.transport, FILES + PAGES):
        return []
    if is_held(home):
        log.warning("%s: %s", destination.name, HELD_WORDS)
        return []
    locks = make_folder(home.outbox / ".locks", PRIVATE_FOLDER)
    try:
        with FileLock(locks / f"{destination.name}.transfer.lock", timeout=0, mode=PRIVATE_FILE):
            return _deliver_in_order(settings, ledger, destination, home, as_of, at_once)
    except Timeout:
        return []  # another process is at it


def waiting_transfers(ledger: Ledger, destinations: Iterable[Destination], as_of: datetime) -> list[str]:
    """``destination:batch:attempts`` for each destination whose next batch can be tried now; for a sensor."""
    found = []
    for destination in destinations:
        if isinstance(destination.transport, FILES + PAGES):
            known = {one.batch_id: one for one in ledger.transfers(destination.name)}
            for record in ledger.batches(destination.name, set(UNDELIVERED)):
                transfer = known.get(record.batch_id)
                if transfer is None or (transfer.state not in ENDED and transfer.is_due(as_of)):
                    attempts = (transfer.attempts, transfer.not_before) if transfer else (0, None)
                    found.append(f"{destination.name}:{record.batch_id}:{attempts}")
                if transfer is None or transfer.state not in ENDED:
                    break
    return found


def carrier_of(settings: Settings, destination: Destination) -> Carrier:
    """The way a destination's transport goes.

    Raises:
        HoivaError: a secret is missing.
    """
    secrets = Secrets(settings, destination.name)
    to = destination.transport
    if isinstance(to, FILES):
        return FileCarrier(open_remote(to, secrets), destination.name)
    if isinstance(to, PAGES):
        return _page_carrier(to, secrets)
    raise HoivaError(f"{destination.name} has no transport that carries: its tool fetches for itself")


def _page_carrier(to: ByPages, secrets: Secrets) -> Carrier:
    from dagster_project.adapters.pushing.platforms import platform_of
    from dagster_project.adapters.pushing.push import PageCarrier

    return PageCarrier(platform_of(to, secrets))


def _deliver_in_order(
    settings: Settings, ledger: Ledger, destination: Destination, home: Home, as_of: datetime, at_once: bool
) -> list[Delivered]:
    known = {one.batch_id: one for one in ledger.transfers(destination.name)}
    carrier: Carrier | None = None
    done: list[Delivered] = []
    try:
        for record in ledger.batches(destination.name):
            transfer = known.get(record.batch_id)
            if not _is_ours(home, record, transfer):
                if transfer is not None and transfer.state not in ENDED:
                    ledger.move_transfer(record.batch_id, "delivered", as_of)
                continue
            if transfer is None:
                transfer = ledger.begin_transfer(record.batch_id, destination.name, as_of)
                reached("transfer.begun")
            if not (at_once or transfer.is_due(as_of)):
                break
            try:
                carrier = carrier or carrier_of(settings, destination)
                done.append(_carry(home, ledger, carrier, record, transfer, as_of))
                continue
            except Delayed as delay:
                if delay.reason == GONE and _is_withdrawn(ledger, record):
                    done.append(_forget(ledger, carrier, record, as_of))
                    continue
                held = _hold(ledger, transfer, delay.reason, as_of, delay.wait, is_failure=delay.is_failure)
            except HoivaError as error:
                log.warning("%s cannot be delivered to: %s", destination.name, error)
                held = _hold(ledger, transfer, "not_set_up", as_of)
            except trouble() as error:
                held = _hold(ledger, transfer, reason_of(error), as_of)
            done.append(Delivered(destination.name, _name(record), "waiting", held.reason, held.not_before))
            break
    finally:
        if carrier is not None:
            carrier.close()
    return done


def _is_ours(home: Home, record: BatchRecord, transfer: Transfer | None) -> bool:
    """Whether a batch is still to be carried.

    Not one that somebody else took out of the outbox: then the ledger does not say that we were about to. Nor one that
    was answered without having left by us.
    """
    if transfer is not None and transfer.state in ENDED:
        return False
    if transfer is not None and transfer.state in ("taking", "taken"):
        return True
    if record.state not in (*UNDELIVERED, *(("withdrawn",) if transfer else ())):
        return False
    return not taken_folder(home, record.destination, _name(record)).is_dir()


def _carry(
    home: Home, ledger: Ledger, carrier: Carrier, record: BatchRecord, transfer: Transfer, as_of: datetime
) -> Delivered:
    name = _name(record)
    is_there = taken_folder(home, record.destination, name).is_dir()
    if record.state == "withdrawn" and not is_there:
        return _forget(ledger, carrier, record, as_of)
    trip = Trip(home, ledger, record, as_of, is_taken=is_there)
    if is_there and transfer.state != "taken":  # the rename was ours; only the note of it is missing
        ledger.move_transfer(record.batch_id, "taken", as_of)
    if trip.is_expired() and not (trip.is_taken and carrier.is_begun(trip)):
        trip.take()
        carrier.clear(name)
        write_answer(home, record, "rejected")
        ledger.move_transfer(record.batch_id, "expired", as_of)
        return Delivered(record.destination, name, "expired")
    carrier.carry(trip)
    reached("transfer.carried")
    ledger.move_transfer(record.batch_id, "delivered", as_of)
    reached("transfer.recorded")
    return Delivered(record.destination, name, "delivered")


def _is_withdrawn(ledger: Ledger, record: BatchRecord) -> bool:
    return any(
        one.state == "withdrawn" for one in ledger.batches(record.destination) if one.batch_id == record.batch_id
    )


def _forget(ledger: Ledger, carrier: Carrier | None, record: BatchRecord, as_of: datetime) -> Delivered:
    """A batch was withdrawn before it was taken: what was brought of it already goes away again."""
    if carrier is not None:
        carrier.clear(_name(record))
    ledger.move_transfer(record.batch_id, "withdrawn", as_of)
    return Delivered(record.destination, _name(record), "withdrawn")


def _hold(
    ledger: Ledger,
    transfer: Transfer,
    reason: str,
    as_of: datetime,
    wait: timedelta = timedelta(0),
    *,
    is_failure: bool = True,
) -> Transfer:
    transfer = ledger.begin_transfer(transfer.batch_id, transfer.destination, as_of)  # as it is by now
    attempts = transfer.attempts + (1 if is_failure else 0)
    not_before = try_again_at(attempts, as_of, wait) if is_failure else as_of + wait
    ledger.hold_transfer(transfer.batch_id, reason, not_before, is_failure=is_failure)
    return Transfer(transfer.batch_id, transfer.destination, transfer.state, attempts, reason, not_before)


def _name(record: BatchRecord) -> str:
    return folder_name(record.sequence, record.batch_id)
