"""One run of the decisions: take in what is known, decide, claim, and decide again if another run was quicker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dagster_project.domain.clock import business_date, naive_utc
from dagster_project.domain.decisions.covering import with_covered
from dagster_project.domain.decisions.decide import OPEN_COMPLAINT, Decisions, decide
from dagster_project.domain.decisions.holdout import in_share
from dagster_project.domain.decisions.pauses import paused
from dagster_project.domain.decisions.proposals import proposals
from dagster_project.errors import HoivaError

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.decisions.policy import ContactPolicy
    from dagster_project.settings import Settings

MOST_ROUNDS = 10  # a second round is needed only when another run claims at the same time; ten in a row never
EXPIRED = "expired"  # why a reservation that was never used ended
FAR = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Decided:
    """The tables of a run, and what it did in the ledger. Every contact of the plan is claimed."""

    decisions: Decisions
    count_claimed: int  # new contacts; 0 for a rerun
    count_ended: int  # waiting contacts ended as their customer complained since
    count_expired: int = 0  # waiting contacts whose reservation ran out


def run_decisions(
    settings: Settings,
    ledger: Ledger,
    policy: ContactPolicy,
    candidates: pa.Table,
    customers: pa.Table,
    consents_current: pa.Table,
    as_of: datetime,
    care_models: Mapping[str, str] | None = None,
    never: pa.Table | None = None,
    responses: pa.Table | None = None,
) -> Decided:
    """Decide for all candidates and claim the chosen ones. The same moment again gives the same tables.

    Follow the identities and households first (``Ledger.follow_aliases``, ``Ledger.follow_households``).

    Args:
        settings: for the holdout and the business zone.
        ledger: what was done so far; the claim's last word.
        policy: of the contact policy's files.
        candidates: ``CANDIDATE_SCHEMA`` of all care models and actions.
        customers: ``customer_analytics`` as of this moment, one row per customer.
        consents_current: as of this moment.
        as_of: the moment (aware).
        care_models: every care model there is with its department, to show in the funnel.
        never: department, care_model, count_not_eligible: customers an action of the catalogue is not for.
        responses: contact_id, response, known_at: what came back, for pauses.

    Raises:
        HoivaError: candidates that cannot be decided, or other runs that claim all the time.
    """
    consents_current = with_covered(consents_current, policy)
    ledger.sync_consents(consents_current, as_of)
    hold_out(settings, ledger, customers, as_of)
    count_ended = _end_for_complaints(ledger, policy, customers, as_of)
    count_expired = _end_expired(settings, ledger, policy, as_of)
    proposed = proposals(candidates, policy, settings.zone, as_of)
    left_alone = {} if responses is None else paused(policy.pauses, ledger.contacts(), responses, as_of)
    count_claimed = 0
    for _ in range(MOST_ROUNDS):
        standing = ledger.standing(proposed, policy, as_of)
        decisions = decide(
            proposed, customers, consents_current, standing, policy, as_of, care_models, never, left_alone
        )  # fmt: skip
        claim = ledger.claim(decisions.contact_plan, policy, as_of)
        count_claimed += len(claim.claimed)
        if not claim.refused:
            return Decided(decisions, count_claimed, count_ended, count_expired)
    raise HoivaError("other runs claim contacts at the same time without end: let them finish, then run again")


def hold_out(settings: Settings, ledger: Ledger, customers: pa.Table, as_of: datetime) -> None:
    """Draw the holdout anew: whoever was drawn once stays in it."""
    ids = customers["customer_id"].to_pylist()
    drawn = in_share(ids, settings.holdout_salt, settings.holdout_share)
    ledger.hold_out((one for one, is_held in zip(ids, drawn, strict=True) if is_held), as_of)


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
    waiting = ledger.claimed_contacts(policy.channels, FAR)
    theirs = pc.is_in(waiting["customer_id"], complaining)
    of_this_time = pc.less_equal(waiting["decided_as_of"], moment)
    is_marketing = pc.equal(waiting["action_class"], "marketing")
    stopped = waiting.filter(pc.and_(pc.and_(theirs, of_this_time), is_marketing))
    ended = dict.fromkeys(stopped["contact_id"].to_pylist(), OPEN_COMPLAINT)
    ledger.end_contacts(ended, as_of)
    return len(ended)


def _end_expired(settings: Settings, ledger: Ledger, policy: ContactPolicy, as_of: datetime) -> int:
    """End contacts that waited too long for a batch: what they had reserved is free again."""
    import pyarrow as pa
    import pyarrow.compute as pc

    oldest = business_date(as_of, settings.zone) - timedelta(days=policy.reservation_days)
    waiting = ledger.claimed_contacts(policy.channels, as_of)
    late = waiting.filter(pc.less(waiting["planned_date"], pa.scalar(oldest, pa.date32())))
    ended = dict.fromkeys(late["contact_id"].to_pylist(), EXPIRED)
    ledger.end_contacts(ended, as_of)
    return len(ended)
