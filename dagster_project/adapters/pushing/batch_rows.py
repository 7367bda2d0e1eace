"""Reads a published batch for a platform: the rows of its files, each with whose it is. Nothing else is read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster_project.adapters.transports.trip import Delayed
from dagster_project.domain.exports.pages import Operation

ROWS_FILE = "rows.csv"  # which line is whose
FIRST_LINE = 2  # of the rows of a CSV; line 1 is the header
Row = tuple[Mapping[str, str], str]


def files_of(folder: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[Operation, Iterator[Row]]]:
    """The data files of a batch in the order of its manifest (removes before adds), read row by row.

    Raises:
        Delayed: ``rows.csv`` and a file do not agree; nothing more is sent.
    """
    for entry in manifest["files"]:
        if entry["role"] != "rows":
            yield entry["role"], _rows(folder, entry["name"])


def _rows(folder: Path, name: str) -> Iterator[Row]:
    with (
        (folder / name).open(encoding="utf-8", newline="") as cells,
        (folder / ROWS_FILE).open(encoding="utf-8", newline="") as owners,
    ):
        mine = (owner for owner in csv.DictReader(owners) if owner["file"] == name)
        for line, row in enumerate(csv.DictReader(cells), FIRST_LINE):
            owner = next(mine, None)
            if owner is None or owner["line"] != str(line):
                raise Delayed("rows_do_not_agree")
            yield row, owner["row_key"]
