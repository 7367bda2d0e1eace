"""A destination whose file is gone lets go of whoever withdraws, and is told of nobody new."""

from __future__ import annotations

from pathlib import Path

from dagster_project.adapters.exporting import export_destination, waiting
from dagster_project.adapters.ledger import open_ledger
from dagster_project.components.destination import FOLDER, load_destinations
from dagster_project.components.retired import remember, retired
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, consent, customer_ids, house, point, take_all

IDS = customer_ids(6)


def test_it_lets_go_of_whoever_withdraws_and_of_nobody_else(tmp_path: Path) -> None:
    home = Settings(home=tmp_path / "home")
    home.at_home.make()
    file = next(item for item in load_destinations(FOLDER).items.values() if item.kind == "membership")
    file = file.model_copy(update={"audience": "fading", "transport": None})
    with open_ledger(home.ledger_address) as ledger:
        consent(ledger, IDS)
        house(home, map(point, IDS), audience=IDS[:4])
        remember(ledger, file)
        assert export_destination(home, ledger, file.to_destination(), AS_OF) is not None
        take_all(home, file.destination)
        assert retired(ledger, {file.destination}) == [], "its file is there"
        (gone,) = retired(ledger, set())
        house(home, map(point, IDS), audience=IDS[2:])
        assert waiting(home, ledger, [gone], AS_OF) == []
        assert export_destination(home, ledger, gone, AS_OF) is None
        ledger.suppress([Suppression(IDS[0], "withdrawn")], AS_OF)
        assert waiting(home, ledger, [gone], AS_OF) == [file.destination]
        batch = export_destination(home, ledger, gone, AS_OF)
        assert batch is not None
        assert (batch.count("remove"), batch.count("add")) == (1, 0)
        assert waiting(home, ledger, [gone], AS_OF) == []


def test_an_audience_that_nobody_draws_any_more_lets_go_too(tmp_path: Path) -> None:
    from dataclasses import replace

    from tests.adapters.small_house import GOOGLE

    home = Settings(home=tmp_path / "home")
    home.at_home.make()
    with open_ledger(home.ledger_address) as ledger:
        consent(ledger, IDS)
        house(home, map(point, IDS), audience=IDS[:4])
        export_destination(home, ledger, GOOGLE, AS_OF)
        take_all(home, "google")
        ledger.suppress([Suppression(IDS[0], "withdrawn")], AS_OF)
        batch = export_destination(home, ledger, replace(GOOGLE, audience="not_drawn"), AS_OF)
        assert batch is not None
        assert (batch.count("remove"), batch.count("add")) == (1, 0)
