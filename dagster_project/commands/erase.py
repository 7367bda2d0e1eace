"""``hoiva erase``: forget people who asked for it, everywhere, and prove it."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, err, out, print_json, settings_of
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.erasing.erasing import Told
    from dagster_project.adapters.erasing.finding import Wanted
    from dagster_project.settings import Settings

HOW_IT_GOES_ON = (
    "When they have taken their batch it goes on by itself where `hoiva dev` or the daemon runs; otherwise by the next "
    "hoiva run, or by hoiva erase --resume."
)
KINDS = ("customer_id", "email", "phone")


def erase(
    customer_ids: Annotated[
        list[str] | None, typer.Argument(help="Customers by any id they ever had.", show_default=False)
    ] = None,
    email: Annotated[str | None, typer.Option("--email", help="Whoever has this address; `-` reads it.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="Whoever has this number; `-` reads it.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="A CSV with a column customer_id, email or phone, or several; `-` is stdin."),
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--everyone", help="Also when an address leads to several customers.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with every erasure that has not ended.")] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="After a restore: erase again whom the journal of erasures names.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Change nothing: look for these values in every byte of the home.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Forget people: stop every contact, let go at every destination, delete every row and byte, write a receipt.

    A person is named by an id, an e-mail address or a phone number. Hand addresses over in a file or on standard input
    (`-`): what is typed stays in the shell's history. An erasure that waits until a destination has taken the order to
    let go ends by itself where schedules and sensors run (the sensor `erasures_waiting`), with the next `hoiva run`, or
    by `hoiva erase --resume`. The exit code is 1 when one waits or `--verify` finds something.
    """
    own = settings_of(home)
    wanted = wanted_of(customer_ids, email, phone, file, everyone)
    is_named = bool(wanted.customer_ids or wanted.emails or wanted.phones)
    if is_named == (resume or replay) or (verify and not is_named):
        raise typer.BadParameter("name customers, an --email, a --phone or a --file; or give --resume or --replay")
    if verify:
        _verify(own, wanted, as_json)
        return
    told = _do(own, wanted, resume=resume, replay=replay)
    if as_json:
        print_json([one.receipt for one in told])
    else:
        _show(own, told)
    if any(one.state != "ended" for one in told):
        raise typer.Exit(1)


def go_on_with_erasures(own: Settings) -> list[Told]:
    """Go on with the erasures that wait, if there is any; what became of each. A run does so when it is done."""
    from dagster_project.adapters.erasing.finding import Wanted
    from dagster_project.adapters.ledger import open_ledger

    with open_ledger(own.ledger_address) as ledger:
        waits = bool(ledger.erasures("begun", "waiting"))
    if not waits and not any((own.at_home.vault / "erasures").glob("*.json")):
        return []
    return _do(own, Wanted(), resume=True, replay=False)


def _do(own: Settings, wanted: Wanted, *, resume: bool, replay: bool) -> list[Told]:
    from dagster_project.adapters.dagster_home import only_run
    from dagster_project.adapters.erasing import erasing
    from dagster_project.components.erasing import house_of

    now = datetime.now(UTC)
    with only_run(own), house_of(own) as house, err.status("looking for them") as status:

        def on_step(step: str) -> None:
            status.update(f"{step}: {erasing.TITLES.get(step, step)}")

        if replay:
            return erasing.replay(house, now, on_step)
        if resume:
            return erasing.resume_all(house, now, on_step)
        return [erasing.erase(house, wanted, now, on_step)]


def _show(own: Settings, told: list[Told]) -> None:
    from dagster_project.adapters.erasing.journal import folder_of
    from dagster_project.domain.erasure.receipt import receipt_text

    if not told:
        out.print("No erasure waits.")
    for one in told:
        out.print(receipt_text(one.receipt), markup=False)
        out.print(f"Receipt: {folder_of(own.at_home) / one.erasure_id}.txt", markup=False, soft_wrap=True)
        if one.waits_for:
            out.print(HOW_IT_GOES_ON, style="yellow", soft_wrap=True)


def _verify(own: Settings, wanted: Wanted, as_json: bool) -> None:
    from dagster_project.adapters.erasing.patterns import Patterns
    from dagster_project.adapters.erasing.scan import scan

    values = sorted({*wanted.customer_ids, *wanted.emails, *wanted.phones})
    with err.status("looking into every file") as status:
        found = scan(
            own.at_home, Patterns(values), on_file=lambda path: status.update(str(path.relative_to(own.at_home.root)))
        )
    if as_json:
        print_json({"count_values": len(values), "count_files": found.count_files, "found": found.by_place()})
    else:
        looked = f"{found.count_files:,} files, {found.count_bytes / 2**20:,.0f} MiB"
        out.print(f"{len(found.numbers)} of {len(values)} values found in {looked}")
        for place, number in found.by_place().items():
            out.print(f"  {place}: {number}", markup=False)
    if found.hits:
        raise typer.Exit(1)


def wanted_of(
    customer_ids: list[str] | None, email: str | None, phone: str | None, file: Path | None, everyone: bool
) -> Wanted:
    """Who is named, by whatever options; a value of `-` is read from standard input."""
    from dagster_project.adapters.erasing.finding import Wanted

    read: dict[str, set[str]] = _read_file(file) if file is not None else {kind: set() for kind in KINDS}
    read["customer_id"] |= set(customer_ids or ())
    for kind, value in (("email", email), ("phone", phone)):
        if value is not None:
            read[kind].add(sys.stdin.readline().strip() if value == "-" else value)
    ids, emails, phones = (frozenset(value for value in read[kind] if value) for kind in KINDS)
    return Wanted(customer_ids=ids, emails=emails, phones=phones, everyone=everyone)


def _read_file(file: Path) -> dict[str, set[str]]:
    """The columns of a CSV that name people; nothing of it is ever printed."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise HoivaError(f"{file.name} cannot be read: give a CSV in UTF-8") from None
    rows = csv.DictReader(text.splitlines())
    if not set(rows.fieldnames or ()) & set(KINDS):
        raise HoivaError(f"{file.name} needs a header with one of {', '.join(KINDS)}")
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for row in rows:
        for kind in KINDS:
            if (row.get(kind) or "").strip():
                found[kind].add((row[kind] or "").strip())
    return found
