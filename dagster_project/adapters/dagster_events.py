"""Dagster's record of a run in SQLite, held open while the run is at work.

Dagster opens its database for each of a run's some thousand events, waits for the disk, and lets SQLite fold the log
into the file as it closes: more than half of the time of a small day.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagster import DagsterInstance
    from sqlalchemy import Connection, Engine


@contextmanager
def events_held_open(instance: DagsterInstance) -> Iterator[None]:
    """Write the events of this instance through connections that stay open; other kinds of storage are left alone.

    Others may read and write meanwhile, and a process that dies loses nothing. A power cut may take the last events:
    it breaks the run off anyway, and what a run did stands in the ledger, which is flushed at each commit.
    """
    from dagster._core.storage.event_log import SqliteEventLogStorage
    from sqlalchemy import QueuePool, create_engine, event

    if type(instance.event_log_storage) is not SqliteEventLogStorage:
        yield
        return
    storage: Any = instance.event_log_storage
    engines: dict[str, Engine] = {}

    def engine_of(shard: str) -> Engine:
        if shard not in engines:
            url = storage.conn_string_for_shard(shard)
            engines[shard] = create_engine(url, poolclass=QueuePool, pool_size=1, connect_args={"timeout": 30})
            event.listen(engines[shard], "connect", _flush_at_checkpoints)
        return engines[shard]

    @contextmanager
    def connect(shard: str) -> Iterator[Connection]:
        with storage._db_lock:
            engine = engine_of(shard)
            if shard not in storage._initialized_dbs:
                storage._initdb(engine)
                storage._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    storage._connect = connect
    try:
        yield
    finally:
        del storage._connect
        with storage._db_lock:
            for engine in engines.values():
                engine.dispose()


def _flush_at_checkpoints(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL").fetchall()
