"""The day that is killed, played once: as it begins, as it ends, and every call it makes."""

from __future__ import annotations

import pytest

from tests.crash.day import make_template, work
from tests.crash.killed import copy_of
from tests.crash.played import Played
from tests.crash.reckoning import settle
from tests.crash.syscalls import Call, calls_of


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("day")
    morning = make_template(folder / "morning")
    evening = copy_of(morning, folder / "evening")
    settle(evening)
    return Played(morning, evening, folder)


@pytest.fixture(scope="session")
def calls(played: Played) -> list[Call]:
    """Every call of the day that changes something; the second listening, when everything is loaded."""
    calls_of(played.killed(), work, played.folder / "record")
    return calls_of(played.killed(), work, played.folder / "record")
