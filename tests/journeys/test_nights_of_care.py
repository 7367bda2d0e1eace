"""All shipped care models, night by night over a town: one catch-up run, other nights and the ledger tell the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dagster_project.adapters.backtest import house_of
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.reading import reader
from dagster_project.domain.care_models.engine.record import path
from dagster_project.domain.care_models.engine.schema import TRANSITIONS
from dagster_project.domain.care_models.moments import microseconds
from dagster_project.settings import Settings
from tests.journeys.homes import TOWN, at_home
from tests.journeys.nights_of_care import Lived, dropped, live, stands, told

SHORT = 15  # nights, in the suite


def last_day(own: Settings) -> date:
    with reader(own) as published:
        return datetime.fromisoformat(str(published.version.as_of)).date()


def lived(folder: Path, nights: int) -> Iterator[Lived]:
    with at_home(folder, **TOWN) as own, open_ledger("sqlite://") as ledger:
        house = house_of(own)
        try:
            yield live(own, house, ledger, last_day(own) - timedelta(days=nights - 1), nights)
        finally:
            house.past.close()


@pytest.fixture(scope="module")
def short(town_home: Path) -> Iterator[Lived]:
    yield from lived(town_home, SHORT)


@pytest.fixture(scope="module")
def year(make_home: Callable[[str], Path]) -> Iterator[Lived]:
    from typer.testing import CliRunner

    from dagster_project.cli import app

    folder = make_home("year")
    with at_home(folder, **TOWN):
        result = CliRunner().invoke(app, ["demo", "--customers", "300", "--days", "400"])
    assert result.exit_code == 0, result.output
    yield from lived(folder, 365)


def one_catch_up_run_tells_the_same(nights: Lived) -> None:
    whole = nights.nights[nights.last]
    at_once = nights.again(nights.last)
    assert whole.path.num_rows > whole.enrolments.num_rows, "more than entries happened"
    assert told(at_once.path) == told(whole.path)
    assert dropped(at_once.path) == dropped(whole.path), "what grew too old is the same, and listed"
    assert stands(at_once.standings) == stands(whole.standings)


def other_nights_tell_the_same(nights: Lived, step: int) -> None:
    record, since = TRANSITIONS.empty_table(), None
    moments = sorted(nights.nights)
    for as_of in [*moments[step::step], nights.last]:
        done = nights.again(as_of, since, record)
        record, since = pa.concat_tables([record, done.added.filter(pc.is_valid(done.added["did"]))]), as_of
    assert told(path(record)) == told(nights.nights[nights.last].path)


def the_ledger_tells_the_same_of_every_night(nights: Lived) -> None:
    record = nights.ledger.transitions()
    for as_of, found in nights.nights.items():
        assert told(path(record, microseconds(as_of))) == told(found.path)


def test_weeks_of_nights_equal_one_catch_up_run(short: Lived) -> None:
    one_catch_up_run_tells_the_same(short)


def test_weeks_of_nights_equal_fewer_nights(short: Lived) -> None:
    other_nights_tell_the_same(short, 4)


def test_every_night_of_weeks_can_be_read_from_the_ledger(short: Lived) -> None:
    the_ledger_tells_the_same_of_every_night(short)


def test_without_a_contact_the_catch_up_run_differs(short: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = short.ledger.contacts()
    monkeypatch.setattr(type(short.ledger), "contacts", lambda self: contacts.slice(0, 0))
    with pytest.raises(AssertionError):
        one_catch_up_run_tells_the_same(short)


@pytest.mark.slow
def test_a_year_of_nights_equals_one_catch_up_run(year: Lived) -> None:
    one_catch_up_run_tells_the_same(year)


@pytest.mark.slow
def test_a_year_of_nights_equals_a_night_a_month(year: Lived) -> None:
    other_nights_tell_the_same(year, 30)


@pytest.mark.slow
def test_every_night_of_a_year_can_be_read_from_the_ledger(year: Lived) -> None:
    the_ledger_tells_the_same_of_every_night(year)
