"""Brings a ledger's tables to what this version of Hoiva needs, whoever opens it first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from dagster_project.adapters.ledger.engine import WRITES
from dagster_project.errors import HoivaError

HEAD = "0009"  # the newest migration; a test holds it equal to the folder's. Known here, most opens load no Alembic.
MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x686F6976  # any number of our own, for PostgreSQL's advisory lock


def version_of(connection: Connection) -> str | None:
    """The migration the database stands at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def to_head(engine: Engine) -> None:
    """Migrate to the newest version in one transaction; two who open an empty ledger at once wait for each other.

    Raises:
        HoivaError: the ledger was written by a newer Hoiva.
    """
    with engine.connect() as connection, connection.begin():
        if version_of(connection) == HEAD:
            return
    with engine.connect() as connection:
        connection = connection.execution_options(**{WRITES: True})
        with _tables_may_be_rebuilt(connection), connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            if version_of(connection) != HEAD:
                _upgrade(connection)


@contextmanager
def _tables_may_be_rebuilt(connection: Connection) -> Iterator[None]:
    """Let a migration drop a table others point at and put another in its place: SQLite asks for that outside a
    transaction, and then looks at every foreign key only when told to."""
    driver = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF").fetchall()
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON").fetchall()


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
        if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
            raise HoivaError("the ledger could not be migrated: a row would point at nothing. Nothing was changed")
    except CommandError:
        raise HoivaError(
            "the ledger was made by a newer Hoiva than this: install that version, or set HOIVA_LEDGER_URL to another"
        ) from None
