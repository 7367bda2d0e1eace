"""A destination's asset carries its batches on, and says what is held up."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from dagster_project.adapters.ledger import open_ledger
from dagster_project.components.destination import load_destinations
from dagster_project.components.destination_folder import batches_of
from dagster_project.components.running import AS_OF_TAG
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, claim, consent, customer_ids, house, point

FILE = """\
destination: letters
title: Letters
owner: marketing
kind: message
format: mailchimp
channel: email
transport:
  kind: folder
  path: {path}
"""


def test_a_run_carries_batches_and_says_what_is_held_up(home: Settings, tmp_path: Path) -> None:
    there = tmp_path / "there"
    (tmp_path / "letters.yaml").write_text(FILE.format(path=there))
    folder = load_destinations(tmp_path)
    assert folder.faults == []
    asset = batches_of(folder.items["letters"], folder.files["letters"])
    ids = customer_ids(2)
    with open_ledger(home.ledger_address) as ledger:
        house(home, map(point, ids))
        consent(ledger, ids)
        claim(ledger, ids)

    def run(as_of: str) -> tuple[bool, str]:
        with dg.DagsterInstance.ephemeral() as instance:
            result = dg.materialize([asset], instance=instance, tags={AS_OF_TAG: as_of})
        checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
        return checks["is_delivered"].passed, checks["is_delivered"].description or ""

    is_fine, told = run(AS_OF.isoformat())
    assert not is_fine
    assert "folder_missing (1 times), tried again after 2026-03-31 21:00" in told
    there.mkdir()
    assert not run(AS_OF.isoformat())[0], "its moment has not come"
    assert run("2026-04-01T00:00:00+00:00")[0]
    assert len(list(there.rglob("manifest.json"))) == 1
