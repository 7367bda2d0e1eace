"""Fixtures every test may use: a home of its own, and the real data where it is present."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.settings import CHECKOUT, Settings, settings

SHARED_DATA = CHECKOUT.parent / "shared" / "data"


def pytest_configure() -> None:
    """Dagster, dbt and Great Expectations fill the memory with objects that stay: looking through them for garbage as
    often as Python does by itself took 7 % of the time of a build by dbt."""
    gc.set_threshold(100_000, 20, 100)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Only tests are looked for here: helpers hold no examples, and importing the measurements takes seconds."""
    is_helper = collection_path.suffix == ".py" and not collection_path.name.startswith(("test_", "conftest"))
    return True if is_helper else None


@pytest.fixture(scope="session", autouse=True)
def _one_look_at_the_models() -> Iterator[None]:
    """dbt reads its project once for all homes of a process, not once in each: that takes four seconds."""
    from dagster_project.adapters import dbt

    read = dbt._parsed.__wrapped__
    known: dict[str, tuple[Any, dict[str, bytes]]] = {}

    def once(target: Path, arguments: tuple[str, ...]) -> Any:
        project = dbt.project_fingerprint()
        if project not in known:
            manifest = read(target, arguments)
            files = {name: (target / name).read_bytes() for name in ("manifest.json", dbt._PARSED_FROM)}
            known[project] = (manifest, files)
        manifest, files = known[project]
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            if not (target / name).is_file():
                (target / name).write_bytes(content)
        return manifest

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt, "_parsed", once)
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test reads the developer's own settings, and none writes outside its own folder."""
    for name in [name for name in os.environ if name.startswith("HOIVA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOIVA_CONFIG", str(tmp_path / "no-hoiva.yaml"))
    monkeypatch.setenv("HOIVA_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Settings with an empty home of their own, folders made."""
    own = settings()
    own.at_home.make()
    return own


@pytest.fixture(scope="session")
def gift_shop() -> Path:
    """The folder of the real shop's deliveries; the test is skipped where it is absent."""
    folder = SHARED_DATA / "gift_shop"
    if not folder.is_dir():
        pytest.skip("the real data (../shared/data/gift_shop) is not on this machine")
    return folder
