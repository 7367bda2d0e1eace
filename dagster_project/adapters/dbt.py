"""dbt in this process: parse once, build many times, log nothing a customer's row could reach.

A dbt process of its own costs 5-7 s before its first model; here a build of one room starts in half a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.redaction import redact
from dagster_project.domain.clock import naive_utc
from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

    from dagster_project.settings import Settings

PROJECT = CHECKOUT / "dbt_project"
_PARSED_FROM = "parsed_from.txt"  # beside manifest.json: the fingerprint of the project it was parsed from


class DbtFailed(HoivaError):
    """A model or test of dbt failed. The message names the nodes; values are cut out of it."""


@dataclass(frozen=True)
class DbtEvent:
    """One finished node, as dbt's structured log tells it; ``raw`` is the whole event."""

    unique_id: str
    status: str
    raw: Mapping[str, Any]


def project_fingerprint() -> str:
    """A digest of every file of the dbt project: the parsed manifest is valid as long as it stays the same."""
    digest = hashlib.sha256()
    for path in sorted(PROJECT.rglob("*")):
        if path.suffix in {".sql", ".yml", ".py", ".csv"} and "target" not in path.parts:
            digest.update(str(path.relative_to(PROJECT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _arguments(settings: Settings) -> list[str]:
    home = settings.at_home.make()
    os.environ["HOIVA_HOME"] = str(home.root)  # profiles.yml and Python models read it
    os.environ.setdefault("HOIVA_DUCKDB_MEMORY", settings.duckdb_memory)
    return [
        "--project-dir", str(PROJECT),
        "--profiles-dir", str(PROJECT),
        "--target-path", str(home.dbt / "target"),
        "--log-path", str(home.dbt / "logs"),
        "--log-level", "none",
        "--log-level-file", "none",
        "--no-send-anonymous-usage-stats",
        "--no-use-colors",
    ]  # fmt: skip


@lru_cache(maxsize=1)
def _parsed(target: Path, arguments: tuple[str, ...]) -> Manifest:
    from dbt.cli.main import dbtRunner

    fingerprint = project_fingerprint()
    outcome = dbtRunner().invoke(["parse", *arguments])
    if not outcome.success or outcome.result is None:
        raise DbtFailed(f"the dbt project does not parse: {redact(str(outcome.exception))}")
    (target / _PARSED_FROM).write_text(fingerprint)
    return outcome.result  # type: ignore[return-value]


def parsed_manifest(settings: Settings) -> Manifest:
    """dbt's own manifest object, parsed once per process: a file edited while a run is at work waits for the next."""
    arguments = tuple(_arguments(settings))
    return _parsed(settings.at_home.dbt / "target", arguments)


def manifest_json(settings: Settings) -> dict[str, Any]:
    """The manifest as ``manifest.json`` has it; parsed anew only when a file of the project changed."""
    target = settings.at_home.dbt / "target"
    stamp = target / _PARSED_FROM
    if not stamp.is_file() or stamp.read_text() != project_fingerprint():
        parsed_manifest(settings)
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return manifest


def build(
    settings: Settings,
    select: list[str],
    as_of: datetime,
    on_event: Callable[[DbtEvent], None] = lambda event: None,
    *,
    command: str = "build",
) -> None:
    """Build and test the selected models as of a moment; every finished node is handed to ``on_event``.

    Args:
        settings: whose warehouse and vault to build in.
        select: dbt selectors, united.
        as_of: the moment asked about, UTC.
        on_event: called with each finished model, seed or test, in order.
        command: ``build``, ``run``, ``test`` or ``seed``.

    Raises:
        DbtFailed: at least one model failed or a test of severity error found rows.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.events.functions import msg_to_dict

    failed: list[str] = []

    def callback(message: Any) -> None:
        if message.info.name not in {"LogModelResult", "LogTestResult", "LogSeedResult", "LogNodeResult"}:
            return
        raw = msg_to_dict(message)
        raw["info"]["msg"] = redact(raw["info"].get("msg", ""))
        node = raw["data"]["node_info"]
        on_event(DbtEvent(node["unique_id"], node["node_status"], raw))

    manifest = parsed_manifest(settings)
    variables = json.dumps(
        {
            "as_of": naive_utc(as_of).isoformat(" "),
            "business_zone": settings.business_zone,
            "made_by": project_fingerprint(),  # tables that grow by what is new are built anew by changed models
        }
    )
    arguments = [
        command, *_arguments(settings), "--no-write-json", "--vars", variables, "--select", *select,
        *(["--indirect-selection", "buildable"] if command != "seed" else []),
    ]  # fmt: skip
    try:
        outcome = dbtRunner(manifest=manifest, callbacks=[callback]).invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()  # dbt would keep the file's lock
    for result in _results(outcome.result):
        if str(result.status) in {"error", "fail", "runtime error"}:
            failed.append(f"{result.node.name} ({result.status}): {redact(result.message or '')}")
    if outcome.exception is not None:
        failed.append(redact(str(outcome.exception)))
    if failed or not outcome.success:
        raise DbtFailed("dbt: " + "; ".join(failed[:5]) + (f"; and {len(failed) - 5} more" if len(failed) > 5 else ""))


def compiled(settings: Settings, text: str) -> str:
    """The SQL that a text of dbt's templates stands for, as a macro used outside a model; kept until a file changes.

    Args:
        settings: whose project; the business zone is filled in.
        text: ``{{ some_macro('some_table') }}``.

    Raises:
        DbtFailed: it does not compile.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    kept = settings.at_home.dbt / f"compiled_{_digest(text, settings.business_zone)}.sql"
    if kept.is_file():
        return kept.read_text()
    variables = json.dumps({"as_of": "1970-01-01 00:00:00", "business_zone": settings.business_zone})
    manifest = parsed_manifest(settings)
    home = os.environ.get("HOIVA_HOME")
    with tempfile.TemporaryDirectory() as apart:  # dbt opens a warehouse, and the real one may be open already
        own = type(settings).model_construct(**settings.model_dump() | {"home": Path(apart)})
        arguments = [
            "compile", *_arguments(own), "--no-write-json", "--no-introspect", "--vars", variables, "--inline", text,
        ]  # fmt: skip
        try:
            outcome = dbtRunner(manifest=manifest).invoke(arguments)
        finally:
            DuckDBConnectionManager.close_all_connections()
            os.environ.pop("HOIVA_HOME", None)
            os.environ |= {} if home is None else {"HOIVA_HOME": home}
    if not outcome.success:
        raise DbtFailed(f"dbt: {text[:60]} does not compile: {redact(str(outcome.exception))}")
    sql = str(next(_results(outcome.result)).node.compiled_code)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(sql)
    return sql


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join((project_fingerprint(), *parts)).encode()).hexdigest()[:16]


def _results(result: Any) -> Iterator[Any]:
    return iter(getattr(result, "results", None) or ())
