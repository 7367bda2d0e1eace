"""Hold a table against its suite. What comes out are counts and words of our own, never a value of a row."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.expectations.suite import EXPECTATIONS, Expectation, Suite, load_suites
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# What is kept of a result: numbers of rows and shares of them. Everything else is cut out, also what a later version
# of the library may add: with `exclude_unexpected_values` that is one more lock on the same door.
COUNTS = (
    *("element_count", "missing_count", "missing_percent", "unexpected_count", "unexpected_percent"),
    *("unexpected_percent_nonmissing", "unexpected_percent_total"),
)
ROW_COUNT = "table_row_count_to_be_between"  # its observed value is a count, too
EITHER_MISSING = {"ignore_row_if": "either_value_is_missing"}  # a pair says something where both are known
NOT_EVALUATED = "could not be evaluated: the column has another type than the expectation needs"


@dataclass(frozen=True)
class Failure:
    """One expectation that does not hold.

    >>> str(Failure("column_values_to_not_be_null", "email", 3, "nobody can be written to", is_blocking=True))
    'email: column_values_to_not_be_null fails in 3 rows: nobody can be written to'
    """

    expectation: str
    column: str
    count_unexpected: int
    because: str
    is_blocking: bool

    def __str__(self) -> str:
        where = f" in {self.count_unexpected} rows" if self.count_unexpected else ""
        return f"{self.column or 'table'}: {self.expectation} fails{where}: {self.because}"


@dataclass(frozen=True)
class Outcome:
    """What became of one table: ``success`` unless an expectation of severity critical failed."""

    suite: str
    table: str
    subject: str  # what was looked at: a file id, an audience; chosen by us, never a value
    count_rows: int
    count_expectations: int
    failed: tuple[Failure, ...] = ()
    results: list[dict[str, Any]] = field(default_factory=list)  # Great Expectations' own, without values

    @property
    def success(self) -> bool:
        """Whether what was looked at may go on."""
        return not any(failure.is_blocking for failure in self.failed)

    @property
    def message(self) -> str:
        """All failures in one line, the blocking ones first."""
        ordered = sorted(self.failed, key=lambda failure: not failure.is_blocking)
        return "; ".join(str(failure) for failure in ordered) or "all expectations hold"


def validate(suite: Suite, frame: pa.Table | pd.DataFrame, *, table: str = "", subject: str = "") -> Outcome:
    """Hold a table against a suite.

    Only the columns that the suite names are handed over. A column that is missing is a failure of its expectations.

    Args:
        suite: see :func:`load_suites`.
        frame: the rows.
        table: which of the suite's tables it is; may be left out where there is one.
        subject: what is looked at, for messages and pages: a file id or a name of ours.

    Raises:
        HoivaError: the suite says nothing about such a table.
    """
    table = table or suite.only_table
    if table not in suite.tables:
        raise HoivaError(f"the suite {suite.suite} says nothing about the table {table}")
    rows = len(frame)
    there = set(_names(frame))
    asked = [
        expectation
        for expectation in suite.tables[table]
        if rows >= expectation.from_rows and not (expectation.optional and set(expectation.columns) - there)
    ]
    present = [expectation for expectation in asked if set(expectation.columns) <= there]
    found = iter(_run(suite, f"{suite.suite}.{table}", present, frame) if present else [])
    results = [next(found) if set(one.columns) <= there else _absent(one) for one in asked]
    failed = tuple(
        Failure(
            one.expect,
            ", ".join(one.columns),
            int(result["result"].get("unexpected_count") or 0),
            "; ".join(part for part in (result["exception_info"].get("exception_message"), one.because) if part),
            is_blocking=one.severity == "critical",
        )
        for one, result in zip(asked, results, strict=True)
        if not result["success"]
    )
    return Outcome(suite.suite, table, subject, rows, len(asked), failed, results)


def validate_delivery(
    source: str, table: str, frame: pa.Table | pd.DataFrame, *, subject: str = "", folder: Path | None = None
) -> Outcome | None:
    """Hold a delivery of one source's table against the source's suite; None where none is written.

    A suite whose file is wrong fails: nobody knows what to expect of the delivery, so it is held, not waved through.
    """
    try:
        suite = _suite((folder or EXPECTATIONS) / "sources", source)
    except HoivaError as error:
        fault = Failure("suite_to_be_valid", "", 0, str(error), is_blocking=True)
        return Outcome(source, table, subject, len(frame), 0, (fault,))
    if suite is None or table not in suite.tables:
        return None
    return validate(suite, frame, table=table, subject=subject)


def validate_customer_360(frame: pa.Table | pd.DataFrame, *, folder: Path | None = None) -> Outcome:
    """Hold customer_360 against its suite: before anyone is chosen from it."""
    return validate(_the_suite((folder or EXPECTATIONS) / "customer_360", "customer_360"), frame)


def validate_audience(
    audience: str, frame: pa.Table | pd.DataFrame, *, is_membership: bool, folder: Path | None = None
) -> Outcome:
    """Hold one audience against the suite of its kind: trigger lists of contacts, or audiences of members."""
    kind = "membership" if is_membership else "trigger_list"
    return validate(_the_suite((folder or EXPECTATIONS) / "audiences", kind), frame, subject=audience)


def _the_suite(folder: Path, name: str) -> Suite:
    suite = _suite(folder, name)
    if suite is None:
        raise HoivaError(f"expectations/{folder.name} has no suite {name}")
    return suite


def _suite(folder: Path, name: str) -> Suite | None:
    suites = load_suites(folder)
    wrong = [fault for fault in suites.faults if Path(fault.file).stem == name]
    if wrong:
        raise HoivaError(f"expectations/{folder.name}/{wrong[0]}")
    return suites.items.get(name)


def _names(frame: pa.Table | pd.DataFrame) -> list[str]:
    return [str(name) for name in (frame.column_names if hasattr(frame, "column_names") else frame.columns)]


def _columns(frame: pa.Table | pd.DataFrame, expectations: list[Expectation]) -> pd.DataFrame:
    """The columns asked about, as pandas; decimals as floats, for speed and because limits are written as such."""
    import pandas as pd
    import pyarrow as pa

    names = sorted({column for expectation in expectations for column in expectation.columns}) or _names(frame)[:1]
    if isinstance(frame, pd.DataFrame):
        return frame[names]
    part = frame.select(names)
    plain = [pa.field(f.name, pa.float64()) if pa.types.is_decimal(f.type) else f for f in part.schema]
    return part.cast(pa.schema(plain)).to_pandas()


def _config(expectation: Expectation, place: int = 0) -> dict[str, Any]:
    """The expectation as Great Expectations writes it. ``place`` finds its result again: they return in any order."""
    return {
        "type": f"expect_{expectation.expect}",
        "kwargs": expectation.arguments | (EITHER_MISSING if expectation.column_A else {}),
        "notes": expectation.because,
        "severity": expectation.severity,
        "meta": {"place": place},
    }


def _run(
    suite: Suite, name: str, expectations: list[Expectation], frame: pa.Table | pd.DataFrame
) -> list[dict[str, Any]]:
    """The result of each expectation, in their order, without values."""
    import great_expectations as gx

    batch = whole_frame().get_batch({"dataframe": _columns(frame, expectations)})
    configs = [_config(expectation, place) for place, expectation in enumerate(expectations)]
    found = batch.validate(
        gx.ExpectationSuite(name=name, expectations=configs),
        result_format={"result_format": "SUMMARY", "exclude_unexpected_values": suite.exclude_unexpected_values},
    )
    by_place = {one["expectation_config"]["meta"]["place"]: one for one in found.to_json_dict()["results"]}
    return [without_values(by_place[place], expectation) for place, expectation in enumerate(expectations)]


def without_values(result: dict[str, Any], expectation: Expectation) -> dict[str, Any]:
    """A result with nothing in it but counts, the expectation as written, and whether it could be asked.

    A message of an engine quotes the value it stumbled over: it is replaced by one of ours.
    """
    raised = _has_raised(result.get("exception_info") or {})
    kept = COUNTS + (("observed_value",) if expectation.expect == ROW_COUNT else ())
    counts = {name: value for name, value in (result.get("result") or {}).items() if name in kept}
    return _told(expectation, bool(result["success"]), counts, NOT_EVALUATED if raised else None)


def _absent(expectation: Expectation) -> dict[str, Any]:
    return _told(expectation, False, {}, "the column is missing")


def _told(expectation: Expectation, success: bool, counts: dict[str, Any], message: str | None) -> dict[str, Any]:
    info = {"raised_exception": message is not None, "exception_message": message, "exception_traceback": message}
    config = _config(expectation)
    return {"success": success, "expectation_config": config, "result": counts, "meta": {}, "exception_info": info}


def _has_raised(info: dict[str, Any]) -> bool:
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(isinstance(inner, dict) and inner.get("raised_exception") for inner in info.values())


@lru_cache(maxsize=1)
def whole_frame() -> Any:
    """The one place that frames are handed to: a context in memory, made once per process, that reports to nobody."""
    context = new_context()
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole")


def new_context() -> Any:
    """A context in memory without progress bars, without files of its own, and without a word to the makers."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)
