"""The Python side of the house: rooms are thin or plain, and imports point one way."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dagster_project.settings import CHECKOUT

PACKAGE = CHECKOUT / "dagster_project"
LAYERS = ("domain", "adapters", "components", "defs")  # each may import itself and those before it
ROOMS = (
    "sources staging unified identity customer_360 analytics care_models decisions audiences exports measurement"
).split()
NOT_IN_DOMAIN = {"dagster", "dagster_dbt", "dbt", "duckdb", "sqlalchemy", "requests", "fsspec"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}


def imports_of(source: str) -> set[str]:
    """Every module a file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def breaches_of_layers(layer: str, source: str) -> set[str]:
    """The modules of a later layer that a file of this layer imports."""
    later = LAYERS[LAYERS.index(layer) + 1 :]
    return {name for name in imports_of(source) for other in later if name.startswith(f"dagster_project.{other}")}


def clocks_read(source: str) -> set[str]:
    """Calls that ask the machine for the time."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if (name, node.func.attr) in CLOCKS:
                found.add(f"{name}.{node.func.attr}")
    return found


def files_of(layer: str) -> list[Path]:
    return sorted((PACKAGE / layer).rglob("*.py"))


@pytest.mark.parametrize("layer", ["domain", "adapters", "components"])
def test_imports_point_one_way(layer: str) -> None:
    allowed = {"dagster_project.components.fenced"}  # plain Python that reads YAML; it imports nothing of ours but text
    breaches = {
        f"{path.relative_to(CHECKOUT)}: {name}"
        for path in files_of(layer)
        for name in breaches_of_layers(layer, path.read_text())
        if layer == "domain" or not any(name.startswith(ok) for ok in allowed)
    }
    assert not breaches


def test_the_check_of_imports_can_fail() -> None:
    assert breaches_of_layers("domain", "from dagster_project.adapters import lake") != set()


def test_domain_is_plain() -> None:
    foreign = {
        f"{path.relative_to(CHECKOUT)}: {name}"
        for path in files_of("domain")
        for name in imports_of(path.read_text())
        if name.split(".")[0] in NOT_IN_DOMAIN
    }
    assert not foreign


def test_domain_reads_no_clock() -> None:
    readers = {
        f"{path.relative_to(CHECKOUT)}: {call}" for path in files_of("domain") for call in clocks_read(path.read_text())
    }
    assert not readers
    assert clocks_read("import datetime\nx = datetime.datetime.now()") == {"datetime.now"}, "negative control"


def test_every_folder_of_definitions_is_a_room() -> None:
    rooms = {path.name for path in (PACKAGE / "defs").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms <= set(ROOMS)


def test_the_front_door_is_short() -> None:
    assert len((PACKAGE / "definitions.py").read_text().splitlines()) < 60


def test_no_file_is_two_rooms() -> None:
    long = {
        f"{path.relative_to(CHECKOUT)}: {len(path.read_text().splitlines())} lines"
        for path in [*PACKAGE.rglob("*.py"), *(CHECKOUT / "tests").rglob("*.py")]
        if len(path.read_text().splitlines()) > 300
    }
    assert not long
