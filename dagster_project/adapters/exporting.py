"""Exports: chosen contacts and audiences leave the house as batches, each contact once, each audience as it is now."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dagster_project.adapters import approving, contact_batches, full_batches, membership_batches, seen
from dagster_project.adapters.content import FEW
from dagster_project.adapters.differences import POINTS, differing
from dagster_project.adapters.durable import reached
from dagster_project.adapters.holding import HELD_WORDS, is_held
from dagster_project.adapters.outbox import (
    last_sequence,
    one_at_a_time,
    publish_staged,
    recover,
    recover_destination,
    stage,
)
from dagster_project.adapters.published import NotPublished, Version, has_published, open_published
from dagster_project.adapters.withdrawing import withdraw_blocked_from
from dagster_project.domain.analytics.segments import breaches
from dagster_project.domain.exports.batches import BatchRecord, is_full_due
from dagster_project.domain.exports.formats import form_of
from dagster_project.domain.exports.manifest import Batch, chain, make_batch
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.content import Content
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.settings import Home, Settings

log = logging.getLogger(__name__)
SEGMENT_SIZES = "analytics/segment_sizes"  # published beside the audiences drawn from the segments
LOOKED_UP = 1_000  # customers in doubt who are looked up by id however few an audience has
MOST_ATTEMPTS = 20  # each one ends or drops whoever stopped the one before


def export_destination(settings: Settings, ledger: Ledger, destination: Destination, as_of: datetime) -> Batch | None:
    """Hand a destination everything it has not been handed yet, as one batch.

    A message destination gets the claimed contacts of its channel; a membership destination what changed in its
    audience. While the audience's segment has not the size it should have (:func:`held_back`), the audience stays as
    the destination holds it, and only whoever may not be in any is taken out; so it is too while a change waits for a
    person's word (:mod:`~dagster_project.adapters.approving`). Whoever may no longer be contacted, or cannot be
    reached, is left out with a reason in the ledger. A batch nobody has taken yet in which somebody must not be
    contacted any more is taken back first.

    Args:
        as_of: the moment of the export (UTC, with zone).

    Returns:
        the published batch, or None when there is nothing to tell.

    Raises:
        NotPublished: the daily job has not published what this needs.
        HoivaError: another export holds the destination, or consents kept changing meanwhile.
    """
    home = settings.at_home.make()
    if is_held(home):
        log.warning("%s: %s", destination.name, HELD_WORDS)
        return None
    with one_at_a_time(home, destination.name):
        recover_destination(home, ledger, destination.name)
        before = _told(settings, destination)
        if before is None or before.touched_since(ledger, destination, as_of) != set():
            withdraw_blocked_from(home, ledger, destination.name, as_of)
        version = open_published(settings)
        sent: Batch | None = None
        for _ in range(MOST_ATTEMPTS):
            told = seen.now(settings, ledger, destination, version.name, as_of)
            is_held_back = is_frozen(version, destination) or is_retired(ledger, version, destination)
            content = _content(settings, ledger, destination, version, as_of, is_frozen=is_held_back)
            must_wait = not is_held_back and _must_wait(ledger, destination, content, as_of)
            if must_wait:
                content = _content(settings, ledger, destination, version, as_of, is_frozen=True)
            if is_held_back or must_wait or (content is not None and not content.is_whole):
                told = replace(told, extent=seen.IN_PART)
            if content is None or not content.files:
                seen.note(home, destination.name, told)
                return sent
            batch = _publish(home, ledger, destination, version, content, as_of)
            if batch is not None and must_wait:
                sent = batch  # who had to leave has left; what is held now is what remains
            elif batch is not None:
                ledger.end_hold(destination.name)
                seen.note(home, destination.name, told)
                return batch
    raise HoivaError(f"{destination.name}: consents changed during each of {MOST_ATTEMPTS} attempts; run it again")


def export_all(
    settings: Settings, ledger: Ledger, destinations: Iterable[Destination], as_of: datetime
) -> dict[str, Batch | None]:
    """Export to every destination by name; each one's batch, or None when there was nothing to tell it."""
    recover(settings, ledger)
    by_name = {destination.name: destination for destination in destinations}
    return {name: export_destination(settings, ledger, by_name[name], as_of) for name in sorted(by_name)}


def held_back(version: Version, destination: Destination) -> str | None:
    """Why a destination is told of nobody new now, in words; None when nothing is wrong with its segment's size."""
    if destination.segment is None or SEGMENT_SIZES not in version.tables:
        return None
    return breaches(version.read(SEGMENT_SIZES), [destination.segment]).get(destination.segment)


def waiting(
    settings: Settings, ledger: Ledger, destinations: Iterable[Destination], moment: datetime | None = None
) -> list[str]:
    """The names of destinations that have something to be told: cheap enough for a sensor to ask every half minute.

    Args:
        moment: when it is asked (UTC); now, unless a test says otherwise.
    """
    at = moment or datetime.now(UTC)
    if not has_published(settings) or is_held(settings.at_home):
        return []
    version = open_published(settings)
    unfinished = {record.destination for record in ledger.batches(states={"prepared"})}
    return sorted(
        destination.name
        for destination in destinations
        if destination.name in unfinished or _has_something(settings, ledger, destination, version, at)
    )


def _has_something(
    settings: Settings, ledger: Ledger, destination: Destination, version: Version, moment: datetime
) -> bool:
    if destination.kind == "message":
        return contact_batches.has_something(ledger, destination, version.as_of, moment)
    if is_retired(ledger, version, destination):
        return membership_batches.must_let_go(ledger, destination, moment)
    if f"audiences/{destination.audience}" not in version.tables:
        return False
    told = _told(settings, destination)
    if told is None or told.version != version.name:
        return True
    if ledger.due_members(destination.name, moment, most=1):
        return True
    touched = told.touched_since(ledger, destination, moment)
    return touched != set() and membership_batches.must_let_go(ledger, destination, moment, touched)


def _content(
    settings: Settings,
    ledger: Ledger,
    destination: Destination,
    version: Version,
    as_of: datetime,
    *,
    is_frozen: bool,
) -> Content | None:
    """The claimed contacts of a channel; or what changed in an audience, or all of it where this batch replaces it.

    ``is_frozen``: only what goes at once whatever is held: members who may not be in any audience (any more).
    """
    if destination.kind == "message":
        return None if is_frozen else contact_batches.content(ledger, destination, version, as_of)
    before = ledger.batches(destination=destination.name)
    is_full = is_full_due(destination.full_every, _next_sequence(settings.at_home, destination, before), before)
    make = full_batches.making(ledger, as_of, is_frozen=is_frozen) if is_full else None
    among = None if is_full else _in_doubt(settings, ledger, destination, version, as_of)
    if among == set():
        return None
    return membership_batches.content(
        settings, ledger, destination, version, as_of, is_frozen=is_frozen, among=among, make=make
    )


def _must_wait(ledger: Ledger, destination: Destination, content: Content | None, as_of: datetime) -> bool:
    """Whether there is something to tell that a person has not let go yet."""
    return content is not None and bool(content.files) and approving.must_wait(ledger, destination, content, as_of)


def _in_doubt(
    settings: Settings, ledger: Ledger, destination: Destination, version: Version, as_of: datetime
) -> set[str] | None:
    """The customers who may differ from what a destination holds, under every id; None: everybody may."""
    told = _told(settings, destination)
    if told is None or told.extent != seen.WHOLE:
        return None
    touched = told.touched_since(ledger, destination, as_of)
    if touched is None:
        return None
    form = form_of(destination)
    known_by = sorted({*form.contact_points, *(name for digest in form.digests for name in digest.of)})
    audience = f"audiences/{destination.audience}"
    changed = differing(settings, told.version, version, {POINTS: known_by, audience: []})
    if changed is None:
        return None
    among = ledger.everyone_akin(changed) | touched
    among |= ledger.everyone_akin(ledger.due_members(destination.name, as_of))
    everybody = version.tables.get(audience, {}).get("rows", 0)
    return among if len(among) <= max(LOOKED_UP, everybody // FEW) else None


def is_frozen(version: Version, destination: Destination) -> bool:
    """Whether an audience is told of nobody new now: its segment has a size it should not have."""
    return held_back(version, destination) is not None


def is_retired(ledger: Ledger, version: Version, destination: Destination) -> bool:
    """Whether nobody draws this audience any more while the destination still holds it: it lets go, and adds nobody."""
    is_drawn = destination.is_current and f"audiences/{destination.audience}" in version.tables
    return destination.kind == "membership" and not is_drawn and ledger.count_members(destination.name) > 0


def _publish(
    home: Home, ledger: Ledger, destination: Destination, version: Version, content: Content, as_of: datetime
) -> Batch | None:
    """Stage, open, publish. None when somebody in it was blocked at the last check."""
    before = ledger.batches(destination=destination.name)
    sequence = _next_sequence(home, destination, before)
    previous, withdrawn = chain(before)
    batch = make_batch(destination, sequence, previous, content.files, as_of, version.as_of, withdrawn)
    content.keep(home, batch)
    stage(home, batch)
    record = BatchRecord(
        batch_id=batch.batch_id,
        destination=destination.name,
        kind=destination.kind,
        sequence=sequence,
        as_of=as_of,
        manifest_sha256=batch.manifest_sha256,
        state="prepared",
        count_rows=content.count_rows,
        pickup=destination.pickup,
    )
    seen.forget(home, destination.name)
    ledger.open_batch(
        record,
        contact_ids=content.contact_ids,
        memberships=content.memberships,
        purpose=destination.purpose,
        channel=destination.channel,
    )
    reached("export.opened")
    return None if publish_staged(home, ledger, record) else batch


def _next_sequence(home: Home, destination: Destination, before: Sequence[BatchRecord]) -> int:
    return 1 + max([record.sequence for record in before] + [last_sequence(home, destination.name)])


def _told(settings: Settings, destination: Destination) -> seen.Seen | None:
    """What an audience's destination was told, if the same would be asked about everybody now."""
    told = seen.read(settings.at_home, destination.name) if destination.kind == "membership" else None
    return told if told is not None and told.question == seen.question_of(settings, destination) else None


__all__ = ["NotPublished", "export_all", "export_destination", "held_back", "recover", "waiting"]
