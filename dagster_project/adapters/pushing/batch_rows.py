"""Reads a published batch for a platform: the rows of its files, each with whose it is. Nothing else is read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster_project.adapters.transports.trip import Delayed
from dagster_project.domain.exports.pages import Operation

ROWS_FILE = "rows.csv"  # which line is whose
Row = tuple[Mapping[str, Any], str]


def files_of(folder: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[Operation, Iterator[Row]]]:
    """The data files of a batch in the order of its manifest (removes before adds), read row by row.

    A row of a CSV is its cells by column. A file of requests (JSON lines) gives the members of each, one by one.

    Raises:
        Delayed: ``rows.csv`` and a file do not agree, or the batch is a full one, which is for a list that is replaced;
            nothing more is sent.
    """
    if any(entry["role"] == "full" for entry in manifest["files"]):
        raise Delayed("full_batch_not_carried")
    for entry in manifest["files"]:
        if entry["role"] != "rows":
            yield entry["role"], _rows(folder, entry["name"])


def _rows(folder: Path, name: str) -> Iterator[Row]:
    with (
        (folder / name).open(encoding="utf-8", newline="") as file,
        (folder / ROWS_FILE).open(encoding="utf-8", newline="") as owners,
    ):
        mine = (owner for owner in csv.DictReader(owners) if owner["file"] == name)
        read = _members(file) if name.endswith(".jsonl") else csv.DictReader(file)
        first = 1 if name.endswith(".jsonl") else 2  # line 1 of a CSV is its header
        for line, row in enumerate(read, first):
            owner = next(mine, None)
            if owner is None or owner["line"] != str(line):
                raise Delayed("rows_do_not_agree")
            yield row, owner["row_key"]


def _members(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        yield from json.loads(line)["audienceMembers"]
