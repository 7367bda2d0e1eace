"""The fakes on loopback, for the session; and a house."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.settings import Settings
from tests.adapters.pushing.fakes import TOKEN, make_fakes
from tests.adapters.transports.servers import free_port, wait_for


@pytest.fixture(scope="session")
def fakes() -> Iterator[tuple[Any, str]]:
    """The service's state and its address."""
    app, port = make_fakes(), free_port()
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(port)
    yield app.state, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def ledger(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    for name in ("GOOGLE_ACCESS_TOKEN", "META_ACCESS_TOKEN", "LETTERS_API_KEY"):
        monkeypatch.setenv(f"HOIVA_SECRET_{name}", TOKEN)
    with open_ledger(home.ledger_address) as opened:
        yield opened
