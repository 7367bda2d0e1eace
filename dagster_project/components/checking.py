"""Files of care models, encounters, stories, actions and destinations, read together: what is right and what not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dagster_project.components.action import ACTIONS, ActionFile
from dagster_project.components.action import context_of as context_of_actions
from dagster_project.components.care_model import MODELS, CareModelFile, context_of
from dagster_project.components.destination import FOLDER as DESTINATIONS
from dagster_project.components.destination import DestinationFile, load_destinations
from dagster_project.components.encounter import ENCOUNTERS, EncounterFile
from dagster_project.components.fenced import Fault, Folder, load_file, load_folder
from dagster_project.components.story import STORIES, StoryFile
from dagster_project.components.yaml_text import YamlError, read_yaml

KINDS: dict[str, type[Any]] = {
    "encounters": EncounterFile, "models": CareModelFile, "stories": StoryFile, "actions": ActionFile,
    "destinations": DestinationFile,
}  # fmt: skip
FOLDERS = {
    "encounters": ENCOUNTERS, "models": MODELS, "stories": STORIES, "actions": ACTIONS, "destinations": DESTINATIONS,
}  # fmt: skip
KEYS = {
    "encounters": "encounter", "models": "care_model", "stories": "story", "actions": "action",
    "destinations": "destination",
}  # fmt: skip

Right = dict[str, list[str]]


def check_folders(folders: dict[str, Path] | None = None) -> tuple[Right, list[Fault]]:
    """What the folders hold: the names that are right by kind, and what is wrong, files with their folder's name.

    A story about a care model that is wrong or missing is wrong, too: it could not be played.
    """
    folders = FOLDERS if folders is None else folders
    contexts = {"models": context_of(folders["encounters"]), "actions": context_of_actions(folders["models"])}
    right: Right = {}
    faults: list[Fault] = []
    for kind, form in KINDS.items():
        found: Folder[Any]
        if kind == "destinations":  # also against each other: no two may be handed the same contacts
            found = load_destinations(folders[kind])
        else:
            found = load_folder(folders[kind], form, KEYS[kind], contexts.get(kind))
        items: dict[str, Any] = dict(found.items)
        faults += [Fault(f"{kind}/{fault.file}", fault.line, fault.path, fault.reason) for fault in found.faults]
        if kind == "stories":
            for name, item in dict(items).items():
                if item.care_model not in right["models"] and item.care_model_file is None:
                    reason = f"there is no care model {item.care_model!r} that is right"
                    faults.append(Fault(f"{kind}/{found.files[name].name}", 1, "care_model", reason))
                    del items[name]
        right[kind] = sorted(items)
    return right, faults


def check_files(files: Sequence[Path]) -> tuple[Right, list[Fault]]:
    """The same of some files, each told by its first keys; models may take shipped encounters and those given."""
    kinds = {path: _kind_of(path) for path in files}
    context = context_of()
    contexts = {"models": context, "actions": context_of_actions()}
    own = [load_file(path, EncounterFile) for path, kind in kinds.items() if kind == "encounters"]
    context["encounters"] |= {each[0].encounter: each[0].content for each in own if not isinstance(each, list)}
    right: Right = {kind: [] for kind in KINDS if kind in kinds.values()}
    faults: list[Fault] = []
    for path, kind in kinds.items():
        read = load_file(path, KINDS[kind], contexts.get(kind))
        if isinstance(read, list):
            faults.extend(read)
        else:
            right[kind].append(str(getattr(read[0], KEYS[kind])))
    return right, faults


def _kind_of(path: Path) -> str:
    """What a file is of: its keys tell; a file that cannot be read is a care model's, whose form says what is wrong."""
    try:
        values = read_yaml(path.read_text(encoding="utf-8-sig")).values
    except (OSError, UnicodeDecodeError, YamlError):
        return "models"
    keys = set(values) if isinstance(values, dict) else set()
    if "destination" in keys:
        return "destinations"
    if "story" in keys or "action" in keys:
        return "stories" if "story" in keys else "actions"
    return "encounters" if "encounter" in keys and "steps" not in keys else "models"
