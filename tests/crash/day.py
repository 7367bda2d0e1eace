"""A whole day of a small house, from taking answers in over deciding and claiming to publishing: what is killed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from dagster_project.adapters import withdrawing
from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.deciding import run_decisions
from dagster_project.adapters.exporting import export_all
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.suppression import Suppression
from dagster_project.settings import Settings
from tests.adapters.small_house import AS_OF, GOOGLE, LETTERS, claim, consent, consent_rows, customer_ids, house, point
from tests.crash.receiver import Receiver
from tests.domain.decisions.builders import FREE, candidate, candidates, customers

MOMENT = datetime(2026, 4, 1, 8, tzinfo=UTC)  # when answers are taken in and batches leave
IDS = customer_ids(40)
CAPACITY = 24  # letters a day, fewer than there are proposals: the claim has something to hold
CHANNELS = FREE.channels | {"email": replace(FREE.channels["email"], daily_capacity=CAPACITY)}
POLICY = replace(FREE, channels=CHANNELS, per_customer_per_day=1)
DENIED = IDS[36:38]  # said no since yesterday
WITHDRAWS = (IDS[39], IDS[7], IDS[26])  # whose letter is worth most; who is in the audience; who is added today


@cache
def settings_of(home: Path) -> Settings:
    """The settings of the killed house: nobody is drawn into the holdout but those the template names."""
    return Settings(home=home, holdout_share=0.0)


def proposals() -> list[dict[str, Any]]:
    """One letter for everybody, each worth something else."""
    planned = {"planned_for": naive_utc(AS_OF - timedelta(hours=8)), "care_model": "thank_you", "step": "letter"}
    return [candidate(one, value=1.0 + place, **planned) for place, one in enumerate(IDS)]


def decide(settings: Settings, ledger: Ledger) -> None:
    """Decide for all proposals and claim what was chosen."""
    allowed = consent_rows(IDS, denied=DENIED)
    run_decisions(settings, ledger, POLICY, candidates(*proposals()), customers(*IDS), allowed, AS_OF)


def work(home: Path) -> None:
    """What schedule and sensors do: answers are taken in, contacts decided and claimed, batches handed out."""
    settings = settings_of(home)
    with open_ledger(settings.ledger_address) as ledger:
        read_acks(settings, ledger, MOMENT)
        decide(settings, ledger)
        export_all(settings, ledger, [LETTERS, GOOGLE], AS_OF)


def make_template(home: Path) -> Path:
    """A house whose first batches were taken and partly refused, and where much has changed since."""
    settings = settings_of(home)
    settings.at_home.make()
    with open_ledger(settings.ledger_address) as ledger:
        consent(ledger, IDS, at=AS_OF - timedelta(days=1))
        house(settings, map(point, IDS), audience=IDS[:20])
        claim(ledger, IDS[:12])
        export_all(settings, ledger, [LETTERS, GOOGLE], AS_OF)
        Receiver(home).poll()
        moved = [point(customer_id, email=f"uusi{customer_id[-2:]}@example.com") for customer_id in IDS[10:15]]
        no_address = [point(customer_id, email=None) for customer_id in IDS[30:33]]
        others = [point(customer_id) for customer_id in IDS[:10] + IDS[15:30] + IDS[33:]]
        house(settings, [*no_address, *moved, *others], audience=IDS[5:30])
        ledger.hold_out(IDS[20:22], AS_OF)
    return home


def say_no(home: Path) -> None:
    """Three customers withdraw, and the ledger knows it at once."""
    settings = settings_of(home)
    with open_ledger(settings.ledger_address) as ledger:
        ledger.suppress([Suppression(customer_id, "withdrawn") for customer_id in WITHDRAWS], MOMENT)


def withdraw(home: Path) -> None:
    """The same, and the batches that wait for their receivers are taken back."""
    say_no(home)
    settings = settings_of(home)
    with open_ledger(settings.ledger_address) as ledger:
        withdrawing.withdraw(settings, ledger, WITHDRAWS, MOMENT)
