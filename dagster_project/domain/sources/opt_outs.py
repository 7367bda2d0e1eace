"""Who said no in a row, also in one that is broken: a record that cannot be loaded still counts as a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster_project.domain.sources.contract import Table

EVERY = "*"  # every purpose, or every channel
PLACE = re.compile(r"\{([^{}]*)\}")
WORD = re.compile(r"[a-z][a-z_]{1,30}")  # what a purpose or channel looks like


@dataclass(frozen=True, order=True)
class OptedOut:
    """One person wants no more of one purpose on one channel.

    Attributes:
        source_record_id: who, as the sources know her: ``hubspot:contact:1``.
        purpose: ``*`` for every one.
        channel: ``*`` for every one.
    """

    source_record_id: str
    purpose: str
    channel: str


def opted_out_in(values: Mapping[str, str | None], table: Table) -> Iterator[OptedOut]:
    """What one row says no to, by the contract's ``opt_outs``.

    A purpose or channel that the row should name and does not is every one: the stricter reading.

    >>> from dagster_project.domain.sources.contract import Column, OptOut, Table
    >>> members = Table(key=("id",), columns={"id": Column(), "status": Column()}, opt_outs=(OptOut(
    ...     record="letter:member:{id}", column="status", says=("unsubscribed",), channels=("email",)),))
    >>> list(opted_out_in({"id": "7", "status": " Unsubscribed "}, members))
    [OptedOut(source_record_id='letter:member:7', purpose='marketing', channel='email')]
    >>> list(opted_out_in({"id": "7", "status": "subscribed"}, members))
    []
    """
    for rule in table.opt_outs:
        if rule.column and _plain(values.get(rule.column)) not in rule.says:
            continue
        record = filled_in(rule.record, values)
        if record is None:
            continue
        for channel in rule.channels:
            yield OptedOut(record, _named(rule.purpose, values), _named(channel, values))


def possible_rows(cells: Sequence[str], header: Sequence[str]) -> Iterator[dict[str, str]]:
    """What a row of the wrong length may have said: counted from the left up to some place, then from the right.

    A separator too many or too few shifts what lies on one side of it and leaves the other as it was; nobody knows
    where it stood.

    >>> [list(row.values()) for row in possible_rows(["7", "a", "b", "no"], ["id", "note", "wish"])]
    [['a', 'b', 'no'], ['7', 'b', 'no'], ['7', 'a', 'no'], ['7', 'a', 'b']]
    """
    left = dict(zip(header, cells, strict=False))
    right = dict(zip(reversed(header), reversed(cells), strict=False))
    for place in range(len(header) + 1):
        told = [(name, (left if number < place else right).get(name)) for number, name in enumerate(header)]
        yield {name: cell for name, cell in told if cell is not None}


def filled_in(template: str, values: Mapping[str, str | None]) -> str | None:
    """A template with the row's values in its places; None where one is blank.

    >>> filled_in("hubspot:contact:{id}", {"id": " 1 "}), filled_in("hubspot:contact:{id}", {"id": ""})
    ('hubspot:contact:1', None)
    """
    found = {name: (values.get(name) or "").strip(" \t") for name in PLACE.findall(template)}
    if not all(found.values()):
        return None
    return PLACE.sub(lambda place: found[place.group(1)], template)


def strictest(found: Iterable[OptedOut]) -> list[OptedOut]:
    """The distinct ones, without those that a wider one of the same person covers.

    >>> strictest([OptedOut("a", "marketing", "email"), OptedOut("a", "marketing", "*")])
    [OptedOut(source_record_id='a', purpose='marketing', channel='*')]
    """
    distinct = set(found)
    return sorted(
        one
        for one in distinct
        if not any(
            OptedOut(one.source_record_id, purpose, channel) in distinct
            for purpose in (one.purpose, EVERY)
            for channel in (one.channel, EVERY)
            if (purpose, channel) != (one.purpose, one.channel)
        )
    )


def _named(word: str, values: Mapping[str, str | None]) -> str:
    if not PLACE.search(word):
        return word
    told = _plain(filled_in(word, values))
    return told if WORD.fullmatch(told) else EVERY


def _plain(text: str | None) -> str:
    return (text or "").strip().lower()
