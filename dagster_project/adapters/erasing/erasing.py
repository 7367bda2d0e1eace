"""An erasure from the first step to the receipt. Each step may be done twice and counts once; a crash loses nothing."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.durable import make_folder, reached, replace_file
from dagster_project.adapters.erasing import journal, leaving, stores
from dagster_project.adapters.erasing.case import Case, kept_case
from dagster_project.adapters.erasing.databases import take_from_duckdb
from dagster_project.adapters.erasing.finding import Wanted, find
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import Found, scan_file
from dagster_project.adapters.erasing.sweeping import sweep
from dagster_project.adapters.erasing.versions import take_from_published
from dagster_project.adapters.ledger.erasures import correct_deliveries, end_contacts_of, forget_customers
from dagster_project.adapters.withdrawing import withdraw
from dagster_project.domain.erasure.receipt import TITLES, receipt_text
from dagster_project.errors import AtWorkError, HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.destination import Destination
    from dagster_project.domain.sources.contract import SourceContract
    from dagster_project.settings import Settings

OnStep = Callable[[str], None]


@dataclass(frozen=True)
class House:
    """What an erasure works in: the home, its ledger, the sources' contracts and the destinations."""

    settings: Settings
    ledger: Ledger
    contracts: Sequence[SourceContract]
    destinations: Sequence[Destination]


@dataclass
class Told:
    """What is told of an erasure: its receipt, which names nobody."""

    erasure_id: str
    state: str
    waits_for: dict[str, str] = field(default_factory=dict)
    receipt: dict[str, Any] = field(default_factory=dict)


__all__ = ["TITLES", "House", "Told", "erase", "not_ended", "replay", "resume", "resume_all"]


def erase(house: House, wanted: Wanted, moment: datetime, on_step: OnStep = lambda step: None) -> Told:
    """Forget the people wanted: stop at once, then let go everywhere, as far as it can be done now.

    Args:
        moment: now (UTC).
        on_step: called with the name of each step before it is done.

    Raises:
        HoivaError: somebody is unknown, a run holds the warehouse, or the last look still found something.
    """
    erasure_id = secrets.token_hex(8)
    case = find(house.settings, house.ledger, house.contracts, wanted, erasure_id)
    reached("erase.found")
    return _begin(house, case, moment, on_step)


def _begin(house: House, case: Case, moment: datetime, on_step: OnStep) -> Told:
    """Write down whom it is about, so that nothing can be lost any more, and go on."""
    settings = house.settings
    case.keep(settings.at_home)
    reached("erase.case_kept")
    return resume(house, case.erasure_id, moment, on_step)


def resume_all(
    house: House, moment: datetime, on_step: OnStep = lambda step: None, only: Iterable[str] | None = None
) -> list[Told]:
    """Go on with every erasure that has not ended, or with these only: after a crash, or when receivers took theirs.

    Raises:
        AtWorkError: a run holds the warehouse; all that was done counts.
        HoivaError: one of them needs a person; the others were gone on with.
    """
    told, faults = list[Told](), list[HoivaError]()
    for erasure_id in not_ended(house) if only is None else only:
        try:
            told.append(resume(house, erasure_id, moment, on_step))
        except AtWorkError:
            raise
        except HoivaError as fault:
            faults.append(fault)
    if faults:
        raise faults[0]
    return told


def not_ended(house: House) -> list[str]:
    """Every erasure with something left to do: by the cases in the vault, or by the ledger."""
    kept = {path.stem for path in (house.settings.at_home.vault / "erasures").glob("*.json")}
    return sorted(kept | {one.erasure_id for one in house.ledger.erasures("begun", "waiting")})


def replay(house: House, moment: datetime, on_step: OnStep = lambda step: None) -> list[Told]:
    """Erase again whom the journal names and this ledger does not know to be erased: after a backup was restored."""
    ended = {one.erasure_id for one in house.ledger.erasures("ended")}
    told = resume_all(house, moment, on_step)
    done = ended | {one.erasure_id for one in told}
    for entry in journal.read(house.settings.at_home):
        if entry.erasure_id not in done:
            wanted = Wanted(digests=entry.digests)
            case = find(house.settings, house.ledger, house.contracts, wanted, entry.erasure_id)
            case.digests = dict(entry.digests)
            told.append(_begin(house, case, moment, on_step))
    return told


def resume(house: House, erasure_id: str, moment: datetime, on_step: OnStep = lambda step: None) -> Told:
    """Do every step of an erasure that is not done yet."""
    settings, ledger = house.settings, house.ledger
    home = settings.at_home
    case = kept_case(home, erasure_id)
    ended = {one.erasure_id: one for one in ledger.erasures("ended")}
    if erasure_id in ended:
        told = _tell(house, erasure_id, {})
        if case is not None:  # the crash came between the last note and the end
            case.drop(home)
            reached("erase.case_dropped")
        return told
    if case is None:
        raise HoivaError(f"the case of erasure {erasure_id} is gone from the vault: restore it, or erase them again")
    digests = case.who.digests(settings.identity_salt) | case.digests
    journal.append(home, journal.Entry(erasure_id, moment, case.count_customers, digests))
    reached("erase.journal_written")
    ledger.begin_erasure(erasure_id, case.who.customers, digests, case.count_customers, moment)
    reached("erase.begun")
    ledger.finish_step(erasure_id, "stopped", {"customers": case.count_customers}, moment)
    reached("erase.stopped")
    if len(ledger.deliveries()) != case.count_deliveries and "withdrawn" not in ledger.erasure_steps(erasure_id):
        # A file came in between the look and the block: look once more; from now on none can bring them.
        again = find(settings, ledger, house.contracts, _as_found(case), erasure_id)
        again.digests = case.digests
        again.keep(home)
        case = again
    _Steps(house, case, moment, on_step).before_waiting()
    waiting = leaving.waits_for(settings, ledger, house.destinations, case, moment)
    if waiting and leaving.must_be_told(ledger, case):
        ledger.undo_step(erasure_id, "removals")
        _Steps(house, case, moment, on_step).before_waiting()
        waiting = leaving.waits_for(settings, ledger, house.destinations, case, moment)
    if waiting:
        ledger.set_erasure_state(erasure_id, "waiting", moment)
        return _tell(house, erasure_id, waiting)
    found = _Steps(house, case, moment, on_step).after_waiting()
    if found.hits:
        raise HoivaError(
            f"erasure {erasure_id} is not ended: its values are still in {', '.join(sorted(found.by_place()))}"
        )
    ledger.set_erasure_state(erasure_id, "ended", datetime.now(UTC))
    reached("erase.ended")
    told = _tell(house, erasure_id, {})
    case.drop(home)
    reached("erase.case_dropped")
    return told


def _as_found(case: Case) -> Wanted:
    """The people of a case, to be looked for again."""
    who = case.who
    return Wanted(
        records=frozenset(who.records), emails=frozenset(who.emails), phones=frozenset(who.phones), everyone=True
    )


class _Steps:
    """The steps in their order, each skipped when the ledger says that it is done."""

    def __init__(self, house: House, case: Case, moment: datetime, on_step: OnStep) -> None:
        self.house, self.case, self.moment, self.on_step = house, case, moment, on_step
        self.done = house.ledger.erasure_steps(case.erasure_id)

    @cached_property
    def patterns(self) -> Patterns:
        """What must not be found, ready to be looked for."""
        return Patterns(self.case.needles)

    def _do(self, step: str, act: Callable[[], Mapping[str, Any]], change: Any = None) -> None:
        if step in self.done:
            return
        self.on_step(step)
        told = {name: number for name, number in act().items() if number}
        reached(f"erase.{step}.acted")
        self.house.ledger.finish_step(self.case.erasure_id, step, told, datetime.now(UTC), change)
        reached(f"erase.{step}.done")

    def before_waiting(self) -> None:
        """Everything that need not wait for anybody."""
        settings, ledger, case = self.house.settings, self.house.ledger, self.case
        home, ids = settings.at_home, sorted(case.who.customers)
        contracts = self.house.contracts
        self._do("withdrawn", lambda: self._withdraw(ids))
        self._do("contacts", dict, lambda connection: end_contacts_of(connection, ids, self.moment))
        self._do(
            "removals",
            lambda: leaving.tell_destinations(settings, ledger, self.house.destinations, case, self.moment),
        )
        self._do("lake", lambda: stores.take_from_lake(home, case))
        self._do("quarantine", lambda: stores.take_from_quarantine(home, case))
        self._do("archive", lambda: stores.take_from_archive(home, contracts, case))
        self._do("refused", lambda: stores.take_from_refused(self._refused()))
        self._do("landing", self._take_from_waiting)
        self._do("deliveries", dict, lambda connection: correct_deliveries(connection, _corrections(case)))
        self._do("databases", lambda: take_from_duckdb(settings, case.keys))
        self._do("published", lambda: take_from_published(settings, case.keys, self.patterns))

    def after_waiting(self) -> Found:
        """The rest, once no destination has them any more; what the last look still found."""
        settings, ledger, case = self.house.settings, self.house.ledger, self.case
        home, ids = settings.at_home, sorted(case.who.customers)
        self._do("outbox", lambda: leaving.delete_batches(settings, ledger, case))
        self._do("sent", lambda: leaving.delete_sent_rows(home, ids))
        self._do("ledger", dict, lambda connection: forget_customers(connection, ids))
        ledger.compact()
        reached("erase.compacted")
        found = Found()

        def look() -> Mapping[str, Any]:
            nonlocal found
            counts, found = sweep(settings, self.patterns, case.erasure_id)
            return counts

        self.on_step("rest")
        told = look()
        if not found.hits:
            self._do("rest", lambda: told)
            self._do("verified", lambda: {"values_looked_for": len(case.needles)})
        return found

    def _withdraw(self, ids: list[str]) -> Mapping[str, int]:
        return {"batches": len(withdraw(self.house.settings, self.house.ledger, ids, self.moment))}

    def _refused(self) -> list[Path]:
        home = self.house.settings.at_home
        found = Found()
        for path in sorted(home.vault_archive.glob("*/refused/*")):
            scan_file(home, path, self.patterns, found)
        return [home.root / name for name in found.files]

    def _take_from_waiting(self) -> Mapping[str, int]:
        house = self.house
        counts: dict[str, int] = {}
        for root in (house.settings.at_home.landing, house.settings.at_home.root / "town"):
            for name, number in stores.take_from_waiting(house.settings, house.ledger, house.contracts, root).items():
                counts[name] = counts.get(name, 0) + number
        return counts


def _corrections(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "source": rows.source,
            "table_name": rows.table,
            "file_id": rows.file_id,
            "loaded": len(rows.loaded),
            "quarantined": len(rows.quarantined),
        }
        for rows in case.files
    ]


def _tell(house: House, erasure_id: str, waiting: Mapping[str, str]) -> Told:
    """Write the receipt as it is now, and tell it."""
    one = next(each for each in house.ledger.erasures() if each.erasure_id == erasure_id)
    steps = house.ledger.erasure_steps(erasure_id)
    receipt: dict[str, Any] = {
        "erasure_id": erasure_id,
        "state": one.state,
        "count_customers": one.count_customers,
        "requested_at": _text(one.requested_at),
        "ended_at": _text(one.ended_at) if one.ended_at else None,
        "steps": {step: steps[step] | {"done_at": _text(steps[step]["done_at"])} for step in TITLES if step in steps},
        "waits_for": dict(waiting),
    }
    folder = make_folder(journal.folder_of(house.settings.at_home))
    replace_file(folder / f"{erasure_id}.json", (json.dumps(receipt, indent=1) + "\n").encode())
    replace_file(folder / f"{erasure_id}.txt", (receipt_text(receipt) + "\n").encode())
    reached("erase.receipt_written")
    return Told(erasure_id, one.state, dict(waiting), receipt)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
