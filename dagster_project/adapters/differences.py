"""Who differs between two published versions, so that an export looks at those and not at a million.

One file a pair of versions, ``vault/differences/<earlier>-<later>.parquet``: the table, the column (blank where the
customer is in one of the two alone) and the customer_id. Made once for all destinations when a version is published, or
by the first export that asks; all of it can be made again while both versions are kept.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock

from dagster_project.adapters.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folder, reached, replace_file
from dagster_project.adapters.published import NotPublished, Version, open_version
from dagster_project.domain.exports.writing import stored

if TYPE_CHECKING:
    from pathlib import Path

    from dagster_project.settings import Home, Settings

log = logging.getLogger(__name__)
POINTS = "contact_points"
PRESENCE = ""  # in place of a column: in one of the two versions alone
MOST_STEPS = 40  # pairs of versions that are kept: somebody told a month ago is still found in few steps
SCHEMA = pa.schema([("table", pa.string()), ("column", pa.string()), ("customer_id", pa.string())])


def keep_differences(settings: Settings, version: Version) -> int:
    """Have at hand who differs from the versions kept beside this one; how many of them there are."""
    kept = kept_versions(settings)
    others = [other for other in kept if other.name != version.name] if version.vault_folder is not None else []
    for other in others:
        _kept(settings.at_home, other, version)
    return len(others)


def differing(settings: Settings, since: str, version: Version, columns: Mapping[str, list[str]]) -> set[str] | None:
    """The customers who may differ between an earlier version and this one.

    Args:
        since: the earlier version's name.
        columns: what matters: per table its columns; whoever is in one of the two alone always does.

    Returns:
        ids of customers; None when it cannot be told.
    """
    if since == version.name:
        return set()
    files = _way(settings.at_home, since, version.name)
    if files is None:
        kept = {other.name: other for other in kept_versions(settings)}
        earlier = kept.get(since)
        if earlier is None or version.name not in kept:
            return None
        files = [_kept(settings.at_home, earlier, version)]
    found: set[str] = set()
    for path in files:
        try:
            rows = pq.read_table(path, partitioning=None)
        except (OSError, pa.ArrowInvalid):
            return None
        for table, named in columns.items():
            matters = pc.is_in(rows["column"], pa.array([PRESENCE, *named]))
            of_table = rows.filter(pc.and_(pc.equal(rows["table"], table), matters))
            found.update(of_table["customer_id"].to_pylist())
    return found


def kept_versions(settings: Settings) -> list[Version]:
    """Every version that can still be read whole: the one readers see, and those they may hold."""
    found = []
    for folder in sorted(settings.at_home.root.glob(".published-*")):
        try:
            version = open_version(settings, folder)
        except NotPublished:
            continue
        if version.vault_folder is not None and version.vault_folder.is_dir():
            found.append(version)
    return found


def forget_all(home: Home) -> int:
    """Remove every list, as an erasure does: nobody's id is left in one. How many there were."""
    paths = sorted(_folder(home).glob("*.parquet"))
    for path in paths:
        path.unlink()
    return len(paths)


def _way(home: Home, since: str, until: str) -> list[Path] | None:
    """The shortest chain of lists from one version to another; None where there is none."""
    steps: dict[str, list[tuple[str, Path]]] = {}
    for path in sorted(_folder(home).glob("*.parquet")):
        earlier, _, later = path.stem.partition("-")
        steps.setdefault(earlier, []).append((later, path))
    reached_by: dict[str, list[Path]] = {since: []}
    frontier = [since]
    while frontier and until not in reached_by:
        place = frontier.pop(0)
        for later, path in steps.get(place, []):
            if later not in reached_by:
                reached_by[later] = [*reached_by[place], path]
                frontier.append(later)
    return reached_by.get(until)


def _kept(home: Home, earlier: Version, later: Version) -> Path:
    folder = make_folder(_folder(home), PRIVATE_FOLDER)
    path = folder / f"{earlier.name}-{later.name}.parquet"
    with FileLock(folder / ".lock", mode=PRIVATE_FILE):
        if not path.is_file():
            rows = pa.concat_tables([SCHEMA.empty_table(), *_differences(earlier, later)])
            content = stored(rows, compression="zstd", use_dictionary=["table", "column"])
            replace_file(path, memoryview(content), PRIVATE_FILE)
            reached("differences.kept")
            log.info("%s to %s: %d differences", earlier.name, later.name, rows.num_rows)
            for old in sorted(folder.glob("*.parquet"), key=lambda one: one.stat().st_mtime_ns)[:-MOST_STEPS]:
                old.unlink()
    return path


def _differences(earlier: Version, later: Version) -> Iterator[pa.Table]:
    if _sha256_of_points(earlier) != _sha256_of_points(later):
        yield from _of_points(earlier, later)
    names = {name for version in (earlier, later) for name in version.tables if name.startswith("audiences/")}
    for name in sorted(names):
        told = [version.tables.get(name, {}).get("sha256") for version in (earlier, later)]
        if told[0] != told[1]:
            before, after = (_ids(version, name) for version in (earlier, later))
            yield _named(name, PRESENCE, _in_one_alone(before, after))


def _of_points(earlier: Version, later: Version) -> Iterator[pa.Table]:
    """Column by column: a few of them are in memory at once."""
    before, after = (version.read_vault(POINTS, ["customer_id"])["customer_id"].combine_chunks().cast(pa.string())
                     for version in (earlier, later))  # fmt: skip
    yield _named(POINTS, PRESENCE, _in_one_alone(before, after))
    place = None if before.equals(after) else pc.index_in(after, before)  # of each of today's customers, formerly
    columns = [_columns_of(version) for version in (earlier, later)]
    for name in columns[1]:
        now = later.read_vault(POINTS, [name])[name].combine_chunks()
        if name not in columns[0]:
            yield _named(POINTS, name, after)
            continue
        then = earlier.read_vault(POINTS, [name])[name].combine_chunks().cast(now.type)
        then = then if place is None else then.take(place)
        is_other = pc.or_(pc.fill_null(pc.not_equal(now, then), False), pc.xor(pc.is_null(now), pc.is_null(then)))
        yield _named(POINTS, name, after.filter(is_other))


def _columns_of(version: Version) -> list[str]:
    assert version.vault_folder is not None
    names = pq.read_schema(version.vault_folder / f"{POINTS}.parquet").names
    return [name for name in names if name != "customer_id"]


def _ids(version: Version, table: str) -> pa.Array:
    if table not in version.tables:
        return pa.array([], pa.string())
    return version.read(table, ["customer_id"])["customer_id"].combine_chunks().cast(pa.string())


def _in_one_alone(before: pa.Array, after: pa.Array) -> pa.Array:
    if before.equals(after):
        return pa.array([], pa.string())
    left, came = (one.filter(pc.invert(pc.is_in(one, other))) for one, other in ((before, after), (after, before)))
    return pa.concat_arrays([left, came])


def _named(table: str, column: str, customer_ids: pa.Array) -> pa.Table:
    count = len(customer_ids)
    return pa.table([pa.repeat(table, count), pa.repeat(column, count), customer_ids], schema=SCHEMA)


def _sha256_of_points(version: Version) -> str | None:
    """Of the contact points' file; None where there is none."""
    assert version.vault_folder is not None
    told = json.loads((version.vault_folder / "manifest.json").read_bytes())
    sha256: str | None = told["tables"].get(POINTS, {}).get("sha256")
    return sha256


def _folder(home: Home) -> Path:
    return home.vault / "differences"
