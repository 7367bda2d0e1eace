"""Servers that live for the session, and a house with batches to carry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.settings import Settings
from tests.adapters.small_house import claim, consent, customer_ids, house, point
from tests.adapters.transports.servers import SftpServer, s3_server, sftp_server

IDS = customer_ids(4)


@pytest.fixture(scope="session")
def sftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with sftp_server(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def ledger(home: Settings) -> Iterator[Ledger]:
    with open_ledger(home.ledger_address) as opened:
        house(home, map(point, IDS), audience=IDS)
        consent(opened, IDS)
        claim(opened, IDS)
        yield opened
