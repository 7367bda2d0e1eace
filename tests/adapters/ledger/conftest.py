"""A fresh ledger for each test, on SQLite and on PostgreSQL where this machine has one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.ledger.tables import metadata, writer_lock


def _server_programs() -> Path | None:
    """The folder of Debian's newest PostgreSQL server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _as_postgres(*command: str) -> list[str]:
    """The server refuses to run as root: then run it as the user Debian made for it, else as nobody."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives for this session (or of the one in TEST_POSTGRES_URL)."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    programs = _server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine: install postgresql, or set TEST_POSTGRES_URL")
    folder = Path(tempfile.mkdtemp(prefix="hoiva-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    initdb = _as_postgres(str(programs / "initdb"), "-D", data, "-U", "hoiva", "--auth=trust", "-E", "UTF8", "-N")
    try:
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder)
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip("a PostgreSQL server could not be made here: set TEST_POSTGRES_URL to one")
    options = ["-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(folder), "-F"]
    server = subprocess.Popen(
        _as_postgres(str(programs / "postgres"), *options),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    url = f"postgresql+psycopg://hoiva@127.0.0.1:{port}/postgres"
    try:
        _wait_for(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    import time

    engine = create_engine(url)
    for _ in range(150):
        if server.poll() is not None:
            break
        try:
            with engine.connect() as connection:
                connection.execute(text("select 1"))
            engine.dispose()
            return
        except Exception:
            time.sleep(0.2)
    pytest.skip("the PostgreSQL server did not start here: set TEST_POSTGRES_URL to one")


def _make_database(server: str) -> str:
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    admin.dispose()
    return server.rsplit("/", 1)[0] + f"/{name}"


def _drop_database(server: str, url: str) -> None:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"drop database {url.rsplit('/', 1)[1]} with (force)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database in which nobody has opened a ledger yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.db"
        return
    server = request.getfixturevalue("postgres_server")
    url = _make_database(server)
    yield url
    _drop_database(server, url)


@pytest.fixture(scope="session")
def postgres_ledger(postgres_server: str) -> Iterator[str]:
    """The URL of one migrated ledger on PostgreSQL, which tests share one after the other."""
    url = _make_database(postgres_server)
    open_ledger(url).close()
    yield url
    _drop_database(postgres_server, url)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated ledger on SQLite, to copy."""
    path = tmp_path_factory.mktemp("ledger") / "migrated.db"
    open_ledger(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a ledger with all its tables and no rows."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_file'), tmp_path / 'ledger.db')}"
    url: str = request.getfixturevalue("postgres_ledger")
    engine = create_engine(url)
    with engine.begin() as connection:
        names = [table.name for table in metadata.sorted_tables if table is not writer_lock]
        connection.execute(text(f"truncate {', '.join(names)} restart identity cascade"))
    engine.dispose()
    return url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An empty ledger, its tables made."""
    with open_ledger(ledger_url) as opened:
        yield opened
