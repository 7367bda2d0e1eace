"""``hoiva identity answer``: a person's word on two records, landed like any delivery."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, moment_of, out, print_json, settings_of


def answer(
    a: Annotated[str | None, typer.Argument(help="A source record, as the review queue names it.")] = None,
    b: Annotated[str | None, typer.Argument(help="The other record.")] = None,
    said: Annotated[
        str | None, typer.Argument(metavar="same|different", help="One customer, or never one customer.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Many answers at once: a YAML file; docs/contracts/match_answers.md.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="The day (its end) or moment it became known; default: now.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say that two records are the same customer, or different ones. The next run follows; the newest answer counts.

    It beats match rules and limits, but not the company's own customer numbers. Take it back by giving the other one.
    """
    from dagster_project.adapters.answering import land_answers
    from dagster_project.commands.identity.views import show_answers
    from dagster_project.components.match_answers import load_answers
    from dagster_project.components.match_rules import load_match_rules
    from dagster_project.domain.identity.answers import DIFFERENT, SAME, Answer

    own = settings_of(home)
    known_at = moment_of(at, own, "--at")
    if file is not None:
        if a is not None:
            raise typer.BadParameter("give two records and a word, or --file, not both", param_hint="--file")
        answers = load_answers(file, own.zone)
    else:
        if a is None or b is None or said not in (SAME, DIFFERENT):
            raise typer.BadParameter("give two records and `same` or `different`, or --file", param_hint="A B WORD")
        if a.strip() == b.strip():
            raise typer.BadParameter("name two different records", param_hint="B")
        answers = [Answer(a.strip(), b.strip(), said == SAME, known_at)]
    certain = [rule.rule for rule in load_match_rules().exact if rule.is_certain]
    told = land_answers(own, answers, known_at, certain)
    print_json(told) if as_json else show_answers(out, told)
