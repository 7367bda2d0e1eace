"""What is published: every table and page as its manifest says, and the contact points that belong to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from dagster_project.adapters.durable import file_sha256
from dagster_project.adapters.published import VERSION_LENGTH
from dagster_project.domain.operations.findings import Finding

if TYPE_CHECKING:
    from dagster_project.settings import Settings


def check_published(settings: Settings) -> Iterator[Finding]:
    """What is wrong with the version that readers see now."""
    home = settings.at_home
    if not home.published.is_symlink():
        return
    folder = home.published.resolve()
    wrong = faults_of(folder)
    if wrong:
        yield Finding("published_damaged", f"{folder.name}: {', '.join(wrong[:5])}", len(wrong))
    try:
        vault = json.loads((folder / "manifest.json").read_bytes()).get("vault")
    except (OSError, ValueError):
        return
    if vault is not None:
        wrong = faults_of(home.vault / f".published-{vault}")
        if wrong:
            yield Finding("published_vault_missing", f"vault/.published-{vault}: {', '.join(wrong[:5])}", len(wrong))


def faults_of(folder: Path) -> list[str]:
    """The names of what is missing or other than the manifest of a version says."""
    try:
        content = (folder / "manifest.json").read_bytes()
        told = json.loads(content)
    except (OSError, ValueError):
        return ["manifest.json cannot be read"]
    if hashlib.sha256(content).hexdigest()[:VERSION_LENGTH] != folder.name.removeprefix(".published-"):
        return ["manifest.json is not the one this version is named after"]
    wrong = []
    for name, entry in sorted({**told["tables"], **told.get("pages", {})}.items()):
        path = folder / entry["file"]
        if not path.is_file() or file_sha256(path) != entry["sha256"] or _rows(path, entry) != entry.get("rows"):
            wrong.append(name)
    return wrong


def _rows(path: Path, entry: dict[str, object]) -> int | None:
    if "rows" not in entry:
        return None
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException):
        return -1
