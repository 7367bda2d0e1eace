"""A home in which everything has happened once and everything agrees, to break one thing at a time in."""

from __future__ import annotations

import json
from pathlib import Path

from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.exporting import export_all
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.settings import Settings
from tests.adapters.small_deliveries import GOOD, HEADER, Gate
from tests.adapters.small_house import AS_OF, GOOGLE, LETTERS, batches, claim, consent, customer_ids, house, point

IDS = customer_ids(6)
GUEST = "Salainen Vieras"


def answer(settings: Settings, batch: Path, status: str, rejected: list[dict[str, str]] | None = None) -> None:
    """A receiver's answer to a batch."""
    folder = settings.at_home.acks / batch.relative_to(settings.at_home.outbox).parts[0]
    folder.mkdir(exist_ok=True)
    batch_id = batch.name.partition("-")[2]
    told = {"batch_id": batch_id, "status": status, "rejected": rejected or []}
    (folder / f"{batch_id}.json").write_text(json.dumps(told))


def keys_of(batch: Path) -> list[str]:
    """The row keys of a batch."""
    return [line.split(",")[2] for line in (batch / "rows.csv").read_text().splitlines()[1:]]


def make_sound_home(settings: Settings, folder: Path) -> None:
    """Files landed (with a misfit, refused and repeated ones), letters and an audience sent, answered in every way."""
    folder.mkdir()
    with open_ledger(settings.ledger_address) as ledger:
        _land(Gate(settings, ledger, folder))
        _send(settings, ledger)


def _land(gate: Gate) -> None:
    gate.land("visits_1.csv", [HEADER, GOOD, "v2,not a moment,2,0.5,1.00,true,"])
    gate.land("guests_1.csv", ["number,name", f"7,{GUEST}"])
    gate.land("visits_1.csv", [HEADER, GOOD, "v2,not a moment,2,0.5,1.00,true,"])  # repeated
    gate.land("visits_2.csv", ["nothing,of,the,kind", "1,2,3,4"])  # refused


def _send(settings: Settings, ledger: Ledger) -> None:
    consent(ledger, IDS)
    ledger.hold_out(customer_ids(1, start=90), AS_OF)
    for audience, ids in ((IDS[:4], IDS[:2]), (IDS[1:5], IDS[2:4]), (IDS[2:6], IDS[4:])):
        points = [point(one, first_name="Uusi") if one == IDS[2] and audience != IDS[:4] else point(one) for one in IDS]
        house(settings, points, audience=audience)
        claim(ledger, ids)
        export_all(settings, ledger, [LETTERS, GOOGLE], AS_OF)
        if audience == IDS[:4]:
            answer(settings, batches(settings, "letters")[-1], "accepted")
            answer(settings, batches(settings, "google")[-1], "accepted")
        elif audience == IDS[1:5]:
            letters, google = batches(settings, "letters")[-1], batches(settings, "google")[-1]
            answer(settings, letters, "partly", [{"contact_id": keys_of(letters)[0], "reason": "blocked"}])
            answer(settings, google, "rejected")
        read_acks(settings, ledger, AS_OF)
