"""Looks for thousands of byte strings at once: the time does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dagster_project.domain.erasure.looking import ANCHOR, BITS, SPREAD, TOP, look
from dagster_project.domain.erasure.spellings import spellings_of

ENDS_TELL = (b"+", b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9")  # a number's beginning says little
ROOM = 4096  # matches taken at once


class Patterns:
    """The spellings of some values, ready to be looked for.

    >>> wanted = Patterns(["aino@example.com"])
    >>> sorted(wanted.found_in(b"to: Aino@Example.com; " + "aino@example.com".encode("utf-16-le")))
    [(0, 'utf16')]
    >>> wanted.found_in(b"to: eino@example.com")
    set()
    """

    def __init__(self, values: Iterable[str]) -> None:
        self.values = list(values)
        anchored = []
        for content, meaning in spellings_of(self.values).items():
            at = len(content) - ANCHOR if content[:1] in ENDS_TELL or b":" in content else 0
            anchored.append((int.from_bytes(content[at : at + ANCHOR], "little"), at, content, meaning))
        anchored.sort(key=lambda one: one[0])
        self._meanings = [(content, *meaning) for _, _, content, meaning in anchored]
        self.longest = max((len(content) for _, _, content, _ in anchored), default=ANCHOR)
        keys = np.array([anchor for anchor, *_ in anchored], np.uint64)
        self._anchors, first = np.unique(keys, return_index=True)
        self._groups = np.append(first, len(anchored)).astype(np.int64)
        self._at = np.array([at for _, at, *_ in anchored], np.int64)
        lengths = [len(content) for _, _, content, _ in anchored]
        self._starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        self._content = np.frombuffer(b"".join(content for _, _, content, _ in anchored), np.uint8)
        places = (self._anchors * SPREAD) >> TOP
        self._table = np.zeros((1 << BITS) // 8, np.uint8)
        np.bitwise_or.at(self._table, places >> np.uint64(3), np.uint8(1) << (places & np.uint64(7)).astype(np.uint8))
        self._room = max(ROOM, int(np.diff(self._groups).max(initial=0)))

    def __bool__(self) -> bool:
        return bool(self._meanings)

    def found_in(self, content: bytes | memoryview | np.ndarray) -> set[tuple[int, str]]:
        """Which values are in it, in which form."""
        return {(number, form) for _, _, number, form in self.matches(content)}

    def matches(self, content: bytes | memoryview | np.ndarray) -> Iterator[tuple[int, bytes, int, str]]:
        """Each match: where it begins, its bytes, the value's number and the form."""
        codes = content if isinstance(content, np.ndarray) else np.frombuffer(content, np.uint8)
        size, place = len(codes), 0
        if not self or size < ANCHOR:
            return
        found = np.empty((self._room, 2), np.int64)
        while place < size:
            count, place = look(
                codes, place, self._table, self._anchors, self._groups, self._at, self._starts, self._content, found
            )
            for start, pattern in found[:count].tolist():
                yield start, *self._meanings[pattern]
