"""A batch cut into pages, as platforms take them: the same batch always gives the same pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

Operation = Literal["remove", "add", "contacts"]
Row = tuple[Mapping[str, Any], str]  # its cells, and whose it is


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
    rows: Sequence[Mapping[str, Any]] = field(repr=False)
    keys: Sequence[str] = field(repr=False)

    def without(self, keys: Iterable[str]) -> Page:
        """The page without the rows of these keys."""
        gone = set(keys)
        kept = [(row, key) for row, key in zip(self.rows, self.keys, strict=True) if key not in gone]
        rows, ids = [row for row, _ in kept], [key for _, key in kept]
        return Page(self.batch_id, self.number, self.operation, self.place, self.is_last, rows, ids)


def pages_of(
    batch_id: str, files: Iterable[tuple[Operation, Iterable[Row]]], sizes: Mapping[Operation, int]
) -> Iterator[Page]:
    """Cut the files of a batch into pages. A page never spans two files: they may hold the same address.

    Args:
        files: in the order of the manifest: the operation, and each row with whose it is.
        sizes: the largest number of rows a request may carry, by operation.

    >>> files = [("remove", [({}, "a")]), ("add", [({}, "a"), ({}, "b"), ({}, "c")]), ("add", [({}, "d")])]
    >>> pages = pages_of("ab12", files, {"remove": 2, "add": 2, "contacts": 2})
    >>> for page in pages:
    ...     print(page.number, page.operation, page.place, page.is_last, page.keys)
    1 remove 1 True ['a']
    2 add 1 False ['a', 'b']
    3 add 2 False ['c']
    4 add 3 True ['d']
    """
    number = place = 0
    waiting: tuple[Operation, list[Row]] | None = None
    for operation, rows in files:
        for chunk in _chunks(rows, sizes[operation]):
            if waiting is not None:
                number, place = number + 1, place + 1
                yield _page(batch_id, number, place, waiting, is_last=waiting[0] != operation)
                place = place if waiting[0] == operation else 0
            waiting = (operation, chunk)
    if waiting is not None:
        yield _page(batch_id, number + 1, place + 1, waiting, is_last=True)


def _page(batch_id: str, number: int, place: int, held: tuple[Operation, list[Row]], *, is_last: bool) -> Page:
    operation, rows = held
    return Page(batch_id, number, operation, place, is_last, [row for row, _ in rows], [key for _, key in rows])


def _chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    held = iter(rows)
    while chunk := list(islice(held, size)):
        yield chunk
