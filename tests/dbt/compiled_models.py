"""What dbt compiles, run straight in DuckDB: a table of a few rows in hundredths of a second.

dbt's own work around a model (contexts, events, names swapped) costs a tenth of a second, and tests build thousands of
them. What a model says is its compiled SQL, so dbt compiles the project once for all moments, and its text is run here
with the moment filled in. ``test_compiled_models.py`` holds these tables to those of ``dbt run``.
"""

from __future__ import annotations

import json
import runpy
import tempfile
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from dagster_project.adapters import dbt
from dagster_project.adapters.warehouse import open_warehouse
from dagster_project.settings import Settings, load_settings

# Compiled as of two moments, a model that differs in more than the moment itself is compiled anew for each other one.
MOMENTS = (datetime(2001, 1, 1, 1, 1, 1, 1), datetime(2002, 2, 2, 2, 2, 2, 2))  # noqa: DTZ001 - UTC, as dbt has it
MARK = "<the moment asked about>"


@dataclass(frozen=True)
class Model:
    """A model as dbt knows it."""

    name: str
    room: str
    relation: str  # '"warehouse"."unified"."events"'
    is_view: bool
    is_python: bool
    path: Path
    parents: frozenset[str]
    sources: frozenset[str]  # 'shop.invoice_lines'

    def make(self, connection: duckdb.DuckDBPyConnection, text: str, models: Mapping[str, Model]) -> None:
        """Replace the table or view by what the text says now."""
        if self.is_python:
            rows = runpy.run_path(str(self.path))["model"](_Asked(connection, models), connection)
            connection.register("rows_of_model", rows)
            connection.execute(f"create or replace table {self.relation} as select * from rows_of_model")
            connection.unregister("rows_of_model")
            return
        kind, other = ("view", "table") if self.is_view else ("table", "view")
        try:
            connection.execute(f"create or replace {kind} {self.relation} as {text}")
        except duckdb.CatalogException:  # a test made a table of a view, to change its rows
            connection.execute(f"drop {other} if exists {self.relation}")
            connection.execute(f"create {kind} {self.relation} as {text}")


@dataclass(frozen=True)
class _Asked:
    """What a model in Python is given as ``dbt``."""

    connection: duckdb.DuckDBPyConnection
    models: Mapping[str, Model]

    def config(self, **_: object) -> None:
        pass

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        return self.connection.query(f"select * from {self.models[name].relation}")


@lru_cache(maxsize=1)
def models() -> dict[str, Model]:
    """Every model by its name, each after those that it reads."""
    with tempfile.TemporaryDirectory() as apart:
        nodes = dbt.parsed_manifest(load_settings(home=Path(apart))).nodes
    names = {unique_id: node.name for unique_id, node in nodes.items() if node.resource_type == "model"}
    found = {name: _model(nodes[unique_id], names) for unique_id, name in names.items()}
    order = TopologicalSorter({name: model.parents for name, model in found.items()}).static_order()
    return {name: found[name] for name in order}


def _model(node: Any, names: Mapping[str, str]) -> Model:
    return Model(
        name=node.name,
        room=node.fqn[1],
        relation=node.relation_name,
        is_view=node.config.materialized == "view",
        is_python=node.language == "python",
        path=dbt.PROJECT / node.original_file_path,
        parents=frozenset(names[parent] for parent in node.depends_on.nodes if parent in names),
        sources=frozenset(".".join(source) for source in node.sources),
    )


_held: dict[Path, ExitStack] = {}


def hold(home: Settings) -> None:
    """Keep warehouse and vault open: opening them takes ten milliseconds, and none where they are open already."""
    if home.home not in _held:
        _held[home.home] = ExitStack()
        _held[home.home].enter_context(open_warehouse(home))


def let_go(home: Path) -> None:
    """Close them, as dbt opens them in its own way."""
    if home in _held:
        _held.pop(home).close()


def let_go_of_all() -> None:
    """Leave nothing open."""
    for home in list(_held):
        let_go(home)


def build(home: Settings, names: Collection[str], as_of: datetime) -> None:
    """Make these models, each after those that it reads. What they read besides must be there."""
    wanted = [model for name, model in models().items() if name in names]
    texts = {model.name: _text(model.name, as_of, home.business_zone) for model in wanted if not model.is_python}
    hold(home)
    with open_warehouse(home) as warehouse:
        for place in {model.relation.rpartition(".")[0] for model in wanted}:
            warehouse.connection.execute(f"create schema if not exists {place}")
        for model in wanted:
            model.make(warehouse.connection, texts.get(model.name, ""), models())


def made_of(name: str) -> set[str]:
    """The model and all that it is made of."""
    return {name}.union(*map(made_of, models()[name].parents))


def made_from(sources: Collection[str]) -> set[str]:
    """Every model that reads one of these sources, or a model that does."""
    found: set[str] = set()
    for name, model in models().items():
        if model.sources & set(sources) or model.parents & found:
            found.add(name)
    return found


def _text(name: str, as_of: datetime, zone: str) -> str:
    texts = _texts(zone)
    if name in texts:
        return texts[name].replace(MARK, as_of.isoformat(" "))
    return _compiled(as_of, zone, tuple(set(models()) - set(texts)))[name]


@lru_cache
def _texts(zone: str) -> dict[str, str]:
    """The SQL of each model that differs from moment to moment in nothing but the moment."""
    first, second = (
        {name: text.replace(moment.isoformat(" "), MARK) for name, text in _compiled(moment, zone).items()}
        for moment in MOMENTS
    )
    return {name: text for name, text in first.items() if second[name] == text}


@lru_cache
def _compiled(as_of: datetime, zone: str, names: tuple[str, ...] = ("resource_type:model",)) -> dict[str, str]:
    """What dbt makes of these models, in a warehouse where nothing was built before."""
    variables = {"as_of": as_of.isoformat(" "), "business_zone": zone, "made_by": dbt.project_fingerprint()}
    with tempfile.TemporaryDirectory() as apart, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOIVA_HOME", apart)
        home = load_settings(home=Path(apart))
        arguments = ["compile", *dbt._arguments(home), "--no-write-json", "--vars", json.dumps(variables)]
        try:
            outcome = dbtRunner(manifest=dbt.parsed_manifest(home)).invoke([*arguments, "--select", *names])
        finally:
            DuckDBConnectionManager.close_all_connections()
    assert outcome.success, outcome.exception
    return {done.node.name: str(done.node.compiled_code) for done in outcome.result.results}  # type: ignore[union-attr]
