"""Looks for thousands of byte strings at once: the time does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from dagster_project.domain.erasure.spellings import SHORTEST, spellings_of

ANCHOR = (1 << 8 * SHORTEST) - 1  # the bytes of a window that stand for a pattern
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # multiplies windows apart from each other
BITS = 22  # of the table that most windows are refused by
WINDOW = 8
ENDS_TELL = (b"+", b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9")  # a number's beginning says little


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
        by_anchor: dict[int, list[tuple[int, bytes, int, str]]] = {}
        self.longest = WINDOW
        for content, (number, form) in spellings_of(self.values).items():
            self.longest = max(self.longest, len(content))
            at = len(content) - SHORTEST if content[:1] in ENDS_TELL or b":" in content else 0
            anchor = int.from_bytes(content[at : at + SHORTEST], "little")
            by_anchor.setdefault(anchor, []).append((at, content, number, form))
        self._by_anchor: Mapping[int, list[tuple[int, bytes, int, str]]] = by_anchor
        self._anchors = np.array(sorted(by_anchor), np.uint64)
        self._table = np.zeros(1 << BITS, bool)
        self._table[self._places(self._anchors)] = True

    def __bool__(self) -> bool:
        return bool(self._by_anchor)

    def found_in(self, content: bytes | memoryview | np.ndarray) -> set[tuple[int, str]]:
        """Which values are in it, in which form."""
        return {(number, form) for _, _, number, form in self.matches(content)}

    def matches(self, content: bytes | memoryview | np.ndarray) -> Iterator[tuple[int, bytes, int, str]]:
        """Each match: where it begins, its bytes, the value's number and the form."""
        if not self:
            return
        codes = content if isinstance(content, np.ndarray) else np.frombuffer(content, np.uint8)
        size = len(codes)
        if size < SHORTEST:
            return
        padded = np.concatenate((codes, np.zeros(2 * WINDOW, np.uint8)))
        whole: bytes | None = None
        for shift in range(WINDOW):
            count = (size - shift + WINDOW - 1) // WINDOW
            windows = padded[shift : shift + count * WINDOW].view("<u8") & np.uint64(ANCHOR)
            likely = np.flatnonzero(self._table[self._places(windows)])
            if not len(likely):
                continue
            anchors = windows[likely]
            place = np.minimum(np.searchsorted(self._anchors, anchors), len(self._anchors) - 1)
            for index in np.flatnonzero(self._anchors[place] == anchors):
                whole = codes.tobytes() if whole is None else whole
                position = int(likely[index]) * WINDOW + shift
                for at, pattern, number, form in self._by_anchor[int(anchors[index])]:
                    start = position - at
                    if start >= 0 and whole.startswith(pattern, start):
                        yield start, pattern, number, form

    @staticmethod
    def _places(windows: np.ndarray) -> np.ndarray:
        return (windows * SPREAD) >> np.uint64(64 - BITS)
