"""A home that is only read is made once per session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.journeys.homes import GIFT_SHOP_ENDS, TOWN, TOWN_SIZE, at_home, gift_shop_files, land, run_day


@pytest.fixture(scope="session", autouse=True)
def _one_front_door() -> Iterator[None]:
    """The definitions, loaded once for all homes of a process: what exists does not hang on where it lies."""
    from dagster_project import definitions

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(definitions, "defs", cache(definitions.defs))
        yield


@pytest.fixture(scope="session")
def make_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder for a home, by name."""
    return lambda name: tmp_path_factory.mktemp(name) / "home"


@pytest.fixture(scope="session")
def shop_home(gift_shop: Path, make_home: Callable[[str], Path]) -> Path:
    """The real shop landed as history and run once as of 2011-08-31. Only read it."""
    folder = make_home("shop")
    with at_home(folder) as own:
        land(own, gift_shop_files(gift_shop))
        run_day(own, GIFT_SHOP_ENDS)
    return folder


@pytest.fixture(scope="session")
def town_home(make_home: Callable[[str], Path]) -> Path:
    """A small town after `hoiva demo`. Only read it."""
    from typer.testing import CliRunner

    from dagster_project.cli import app

    folder = make_home("town")
    with at_home(folder, **TOWN):
        result = CliRunner().invoke(app, ["demo", *TOWN_SIZE])
    assert result.exit_code == 0, result.output
    (folder / "said.txt").write_text(result.output)
    return folder
