"""Takes people out of what is published: a new version without them, and no older version is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.adapters.at_hand import forget_at_hand
from dagster_project.adapters.differences import forget_all
from dagster_project.adapters.erasing.held_rows import held_rows
from dagster_project.adapters.erasing.patterns import Patterns
from dagster_project.adapters.published import has_published, keep_current_alone, open_published, publish

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.settings import Home, Settings

Rows = Callable[[pa.Table], pa.Table]


class _Tables(Mapping[str, pa.Table]):
    """Tables read one by one and cut as they are read, so that one is in memory at a time."""

    def __init__(self, names: Iterable[str], read: Callable[[str], pa.Table], cut: Rows) -> None:
        self._names, self._read, self._cut = sorted(names), read, cut
        self.removed = 0

    def __getitem__(self, name: str) -> pa.Table:
        before = self._read(name)
        kept = self._cut(before)
        self.removed += before.num_rows - kept.num_rows
        return kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def take_from_published(settings: Settings, keys: Iterable[str], patterns: Patterns) -> dict[str, int]:
    """Publish the newest version again without the rows that have one of these values, and remove all others.

    A page that holds one of the patterns is left out; the next run makes it again.
    """
    if not has_published(settings):
        return {}
    home, version = settings.at_home, open_published(settings)
    wanted = pa.array(sorted(keys), pa.string())

    def cut(rows: pa.Table) -> pa.Table:
        return without_texts(without_keys(rows, wanted), patterns)

    tables = _Tables(version.tables, version.read, cut)
    vault = None
    if version.vault_folder is not None:
        folder = version.vault_folder
        names = [str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.parquet")]
        vault = _Tables(names, version.read_vault, cut)
    pages = _pages(version.folder)
    kept = {name: html for name, html in pages.items() if not patterns.found_in(html)}
    publish(settings, tables, version.as_of, vault, kept)
    return {
        "made_again": _drop_digests(home) + forget_all(home) + forget_at_hand(home),
        "rows": tables.removed + (vault.removed if vault else 0),
        "pages": len(pages) - len(kept),
        "removed_versions": keep_current_alone(settings),
    }


def _drop_digests(home: Home) -> int:
    """Remove the digests that stand row by row beside contact points which are no more; an export makes others."""
    folder = home.vault / "digests"
    files = [path for path in sorted(folder.glob("*")) if path.suffix in (".arrow", ".parquet", ".new")]
    for path in files:
        path.unlink()
    return len(files)


def without_keys(rows: pa.Table, wanted: pa.Array) -> pa.Table:
    """The rows that have none of these values in any text column."""
    gone = None
    for field in rows.schema:
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            hit = pc.fill_null(pc.is_in(rows[field.name].cast(pa.string()), wanted), False)
            gone = hit if gone is None else pc.or_(gone, hit)
    return rows if gone is None or not pc.any(gone).as_py() else rows.filter(pc.invert(gone))


def without_texts(rows: pa.Table, patterns: Patterns) -> pa.Table:
    """The rows whose texts hold none of the patterns anywhere."""
    held = held_rows(rows, patterns)
    return rows.filter(pa.array(~held)) if held.any() else rows


def _pages(folder: Path) -> dict[str, bytes]:
    """Every page of a version by its name."""
    told = json.loads((folder / "manifest.json").read_bytes()).get("pages", {})
    return {name: (folder / entry["file"]).read_bytes() for name, entry in told.items()}
