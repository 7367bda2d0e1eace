"""Fixtures every test may use: a home of its own, and the real data where it is present."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.settings import CHECKOUT, Settings, settings

SHARED_DATA = CHECKOUT.parent / "shared" / "data"


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
