"""A drifted file as a change of its contract: what to write so that the whole file fits, for a person to judge."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dagster_project.domain.sources.drift import Header

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

SHORT = re.compile(r"[+-]?\d{1,14}(\.\d{1,4})?")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d")
TIMES = ("", " %H:%M", " %H:%M:%S")
NEW_VALUES = 10  # more new words of one column are no list of values but free text

Lines = dict[str, dict[str, Any]]


def proposed(table: Table, header: Header, misfits: Iterable[tuple[str, str, str]]) -> tuple[Lines, list[str]]:
    """The columns to write or change, and what a person has to decide about each.

    >>> from dagster_project.domain.sources.contract import Column, Table
    >>> visits = Table(key=("id",), columns={"id": Column(), "guests": Column(type="integer")})
    >>> proposed(visits, Header({"id": "id"}), [("guests", "not_an_integer", "2.5")])
    ({'guests': {'type': 'decimal'}}, ['guests: 1 value is not an integer: decimal numbers'])

    Args:
        table: the contract as it is.
        header: the file's columns.
        misfits: column, reason code and text of each value that did not fit.

    Returns:
        the changed columns (only the keys that change), and one line about each.
    """
    lines: Lines = {}
    told: list[str] = []
    careful = {"personal": True} if table.is_personal else {"pseudonym": True}
    for name in header.unknown:
        lines[name] = {"optional": True, **careful}
        told.append(f"{name}: is new; say what it is, and whether it is personal")
    for name in header.gone:
        lines[name] = {"optional": True}
        told.append(f"{name}: is gone; optional, or the former name of a new column (also)")
    for name in header.respelled:
        lines[name] = {"also": [*table.columns[name].also, header.taken[name]]}
        told.append(f"{name}: comes in another spelling")
    texts: dict[tuple[str, str], list[str]] = {}
    for column, reason, text in misfits:
        texts.setdefault((column, reason), []).append(text)
    for (column, reason), found in sorted(texts.items()):
        if column not in table.columns or reason not in GUESSES:
            continue
        change, why = GUESSES[reason](found)
        many = f"{len(found)} value{'s are' if len(found) > 1 else ' is'}"
        told.append(f"{column}: {many} {reason.replace('_', ' ')}: {why}")
        if change:
            lines[column] = {**lines.get(column, {}), **change}
    return lines, told


def new_values(table: Table, seen: Mapping[str, Iterable[str]]) -> tuple[Lines, list[str]]:
    """Words of a column with listed values that are not listed."""
    lines: Lines = {}
    told: list[str] = []
    for name, values in seen.items():
        fresh = sorted(set(values) - set(table.columns[name].values))
        if fresh and len(fresh) <= NEW_VALUES:
            lines[name] = {"values": [*table.columns[name].values, *fresh]}
            told.append(f"{name}: has new values; say what they mean where it is read")
        elif fresh:
            told.append(f"{name}: has {len(fresh)} new values: perhaps it is another column")
    return lines, told


def _of_numbers(found: list[str]) -> tuple[dict[str, Any], str]:
    if all(SHORT.fullmatch(text) for text in found):
        return {"type": "decimal"}, "decimal numbers"
    if all(NUMBER.fullmatch(text) for text in found):
        return {"type": "number"}, "numbers"
    if all(re.search(r"\d", text) for text in found):
        return {}, "a unit or separators beside the number; ask the supplier for plain numbers"
    return {}, "no numbers; ask the supplier, or take it as another column"


def _of_moments(found: list[str]) -> tuple[dict[str, Any], str]:
    fits = [form for form in (day + time for day in DATES for time in TIMES) if _all_read(found, form)]
    if len(fits) == 1:
        return {"format": fits[0]}, f"written as {fits[0]}"
    if fits:
        return {}, f"written as {' or '.join(fits)}: only the supplier knows which"
    return {}, "in no way that is known here; name its format"


def _of_nested(_: list[str]) -> tuple[dict[str, Any], str]:
    return {"type": "json"}, "lists or objects; as JSON they are kept whole"


def _all_read(found: list[str], form: str) -> bool:
    for text in found:
        try:
            datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
        except ValueError:
            return False
    return True


GUESSES: dict[str, Callable[[list[str]], tuple[dict[str, Any], str]]] = {
    "not_an_integer": _of_numbers,
    "not_a_decimal": _of_numbers,
    "not_a_number": _of_numbers,
    "not_a_date": _of_moments,
    "not_a_timestamp": _of_moments,
    "nested_value": _of_nested,
}
