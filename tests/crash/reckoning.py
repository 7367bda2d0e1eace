"""The judge of a day: what the receiver was given against what the ledger says, once everything has come to rest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.sent_rows import folder_of
from dagster_project.domain.exports.values import keyed_hash
from tests.crash.day import CAPACITY, WITHDRAWS, settings_of, work
from tests.crash.receiver import DESTINATIONS, Receiver, batches_in, keys_of

ENDED = ("accepted", "rejected", "returned")
MOST_ROUNDS = 8  # of working and polling until nothing moves; a day without a crash needs three


@dataclass
class Reckoning:
    """What is wrong, by contact id, batch or customer row; nothing is, when all are empty."""

    lost: list[str] = field(default_factory=list)  # chosen, and neither handed over nor ended with a reason
    doubled: list[str] = field(default_factory=list)  # handed over more than once
    unsettled: list[str] = field(default_factory=list)  # waits for something that will never come
    false: list[str] = field(default_factory=list)  # the ledger says something else than what happened


def settle(home: Path) -> None:
    """Work and poll in turn, as the sensors and the receiver do, until there is nothing left to take."""
    receiver = Receiver(home)
    for _ in range(MOST_ROUNDS):
        work(home)
        if not receiver.poll():
            return
    raise AssertionError(f"new batches still come after {MOST_ROUNDS} rounds")


def contacts_of(home: Path) -> dict[str, tuple[str, str | None, str]]:
    """contact_id to status, reason and customer."""
    with open_ledger(settings_of(home).ledger_address) as ledger:
        rows = ledger.contacts().to_pylist()
    return {row["contact_id"]: (row["status"], row["reason"], row["customer_id"]) for row in rows}


def reckon(home: Path) -> Reckoning:
    """Hold what the receiver took against the ledger."""
    settings, receiver = settings_of(home), Receiver(home)
    found = Reckoning()
    sent = receiver.sent()
    contacts = contacts_of(home)
    with open_ledger(settings.ledger_address) as ledger:
        records = ledger.batches()
        members = ledger.memberships("google").to_pylist()
        found.false += [f"counter {name}" for name in ledger.miscounts()]
    found.doubled = [contact_id for contact_id, times in sent.items() if times > 1]
    for contact_id, (status, reason, _) in contacts.items():
        if status not in ENDED:
            found.unsettled.append(contact_id)
        if contact_id not in sent and not (status == "returned" and reason):
            found.lost.append(contact_id)
        if contact_id in sent and status == "returned":
            found.false.append(contact_id)
    found.false += [f"{contact_id} is not in the ledger" for contact_id in sent.keys() - contacts.keys()]
    live = [contact_id for contact_id, (status, _, _) in contacts.items() if status not in ("rejected", "returned")]
    if len(live) > CAPACITY:
        found.false.append(f"{len(live)} letters are more than a day's capacity")
    found.unsettled += [record.batch_id for record in records if record.state in ("prepared", "published")]
    found.unsettled += _left_over(home, {record.batch_id for record in records if record.state != "withdrawn"})
    holding = receiver.holding()
    found.false += [f"audience {row[0]} is held {times} times" for row, times in holding.items() if times != 1]
    held = {row[0] for row in holding}
    said = {row["customer_key"] for row in members if row["state"] in ("adding", "member")}
    found.false += [f"audience {key}" for key in held ^ said]
    found.false += _broken_chain(receiver)
    return found


def _left_over(home: Path, known: set[str]) -> list[str]:
    """Files of batches that are none: staged, kept rows of nobody's batch, answers not read, batches not taken."""
    folders = settings_of(home).at_home
    staged = [path.name for kind in (".staging", ".withdrawn") for path in (folders.outbox / kind).glob("*/*")]
    kept = [path.name for path in folder_of(folders).glob("*/*") if path.stem.partition("-")[2] not in known]
    answers = [path.name for name in DESTINATIONS for path in (folders.acks / name).glob("*.json")]
    set_aside = [path.name for name in DESTINATIONS for path in (folders.acks / name / ".set_aside").glob("*")]
    return [*staged, *kept, *answers, *set_aside, *(path.name for path in Receiver(home).waiting())]


def _broken_chain(receiver: Receiver) -> list[str]:
    """Batches that do not follow the one before them, with every number between explained as withdrawn."""
    wrong = []
    for name in DESTINATIONS:
        before, last = None, 0
        for batch in receiver.taken(name):
            manifest = json.loads((batch / "manifest.json").read_bytes())
            explained = {entry["sequence"] for entry in manifest.get("withdrawn", ())}
            between = set(range(last + 1, manifest["sequence"]))
            if manifest["previous_manifest_sha256"] != before or between - explained:
                wrong.append(f"{name} {batch.name} does not follow the one before")
            before, last = hashlib.sha256((batch / "manifest.json").read_bytes()).hexdigest(), manifest["sequence"]
    return wrong


def taken_by(home: Path) -> set[str]:
    """The batches that were taken by now."""
    return {f"{name}/{batch.name}" for name in DESTINATIONS for batch in Receiver(home).taken(name)}


def seen_by(home: Path) -> set[str]:
    """The batches that can be or could be taken by now."""
    outbox = settings_of(home).at_home.outbox
    return {
        f"{name}/{batch.name}"
        for name in DESTINATIONS
        for folder in (outbox / name, outbox / name / ".taken")
        for batch in batches_in(folder)
    }


def published_in_spite(home: Path, before: set[str]) -> list[str]:
    """Contacts and adds of customers who withdrew, in other batches than these; or still in the audience at the end."""
    settings = settings_of(home)
    theirs = {contact_id for contact_id, row in contacts_of(home).items() if row[2] in WITHDRAWS}
    keys = {keyed_hash(settings.identity_salt, "google", customer_id, size=10) for customer_id in WITHDRAWS}
    found = []
    for name, files in (("letters", ()), ("google", ("add.csv",))):
        for batch in Receiver(home).taken(name):
            if f"{name}/{batch.name}" not in before:
                found += [key for key in keys_of(batch, *files) if key in theirs | keys]
    still_held = [row[0] for row in Receiver(home).holding() if row[0] in keys]
    return found + still_held
