"""``hoiva identity train``: learn from the company's own records what each agreement is worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.commands.shared import AsJson, Home, out, print_json, settings_of


def train(
    to: Annotated[
        Path | None, typer.Option("--out", help="The file to write; default: probable_matches.json in the home.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Train the probable model on the records of the last run, without labels, and write it for review.

    Nothing uses the new model until a person puts the file beside the match rules. It has no values of anyone. The same
    records give the same file.
    """
    from dagster_project.adapters.identity_training import train_on_vault, weights_moved
    from dagster_project.commands.identity.views import show_training
    from dagster_project.components.match_rules import IDENTITY, load_match_rules, load_probable_model

    own, rules = settings_of(home), load_match_rules()
    before = load_probable_model(rules)
    model = train_on_vault(own)
    file = to or own.at_home.root / "probable_matches.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(model, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    moved = weights_moved(before, model)
    told = {"path": str(file), "trained_on": model["trained_on"], "records": model["records"], "moved": moved}
    if as_json:
        print_json(told)
        return
    beside = IDENTITY / (rules.probable.model if rules.probable else "probable_matches.json")
    show_training(out, told, str(beside.relative_to(IDENTITY.parents[2])))
