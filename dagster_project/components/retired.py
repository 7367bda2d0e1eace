"""Destinations whose file is gone: they hold customers still, and must let go of whoever withdraws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from dagster_project.components.destination import DestinationFile
from dagster_project.domain.exports.destination import Destination

if TYPE_CHECKING:
    from collections.abc import Container

    from dagster_project.adapters.ledger import Ledger


def remember(ledger: Ledger, file: DestinationFile) -> None:
    """Keep a membership destination as its file says it, for the day the file is gone."""
    if file.kind == "membership":
        ledger.remember_destination(file.destination, file.model_dump_json(exclude_none=True))


def retired(ledger: Ledger, current: Container[str]) -> list[Destination]:
    """The destinations that hold members and have no file any more (or one that is faulty), as their last one said.

    Args:
        current: names of the destinations whose files are right.
    """
    found = []
    for name, definition in ledger.told_destinations().items():
        if name in current or ledger.count_members(name) == 0:
            continue
        try:
            destination = DestinationFile.model_validate_json(definition).to_destination()
        except ValidationError:  # a form this version does not know any more; hoiva status shows what it holds
            continue
        found.append(replace(destination, segment=None, is_current=False))
    return found
