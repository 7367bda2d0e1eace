"""The ledger: what we decided and did. It cannot be rebuilt, so it is the one store that must never lose a row."""

from __future__ import annotations

from dagster_project.adapters.ledger.aliases import Aliases
from dagster_project.adapters.ledger.audience_questions import AudienceQuestions
from dagster_project.adapters.ledger.batches import Batches
from dagster_project.adapters.ledger.care_models import CareModels
from dagster_project.adapters.ledger.claims import Claims
from dagster_project.adapters.ledger.consents import Consents
from dagster_project.adapters.ledger.contacts import Contacts
from dagster_project.adapters.ledger.deliveries import Deliveries
from dagster_project.adapters.ledger.engine import make_engine
from dagster_project.adapters.ledger.enrolments import Enrolments
from dagster_project.adapters.ledger.erasures import Erasures
from dagster_project.adapters.ledger.holds import Holds
from dagster_project.adapters.ledger.households import Households
from dagster_project.adapters.ledger.memberships import Memberships
from dagster_project.adapters.ledger.migrate import to_head
from dagster_project.adapters.ledger.opt_outs import OptOuts
from dagster_project.adapters.ledger.revisions import Revisions
from dagster_project.adapters.ledger.tokens import Tokens
from dagster_project.adapters.ledger.transfers import Transfers
from dagster_project.adapters.ledger.withdrawals import Withdrawals


class Ledger(
    Deliveries, Aliases, Households, Consents, Enrolments, CareModels, Claims, Contacts, Batches, Memberships,
    Withdrawals, Holds, OptOuts, Transfers, Tokens, Erasures, AudienceQuestions, Revisions,
):  # fmt: skip
    """One ledger. Make it with :func:`open_ledger`; it may be shared by threads and opened by many processes."""

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_ledger(url: str) -> Ledger:
    """Open the ledger at a SQLAlchemy URL (``settings.ledger_address``), with its tables brought up to date.

    >>> with open_ledger("sqlite://") as ledger:
    ...     ledger.accepted_files()
    []

    Raises:
        HoivaError: the ledger was made by a newer Hoiva.
    """
    engine = make_engine(url)
    try:
        to_head(engine)
    except BaseException:
        engine.dispose()
        raise
    return Ledger(engine)
