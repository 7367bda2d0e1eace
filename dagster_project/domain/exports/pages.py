"""A batch cut into pages, as platforms take them: the same batch always gives the same pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Operation = Literal["remove", "add", "contacts"]


@dataclass(frozen=True)
class Page:
    """Some rows of one batch that are sent in one request.

    Attributes:
        number: 1, 2, 3 ... over the whole batch.
        place: 1, 2, 3 ... within its operation.
        is_last: whether it is the last one of its operation.
        rows: each a mapping of the file's columns to its cells.
        keys: whose each row is: contact ids, or customer keys.
    """

    batch_id: str
    number: int
    operation: Operation
    place: int
    is_last: bool
    rows: Sequence[Mapping[str, str]] = field(repr=False)
    keys: Sequence[str] = field(repr=False)

    def without(self, keys: Iterable[str]) -> Page:
        """The page without the rows of these keys."""
        gone = set(keys)
        kept = [(row, key) for row, key in zip(self.rows, self.keys, strict=True) if key not in gone]
        rows, ids = [row for row, _ in kept], [key for _, key in kept]
        return Page(self.batch_id, self.number, self.operation, self.place, self.is_last, rows, ids)


def pages_of(
    batch_id: str,
    files: Iterable[tuple[Operation, Iterable[tuple[Mapping[str, str], str]]]],
    sizes: Mapping[Operation, int],
) -> Iterator[Page]:
    """Cut the files of a batch into pages. A page never spans two files.

    Args:
        files: in the order of the manifest: the operation, and each row with whose it is.
        sizes: the largest number of rows a request may carry, by operation.

    >>> files = [("remove", [({}, "a")]), ("add", [({}, "a"), ({}, "b"), ({}, "c")])]
    >>> pages = pages_of("ab12", files, {"remove": 2, "add": 2, "contacts": 2})
    >>> [(page.number, page.operation, page.place, page.is_last, page.keys) for page in pages]
    [(1, 'remove', 1, True, ['a']), (2, 'add', 1, False, ['a', 'b']), (3, 'add', 2, True, ['c'])]
    """
    number = 0
    for operation, rows in files:
        place = 0
        for is_last, chunk in _chunks(rows, sizes[operation]):
            number, place = number + 1, place + 1
            cells, keys = [row for row, _ in chunk], [key for _, key in chunk]
            yield Page(batch_id, number, operation, place, is_last, cells, keys)


def _chunks(
    rows: Iterable[tuple[Mapping[str, str], str]], size: int
) -> Iterator[tuple[bool, list[tuple[Mapping[str, str], str]]]]:
    waiting: list[tuple[Mapping[str, str], str]] = []
    for row in rows:
        if len(waiting) == size:
            yield False, waiting
            waiting = []
        waiting.append(row)
    if waiting:
        yield True, waiting
