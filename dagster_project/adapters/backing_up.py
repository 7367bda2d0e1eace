"""A copy of everything that cannot be made again, as of one instant, while the house goes on working.

Under the ledger's write lock, which every landing, claim, publication and withdrawal takes, the ledger is copied by
SQLite's own backup and every other file gets a second name (a hard link): files in a home are replaced, never changed,
so those names keep the instant. Copying and hashing come after, without any lock. ``backup.json`` comes last, and the
folder gets its name when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from sqlalchemy.engine import make_url

from dagster_project.adapters.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    make_folder,
    reached,
    sync_file,
    sync_folder,
    write_file,
)
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.settings import Settings

PROTOCOL = 1
LIST = "backup.json"
AT_ONCE = 1 << 20  # bytes read and hashed at a time
# What a run makes again from the lake and the ledger, and what belongs to processes that are at work now.
MADE_AGAIN = ("dagster", "dbt", "data_docs", "landing", "health.json", "restored.json")
DATABASES = (".duckdb", ".duckdb.wal", ".db", ".db-wal", ".db-shm", ".lock")


def back_up(
    settings: Settings,
    target: Path,
    moment: datetime,
    on_file: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write ``<target>/hoiva-<moment>/``; returns it. A broken-off backup leaves nothing under that name.

    The warehouse and the vault's database are left out: ``hoiva run`` builds both from the lake.

    Args:
        target: a folder outside the home, made when it is missing.
        moment: now.
        on_file: called with how many files are copied, and how many there are.

    Raises:
        HoivaError: the ledger lies in another engine, the target is inside the home, or there is no room.
    """
    from dagster_project.adapters.ledger import open_ledger

    home = settings.at_home.make()
    target = target.resolve()
    if make_url(settings.ledger_address).get_backend_name() != "sqlite":
        raise HoivaError("the ledger lies in PostgreSQL: back it up by pg_dump, and the home's files by your own tools")
    if target == home.root or home.root in target.parents:
        raise HoivaError(f"{target.name} lies inside the home: name a folder on another disk")
    name = f"hoiva-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if (target / name).exists():
        raise HoivaError(f"{name} is there already: wait a second")
    kept = home.root / f".backup-{os.getpid()}"
    staging = target / f".{name}.partial"
    make_folder(target, PRIVATE_FOLDER)
    for leftover in (kept, *target.glob(".hoiva-*.partial")):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        make_folder(kept, PRIVATE_FOLDER)
        with open_ledger(settings.ledger_address) as ledger, FileLock(home.root / ".published.lock"):
            head, links = _hold_the_instant(settings, ledger, kept)
        reached("backup.held")
        _copy(kept, staging / "home", head, links, on_file)
        reached("backup.copied")
        os.rename(staging, target / name)
        sync_folder(target)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise HoivaError(
            f"the backup broke off ({error.strerror or type(error).__name__}): nothing of it is kept;"
            " make room in the target and run it again"
        ) from None
    finally:
        shutil.rmtree(kept, ignore_errors=True)
    return target / name


def _hold_the_instant(settings: Settings, ledger: Ledger, kept: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Give everything a second name; what the backup is of, and the links in it."""
    home = settings.at_home
    links = {}
    with ledger.writing():
        with closing(sqlite3.connect(home.ledger)) as source, closing(sqlite3.connect(kept / "ledger.db")) as copy:
            source.backup(copy)
            copy.execute("pragma journal_mode=delete").fetchall()
        for path in (home.published, home.vault_published):
            if path.is_symlink():
                links[str(path.relative_to(home.root))] = os.readlink(path)
        for path in _worth_keeping(settings, set(links.values())):
            second = kept / path.relative_to(home.root)
            second.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
            try:
                os.link(path, second)
            except FileNotFoundError:
                continue  # a receiver took it this instant
            except OSError:
                shutil.copy2(path, second)  # this file system knows no second names
    (kept / "ledger.db").chmod(PRIVATE_FILE)
    records = ledger_of(kept / "ledger.db")
    return {"protocol": PROTOCOL, "made_at": datetime.now(UTC).isoformat(), "batches": records}, links


def ledger_of(path: Path) -> dict[str, int]:
    """The last batch number of each destination in a ledger's file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        query = "select destination, max(sequence) from batches group by destination order by destination"
        return dict(connection.execute(query).fetchall())


def _worth_keeping(settings: Settings, versions: set[str]) -> Iterator[Path]:
    """Every file of a home that a run does not make again, and files that wait to be landed."""
    from dagster_project.adapters.gate.landing_folder import settled_files
    from dagster_project.adapters.verifying.folder_checks import UNFINISHED

    home = settings.at_home
    yield from settled_files(settings, datetime.now(UTC))
    for folder, folders, files in os.walk(home.root):
        here = Path(folder)
        is_top = here in (home.root, home.vault)
        folders[:] = sorted(
            name
            for name in folders
            if not (here == home.root and name in MADE_AGAIN)
            and not (here / name).is_symlink()
            and name not in (".locks",)
            and not (is_top and name.startswith(".") and name not in versions)
        )
        for name in sorted(files):
            unwanted = name.endswith(DATABASES) or UNFINISHED.match(name) or name.startswith(".landing-")
            if not unwanted and not (here == home.root and name in MADE_AGAIN) and not (here / name).is_symlink():
                yield here / name


def _copy(
    kept: Path, copy: Path, head: dict[str, Any], links: dict[str, str], on_file: Callable[[int, int], None]
) -> None:
    files = sorted(path for path in kept.rglob("*") if path.is_file())
    make_folder(copy.parent, PRIVATE_FOLDER)
    make_folder(copy, PRIVATE_FOLDER)
    listed = {}
    folders = {copy}
    for done, path in enumerate(files):
        on_file(done, len(files))
        place = path.relative_to(kept)
        folder = make_folder((copy / place).parent, PRIVATE_FOLDER)
        folders.add(folder)
        sha256, size = copy_file(path, copy / place)
        listed[str(place)] = {"bytes": size, "sha256": sha256, "mode": path.stat().st_mode & 0o777}
    told = {**head, "links": links, "files": listed}
    for folder in folders:
        sync_folder(folder)
    write_file(copy.parent / LIST, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode(), PRIVATE_FILE)
    sync_folder(copy.parent)


def copy_file(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file, private and flushed to the disk; its SHA-256 and size as they were read."""
    digest, size = hashlib.sha256(), 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with source.open("rb") as reader, os.fdopen(handle, "wb") as writer:
        while part := reader.read(AT_ONCE):
            digest.update(part)
            size += len(part)
            writer.write(part)
    sync_file(target)
    return digest.hexdigest(), size
