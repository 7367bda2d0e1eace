"""Care models and actions planned: the files as they are here, beside what is live or what a git revision says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.components.care_model import model_of
from dagster_project.components.proposers import (
    Proposers,
    changes_between,
    proposer_named,
    proposers_here,
    proposers_of_revision,
)
from dagster_project.components.trying import contact_policy
from dagster_project.domain.care_models.effects import Effect, Overlap
from dagster_project.domain.care_models.plan import Plan, Planned, notes

if TYPE_CHECKING:
    from dagster_project.domain.decisions.overlaps import Conflicts
    from dagster_project.settings import Settings


def plan_of(settings: Settings, named: list[str], revision: str | None, as_of: datetime | None) -> Plan:
    """Plan care models and actions of the catalogue.

    Args:
        settings: for the published tables and the ledger; neither is written.
        named: care models and actions, by name or by the path of their file; none: all, or those that differ from the
            revision.
        revision: a git revision to compare with, instead of what is live: of a care model what customers entered last,
            of an action, of which nobody keeps the past, the file that is shipped here.
        as_of: the moment; None: of the newest published version.

    Raises:
        HoivaError: a file is wrong, or the revision is not known.
    """
    from dagster_project.adapters.planning import published_moment
    from dagster_project.adapters.published import NotPublished

    own = [proposer_named(text) for text in named]
    files = [name for one in own for name in sorted(one.names)]
    shipped = proposers_here()
    here = shipped
    for one in own:
        here = here.with_others(one)
    against, live = _compared_with(settings, revision, shipped)
    changed = [name for name in sorted(here.names | live.names) if changes_between(live, here, name)]
    asked = files or (changed if revision is not None else sorted(here.names))
    try:
        moment = as_of or published_moment(settings)
    except NotPublished:
        moment = None
    told = files or changed
    before = live.with_others(here.without(set(asked)))
    run = {} if moment is None else _runs(settings, before, here, asked, told, as_of)
    together = run["planned"].together if run else None
    return Plan(moment, against, tuple(_planned(name, live, here, run) for name in asked), together)


def _compared_with(settings: Settings, revision: str | None, shipped: Proposers) -> tuple[str, Proposers]:
    """What the files here are compared with: in words, and what it says."""
    from dagster_project.adapters.planning import live_definitions

    if revision is not None:
        return revision, proposers_of_revision(revision)
    models = {name: model_of(definition) for name, definition in live_definitions(settings).items()}
    return "what is live", Proposers(models, shipped.actions)


@dataclass(frozen=True)
class _Run:
    effect: Mapping[str, Effect]
    overlaps: Mapping[str, tuple[Overlap, ...]]
    conflicts: Mapping[str, Conflicts]
    together: Conflicts | None  # of all of them at once; None: there is but one


def _runs(
    settings: Settings, before: Proposers, after: Proposers, asked: list[str], told: list[str], as_of: datetime | None
) -> dict[str, _Run]:  # fmt: skip
    """A run with the live versions, and one with the planned ones; one alone where nothing is different."""
    same = not any(changes_between(before, after, name) for name in asked)
    planned = _run(settings, after, asked, told, as_of)
    return {"planned": planned, "live": planned if same else _run(settings, before, asked, told, as_of)}


def _run(settings: Settings, here: Proposers, asked: list[str], told: list[str], as_of: datetime | None) -> _Run:
    """A run, and for each that conflicts are told of its decision without it."""
    from dagster_project.adapters.planning import try_night
    from dagster_project.domain.care_models.effects import effects, overlaps
    from dagster_project.domain.decisions.overlaps import conflicts

    everyone = [here.models[name] for name in sorted(here.models)]
    left_out = [name for name in told if name in here.names]
    at_once = tuple(left_out) if len(left_out) > 1 else None
    night, decided, without = try_night(
        settings, everyone, contact_policy(), model_of, as_of, [*left_out, *filter(None, [at_once])], here.catalogue()
    )  # fmt: skip
    decisions = decided.decisions
    names = [name for name in asked if name in here.names]
    return _Run(
        effects(names, night.enrolments, decisions.candidates, decisions.contact_plan, night.faults),
        {name: tuple(overlaps(name, night.enrolments, decisions.candidates)) for name in names},
        {
            name: conflicts(decisions.candidates, without[name].candidates, settings.zone)
            for name in left_out
            if name not in night.faults
        },
        conflicts(decisions.candidates, without[at_once].candidates, settings.zone) if at_once else None,
    )


def _planned(name: str, live: Proposers, here: Proposers, run: Mapping[str, _Run]) -> Planned:
    is_action = name in live.actions or name in here.actions
    return Planned(
        care_model=name,
        title=here.title(name) or live.title(name) or name,
        changes=tuple(changes_between(live, here, name)),
        live=run["live"].effect.get(name) if run and name in live.names else None,
        planned=run["planned"].effect.get(name) if run and name in here.names else None,
        overlaps=run["planned"].overlaps.get(name, ()) if run else (),
        notes=() if is_action else tuple(notes(live.models.get(name), here.models.get(name))),
        conflicts=run["planned"].conflicts.get(name) if run and name in here.names else None,
        live_conflicts=run["live"].conflicts.get(name) if run and name in live.names else None,
        is_action=is_action,
    )
