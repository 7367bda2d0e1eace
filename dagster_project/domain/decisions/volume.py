"""Volume constraints: what all contacts together may take of something scarce, or must bring about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

SCALE = 10_000  # amounts are counted in whole ten-thousandths, so that nothing is ever passed by a rounding
MEASURES = ("contacts", "cost", "minutes", "units")
PERIODS = ("day", "week", "month", "quarter", "year", "all")
KEYS = ("department", "care_model", "step", "channel", "treatment", "offer", "purpose", "action_class")
EVER = date(1970, 1, 1)  # the one period of a constraint that counts for all time, as the stock of an offer


class Countable(Protocol):
    """A contact, or the request for one, as constraints see it. Amounts are in ten-thousandths."""

    @property
    def day(self) -> date: ...

    @property
    def cost(self) -> int: ...

    @property
    def minutes(self) -> int: ...

    @property
    def units(self) -> int: ...


def scaled(amount: Decimal | float | None) -> int:
    """An amount in whole ten-thousandths; unknown is none.

    >>> scaled(Decimal("3.50")), scaled(0.1), scaled(None)
    (35000, 1000, 0)
    """
    return 0 if amount is None else round(amount * SCALE)


@dataclass(frozen=True)
class VolumeConstraint:
    """At most (or at least) so much of a measure in each period, over all contacts it is about.

    Attributes:
        name: what explanations call it.
        measure: ``contacts``, ``cost`` (reporting currency), ``minutes`` (of working time) or ``units`` (of an offer).
        per: the length of a period: ``day``, ``week`` (from Monday), ``month``, ``quarter``, ``year``, ``all``.
        most: the limit; None for none, zero for nothing at all.
        least: what was promised; as near as possible where it cannot be kept.
        report_only: measured and shown, never binding.
        of: the contacts it is about, by the columns of ``KEYS``; without any, all of them.
    """

    name: str
    measure: str
    per: str
    most: Decimal | None = None
    least: Decimal | None = None
    report_only: bool = False
    of: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def counts(self, contact: Countable) -> bool:
        """Whether a contact is one of those it is about."""
        return all(getattr(contact, key) in words for key, words in self.of.items())

    def use(self, contact: Countable) -> int:
        """What one contact takes of it, in ten-thousandths."""
        return SCALE if self.measure == "contacts" else int(getattr(contact, self.measure))

    def period(self, day: date) -> date:
        """The first day of the period a day is in."""
        return period_start(self.per, day)

    @property
    def limit(self) -> int | None:
        """``most`` in ten-thousandths where it binds; None where it does not."""
        return None if self.most is None or self.report_only else scaled(self.most)


def period_start(per: str, day: date) -> date:
    """The first day of a period.

    >>> [period_start(per, date(2026, 8, 13)).isoformat() for per in ("day", "week", "month", "quarter", "year")]
    ['2026-08-13', '2026-08-10', '2026-08-01', '2026-07-01', '2026-01-01']
    """
    if per == "day":
        return day
    if per == "week":
        return day - timedelta(days=day.weekday())
    if per == "month":
        return day.replace(day=1)
    if per == "quarter":
        return day.replace(month=day.month - (day.month - 1) % 3, day=1)
    if per == "year":
        return day.replace(month=1, day=1)
    if per == "all":
        return EVER
    raise ValueError(f"{per} is no period; known: {', '.join(PERIODS)}")


def period_end(per: str, start: date) -> date:
    """The last day of the period that begins on a day.

    >>> period_end("month", date(2028, 2, 1)).isoformat(), period_end("quarter", date(2026, 10, 1)).isoformat()
    ('2028-02-29', '2026-12-31')
    """
    if per == "all":
        return date.max
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[per]
    later = start + timedelta(days=longest)  # in the next period, or on its first day
    return period_start(per, later) - timedelta(days=1)
