"""What every part of the ledger stands on: an engine, a way to read and a way to write."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy import Connection, Engine

from dagster_project.adapters.ledger import engine as engines


class Connected:
    """Holds the engine; the parts of :class:`~dagster_project.adapters.ledger.ledger.Ledger` derive from it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def reading(self) -> AbstractContextManager[Connection]:
        """A consistent look at the ledger."""
        return engines.reading(self.engine)

    def writing(self) -> AbstractContextManager[Connection]:
        """The one writer's transaction: all of it, or nothing."""
        return engines.writing(self.engine)

    def close(self) -> None:
        """Let go of the database file."""
        self.engine.dispose()
