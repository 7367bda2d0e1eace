"""Homes with planted people: as they were before anything is erased, and after."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dagster_project.adapters.erasing.erasing import House, Told, erase, resume_all
from dagster_project.adapters.erasing.scan import Found
from dagster_project.adapters.ledger import open_ledger
from dagster_project.settings import Settings
from tests.adapters.erasing.planted import LATER as NOW
from tests.adapters.erasing.planted import (
    OTHERS,
    PLANTED,
    deliveries,
    house_of,
    land_all,
    leave_traces,
    look,
    run_day,
    take_all,
    wanted,
)


@dataclass(frozen=True)
class Forgotten:
    """A home whose planted people were erased, what a look found before, and what was told on the way."""

    house: House
    before: Found
    contacts_before: int
    waiting: Told
    ended: Told


@pytest.fixture(scope="session")
def planted_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with everybody in it, made once; copy it to change it."""
    folder = tmp_path_factory.mktemp("planted")
    settings = Settings(home=folder / "home")
    settings.at_home.make()
    with open_ledger(settings.ledger_address) as ledger:
        told = land_all(settings, ledger, folder / "delivered", deliveries([*PLANTED, *OTHERS]))
        assert told["hubspot/contact_4.csv"].status == "refused"
        assert told["hubspot/contact_2.csv"].count_quarantined == 10
        assert told["hubspot/contact_3.csv"].count_quarantined == 1
        run_day(settings, ledger, [*PLANTED, *OTHERS])
    leave_traces(settings, PLANTED)
    return settings.at_home.root


@pytest.fixture
def house(planted_home: Path, tmp_path: Path) -> Iterator[House]:
    """A copy of it to change."""
    with house_of(shutil.copytree(planted_home, tmp_path / "own", symlinks=True)) as own:
        yield own


@pytest.fixture(scope="session")
def forgotten(planted_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgotten]:
    """A home whose planted people were erased; to be read alone."""
    copy = shutil.copytree(planted_home, tmp_path_factory.mktemp("forgotten") / "home", symlinks=True)
    with house_of(copy) as own:
        before, contacts = look(own.settings), own.ledger.contacts().num_rows
        waiting = erase(own, wanted(own.settings), NOW)
        take_all(own.settings)
        (ended,) = resume_all(own, NOW)
        yield Forgotten(own, before, contacts, waiting, ended)


@pytest.fixture
def after(forgotten: Forgotten, tmp_path: Path) -> Iterator[House]:
    """A copy of it to change."""
    with house_of(shutil.copytree(forgotten.house.settings.at_home.root, tmp_path / "own", symlinks=True)) as own:
        yield own
