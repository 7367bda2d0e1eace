"""Spans of time as people mean them: a day is a day of the business zone, an hour is an hour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

PATTERN = r"^[0-9]{1,4}[hdw]$"
MAX_DAYS = 3660  # ten years


@dataclass(frozen=True)
class Duration:
    """So many calendar days, or so many hours; never both.

    Seven days before Monday noon is the Monday before at noon, also when a clock change lies between.
    """

    days: int = 0
    hours: int = 0

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read ``12h``, ``7d`` or ``2w``.

        >>> Duration.parse("2w")
        Duration(days=14, hours=0)

        Raises:
            ValueError: anything else, or more than ten years.
        """
        if not re.fullmatch(PATTERN, text):
            raise ValueError("is a whole number with h, d or w: 12h, 7d, 2w")
        count, unit = int(text[:-1]), text[-1]
        duration = cls(hours=count) if unit == "h" else cls(days=count * (7 if unit == "w" else 1))
        if duration.days > MAX_DAYS:
            raise ValueError("is longer than ten years")
        return duration

    def before(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The UTC moment this long before another.

        >>> monday_after_the_change = datetime(2026, 3, 30, 9, tzinfo=UTC)  # 12:00 in Helsinki, summer time
        >>> Duration(days=7).before(monday_after_the_change, ZoneInfo("Europe/Helsinki")).isoformat()
        '2026-03-23T10:00:00+00:00'
        """
        return self._moved(moment, zone, -1)

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The UTC moment this long after another. An hour that does not exist moves to the one after the gap.

        >>> half_past_three = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)  # 03:30 in Helsinki, the day before the change
        >>> Duration(days=1).after(half_past_three, ZoneInfo("Europe/Helsinki")).isoformat()
        '2026-03-29T01:30:00+00:00'
        """
        return self._moved(moment, zone, 1)

    def _moved(self, moment: datetime, zone: ZoneInfo, sign: int) -> datetime:
        if not self.days:  # an hour is an hour: the wall clock, which says 03:30 twice in October, is not asked
            return moment.astimezone(UTC) + sign * timedelta(hours=self.hours)
        local = moment.astimezone(zone) + sign * timedelta(days=self.days)  # wall clock: the same hour of the day
        return local.astimezone(UTC)

    def __bool__(self) -> bool:
        return bool(self.days or self.hours)

    def __str__(self) -> str:
        return f"{self.hours}h" if self.hours else f"{self.days}d"
