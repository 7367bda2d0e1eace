"""One clock: what a day is, and which moment a date means.

Every computation takes ``as_of``: a moment in UTC, kept without a zone in tables (``timestamp`` columns are UTC).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

INSTANT = timedelta(microseconds=1)  # the resolution of every store


@cache
def known_zones() -> frozenset[str]:
    """The names of all time zones: Python looks through the folders of its database each time it is asked."""
    return frozenset(available_timezones())


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last moment of a business day, in UTC: what a bare date means as ``as_of``.

    >>> end_of_day(date(2011, 8, 31), ZoneInfo("Europe/Helsinki")).isoformat()
    '2011-08-31T20:59:59.999999+00:00'
    """
    next_midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
    return next_midnight.astimezone(UTC) - INSTANT


def business_date(moment: datetime, zone: ZoneInfo) -> date:
    """The business day a UTC moment falls on.

    >>> business_date(datetime(2011, 8, 31, 21, 0, tzinfo=UTC), ZoneInfo("Europe/Helsinki")).isoformat()
    '2011-09-01'
    """
    return moment.astimezone(zone).date()


def same_hour_since(last: datetime | None, due: datetime, zone: ZoneInfo, most: int) -> list[datetime]:
    """The moments at one hour of the wall's clock, a business day each, that are still to come to their right.

    Args:
        last: the last one that did; None: there was none before ``due``.
        due: the newest; it is always among them.
        most: how many at most; the oldest are left out.

    Returns:
        oldest first, in UTC.

    >>> friday, monday = datetime(2026, 3, 27, 3, 20, tzinfo=UTC), datetime(2026, 3, 30, 2, 20, tzinfo=UTC)
    >>> [f"{one:%a %H:%M}" for one in same_hour_since(friday, monday, ZoneInfo("Europe/Helsinki"), 7)]
    ['Sat 03:20', 'Sun 02:20', 'Mon 02:20']
    """
    wall = due.astimezone(zone)
    days = [] if last is None else [wall.date() - timedelta(days=back) for back in range(most - 1, 0, -1)]
    earlier = [datetime.combine(day, wall.time(), tzinfo=zone).astimezone(UTC) for day in days]
    return [*(moment for moment in earlier if last is not None and moment > last), due.astimezone(UTC)]


def parse_as_of(text: str, zone: ZoneInfo) -> datetime:
    """Read ``2026-03-31`` (the end of that business day) or an ISO moment (business zone if it names none).

    >>> parse_as_of("2026-03-31T12:00:00+00:00", ZoneInfo("Europe/Helsinki")).isoformat()
    '2026-03-31T12:00:00+00:00'

    Raises:
        ValueError: the text is neither.
    """
    try:
        return end_of_day(date.fromisoformat(text), zone)
    except ValueError:
        pass
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def naive_utc(moment: datetime) -> datetime:
    """The form moments have in tables: UTC without a zone.

    >>> naive_utc(datetime(2026, 1, 1, 2, tzinfo=ZoneInfo("Europe/Helsinki"))).isoformat()
    '2026-01-01T00:00:00'
    """
    return moment.astimezone(UTC).replace(tzinfo=None)
