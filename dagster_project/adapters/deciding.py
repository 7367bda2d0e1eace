"""One run of the decisions: take in what is known, decide, claim, and decide again if another run was quicker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dagster_project.domain.clock import naive_utc
from dagster_project.domain.decisions.covering import with_covered
from dagster_project.domain.decisions.decide import OPEN_COMPLAINT, Decisions, decide
from dagster_project.domain.decisions.holdout import in_share
from dagster_project.domain.decisions.proposals import proposals
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.decisions.policy import ContactPolicy
    from dagster_project.settings import Settings

MOST_ROUNDS = 10  # a second round is needed only when another run claims at the same time; ten in a row never
FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Decided:
    """The tables of a run, and what it did in the ledger. Every contact of the plan is claimed."""

    decisions: Decisions
    count_claimed: int  # new contacts; 0 for a rerun
    count_ended: int  # waiting contacts ended as their customer complained since


def run_decisions(
    settings: Settings,
    ledger: Ledger,
    policy: ContactPolicy,
    candidates: pa.Table,
    customers: pa.Table,
    consents_current: pa.Table,
    as_of: datetime,
    care_models: Iterable[str] = (),
) -> Decided:
    """Decide for all candidates and claim the chosen ones. The same moment again gives the same tables.

    Follow the identities first (``Ledger.follow_aliases``).

    Args:
        settings: for the holdout and the business zone.
        ledger: what was done so far; the claim's last word.
        policy: of the contact policy's files.
        candidates: ``CANDIDATE_SCHEMA`` of all care models.
        customers: ``customer_analytics`` as of this moment, one row per customer.
        consents_current: as of this moment.
        as_of: the moment (aware).
        care_models: every care model there is, to show in the funnel.

    Raises:
        HoivaError: candidates that cannot be decided, or other runs that claim all the time.
    """
    consents_current = with_covered(consents_current, policy)
    ledger.sync_consents(consents_current, as_of)
    ids = customers["customer_id"].to_pylist()
    drawn = in_share(ids, settings.holdout_salt, settings.holdout_share)
    ledger.hold_out((one for one, is_held in zip(ids, drawn, strict=True) if is_held), as_of)
    count_ended = _end_for_complaints(ledger, policy, customers, as_of)
    proposed = proposals(candidates, policy, settings.zone, as_of)
    models = tuple(care_models)
    count_claimed = 0
    for _ in range(MOST_ROUNDS):
        standing = ledger.standing(proposed, policy, as_of)
        decisions = decide(proposed, customers, consents_current, standing, policy, as_of, models)
        claim = ledger.claim(decisions.contact_plan, policy, as_of)
        count_claimed += len(claim.claimed)
        if not claim.refused:
            return Decided(decisions, count_claimed, count_ended)
    raise HoivaError("other runs claim contacts at the same time without end: let them finish, then run again")


def _end_for_complaints(ledger: Ledger, policy: ContactPolicy, customers: pa.Table, as_of: datetime) -> int:
    """End marketing contacts that wait for somebody who has an open complaint now."""
    import pyarrow.compute as pc

    if not policy.open_complaint_suspends_marketing:
        return 0
    complains = pc.greater(pc.fill_null(customers["count_open_complaints"], 0), 0)
    complaining = customers["customer_id"].filter(complains).cast("string").combine_chunks()
    if not len(complaining):
        return 0
    moment = naive_utc(as_of)
    ended: dict[str, str] = {}
    for channel in policy.channels:
        waiting = ledger.claimed_contacts(channel, FAR)
        theirs = pc.is_in(waiting["customer_id"], complaining)
        of_this_time = pc.less_equal(waiting["decided_as_of"], moment)
        is_marketing = pc.equal(waiting["action_class"], "marketing")
        stopped = waiting.filter(pc.and_(pc.and_(theirs, of_this_time), is_marketing))
        ended |= dict.fromkeys(stopped["contact_id"].to_pylist(), OPEN_COMPLAINT)
    ledger.end_contacts(ended, as_of)
    return len(ended)
