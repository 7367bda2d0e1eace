"""Answers of receivers: which batch they took, and which rows they refused and why.

A receiver puts ``acks/<destination>/<batch_id>.json`` in place by a rename. Each answer counts once; one that cannot be
used is set aside with the reason beside it and harms nothing. See docs/contracts/outbox.md.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dagster_project.adapters import seen
from dagster_project.adapters.durable import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    make_folder,
    reached,
    replace_file,
    sync_folder,
)
from dagster_project.adapters.outbox import recover
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.exports.batches import BatchRecord
    from dagster_project.settings import Home, Settings

APPLIED, SET_ASIDE = ".applied", ".set_aside"  # folders beside a destination's answers
LARGEST = 256 * 1024 * 1024  # bytes; a million refused rows are about 100 MB
REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")  # a code; anything else might quote a customer
OTHER = "other"
Key = Annotated[str, Field(pattern="^[0-9a-z]{8,64}$")]


class RejectedRow(BaseModel):
    """One row a receiver refused: a contact, or a customer by her key at this destination."""

    model_config = ConfigDict(extra="forbid")

    contact_id: Key | None = None
    customer_key: Key | None = None
    reason: str = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _names_one_row(self) -> RejectedRow:
        if (self.contact_id is None) == (self.customer_key is None):
            raise ValueError("names a contact_id or a customer_key, one of them")
        return self

    @property
    def key(self) -> str:
        """The row's key in ``rows.csv``."""
        return self.contact_id or self.customer_key or ""


class Answer(BaseModel):
    """What a receiver says about one batch."""

    model_config = ConfigDict(extra="forbid")

    batch_id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    status: Literal["accepted", "partly", "rejected"]
    rejected: list[RejectedRow] = []

    @model_validator(mode="after")
    def _status_and_rows_agree(self) -> Answer:
        if (self.status == "partly") != bool(self.rejected):
            raise ValueError("rejected rows belong to status partly, and to no other")
        return self


@dataclass(frozen=True)
class Applied:
    """What became of one answer: ``applied``, ``repeated`` or ``set_aside`` (then with the reason)."""

    destination: str
    file_name: str
    outcome: Literal["applied", "repeated", "set_aside"]
    status: str = ""
    count_rejected: int = 0
    reason: str = ""


def read_acks(settings: Settings, ledger: Ledger, moment: datetime | None = None) -> list[Applied]:
    """Apply every answer that has come, each once, oldest batch first.

    Args:
        moment: when they are taken in (UTC); now, unless a test says otherwise.
    """
    recover(settings, ledger)  # an answer may have come before a crash let the ledger note the batch as published
    home = settings.at_home
    at = moment or datetime.now(UTC)
    records = {record.batch_id: record for record in ledger.batches()}
    return [_take(home, ledger, records, path, at) for path in _files(home, records)]


def waiting_acks(settings: Settings) -> bool:
    """Whether an answer waits to be read."""
    return next(_found(settings.at_home), None) is not None


def _found(home: Home) -> Iterator[Path]:
    if home.acks.is_dir():
        for folder in sorted(home.acks.iterdir()):
            if folder.is_dir() and not folder.name.startswith("."):
                yield from (path for path in sorted(folder.glob("*.json")) if not path.name.startswith("."))


def _files(home: Home, records: dict[str, BatchRecord]) -> list[Path]:
    def place(path: Path) -> tuple[str, int, str]:
        record = records.get(path.stem)
        return path.parent.name, record.sequence if record else 0, path.name

    return sorted(_found(home), key=place)


def _take(home: Home, ledger: Ledger, records: dict[str, BatchRecord], path: Path, at: datetime) -> Applied:
    destination = path.parent.name
    try:
        answer = _read(path, records)
        rejected = {row.key: row.reason if REASON.fullmatch(row.reason) else OTHER for row in answer.rejected}
        is_first = ledger.acknowledge(answer.batch_id, answer.status, rejected, at)
    except HoivaError as error:
        _move(path, SET_ASIDE)
        note = path.parent / SET_ASIDE / f"{path.name}.reason"
        replace_file(note, f"{error}\n".encode(), PRIVATE_FILE)
        return Applied(destination, path.name, "set_aside", reason=str(error))
    reached("acks.recorded")
    if answer.status == "rejected":
        seen.forget(home, destination)  # all of it is to be told again; of a part refused the ledger names the rows
    _move(path, APPLIED)
    reached("acks.moved")
    return Applied(destination, path.name, "applied" if is_first else "repeated", answer.status, len(rejected))


def _read(path: Path, records: dict[str, BatchRecord]) -> Answer:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        raise HoivaError("the answer is no file, or too large to be one")
    try:
        answer = Answer.model_validate(json.loads(path.read_bytes()))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        if first["type"] == "extra_forbidden":
            raise HoivaError("the answer has a key that is not agreed") from None
        where = ".".join(str(part) for part in first["loc"])
        raise HoivaError(f"the answer is not as agreed: {where}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise HoivaError("the answer is not JSON") from None
    record = records.get(answer.batch_id)
    if path.stem != answer.batch_id:
        raise HoivaError("the answer's name is not its batch_id")
    if record is None or record.destination != path.parent.name:
        raise HoivaError("the answer names a batch this destination was never given")
    return answer


def _move(path: Path, folder: str) -> None:
    away = make_folder(path.parent / folder, PRIVATE_FOLDER)
    os.replace(path, away / path.name)
    sync_folder(away)
    sync_folder(path.parent)
