"""``hoiva story``: what a care model would do about what happens to a customer, played on a virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_project.commands.shared import AsJson, Home, err, out, print_json, settings_of

if TYPE_CHECKING:
    from dagster_project.domain.care_models.stories import Verdict

FEW = 3  # stories that are told whole without being asked


def story(
    named: Annotated[
        list[str] | None, typer.Argument(help="Care models, stories or files of stories; without any, all of them.")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Tell the stories that pass, too, line by line.")] = False,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Play stories and compare what care models do with what is expected.

    Nothing is read or written but the files of care models, encounters, stories and the contact policy.
    """
    from rich.progress import Progress

    from dagster_project.components.contact_policy import load_contact_policy
    from dagster_project.components.playing import play_files

    own = settings_of(home)
    policy = load_contact_policy()
    if policy.policy is None:
        err.print("\n".join(map(str, policy.faults)))
        raise typer.Exit(1)
    files = [Path(name) for name in named or [] if name.endswith((".yaml", ".yml"))]
    names = [name for name in named or [] if Path(name) not in files]
    with Progress(console=err, transient=True, disable=as_json or not err.is_terminal) as progress:
        task = progress.add_task("playing", total=None)
        verdicts, faults = play_files(
            own, policy.policy, files, names, lambda number, all_: progress.update(task, advance=number, total=all_)
        )
    for fault in faults:
        err.print(fault)
    if as_json:
        print_json([_as_json(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            _tell(verdict, whole or len(verdicts) <= FEW)
        passed = sum(verdict.passed for verdict in verdicts)
        out.print(f"\n{passed} of {len(verdicts)} stories pass")
        if not verdicts and not faults:
            err.print("no story of that name: give a care model, a story or a file, or look into stories/")
    if faults or not verdicts or not all(verdict.passed for verdict in verdicts):
        raise typer.Exit(1)


def _tell(verdict: Verdict, is_whole: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    mark = "[green]passes[/]" if verdict.passed else "[red]fails[/]"
    out.print(f"{mark}  {verdict.story.care_model}: {verdict.story.story}")
    if verdict.passed and not is_whole:
        return
    several = len(verdict.story.people) > 1
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for title in ("when", *(["who"] if several else []), "expected", "what was done", ""):
        table.add_column(title)
    for line in verdict.lines:
        said = {True: "[green]ok[/]", False: "[red]not as expected[/]", None: ""}[line.fits]
        cells = [line.at, *([line.who] if several else []), escape(line.expected), escape(line.actual), said]
        table.add_row(*cells, style="bold" if line.fits is False else None)
    out.print(table)


def _as_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "story": verdict.story.story,
        "care_model": verdict.story.care_model,
        "passed": verdict.passed,
        "lines": [vars(line) for line in verdict.lines],
    }
