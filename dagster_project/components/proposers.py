"""What may propose contacts: care models and actions of the catalogue, as the files are here or at a git revision."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dagster_project.components.action import ACTIONS, ActionFile, context_of, load_actions
from dagster_project.components.care_model import MODELS, load_care_models
from dagster_project.components.encounter import ENCOUNTERS
from dagster_project.components.fenced import load_file
from dagster_project.components.trying import model_named
from dagster_project.components.yaml_text import YamlError, read_yaml
from dagster_project.domain.care_models.diff import Change, differences
from dagster_project.domain.decisions.action_diff import action_differences
from dagster_project.errors import HoivaError
from dagster_project.settings import CHECKOUT

if TYPE_CHECKING:
    from dagster_project.domain.care_models import CareModel
    from dagster_project.domain.decisions.catalogue import CatalogueAction


@dataclass(frozen=True)
class Proposers:
    """Care models and actions, each by its name; no two have the same."""

    models: dict[str, CareModel] = field(default_factory=dict)
    actions: dict[str, ActionFile] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Of all of them."""
        return self.models.keys() | self.actions.keys()

    def title(self, name: str) -> str | None:
        """What people call one; None: it is not among them."""
        found = self.models.get(name) or self.actions.get(name)
        return found.title if found else None

    def with_others(self, others: Proposers) -> Proposers:
        """These, and others beside them or in the place of those of the same name."""
        return Proposers(self.models | others.models, self.actions | others.actions)

    def without(self, names: set[str]) -> Proposers:
        """These but for some."""
        return Proposers(
            {name: model for name, model in self.models.items() if name not in names},
            {name: action for name, action in self.actions.items() if name not in names},
        )

    def catalogue(self) -> dict[str, CatalogueAction]:
        """The actions as the decisions know them."""
        return {name: action.as_action() for name, action in sorted(self.actions.items())}


def changes_between(before: Proposers, after: Proposers, name: str) -> list[Change]:
    """What is different in one of them, in words."""
    if name in before.actions or name in after.actions:
        return action_differences(*(_said(one.actions.get(name)) for one in (before, after)))
    return differences(before.models.get(name), after.models.get(name))


def _said(action: ActionFile | None) -> dict[str, Any] | None:
    return None if action is None else action.model_dump(mode="json", exclude_none=True)


def proposers_here() -> Proposers:
    """Every file that is right."""
    return Proposers({name: item.as_model() for name, item in load_care_models().items.items()}, load_actions().items)


def proposer_named(text: str) -> Proposers:
    """A care model or an action, by its name or by the path of its file.

    Raises:
        HoivaError: there is none, or its file is wrong: with file, line and what to write instead.
    """
    if text.endswith((".yaml", ".yml")) and _is_action(Path(text)):
        read = load_file(Path(text), ActionFile, context_of())
        if isinstance(read, list):
            raise HoivaError("\n".join(map(str, read)))
        return Proposers(actions={read[0].action: read[0]})
    actions = load_actions().items
    if text in actions:
        return Proposers(actions={text: actions[text]})
    model = model_named(text)
    return Proposers({model.care_model: model})


def _is_action(path: Path) -> bool:
    try:
        values = read_yaml(path.read_text(encoding="utf-8-sig")).values
    except (OSError, UnicodeDecodeError, YamlError):
        return False  # whatever is wrong with it, reading it as a care model tells
    return isinstance(values, dict) and "action" in values


def proposers_of_revision(revision: str, root: Path = CHECKOUT) -> Proposers:
    """What was right in the files of a git revision.

    Raises:
        HoivaError: there is no such revision, or this is no git checkout.
    """
    with _files_of(revision, root) as folder:
        models = folder / MODELS.name
        found = load_care_models(models, folder / ENCOUNTERS.name)
        actions = load_actions(folder / ACTIONS.name, models)
        return Proposers({name: item.as_model() for name, item in found.items.items()}, actions.items)


@contextmanager
def _files_of(revision: str, root: Path) -> Iterator[Path]:
    """The folders of care models, encounters and actions as of a revision."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    with TemporaryDirectory(prefix="hoiva-revision-") as name:
        for folder in (MODELS, ENCOUNTERS, ACTIONS):
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
