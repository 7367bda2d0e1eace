"""Trained models and what is known of each: a folder per kind of model, a version per file, nothing ever overwritten.

A version is two files: ``<version>.json``, the line everyone may read, and ``<version>.model``, the trained object,
which is loaded only when its digest is the one in the line. Both can be made again from the lake.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.adapters.durable import file_sha256, make_folder, replace_file
from dagster_project.domain.clock import naive_utc

if TYPE_CHECKING:
    from dagster_project.settings import Settings

DIGEST = "model_sha256"


@dataclass(frozen=True)
class Registry:
    """All versions of one kind of model."""

    folder: Path

    def lines(self, as_of: datetime) -> list[dict[str, Any]]:
        """What is known of every version made as of this moment or an earlier one, in order of version."""
        told = [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))]
        made = [line | {key: moment(value) for key, value in line.items() if key.endswith("_at")} for line in told]
        made = [line | {"as_of": moment(line["as_of"])} for line in made]
        return [without_digest(line) for line in made if line["as_of"] <= naive_utc(as_of)]

    def load(self, version: str) -> Any | None:
        """The trained object of a version; None when it is not there or not the one that was registered."""
        line, model = self.folder / f"{version}.json", self.folder / f"{version}.model"
        if not line.is_file() or not model.is_file():
            return None
        if json.loads(line.read_text())[DIGEST] != file_sha256(model):
            return None
        with model.open("rb") as file:
            return pickle.load(file)

    def register(self, version: str, model: Any, line: dict[str, Any]) -> None:
        """Keep a version: the object first, the line that vouches for it last. ``line`` has the moment ``as_of``."""
        make_folder(self.folder)
        content = pickle.dumps(model, protocol=5)
        replace_file(self.folder / f"{version}.model", content)
        self._write(version, line | {DIGEST: hashlib.sha256(content).hexdigest()})

    def seen(self, version: str, as_of: datetime) -> None:
        """Note that the version is in use as of this moment: its line keeps the earliest."""
        line = json.loads((self.folder / f"{version}.json").read_text())
        if naive_utc(as_of) < moment(line["as_of"]):
            self._write(version, line | {"as_of": naive_utc(as_of)})

    def _write(self, version: str, line: dict[str, Any]) -> None:
        told = json.dumps(line, indent=1, sort_keys=True, default=datetime.isoformat)
        replace_file(self.folder / f"{version}.json", told.encode())


def registry(settings: Settings, kind: str) -> Registry:
    """The registry of one kind of model, as ``churn``, in this home."""
    return Registry(settings.at_home.models / kind)


def moment(value: Any) -> Any:
    """A moment as it was before it was written down."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def without_digest(line: dict[str, Any]) -> dict[str, Any]:
    """The line without what only loading needs."""
    return {key: value for key, value in line.items() if key != DIGEST}
