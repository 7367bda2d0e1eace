"""Dates of birth that can be a person's."""

from __future__ import annotations

from datetime import date

PLACEHOLDERS = frozenset({(1, 1, 1900), (1, 1, 1970), (31, 12, 1899), (1, 1, 1800)})  # typed for a form
OLDEST_YEARS = 120

PLACEHOLDER_DATE = "placeholder"
NOT_BORN_YET = "not_born_yet"
TOO_OLD = "too_old"


def normalise_birth_date(written: date | None, told_on: date | None) -> tuple[date | None, str | None]:
    """A date of birth, or none and why: typed for a form, after the day it was told, or longer ago than people live.

    >>> normalise_birth_date(date(1971, 6, 24), date(2026, 1, 1))
    (datetime.date(1971, 6, 24), None)
    >>> normalise_birth_date(date(1900, 1, 1), date(2026, 1, 1))
    (None, 'placeholder')
    >>> normalise_birth_date(date(2031, 1, 1), date(2026, 1, 1))
    (None, 'not_born_yet')
    """
    if written is None:
        return None, None
    if (written.day, written.month, written.year) in PLACEHOLDERS:
        return None, PLACEHOLDER_DATE
    if told_on is not None and written > told_on:
        return None, NOT_BORN_YET
    if told_on is not None and told_on.year - written.year > OLDEST_YEARS:
        return None, TOO_OLD
    return written, None
