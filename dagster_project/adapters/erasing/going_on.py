"""Erasures that have not ended: what each waits for, told without a change, and going on with those that can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.erasing import leaving
from dagster_project.adapters.erasing.case import kept_case
from dagster_project.adapters.erasing.erasing import Told, not_ended, resume_all

if TYPE_CHECKING:
    from dagster_project.adapters.erasing.erasing import House

CASE_IS_GONE = "its case is gone from the vault: restore it, or erase them again"


@dataclass(frozen=True)
class NotEnded:
    """An erasure that has not ended. It names nobody.

    Attributes:
        waits_for: why nothing can be done for it now, by destination; empty when something can.
        facts: how far it and its batches are: other facts make it worth another try.
    """

    erasure_id: str
    waits_for: dict[str, str]
    facts: tuple[str, ...]


def look(house: House) -> list[NotEnded]:
    """Every erasure that has not ended, and whether it can go on: it broke off, or receivers did what it waited for.

    Answers that were not read yet count once an export has read them. Nothing is changed.
    """
    open_ids = not_ended(house)
    if not open_ids:
        return []
    states = {one.erasure_id: one.state for one in house.ledger.erasures("begun", "waiting")}
    return [_look(house, erasure_id, states.get(erasure_id, "begun")) for erasure_id in open_ids]


def _look(house: House, erasure_id: str, state: str) -> NotEnded:
    case = kept_case(house.settings.at_home, erasure_id)
    if case is None:
        return NotEnded(erasure_id, {"vault": CASE_IS_GONE}, (state,))
    batches = leaving.batches_of(house.ledger, case)
    facts = (erasure_id, state, *(f"{one.batch_id}:{one.state}" for one in batches))
    waits_for = leaving.known_to_wait_for(house.settings, house.ledger, house.destinations, case)
    can_be_told = leaving.NOT_TOLD in waits_for.values()
    return NotEnded(erasure_id, {} if state == "begun" or can_be_told else waits_for, facts)


def go_on(house: House, moment: datetime, on_step: Callable[[str], None] = lambda step: None) -> list[Told]:
    """Go on with every erasure that can; one that fails does not keep the others from ending.

    Raises:
        AtWorkError: a run holds the warehouse; all that was done counts.
        HoivaError: one of them needs a person; the others were gone on with.
    """
    can = [one.erasure_id for one in look(house) if not one.waits_for]
    return resume_all(house, moment, on_step, can)
