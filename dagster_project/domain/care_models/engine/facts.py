"""What happened to enrolments, ready to be asked for many at once: events, responses, contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.care_models.moments import NEVER, Moments

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dated:
    """Facts of one kind: of which enrolment, when it happened and when it came to be known; arrays of one length."""

    rows: Rows
    occurred: Moments
    known: Moments
    is_about_same: Flags  # the same subject as the entry


@dataclass
class Contacts:
    """Contacts of enrolments; arrays of one length. ``is_passed``: the walk is beyond it, or waits for it no more."""

    rows: Rows
    places: npt.NDArray[np.int64]  # the number of its step; -1: a step this version does not have
    decided: Moments
    planned: Moments
    is_passed: Flags
    is_before: Flags  # made on an earlier version, before the enrolment moved to this one


class Facts:
    """Facts of a number of enrolments, known by a moment."""

    def __init__(
        self, count: int, happenings: dict[str, Dated], responses: dict[tuple[str, str], Dated], contacts: Contacts,
        places: dict[str, int],
    ) -> None:  # fmt: skip
        self.count, self.contacts = count, contacts
        self._happenings, self._responses, self._places = happenings, responses, places
        keys = contacts.rows * len(places) + contacts.places
        self._numbers = np.flatnonzero(contacts.places >= 0)
        self._numbers = self._numbers[np.argsort(keys[self._numbers], kind="stable")]
        self._keys = keys[self._numbers]
        self._next = self._next_contacts()

    def contact_at(self, rows: Rows, step: str) -> npt.NDArray[np.int64]:
        """The number of each one's contact of a step; -1 where there is none."""
        if not len(self._keys):
            return np.full(len(rows), -1, dtype=np.int64)
        asked = rows * len(self._places) + self._places[step]
        found = np.searchsorted(self._keys, asked, side="right") - 1
        return np.where((found >= 0) & (self._keys[found] == asked), self._numbers[found], -1)

    def pass_contacts(self, numbers: npt.NDArray[np.int64]) -> None:
        """Note that the walk is beyond these contacts."""
        self.contacts.is_passed[numbers] = True
        self._next = self._next_contacts()

    def known_by(self, rows: Rows, as_of: int) -> Moments:
        """Up to which moment's knowledge each one's path is decided: its next contact's decision, or now."""
        return np.minimum(self._next[rows], as_of)

    def give_up_next_contact(self, as_of: int, comes_next: npt.NDArray[np.int64]) -> Rows:
        """Whose path does not come to a contact that was decided; that contact is left aside from now on.

        One planned for a moment to come, at the step that each ``comes_next`` to, was decided ahead: it is waited for.
        """
        contacts = self.contacts
        is_ahead = (comes_next[contacts.rows] == contacts.places) & (contacts.planned > as_of)
        left = np.flatnonzero(~contacts.is_passed & ~is_ahead & (contacts.decided <= as_of))
        if not len(left):
            return np.empty(0, dtype=np.int64)
        first = left[self.contacts.decided[left] == self._next[self.contacts.rows[left]]]
        rows = np.unique(self.contacts.rows[first])
        self.pass_contacts(first)
        return rows

    def first_happening(
        self, rows: Rows, name: str, after: Moments, known: Moments, same_subject: bool = False
    ) -> Moments:
        """The first event of a name after a moment of each, known by another; ``NEVER`` where there is none."""
        facts = self._happenings.get(name)
        return self._first(rows, facts, after, known, same_subject)

    def first_response(self, rows: Rows, step: str, response: str, known: Moments) -> Moments:
        """The first response to the contact of a step."""
        return self._first(rows, self._responses.get((step, response)), np.full(len(rows), -NEVER), known, False)

    def _first(self, rows: Rows, facts: Dated | None, after: Moments, known: Moments, same_subject: bool) -> Moments:
        found = np.full(len(rows), NEVER, dtype=np.int64)
        if facts is None or not len(rows):
            return found
        number = np.full(self.count, -1, dtype=np.int64)
        number[rows] = np.arange(len(rows))
        asked = number[facts.rows]
        counts = asked >= 0
        counts &= (facts.known <= known[asked]) & (facts.occurred > after[asked])
        if same_subject:
            counts &= facts.is_about_same
        np.minimum.at(found, asked[counts], facts.occurred[counts])
        return found

    def _next_contacts(self) -> Moments:
        following = np.full(self.count, NEVER, dtype=np.int64)
        open_ones = ~self.contacts.is_passed
        np.minimum.at(following, self.contacts.rows[open_ones], self.contacts.decided[open_ones])
        return following


def facts_of(
    standings: pa.Table,
    happenings: pa.Table,
    responses: pa.Table,
    contacts: pa.Table,
    places: dict[str, int],
    as_of: int,
) -> Facts:
    """The facts of these enrolments that are known by a moment, by their row numbers.

    Args:
        standings: ``STANDINGS``.
        happenings: ``HAPPENINGS`` of any customers.
        responses: ``RESPONSES`` of any enrolments.
        contacts: ``CONTACTS`` of any enrolments.
        places: the number of each step of the version.
        as_of: the moment.
    """
    now = pa.scalar(as_of, pa.timestamp("us"))
    happenings = happenings.filter(pc.less_equal(happenings["known_at"], now))
    of_customer = _pairs(standings["customer_id"], happenings["customer_id"])
    told = {}
    if len(of_customer[0]):
        rows, numbers = of_customer
        subjects = standings["subject_id"].take(pa.array(rows))
        same = pc.fill_null(pc.equal(happenings["subject_id"].take(pa.array(numbers)), subjects), False)
        told = _by_key(happenings, ["name"], rows, numbers, same.to_numpy(zero_copy_only=False))
    responses = responses.filter(pc.less_equal(responses["known_at"], now))
    rows, numbers = _pairs(standings["enrolment_id"], responses["enrolment_id"])
    answered = _by_key(responses, ["step", "response"], rows, numbers, np.zeros(len(rows), dtype=bool))
    return Facts(
        standings.num_rows,
        {key[0]: facts for key, facts in told.items()},
        {(key[0], key[1]): facts for key, facts in answered.items()},
        _contacts_of(standings, contacts.filter(pc.less_equal(contacts["decided_as_of"], now)), places),
        places,
    )


def _contacts_of(standings: pa.Table, contacts: pa.Table, places: dict[str, int]) -> Contacts:
    rows, numbers = _pairs(standings["enrolment_id"], contacts["enrolment_id"])
    of_them = contacts.take(pa.array(numbers))
    names = pa.array(list(places), pa.string())
    at = _numbers_in(of_them["step"], names, -1)
    anchor = _numbers_in(standings["anchor_step"], names, len(places))[rows]
    decided, moved = moments_of(of_them["decided_as_of"]), moments_of(standings["moved_as_of"])[rows]
    before = (moved != NEVER) & (decided < moved)
    planned = moments_of(of_them["planned_for"])
    return Contacts(rows, at, decided, planned, is_passed=(at < anchor) | before, is_before=before)


def _pairs(ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Every (row of ours, row of theirs) of equal value."""
    if not len(theirs) or not len(ours):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    values = pc.unique(theirs)
    of_ours = pc.index_in(ours, value_set=values)
    rows = np.flatnonzero(of_ours.is_valid().to_numpy(zero_copy_only=False))
    keys = of_ours.take(pa.array(rows)).to_numpy(zero_copy_only=False).astype(np.int64)
    of_theirs = pc.index_in(theirs, value_set=values).to_numpy(zero_copy_only=False).astype(np.int64)
    order = np.argsort(of_theirs, kind="stable")
    starts = np.searchsorted(of_theirs[order], keys, side="left")
    many = np.searchsorted(of_theirs[order], keys, side="right") - starts
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return np.repeat(rows, many), order[np.repeat(starts, many) + within]


def _numbers_in(words: pa.ChunkedArray, names: pa.Array, other: int) -> npt.NDArray[np.int64]:
    """The number of each word among the names; another one where it is none of them."""
    found = pc.fill_null(pc.index_in(words, value_set=names), other)
    return found.to_numpy(zero_copy_only=False).astype(np.int64)


def _by_key(table: pa.Table, key: list[str], rows: Rows, numbers: Rows, same: Flags) -> dict[tuple[str, ...], Dated]:
    occurred, known = moments_of(table["occurred_at"]), moments_of(table["known_at"])
    encoded = [table[name].combine_chunks().dictionary_encode() for name in key]
    codes = np.zeros(table.num_rows, dtype=np.int64)
    for column in encoded:
        codes = codes * len(column.dictionary) + column.indices.to_numpy(zero_copy_only=False)
    codes = codes[numbers]
    found: dict[tuple[str, ...], Dated] = {}
    for code in np.unique(codes).tolist():
        mine = np.flatnonzero(codes == code)
        theirs, word = numbers[mine], []
        for column in reversed(encoded):
            code, place = divmod(code, len(column.dictionary))
            word.append(column.dictionary[place].as_py())
        found[tuple(reversed(word))] = Dated(rows[mine], occurred[theirs], known[theirs], same[mine])
    return found


def moments_of(column: pa.ChunkedArray) -> Moments:
    """A column of moments as microseconds since 1970; null is ``NEVER``."""
    return pc.fill_null(column.cast(pa.int64()), NEVER).to_numpy(zero_copy_only=False).astype(np.int64)
