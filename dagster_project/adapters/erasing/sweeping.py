"""The last look: whatever still holds a value of theirs, in a place nobody thought of, lets go of it."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dagster_project.adapters import arrow_files
from dagster_project.adapters.durable import reached, replace_file, sync_folder
from dagster_project.adapters.erasing.case import case_file
from dagster_project.adapters.erasing.databases import MARK, sweep_duckdb, sweep_sqlite, without_values
from dagster_project.adapters.erasing.held_rows import held_cells
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.erasing.scan import Found, files_of, scan_files
from dagster_project.adapters.erasing.stores import write_parquet
from dagster_project.adapters.erasing.versions import take_from_published, without_texts

if TYPE_CHECKING:
    from dagster_project.settings import Settings

ROUNDS = 3  # what one round changes, the next looks at again
TEXT_START = 8192  # bytes without a zero among them: a text


def sweep(settings: Settings, patterns: Patterns, erasure_id: str) -> tuple[dict[str, int], Found]:
    """Look everywhere, and clean what is found.

    How: a text keeps its place with a mark where the value stood; a row of a table the house can make again goes; a row
    of the lake stays, with the mark, so that its counts are true; a file that is neither goes. No batch is changed.

    Returns:
        what was changed, and what the last look still found.
    """
    home = settings.at_home
    counts = {"texts": 0, "databases": 0, "tables": 0, "removed_files": 0}
    apart = case_file(home, erasure_id)
    found = scan_files(home, [path for path in files_of(home) if path != apart], patterns)
    for _ in range(ROUNDS):
        if not found.hits:
            break
        again: list[Path] = []
        if any(_is_published(name) for name in found.files):
            take_from_published(settings, [], patterns)
            again += [path for path in files_of(home) if _is_published(str(path.relative_to(home.root)))]
        for name in found.files:
            path = home.root / name
            if not _is_published(name) and path.is_file():
                if not _is_batch(settings, path):
                    done, path = _clean(settings, path, patterns)
                    counts[done] += 1
                    reached("erase.sweep.cleaned")
                again.append(path)
        found = scan_files(home, again, patterns)
    return {name: number for name, number in counts.items() if number}, found


def _is_published(name: str) -> bool:
    return any(part.startswith(".published-") for part in name.split("/"))


def _is_batch(settings: Settings, path: Path) -> bool:
    return settings.at_home.outbox in path.parents


def _clean(settings: Settings, path: Path, patterns: Patterns) -> tuple[str, Path]:
    """Let one file go of the values; what was done, and where the file lies now."""
    if patterns.found_in(path.name.encode()):
        clean = without_values(path.name.encode(), patterns).decode(errors="replace").replace(MARK, "erased")
        os.replace(path, path.with_name(clean))
        path = path.with_name(clean)
        sync_folder(path.parent)
    with path.open("rb") as file:
        start = file.read(TEXT_START)
    if start[8:12] == b"DUCK":
        sweep_duckdb(settings, path, patterns)
        return "databases", path
    if start.startswith(b"SQLite format 3\x00"):
        sweep_sqlite(path, patterns)
        return "databases", path
    if start[:4] == b"PAR1" and _clean_parquet(settings, path, patterns):
        return "tables", path
    if start[:6] == b"ARROW1" and _clean_arrow(path, patterns):
        return "tables", path
    rights = path.stat().st_mode & 0o777
    with suppress(OSError, EOFError):
        if start[:2] == b"\x1f\x8b":
            plain = without_values(gzip.decompress(path.read_bytes()), patterns)
            replace_file(path, gzip.compress(plain, mtime=0), rights)
            return "texts", path
    if b"\0" not in start and start[:2] != b"\x1f\x8b":
        replace_file(path, without_values(path.read_bytes(), patterns), rights)
        return "texts", path
    path.unlink()
    sync_folder(path.parent)
    return "removed_files", path


def _clean_parquet(settings: Settings, path: Path, patterns: Patterns) -> bool:
    """Whether the table could be read; then it holds none of the values any more."""
    home = settings.at_home
    try:
        rows = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException):
        return False
    stays = any(root in path.parents for root in (home.lake, home.vault_lake, home.vault_quarantine))
    clean = marked(rows, patterns) if stays else without_texts(rows, patterns)
    write_parquet(path, clean, private=home.vault in path.parents)
    return True


def _clean_arrow(path: Path, patterns: Patterns) -> bool:
    """The same for a table that lies as it is in memory."""
    try:
        rows = arrow_files.read(path)
    except (OSError, pa.ArrowException):
        return False
    arrow_files.replace(path, arrow_files.recoded(without_texts(rows, patterns)), is_read_soon=False)
    return True


def marked(rows: pa.Table, patterns: Patterns) -> pa.Table:
    """The same rows with a mark in the place of every value in their texts."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            chunks = [_marked(chunk, patterns) for chunk in rows[field.name].chunks]
            rows = rows.set_column(place, field, pa.chunked_array(chunks, field.type))
    return rows


def _marked(texts: pa.Array, patterns: Patterns) -> pa.Array:
    held = held_cells(texts, patterns)
    if not len(held):
        return texts
    is_held = np.zeros(len(texts), bool)
    is_held[held] = True
    cells = texts.take(pa.array(held)).to_pylist()
    clean = [without_values(cell.encode(), patterns).decode(errors="replace") for cell in cells]
    return pc.replace_with_mask(texts, pa.array(is_held), pa.array(clean, texts.type))
