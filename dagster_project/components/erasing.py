"""What erasures work in: the home with the shipped contracts and destinations, for the command and for Dagster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.dagster_home import only_run
from dagster_project.errors import AtWorkError

if TYPE_CHECKING:
    from dagster_project.adapters.erasing.erasing import House
    from dagster_project.adapters.erasing.going_on import NotEnded
    from dagster_project.settings import Settings


@contextmanager
def house_of(own: Settings) -> Iterator[House]:
    """The home with its ledger, the contracts of its sources and its destinations."""
    from dagster_project.adapters.erasing.erasing import House
    from dagster_project.adapters.gate import contracts_in
    from dagster_project.adapters.landing import CONTRACTS
    from dagster_project.adapters.ledger import open_ledger
    from dagster_project.components.destination import destinations

    with open_ledger(own.ledger_address) as ledger:
        yield House(own, ledger, list(contracts_in(CONTRACTS).items.values()), destinations())


def erasures_not_ended(own: Settings) -> list[NotEnded]:
    """Every erasure that has not ended, and what it waits for; nothing is changed."""
    from dagster_project.adapters.erasing.going_on import look

    with house_of(own) as house:
        return look(house)


def go_on_with_erasures(own: Settings, moment: datetime, on_step: Callable[[str], None]) -> dict[str, int | str]:
    """Go on with the erasures that can; what became of them in counts, or why it could not be done now.

    Raises:
        HoivaError: one of them needs a person.
    """
    from dagster_project.adapters.erasing.going_on import go_on

    try:
        with only_run(own), house_of(own) as house:
            states = [one.state for one in go_on(house, moment, on_step)]
    except AtWorkError as held:
        return {"put_off": str(held)}
    return {f"count_{state}": states.count(state) for state in ("ended", "waiting")}
