"""Homes with planted people: as they were before anything is erased, and after."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from dagster_project.adapters.erasing.erasing import House, Told, erase, resume_all
from dagster_project.adapters.erasing.scan import Found
from dagster_project.adapters.ledger import open_ledger
from dagster_project.settings import Settings
from tests.adapters.erasing.people import OTHERS, PLANTED, Person, deliveries
from tests.adapters.erasing.planted import LATER as NOW
from tests.adapters.erasing.planted import house_of, land_all, leave_traces, look, run_day, take_all, wanted


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
    return made(tmp_path_factory.mktemp("planted"), PLANTED, OTHERS)


@pytest.fixture(scope="session")
def few_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with three people."""
    return made(tmp_path_factory.mktemp("few"), PLANTED[5:6], OTHERS[:2])


def made(folder: Path, planted: Sequence[Person], others: Sequence[Person]) -> Path:
    """A home with these people in it; the planted ones left traces, too."""
    settings = Settings(home=folder / "home")
    settings.at_home.make()
    everybody = [*planted, *others]
    with open_ledger(settings.ledger_address) as ledger:
        told = land_all(settings, ledger, folder / "delivered", deliveries(everybody))
        assert told["hubspot/contact_4.csv"].status == "refused"
        assert told["hubspot/contact_2.csv"].count_quarantined == min(10, len(everybody) - 1)
        assert told["hubspot/contact_3.csv"].count_quarantined == 1
        run_day(settings, ledger, everybody)
    leave_traces(settings, planted)
    return settings.at_home.root


@pytest.fixture
def few(few_home: Path, tmp_path: Path) -> Iterator[House]:
    """A copy of the smaller one to change."""
    with house_of(shutil.copytree(few_home, tmp_path / "own", symlinks=True)) as own:
        yield own


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
