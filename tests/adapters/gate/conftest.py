"""A gate of one's own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project.adapters.ledger import open_ledger
from dagster_project.settings import Settings
from tests.adapters.small_deliveries import Gate


@pytest.fixture
def gate(home: Settings, tmp_path: Path) -> Iterator[Gate]:
    """An empty home, and a folder where a supplier writes."""
    folder = tmp_path / "delivered"
    folder.mkdir()
    with open_ledger(home.ledger_address) as ledger:
        yield Gate(home, ledger, folder)
