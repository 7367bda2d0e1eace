"""However a step fails and whatever it logs, nothing of a customer's row is in what Dagster or a terminal keeps."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pydantic
import pytest
import sqlalchemy as sa

from dagster_project import cli
from dagster_project.adapters import boundary
from dagster_project.adapters.redaction import DISK_FULL, WITHHELD, is_disk_full, told
from dagster_project.commands import shared
from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT

PLANTED = ("aino.virtanen@example.com", "+358 40 123 4567", "Aino Virtanen", "Salakatu 7")
EMAIL, PHONE, NAME, STREET = PLANTED
LINE = ",".join(PLANTED)


class Guest(pydantic.BaseModel):
    """A row as a model would read it."""

    visits: int


def of_arrow_csv() -> None:
    pyarrow.csv.read_csv(io.BytesIO(f"a,b\n{LINE}\n".encode()))


def of_sqlalchemy() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        connection.execute(sa.text("insert into nowhere values (:name)"), {"name": NAME})


def of_a_file() -> None:
    Path(f"/nowhere/{NAME}.csv").read_text()


def caused() -> None:
    try:
        raise ValueError(f"row of {NAME}")
    except ValueError as error:
        raise RuntimeError(f"could not treat {EMAIL}") from error


def noted() -> None:
    error = ValueError("a row does not fit")
    error.add_note(f"it is {NAME}, {STREET}")
    raise error


def nested() -> None:
    try:
        int(PHONE)
    except ValueError:
        {}[NAME]


# Every kind of failure a row can cause here.
FAILURES: dict[str, Callable[[], object]] = {
    "a cast in DuckDB": lambda: duckdb.execute(f"select cast('{LINE}' as date)").fetchall(),
    "a literal in DuckDB": lambda: duckdb.execute(f"select * from nowhere where name = '{NAME}'"),
    "a key in DuckDB": lambda: duckdb.execute(
        f"create or replace temp table t (k text primary key); insert into t values ('{EMAIL}'), ('{EMAIL}')"
    ),
    "a CSV in DuckDB": lambda: duckdb.from_csv_auto(io.StringIO(f"a\n1\n{LINE}\n"), columns={"a": "int"}).fetchall(),
    "a cast in Arrow": lambda: pa.array([NAME]).cast(pa.int64()),
    "a CSV in Arrow": of_arrow_csv,
    "a number in pandas": lambda: pd.to_numeric(pd.Series([STREET])),
    "a moment in pandas": lambda: pd.to_datetime(pd.Series([NAME])),
    "a model": lambda: Guest(visits=LINE),  # type: ignore[arg-type]
    "the ledger": of_sqlalchemy,
    "JSON": lambda: json.loads(LINE),
    "a file's name": of_a_file,
    "a key": lambda: {}[NAME],
    "a cause": caused,
    "a note": noted,
    "an error while handling another": nested,
    "an assertion": lambda: (_ for _ in ()).throw(AssertionError(f"{NAME} is twice in {STREET}")),
    "letters": lambda: NAME.encode("ascii", "strict").decode("utf-16"),
}


@pytest.fixture
def up() -> Iterator[None]:
    boundary.install()
    yield
    boundary.uninstall()


@pytest.fixture
def down() -> Iterator[None]:
    boundary.uninstall()
    yield
    boundary.install()
    boundary.uninstall()


def run_failures(home: Path, failures: Mapping[str, Callable[[], object]]) -> None:
    """One run with a step per kind of failure, in an instance that keeps everything on disk as a real one does."""

    def step(name: str, fail: Callable[[], object]) -> dg.OpDefinition:
        @dg.op(name=name)
        def failing(context) -> None:  # type: ignore[no-untyped-def]
            context.log.info(f"reading {EMAIL}")
            context.log.warning("ringing %s", PHONE)
            logging.getLogger("some.library").error("sent to %s", EMAIL)
            try:
                fail()
            except Exception:
                context.log.exception("a row failed")
                logging.getLogger("some.library").exception("a row failed")
                raise

        return failing

    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\npython_logs:\n  managed_python_loggers: [some]\n")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        steps = [step(f"step_{number}", fail) for number, fail in enumerate(failures.values())]
        graph = dg.GraphDefinition(name="night", node_defs=steps)
        result = graph.to_job().execute_in_process(instance=instance, raise_on_error=False)
        assert len(result.get_step_failure_events()) == len(failures)


def found_in(folder: Path) -> set[str]:
    """The planted values in any byte under a folder."""
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return {value for value in PLANTED if value.encode() in content}


def test_no_failure_and_no_log_line_brings_a_value_into_dagsters_storage(
    up: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_failures(tmp_path / "dagster", FAILURES)
    assert found_in(tmp_path) == set()
    seen = "".join(capfd.readouterr())
    assert [value for value in PLANTED if value in seen] == []
    events = b"".join(path.read_bytes() for path in tmp_path.rglob("*.db"))
    assert b"ConversionException" in events, "the type stays"
    assert b"test_boundary.py" in events, "and so does the place"


def test_without_the_boundary_they_are_there(down: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Negative control."""
    some = ("a cast in DuckDB", "a note")
    run_failures(tmp_path / "dagster", {name: FAILURES[name] for name in some})
    assert found_in(tmp_path) == set(PLANTED)


@pytest.mark.parametrize("what", FAILURES)
def test_the_command_says_what_went_wrong_and_where_without_a_value(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "app", FAILURES[what])
    monkeypatch.setattr(cli, "err", shared.Console(file=sys.stderr, width=200))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    boundary.uninstall()
    told_to_people = capsys.readouterr().err
    assert ended.value.code == 1
    assert told_to_people.startswith("hoiva: unexpected ")
    assert [value for value in PLANTED if value in told_to_people] == []


@pytest.mark.parametrize("what", FAILURES)
def test_each_failure_does_quote_a_value(what: str) -> None:
    """Negative control: the texts of the errors themselves hold what must not be told."""
    try:
        FAILURES[what]()
    except Exception as error:
        whole = repr(error) + str(error) + str(getattr(error, "__notes__", "")) + str(error.__cause__)
        whole += str(getattr(error, "__context__", "")) + str(getattr(error, "object", ""))
        is_quoted = any(value in whole for value in PLANTED)
        assert is_quoted or what in {"letters", "JSON"}
    else:
        pytest.fail("it did not fail")


def test_what_people_wrote_for_people_is_told_as_it_is() -> None:
    assert told(HoivaError("run hoiva run first")) == "run hoiva run first"
    assert told(RuntimeError("anything")) == WITHHELD


def test_a_full_disk_is_told_in_one_sentence() -> None:
    full = OSError(28, "No space left on device", f"{NAME}.csv")
    assert told(full) == DISK_FULL
    assert told(duckdb.IOException("IO Error: Could not write file: No space left on device")) == DISK_FULL
    later = RuntimeError("a step failed")
    later.__cause__ = full
    assert is_disk_full(later)
    assert not is_disk_full(RuntimeError("a step failed"))


def test_definitions_put_the_boundary_up() -> None:
    """Every process that runs a step loads them."""
    assert "install()" in (CHECKOUT / "dagster_project" / "definitions.py").read_text()
