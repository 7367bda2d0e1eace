"""``hoiva verify``: whether everything in a home agrees with everything else, and what to do where it does not."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dagster_project.commands.shared import AsJson, Home, err, out, print_json, settings_of
from dagster_project.domain.operations.findings import Finding

COLOURS = {"danger": "bold red", "damage": "red", "notice": "yellow"}


def verify(
    mend: Annotated[
        bool, typer.Option("--repair", help="Mend what is safe to mend: counters, rights, left-overs, broken exports.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Hold ledger, batches, consents, audiences, lake and published tables against each other.

    Each finding says what it means, how bad it is and how it mends. The exit code is 1 when anything is worse than a
    notice.
    """
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.adapters.verifying import CHECKED, repair
    from dagster_project.adapters.verifying import verify as look
    from dagster_project.cli_views import bar

    own = settings_of(home)
    with bar(err, quiet=as_json) as progress:
        task = progress.add_task("looking", total=len(CHECKED))
        findings = look(own, lambda name, done: progress.update(task, description=name, completed=done))
    mended: list[Finding] = []
    if mend and any(finding.about.is_repairable for finding in findings):
        with open_ledger(own.ledger_address) as ledger:
            mended = repair(own, ledger, findings)
        findings = look(own)
    if as_json:
        print_json({"findings": [_told(one) for one in findings], "mended": [_told(one) for one in mended]})
    else:
        _show(findings, mended)
    if any(finding.about.severity != "notice" for finding in findings):
        raise typer.Exit(1)


def _show(findings: list[Finding], mended: list[Finding]) -> None:
    for one in mended:
        out.print(f"mended: {one.kind} ({one.place})", markup=False, soft_wrap=True)
    for one in findings:
        about = one.about
        out.print(f"{about.severity}: {one.kind}", style=COLOURS[about.severity], markup=False)
        out.print(f"  where: {one.place} ({one.count})", markup=False, soft_wrap=True)
        out.print(f"  means: {about.meaning}", markup=False, soft_wrap=True)
        out.print(f"  mend:  {about.remedy}", markup=False, soft_wrap=True)
    if not findings:
        out.print("Everything agrees: ledger, batches, consents, audiences, lake, published tables.", style="green")


def _told(one: Finding) -> dict[str, Any]:
    about = one.about
    return {
        "kind": one.kind,
        "severity": about.severity,
        "place": one.place,
        "count": one.count,
        "meaning": about.meaning,
        "remedy": about.remedy,
        "is_repairable": about.is_repairable,
    }
