"""Writes a synthetic town's files where a person or a test wants them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from dagster_project.domain.synthetic import By, Town, raw_files

if TYPE_CHECKING:
    from collections.abc import Callable


def deliver(
    town: Town,
    folder: Path,
    by: By = "whole",
    *,
    until: date | None = None,
    on_file: Callable[[str], None] = lambda name: None,
) -> list[Path]:
    """Write the town's files to ``folder/<source>/``, and the truth to ``folder/truth/``; the files in order of day.

    Args:
        town: who lived.
        folder: where to write; made when it is not there.
        by: whole tables, or a file a month or a day.
        until: only files that tell about no later day.
        on_file: called with each file's name.
    """
    written: list[tuple[date, Path]] = []
    for file in raw_files(town, by):
        if until is not None and file.last_day > until:
            continue
        path = folder / file.source / file.name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(file.content)
        on_file(file.name)
        written.append((file.last_day, path))
    truth = folder / "truth"
    truth.mkdir(parents=True, exist_ok=True, mode=0o700)
    pq.write_table(town.truth(), truth / "people.parquet")
    return [path for _, path in sorted(written)]
