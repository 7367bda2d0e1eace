"""Opening the ledger's database: one writer at a time, and what is committed survives a power cut."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import make_url

from dagster_project.adapters.ledger.tables import writer_lock
from dagster_project.adapters.ledger.watching import forget_notes, renew, watch

BUSY_SECONDS = 120  # how long a writer waits for another: a claim of 100,000 contacts takes a few seconds
CACHE_KIB = 65_536  # of one connection; of a million members a few thousand, all over the table, are touched at once
WRITES = "ledger_writes"  # the execution option of a connection that is going to write


def make_engine(url: str) -> Engine:
    """An engine for the ledger.

    SQLite: write-ahead log, every commit flushed to the disk, foreign keys, writers wait for each other. Other engines:
    READ COMMITTED, so that a writer who waited for the lock sees what the one before it wrote.
    Error messages name no values (``hide_parameters``).
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        other = create_engine(address, hide_parameters=True, isolation_level="READ COMMITTED", pool_pre_ping=True)
        watch(other)
        return other
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; _begin does
        connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}").fetchall()
        _keep_a_log(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", f"cache_size=-{CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    watch(engine)
    return engine


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. Of two who switch a new file at once SQLite refuses one without waiting."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the ledger (on SQLite; statement by statement elsewhere)."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """The one writer: commits at the end, or leaves nothing when anything is raised.

    Everybody who writes comes through here, so what was checked inside still holds at the commit.
    """
    with engine.connect() as connection:
        connection = connection.execution_options(**{WRITES: True, "preserve_rowcount": True})
        with connection.begin():
            if connection.dialect.name != "sqlite":
                connection.execute(select(writer_lock.c.name).with_for_update()).all()
            forget_notes(connection)
            yield connection
            renew(connection)
