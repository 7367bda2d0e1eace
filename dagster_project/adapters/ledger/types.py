"""Moments in the ledger: UTC, whatever the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcMoment(TypeDecorator[datetime]):
    """A moment, stored as UTC without a zone and given back as aware UTC.

    SQLite gives back naive datetimes and PostgreSQL converts aware ones to the session's zone; stored this way
    both agree. A naive moment handed in is UTC already: that is the form moments have in every table of the house.

    >>> from zoneinfo import ZoneInfo
    >>> UtcMoment().process_bind_param(datetime(2026, 1, 1, 2, tzinfo=ZoneInfo("Europe/Helsinki")), None)
    datetime.datetime(2026, 1, 1, 0, 0)
    """

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect | None) -> datetime | None:
        """From Python to the store."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect | None) -> datetime | None:
        """From the store to Python."""
        return None if value is None else value.replace(tzinfo=UTC)
