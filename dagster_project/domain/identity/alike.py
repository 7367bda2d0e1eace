"""Whether two names or two birth dates can be those of one person: yes, clearly not, or nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

FIRST_NAMES_ALIKE = 0.85  # Jaro-Winkler: "makenzi" and "mackenzie" 0.96, "mikko" and "matti" 0.63
LAST_NAMES_ALIKE = 0.85
EDITS_OF_A_DATE = 1  # letters of YYYYMMDD exchanged, missing or swapped when a date is typed

Name = tuple[str | None, str | None]  # first and last name, in their one form


def names_alike(ours: Name, theirs: Name) -> bool | None:
    """Whether two names can be one person's: misspelled, shortened to an initial, or first and last exchanged.

    None when no first names can be compared: a family shares its last name.

    >>> names_alike(("makenzi", "lowe"), ("mackenzie", "lowe")), names_alike(("lowe", "makenzi"), ("makenzi", "lowe"))
    (True, True)
    >>> names_alike(("aino", "aalto"), ("matti", "aalto")), names_alike((None, "aalto"), ("matti", "aalto"))
    (False, None)
    """
    if ours[0] is None or theirs[0] is None:
        return None
    is_first_alike = _close(ours[0], theirs[0], FIRST_NAMES_ALIKE, initial=True)
    if ours[1] is None or theirs[1] is None:
        return is_first_alike
    if is_first_alike and _close(ours[1], theirs[1], LAST_NAMES_ALIKE):
        return True
    return _close(ours[0], theirs[1], LAST_NAMES_ALIKE) and _close(ours[1], theirs[0], LAST_NAMES_ALIKE)


def _close(one: str, other: str, least: float, *, initial: bool = False) -> bool:
    if initial and min(len(one), len(other)) == 1:
        return one[0] == other[0]
    return one == other or JaroWinkler.similarity(one, other) >= least


def dates_alike(ours: date | None, theirs: date | None) -> bool | None:
    """Whether two dates of birth can be one, typed differently: one slip, or day and month exchanged.

    None when one is unknown.

    >>> dates_alike(date(1971, 6, 24), date(1971, 5, 24)), dates_alike(date(1971, 3, 4), date(1971, 4, 3))
    (True, True)
    >>> dates_alike(date(1971, 6, 24), date(1998, 1, 30)), dates_alike(None, date(1998, 1, 30))
    (False, None)
    """
    if ours is None or theirs is None:
        return None
    if (ours.year, ours.month, ours.day) == (theirs.year, theirs.day, theirs.month):
        return True
    return DamerauLevenshtein.distance(f"{ours:%Y%m%d}", f"{theirs:%Y%m%d}") <= EDITS_OF_A_DATE


def some_dates_differ(dates: Iterable[date], others: Iterable[date]) -> bool:
    """Whether a date of one customer clearly differs from one of another."""
    known = list(others)
    return any(dates_alike(one, other) is False for one in dates for other in known)


def count_distinct_names(names: Sequence[Name]) -> int:
    """How many persons' names these are, spellings of one counted once: greedy, in the order given.

    >>> count_distinct_names([("aino", "aalto"), ("ainno", "aalto"), ("matti", "aalto")])
    2
    """
    kept: list[Name] = []
    for name in names:
        if not any(names_alike(name, other) is not False for other in kept):
            kept.append(name)
    return len(kept)
