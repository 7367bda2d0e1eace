"""Numbers and names as the x-ray writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

STAGES = ("prospect", "new", "active", "returned", "fading", "passive", "lost")  # in the order of a customer's life
# Blue for those who buy, warm for those who stop, grey for those outside: and from dark to light in grey print.
STAGE_COLOURS = {
    "prospect": "#c3ccd5", "new": "#7fb8b3", "active": "#1f4e79", "returned": "#5b86b5", "fading": "#d9730d",
    "passive": "#edbd84", "lost": "#85909b",
}  # fmt: skip
TIERS = ("top", "high", "middle", "low", "none")
MONTHS_SHOWN = 13  # this month and the twelve before, so that the same month of last year is beside it


@dataclass(frozen=True)
class Setting:
    """What every section is told.

    Attributes:
        day: the business day of the moment asked about.
        currency: ``EUR``.
    """

    day: date
    currency: str

    @property
    def month(self) -> str:
        """The month of the day: ``2026-03``."""
        return f"{self.day:%Y-%m}"

    def money(self, amount: float) -> str:
        """An amount as a board reads it: three digits that matter.

        >>> [Setting(date(2026, 3, 31), "EUR").money(amount) for amount in (1037164.3, 88091.45, 640.2)]
        ['1.04\\xa0M\\xa0EUR', '88.1\\xa0k\\xa0EUR', '640\\xa0EUR']
        """
        return f"{self.short(amount)}\u00a0{self.currency}"

    def short(self, amount: float) -> str:
        """The same without the currency."""
        size = abs(amount)
        if size >= 1_000_000:
            return f"{amount / 1_000_000:.{2 if size < 10_000_000 else 1}f}\u00a0M"
        if size >= 10_000:
            return f"{amount / 1_000:.{1 if size < 100_000 else 0}f}\u00a0k"
        return whole(amount)


def whole(value: float) -> str:
    """A count as people write it.

    >>> whole(12345.0)
    '12\\u202f345'
    """
    return f"{round(value):,}".replace(",", "\u202f")


def percent(share: float) -> str:
    """A share as people write it: no digits it does not deserve.

    >>> percent(0.5), percent(0.046), percent(0.0004), percent(0)
    ('50\\xa0%', '4.6\\xa0%', '0.04\\xa0%', '0\\xa0%')
    """
    points = 100 * share
    return (
        f"{points:.0f}\u00a0%"
        if points >= 10 or points == 0
        else f"{points:.1f}\u00a0%"
        if points >= 1
        else f"{points:.2f}\u00a0%"
    )


def share_of(part: float, of: float) -> float:
    """A part of a whole, and 0 of nothing."""
    return float(part) / float(of) if of else 0.0


def spoken(names: Sequence[str]) -> str:
    """Names as one says them.

    >>> spoken(["e-mail", "phone", "letter"])
    'e-mail, phone and letter'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def customers(count: float) -> str:
    """So many customers.

    >>> customers(1), customers(20)
    ('1 customer', '20 customers')
    """
    return f"{whole(count)} customer{'' if round(count) == 1 else 's'}"


def short_month(month: str) -> str:
    """A month as one says it.

    >>> short_month("2026-03")
    'Mar 2026'
    """
    return f"{date(int(month[:4]), int(month[5:]), 1):%b %Y}"


def months_back(newest: str, count: int = MONTHS_SHOWN) -> list[str]:
    """The months up to this one, oldest first.

    >>> months_back("2026-01", 3)
    ['2025-11', '2025-12', '2026-01']
    """
    year, month = int(newest[:4]), int(newest[5:])
    numbers = [year * 12 + month - 1 - ago for ago in range(count - 1, -1, -1)]
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]


def every_month(rows: pd.DataFrame, newest: str) -> pd.DataFrame:
    """Rows of the last thirteen months, zeros where nothing happened; none before the first month there is."""
    wanted = [month for month in months_back(newest) if month >= str(rows["month"].min())]
    return rows.set_index("month").reindex(wanted, fill_value=0).rename_axis("month").reset_index()


def wide_to_long(rows: pd.DataFrame, key: str, names: dict[str, str], value: str = "count") -> pd.DataFrame:
    """Columns below each other: one row per key and series, in the order of ``names``."""
    import pandas as pd

    parts = [
        pd.DataFrame({key: rows[key], "series": label, value: rows[column], "place": place})
        for place, (column, label) in enumerate(names.items())
    ]
    return pd.concat(parts, ignore_index=True)
