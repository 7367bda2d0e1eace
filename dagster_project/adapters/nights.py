"""One run of all care models: who enters, how far everyone has come, what is proposed, and what is chosen of it.

The nightly assets, stories, plans and backtests go through here, each with what it knows and a ledger of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.adapters.advancing import Advance, Facts, advance_all, together
from dagster_project.adapters.conditions import evaluate
from dagster_project.adapters.deciding import hold_out
from dagster_project.domain.care_models import CANDIDATES, CareModel, candidates
from dagster_project.domain.care_models.doors import Seen, doors, is_watched
from dagster_project.domain.care_models.entries import entries
from dagster_project.domain.care_models.model import SegmentEntry
from dagster_project.domain.care_models.standing import enrolments_of, past_of, proposing
from dagster_project.domain.conditions import ConditionError

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.deciding import Decided
    from dagster_project.adapters.ledger import Ledger
    from dagster_project.domain.decisions.catalogue import CatalogueAction
    from dagster_project.domain.decisions.policy import ContactPolicy
    from dagster_project.settings import Settings

ReadVersion = Callable[[str], CareModel]  # the care model of a definition the ledger kept


@dataclass(frozen=True)
class Known:
    """Everything known as of a moment.

    Attributes:
        customers: ``customer_analytics``, one row per customer.
        events: customer_id, event_id, event_type, subject_id, source_system, channel, amount, occurred_at, known_at of
            what happened to customers, moves of the lifecycle among them; at least the types the models listen to.
        responses: contact_id, response, occurred_at, known_at.
        consents: ``consents_current``.
        aliases: alias_customer_id, customer_id.
        segments: segment, customer_id.
        held: care models whose segment has not its size, with the reason: nobody enters, nothing is proposed.
        customers_at: customers as of an earlier moment, for what a run that catches up asks; None: it never does.
        next_products: the first of everybody's next products, which actions may ask; None: there are none.
    """

    customers: pa.Table
    events: pa.Table
    responses: pa.Table
    consents: pa.Table
    aliases: pa.Table
    segments: pa.Table
    held: Mapping[str, str] = field(default_factory=dict)
    customers_at: Callable[[datetime], pa.Table] | None = None
    next_products: pa.Table | None = None


@dataclass(frozen=True)
class Night:
    """What a run found.

    Attributes:
        enrolments: ``ENROLMENTS``: who is or was in which care model.
        standings: ``STANDINGS`` of all of them.
        path: the transitions that hold, as known at this moment.
        added: the transitions this run adds to the record.
        candidates: ``CANDIDATES``.
        faults: by care model, why it could not be looked at.
    """

    enrolments: pa.Table
    standings: pa.Table
    path: pa.Table
    added: pa.Table
    candidates: pa.Table
    faults: dict[str, str]


def enrol_and_advance(
    settings: Settings, ledger: Ledger, models: Sequence[CareModel], known: Known, as_of: datetime, read: ReadVersion
) -> Night:  # fmt: skip
    """Let customers in, move everyone on, and say what is due. The same moment again finds and writes the same.

    The ledger first follows identity: who was two and is one now has one history.

    Args:
        settings: for the business zone, the holdout and the salt of draws.
        ledger: remembers enrolments, contacts and transitions.
        models: the care models that loaded, at their newest version.
        known: as of this moment.
        as_of: the moment, UTC.
        read: makes a care model of a definition that the ledger kept.
    """
    ledger.follow_aliases(known.aliases, as_of)
    hold_out(settings, ledger, known.customers, as_of)
    faults, fits = _versions(ledger, models, as_of, read)
    facts = _facts(settings, ledger, known, as_of)
    before = advance_all(fits.versions, ledger.enrolments(), facts, fits.newest)
    faults |= _enter(settings, ledger, fits.newest, known, before, as_of)
    fresh = _not_in(ledger.enrolments(), before.enrolments)
    done = together(before, advance_all(fits.versions, fresh, facts)) if fresh.num_rows else before
    faults |= done.faults
    if ledger.is_newest_run(as_of):
        ledger.record_run(done.added, as_of)
    return Night(
        enrolments=enrolments_of(done.enrolments, done.standings, as_of),
        standings=done.standings,
        path=done.path,
        added=done.added,
        candidates=_candidates(settings, fits.versions, known, done, as_of, faults),
        faults=faults,
    )


def night(
    settings: Settings, ledger: Ledger, models: Sequence[CareModel], policy: ContactPolicy, known: Known,
    as_of: datetime, read: ReadVersion, actions: Mapping[str, CatalogueAction] | None = None,
) -> tuple[Night, Decided]:  # fmt: skip
    """Let in, move on, decide for care models and ``actions`` together, and claim: all of a run."""
    found = enrol_and_advance(settings, ledger, models, known, as_of, read)
    return found, choose(settings, ledger, models, policy, known, found.candidates, as_of, actions)


def choose(
    settings: Settings, ledger: Ledger, models: Sequence[CareModel], policy: ContactPolicy, known: Known,
    proposed: pa.Table, as_of: datetime, actions: Mapping[str, CatalogueAction] | None = None,
    left_out: Collection[str] = (),
) -> Decided:  # fmt: skip
    """Decide for what is proposed, and claim the chosen; those ``left_out`` may propose nothing, and all else stays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from dagster_project.adapters.deciding import run_decisions
    from dagster_project.adapters.proposing import propose
    from dagster_project.domain.decisions.actions import all_candidates
    from dagster_project.domain.decisions.catalogue import with_actions

    departments = {model.care_model: model.department for model in models}
    never = None
    if actions:
        of_actions = propose(
            settings, ledger, actions, known.customers, known.responses, as_of, known.next_products, departments
        )  # fmt: skip
        departments |= {name: action.department for name, action in actions.items()}
        policy, never = with_actions(policy, actions.values()), of_actions.not_eligible
        proposed = all_candidates(proposed, of_actions.proposed_actions)
    if left_out:
        silent = pa.array(sorted(left_out), pa.string())
        proposed = proposed.filter(pc.invert(pc.is_in(proposed["care_model"], value_set=silent)))
    return run_decisions(
        settings, ledger, policy, proposed, known.customers, known.consents, as_of, departments,
        never=never, responses=known.responses,
    )  # fmt: skip


@dataclass(frozen=True)
class _Versions:
    """The newest version of each care model that may let customers in, and every version somebody may be on."""

    newest: list[CareModel]
    versions: dict[tuple[str, int], CareModel]


def _versions(
    ledger: Ledger, models: Sequence[CareModel], as_of: datetime, read: ReadVersion
) -> tuple[dict[str, str], _Versions]:
    """The versions as they were first read; a file changed without a new number lets nobody in."""
    faults, newest, versions = {}, [], {}
    for key, definition in ledger.definitions().items():
        try:
            versions[key] = read(definition)
        except ValueError as error:
            faults[key[0]] = f"version {key[1]} cannot be read any more: {' '.join(str(error).split())[:300]}"
    for model in sorted(models, key=lambda each: each.care_model):
        key = (model.care_model, model.version)
        kept = versions.get(key)
        if kept is not None and kept.walked != model.walked:
            faults[model.care_model] = (
                f"the steps, goal or exits of version {model.version} are not those customers entered with: raise"
                f" version to {model.version + 1}"
            )
            continue
        newest.append(model)
        faults |= _moving_nowhere(model, versions)
        if kept is None:
            ledger.keep_definition(model, as_of)
        versions[key] = model
    return faults, _Versions(newest, versions)


def _moving_nowhere(model: CareModel, versions: Mapping[tuple[str, int], CareModel]) -> dict[str, str]:
    """A step of an older version to move from that this version never had."""
    for version, places in model.moves.items():
        older = versions.get((model.care_model, version))
        lost = [] if older is None else sorted(set(places) - {step.step for step in older.steps})
        if lost:
            return {model.care_model: f"moves: version {version} has no step {lost[0]!r} to go on from"}
    return {}


def _facts(settings: Settings, ledger: Ledger, known: Known, as_of: datetime) -> Facts:
    return Facts(
        transitions=ledger.transitions(before=as_of),
        contacts=ledger.contacts(),
        events=known.events,
        responses=known.responses,
        customers=known.customers,
        customers_at=known.customers_at,
        held_out=frozenset(ledger.held_out()),
        as_of=as_of,
        since=ledger.last_run_before(as_of),
        zone=settings.zone,
        salt=settings.holdout_salt,
    )


def _not_in(enrolments: pa.Table, others: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    is_there = pc.is_in(enrolments["enrolment_id"], value_set=others["enrolment_id"].combine_chunks())
    return enrolments.filter(pc.invert(is_there))


def _enter(
    settings: Settings, ledger: Ledger, models: Sequence[CareModel], known: Known, before: Advance, as_of: datetime
) -> dict[str, str]:  # fmt: skip
    """Open the doors and write down who enters; a model that fails stops itself alone."""
    import pyarrow as pa
    import pyarrow.compute as pc

    faults = {}
    for model in models:
        if model.care_model in known.held:
            continue
        look = ledger.group_before(model.care_model, as_of) if is_watched(model) else None
        segment = model.entry.segment if isinstance(model.entry, SegmentEntry) else None
        customers = known.customers
        if model.segment is not None:
            inside = pa.array(sorted(_members(known.segments, model.segment)), pa.string())
            customers = customers.filter(pc.is_in(customers["customer_id"], inside))
        seen = Seen(
            customers,
            known.events,
            _members(known.segments, segment) if segment else frozenset(),
            None if look is None else look.members,
            None if look is None else look.at,
        )
        try:
            found = doors(model, seen, as_of, settings.zone, evaluate)
        except ConditionError as error:
            faults[model.care_model] = str(error)
            continue
        if len(found.opened):
            past = past_of(ledger.enrolments(model.care_model), before.standings)
            new = entries(model, found.opened, past, as_of, zone=settings.zone, salt=settings.holdout_salt)
            ledger.enrol(new, as_of)
        if found.group is not None:
            ledger.look_at_group(model.care_model, found.group, as_of)
    return faults


def _members(segments: pa.Table, segment: str) -> frozenset[str]:
    import pyarrow.compute as pc

    return frozenset(segments.filter(pc.equal(segments["segment"], segment))["customer_id"].to_pylist())


def _candidates(
    settings: Settings, versions: Mapping[tuple[str, int], CareModel], known: Known, done: Advance, as_of: datetime,
    faults: dict[str, str],
) -> pa.Table:  # fmt: skip
    """What everyone who may propose proposes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = [CANDIDATES.empty_table()]
    speaking = proposing(done.standings, done.enrolments, done.added, versions)
    for (name, version), model in sorted(versions.items()):
        if name in known.held:
            continue
        mine = pc.and_(pc.equal(speaking["care_model"], name), pc.equal(speaking["version"], str(version)))
        try:
            found.append(
                candidates(
                    model, speaking.filter(mine), known.customers, as_of,
                    zone=settings.zone, salt=settings.holdout_salt, ask=evaluate,
                )
            )  # fmt: skip
        except ConditionError as error:
            faults[name] = str(error)
    return pa.concat_tables(found).sort_by(
        [("care_model", "ascending"), ("customer_id", "ascending"), ("window_key", "ascending"), ("step", "ascending")]
    )
