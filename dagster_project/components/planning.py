"""Care models planned: the files as they are here, beside what is live or what a git revision says."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dagster_project.components.care_model import MODELS, load_care_models, model_of
from dagster_project.components.encounter import ENCOUNTERS
from dagster_project.components.trying import contact_policy, model_named
from dagster_project.domain.care_models.diff import differences
from dagster_project.domain.care_models.effects import Effect, Overlap
from dagster_project.domain.care_models.plan import Plan, Planned, notes
from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT

if TYPE_CHECKING:
    from dagster_project.domain.care_models import CareModel
    from dagster_project.domain.decisions.overlaps import Conflicts
    from dagster_project.settings import Settings

Models = dict[str, "CareModel"]


def plan_of(settings: Settings, named: list[str], revision: str | None, as_of: datetime | None) -> Plan:
    """Plan care models.

    Args:
        settings: for the published tables and the ledger; neither is written.
        named: care models, by name or by the path of their file; none: all, or those that differ from the revision.
        revision: a git revision to compare with, instead of what customers entered last.
        as_of: the moment; None: of the newest published version.

    Raises:
        HoivaError: a file is wrong, or the revision is not known.
    """
    from dagster_project.adapters.planning import live_definitions, published_moment
    from dagster_project.adapters.published import NotPublished

    files, here = _models_here(named)
    if revision is None:
        against = "what is live"
        live = {name: model_of(definition) for name, definition in live_definitions(settings).items()}
    else:
        against, live = revision, models_of_revision(revision)
    asked = files or [name for name in sorted(here.keys() | live.keys()) if _differs(live.get(name), here.get(name))]
    if not files and revision is None:
        asked = sorted(here)
    try:
        moment = as_of or published_moment(settings)
    except NotPublished:
        moment = None
    before, after = live | {name: model for name, model in here.items() if name not in asked}, dict(here)
    told = [name for name in asked if files or _differs(live.get(name), here.get(name))]
    run = {} if moment is None else _runs(settings, before, after, asked, told, as_of)
    return Plan(moment, against, tuple(_planned(name, live.get(name), here.get(name), run) for name in asked))


def _models_here(named: list[str]) -> tuple[list[str], Models]:
    """The names asked for, and every care model as it would be: files given by path take the place of shipped ones."""
    own = [model_named(text) for text in named]
    here = {name: item.as_model() for name, item in load_care_models().items.items()}
    return [model.care_model for model in own], here | {model.care_model: model for model in own}


def _differs(live: CareModel | None, here: CareModel | None) -> bool:
    return bool(differences(live, here))


@dataclass(frozen=True)
class _Run:
    effect: Mapping[str, Effect]
    overlaps: Mapping[str, tuple[Overlap, ...]]
    conflicts: Mapping[str, Conflicts]


def _runs(
    settings: Settings, before: Models, after: Models, asked: list[str], told: list[str], as_of: datetime | None
) -> dict[str, _Run]:  # fmt: skip
    """A run with the live versions, and one with the planned ones; one alone where nothing is different."""
    same = all(not _differs(before.get(name), after.get(name)) for name in asked)
    planned = _run(settings, after, asked, told, as_of)
    return {"planned": planned, "live": planned if same else _run(settings, before, asked, told, as_of)}


def _run(settings: Settings, models: Models, asked: list[str], told: list[str], as_of: datetime | None) -> _Run:
    """A run, and for each that conflicts are told of its decision without it."""
    from dagster_project.adapters.planning import try_night
    from dagster_project.domain.care_models.effects import effects, overlaps
    from dagster_project.domain.decisions.overlaps import conflicts

    everyone = [models[name] for name in sorted(models)]
    left_out = [name for name in told if name in models]
    night, decided, without = try_night(settings, everyone, contact_policy(), model_of, as_of, left_out)
    decisions = decided.decisions
    names = [name for name in asked if name in models]
    return _Run(
        effects(names, night.enrolments, decisions.candidates, decisions.contact_plan, night.faults),
        {name: tuple(overlaps(name, night.enrolments, decisions.candidates)) for name in names},
        {
            name: conflicts(decisions.candidates, others.candidates, settings.zone)
            for name, others in without.items()
            if name not in night.faults
        },
    )


def _planned(name: str, live: CareModel | None, here: CareModel | None, run: Mapping[str, _Run]) -> Planned:
    known = here or live
    assert known is not None
    return Planned(
        care_model=name,
        title=known.title,
        changes=tuple(differences(live, here)),
        live=run["live"].effect.get(name) if run and live is not None else None,
        planned=run["planned"].effect.get(name) if run and here is not None else None,
        overlaps=run["planned"].overlaps.get(name, ()) if run else (),
        notes=tuple(notes(live, here)),
        conflicts=run["planned"].conflicts.get(name) if run and here is not None else None,
        live_conflicts=run["live"].conflicts.get(name) if run and live is not None else None,
    )


def models_of_revision(revision: str, root: Path = CHECKOUT) -> Models:
    """The care models of a git revision that were right then.

    Raises:
        HoivaError: there is no such revision, or this is no git checkout.
    """
    with _files_of(revision, root) as folder:
        found = load_care_models(folder / MODELS.name, folder / ENCOUNTERS.name)
        return {name: item.as_model() for name, item in found.items.items()}


@contextmanager
def _files_of(revision: str, root: Path) -> Iterator[Path]:
    """The folders of care models and encounters as of a revision."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    with TemporaryDirectory(prefix="hoiva-revision-") as name:
        for folder in (MODELS, ENCOUNTERS):
            (Path(name) / folder.name).mkdir()
            place = folder.relative_to(CHECKOUT).as_posix()
            for path in _git(root, "ls-tree", "--name-only", "-z", commit, f"{place}/").split("\0"):
                if path.endswith((".yaml", ".yml")):
                    text = _git(root, "show", f"{commit}:{path}")
                    (Path(name) / folder.name / Path(path).name).write_text(text, encoding="utf-8")
        yield Path(name)


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True)
    except FileNotFoundError:
        raise HoivaError("git is not installed: give a file instead of a revision") from None
    except subprocess.CalledProcessError:
        raise HoivaError(f"git does not know {arguments[-1].removesuffix('^{commit}')!r} here") from None
    return done.stdout.decode("utf-8")
