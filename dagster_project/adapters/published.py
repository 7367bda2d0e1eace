"""The published tables: what everyone but the daily job reads, switched as a whole.

``published`` is a link to one version's folder, ``.published-<version>``; ``vault/published`` likewise holds contact
points, for exports alone. A version is complete before the link names it and never changes afterwards. The same content
is the same version, and publishing it again touches nothing. See docs/contracts/published.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from dagster_project.adapters.canonical import canonical
from dagster_project.adapters.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    file_sha256,
    make_folder,
    reached,
    sync_file,
    sync_folder,
    write_file,
)
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.settings import Settings

PROTOCOL = 1  # of manifest.json
ROW_GROUP = 131_072  # rows; fixed, so that equal tables are equal bytes
VERSION_LENGTH = 20  # hex digits of the manifest's SHA-256 that name a version
TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?")  # room/table, nothing else becomes a path
PAGE_NAME = re.compile(r"[0-9]{4}-[0-9]{2}/[a-z][a-z0-9_]*")  # month/page
MAP_NAME = re.compile(r"maps/[a-z][a-z0-9_]{0,80}\.(svg|html)")


class NotPublished(HoivaError):
    """There is no published version yet, or it has no such table."""


@dataclass(frozen=True)
class Version:
    """One published state of the house. Read several tables through one of these and they belong together.

    Attributes:
        name: twenty hex digits that stand for the content.
        as_of: the moment (UTC) the tables are as of.
        folder: where its files lie.
        tables: per table: file, rows, bytes, sha256, columns.
        vault_folder: where the contact points that belong to it lie; None when none were published.
        is_new: False when publishing found the same content already in place.
    """

    name: str
    as_of: datetime
    folder: Path
    tables: dict[str, dict[str, Any]]
    vault_folder: Path | None
    is_new: bool = False

    def read(self, table: str, columns: list[str] | None = None) -> pa.Table:
        """The rows of ``room/table``.

        Raises:
            NotPublished: this version has no such table, or has been replaced twice since it was opened.
        """
        if table not in self.tables:
            raise NotPublished(f"{table} is not published; run hoiva run first")
        return _read(self.folder / self.tables[table]["file"], columns)

    def read_vault(self, table: str, columns: list[str] | None = None, coded: Sequence[str] = ()) -> pa.Table:
        """The rows of a vault table, such as ``contact_points``, for exports alone; these columns of text ``coded``.

        Raises:
            NotPublished: it was not published with this version, or the version has been replaced twice.
        """
        if self.vault_folder is None or not TABLE_NAME.fullmatch(table):
            raise NotPublished(f"{table} is not published in the vault; run hoiva run first")
        return _read(self.vault_folder / f"{table}.parquet", columns, coded)


def publish(
    settings: Settings,
    tables: Mapping[str, pa.Table],
    as_of: datetime,
    vault_tables: Mapping[str, pa.Table] | None = None,
    pages: Mapping[str, bytes] | None = None,
) -> Version:
    """Show a new state of the house to its readers, all tables at once.

    How: each table sorted by its columns from the left and written as Parquet into a staging folder, flushed, the
    folder renamed to its content's hash, and then the one link replaced. The version just replaced is kept, because a
    reader may hold it; older ones are removed. A mapping that reads its tables one by one keeps memory low.

    Args:
        tables: ``"room/table"`` to rows, for everyone.
        as_of: the moment (UTC, with zone) the tables are as of.
        vault_tables: ``"table"`` to rows with contact data; kept under ``vault/``, for exports alone.
        pages: ``"2026-03/base_xray"`` to its HTML, shown as ``reports/2026-03/base_xray.html``; ``"maps/welcome.svg"``
            to its text, shown as it is called.

    Raises:
        HoivaError: a table's name is not ``room/table``, a page's not ``month/page``, or ``as_of`` has no zone.
    """
    if as_of.tzinfo is None:
        raise HoivaError("publish needs as_of with a time zone")
    home = settings.at_home.make()
    moment = as_of.astimezone(UTC).isoformat().replace("+00:00", "Z")
    with FileLock(home.root / ".published.lock"):
        head: dict[str, Any] = {"protocol": PROTOCOL, "as_of": moment}
        vault_name = None
        if vault_tables is not None:
            vault_name, _ = _place(home.vault_published, vault_tables, {}, head, private=True)
            head["vault"] = vault_name
        name, is_new = _place(home.published, tables, pages or {}, head, private=False)
        # The vault's version comes first; the public manifest names the one that belongs to it.
        if vault_name is not None:
            _switch(home.vault_published, vault_name)
        replaced = _switch(home.published, name)
        if replaced is not None:
            kept = {f".published-{name}", replaced}
            _remove(home.root, kept)
            _remove(home.vault, _vaults(home.root, kept))
    return open_version(settings, home.root / f".published-{name}", is_new=is_new)


def keep_current_alone(settings: Settings) -> int:
    """Remove every version but the one that is read now, whoever may still hold another; how many there were."""
    home = settings.at_home
    removed = 0
    with FileLock(home.root / ".published.lock"):
        for room in (home.root, home.vault):
            before = len([*room.glob(".published-*")])
            for left_over in [*room.glob(".publishing-*"), *room.glob(".removed-*")]:
                shutil.rmtree(left_over)
            _remove(room, set())
            removed += before - len([*room.glob(".published-*")])
    return removed


def open_published(settings: Settings) -> Version:
    """The version readers see now. Hold on to it for as long as its tables must belong together.

    Raises:
        NotPublished: nothing has been published yet.
    """
    link = settings.at_home.published
    if not link.is_symlink():
        raise NotPublished("nothing is published yet; run hoiva run first")
    return open_version(settings, link.resolve(), is_new=False)


def read_published(settings: Settings, table: str, columns: list[str] | None = None) -> pa.Table:
    """The rows of one published ``room/table``; use :func:`open_published` for several that belong together."""
    return open_published(settings).read(table, columns)


def has_published(settings: Settings) -> bool:
    """Whether there is a published version to read."""
    return settings.at_home.published.is_symlink()


def open_version(settings: Settings, folder: Path, *, is_new: bool = False) -> Version:
    """The version that lies in this folder."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
    except FileNotFoundError:
        raise NotPublished("the published version was replaced while it was opened; open it again") from None
    vault = manifest.get("vault")
    return Version(
        name=folder.name.removeprefix(".published-"),
        as_of=datetime.fromisoformat(manifest["as_of"]),
        folder=folder,
        tables=manifest["tables"],
        vault_folder=settings.at_home.vault / f".published-{vault}" if vault else None,
        is_new=is_new,
    )


def _read(path: Path, columns: list[str] | None, coded: Sequence[str] = ()) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns, partitioning=None, read_dictionary=list(coded))
    except FileNotFoundError:
        raise NotPublished(f"{path.stem} is not in this published version, or it was replaced; open it again") from None


def _place(
    link: Path, tables: Mapping[str, pa.Table], pages: Mapping[str, bytes], head: dict[str, Any], *, private: bool
) -> tuple[str, bool]:
    """Write a version's folder beside the link, unless the same content lies there. Its name, and whether it is new."""
    room = link.parent
    folder_mode, file_mode = (PRIVATE_FOLDER, PRIVATE_FILE) if private else (0o755, 0o644)
    for left_over in [*room.glob(".publishing-*"), *room.glob(".removed-*")]:
        shutil.rmtree(left_over)
    staging = make_folder(room / f".publishing-{os.getpid()}", folder_mode)
    listed = {}
    for name in sorted(tables):
        if not TABLE_NAME.fullmatch(name):
            raise HoivaError(f"{name!r} is not a table's name; write room/table in lowercase")
        rows = canonical(tables[name])
        path = staging / f"{name}.parquet"
        make_folder(path.parent, folder_mode)
        _write(path, rows, file_mode)
        reached("published.table.written")
        listed[name] = {
            "file": f"{name}.parquet",
            "rows": rows.num_rows,
            "bytes": path.stat().st_size,
            "sha256": file_sha256(path),
            "columns": [{"name": field.name, "type": str(field.type)} for field in rows.schema],
        }
    shown = {name: _write_page(staging, name, pages[name], file_mode) for name in sorted(pages)}
    told = {**head, "tables": listed, **({"pages": shown} if shown else {})}
    manifest = (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()
    version = hashlib.sha256(manifest).hexdigest()[:VERSION_LENGTH]
    final = room / f".published-{version}"
    if final.is_dir() and _is_whole(final, listed | shown):
        shutil.rmtree(staging)
        return version, not (link.is_symlink() and os.readlink(link) == final.name)
    if final.is_dir():  # it was whole when it got this name, and has been damaged since
        os.rename(final, room / f".removed-{version}")
    write_file(staging / "manifest.json", manifest, file_mode)
    for folder in [staging, *(each for each in staging.rglob("*") if each.is_dir())]:
        sync_folder(folder)
    reached("published.staged")
    os.rename(staging, final)
    sync_folder(room)
    reached("published.placed")
    return version, True


def _is_whole(folder: Path, listed: dict[str, dict[str, Any]]) -> bool:
    files = [(folder / entry["file"], entry["sha256"]) for entry in listed.values()]
    return (folder / "manifest.json").is_file() and all(
        path.is_file() and file_sha256(path) == sha256 for path, sha256 in files
    )


def _write_page(staging: Path, name: str, html: bytes, mode: int) -> dict[str, Any]:
    if not (PAGE_NAME.fullmatch(name) or MAP_NAME.fullmatch(name)):
        raise HoivaError(f"{name!r} is not a page's name; write month/page: 2026-03/base_xray")
    file = name if MAP_NAME.fullmatch(name) else f"reports/{name}.html"
    make_folder((staging / file).parent)
    write_file(staging / file, html, mode)
    return {"file": file, "bytes": len(html), "sha256": hashlib.sha256(html).hexdigest()}


def _write(path: Path, rows: pa.Table, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        pq.write_table(rows, file, compression="zstd", row_group_size=ROW_GROUP, version="2.6")
    sync_file(path)


def _switch(link: Path, version: str) -> str | None:
    """Let the link name this version; the name it had before, or None when nothing changed or there was none."""
    room, target = link.parent, f".published-{version}"
    replaced = os.readlink(link) if link.is_symlink() else None
    if replaced == target:
        return None
    if link.is_dir() and not link.is_symlink():
        link.rmdir()  # made empty with the home's other folders; a folder with anything in it is never removed
    fresh = room / f".{link.name}.link"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    reached("published.before_switch")
    os.replace(fresh, link)
    sync_folder(room)
    reached("published.switched")
    return replaced


def _vaults(root: Path, versions: set[str]) -> set[str]:
    """The vault's folders that belong to these public versions."""
    manifests = [json.loads((root / version / "manifest.json").read_bytes()) for version in sorted(versions)]
    return {f".published-{manifest['vault']}" for manifest in manifests if "vault" in manifest}


def _remove(room: Path, kept: set[str]) -> None:
    """Remove every version but those a reader may hold."""
    link = room / "published"
    current = os.readlink(link) if link.is_symlink() else None
    for old in sorted(room.glob(".published-*")):
        if old.name not in kept and old.name != current:
            away = old.with_name(old.name.replace(".published-", ".removed-"))
            os.rename(old, away)  # first the name: a folder called .published-* is always whole
            reached("published.removing")
            shutil.rmtree(away)
