"""Fenced files: a folder of YAML, one thing per file, each validated by itself.

A marketer's slip in one care model must not stop the others: a file that is wrong becomes faults, each one line with
file, line, key and what to write instead, and every other file loads. Plain Python: no Dagster, nothing evaluated.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from dagster_project.components import yaml_text
from dagster_project.components.yaml_text import Text, YamlError, read_yaml

ENDINGS = (".yaml", ".yml")
NOT_OURS = ("defs.yaml", "component.yaml")  # Dagster's own files, which may stand in the same folder

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to mend in one file.

    >>> str(Fault("birthday.yaml", 7, "steps.1.channel", "is missing"))
    'birthday.yaml:7: steps.1.channel: is missing'
    """

    file: str
    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.file}:{self.line}", self.path, self.reason) if part)


class FaultAt(ValueError):
    """A validator's complaint about something deeper in its part of the file, so that the right line is named."""

    def __init__(self, path: tuple[str | int, ...], reason: str) -> None:
        super().__init__(reason)
        self.path = path


@dataclass(frozen=True)
class Folder(Generic[Model]):
    """What a folder holds: the things that are right by name, and the faults of those that are not."""

    items: dict[str, Model] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)  # where each of the items is written

    def faults_by_file(self) -> dict[str, list[Fault]]:
        """The faults of each file that did not load, to show one failing check per file."""
        by_file: dict[str, list[Fault]] = {}
        for fault in self.faults:
            by_file.setdefault(fault.file, []).append(fault)
        return by_file


def load_folder(folder: Path, model: type[Model], kind: str, context: Mapping[str, Any] | None = None) -> Folder[Model]:
    """Load every YAML file of a folder, each for itself; never raises for what a file says.

    Args:
        folder: a folder of ``*.yaml``; one that does not exist holds nothing. Names that begin with ``_`` or ``.``
            and Dagster's own files are left alone.
        model: what one file must be. Types are strict and unknown keys are refused, whatever the model says itself.
        kind: what the thing is called, as ``care_model``: the key of that name is its name (else ``name``, else the
            file's). Two files of one name are both refused, as nobody can know which is meant.
        context: handed to the model's validators as ``info.context``.
    """
    found: dict[str, list[tuple[Path, Model, int]]] = {}
    faults: list[Fault] = []
    for path in files_of(folder):
        read = load_file(path, model, context)
        if isinstance(read, list):
            faults.extend(read)
            continue
        item, text = read
        key = next((key for key in (kind, "name") if key in type(item).model_fields), None)
        name = str(getattr(item, key)) if key else path.stem
        found.setdefault(name, []).append((path, item, text.line_of((key,) if key else ())))
    items: dict[str, Model] = {}
    files: dict[str, Path] = {}
    for name, same in found.items():
        if len(same) == 1:
            files[name], items[name] = same[0][:2]
            continue
        for path, _, line in same:
            others = ", ".join(other.name for other, _, _ in same if other != path)
            faults.append(Fault(path.name, line, kind, f"{name} is also the name in {others}: rename one of them"))
    return Folder(items, sorted(faults), files)


def files_of(folder: Path) -> list[Path]:
    """The YAML files of a folder that are ours to read, by name. Sub-folders are not searched."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in ENDINGS and not path.name.startswith(("_", ".")) and path.name not in NOT_OURS
    )


def load_file(
    path: Path, model: type[Model], context: Mapping[str, Any] | None = None
) -> tuple[Model, Text] | list[Fault]:
    """One file as its model (with the text, to find lines), or the list of everything that is wrong with it."""
    try:
        if path.stat().st_size > 4 * yaml_text.MAX_CHARACTERS:
            return [Fault(path.name, 1, "", f"is larger than {yaml_text.MAX_CHARACTERS // 1024} KiB: split it")]
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return [Fault(path.name, line, "", "is not UTF-8: save it as UTF-8")]
    except OSError as error:
        return [Fault(path.name, 1, "", f"cannot be read: {error.strerror}")]
    return validate_text(text, path.name, model, context)


def validate_text(
    text: str, file: str, model: type[Model], context: Mapping[str, Any] | None = None
) -> tuple[Model, Text] | list[Fault]:
    """One YAML text as its model, or its faults. ``file`` is only the name to show."""
    try:
        read = read_yaml(text)
    except YamlError as error:
        return [Fault(file, error.line, _dotted(error.path), error.reason)]
    if not isinstance(read.values, dict):
        what = "is empty" if read.values is None else "is not a list of keys"
        needed = ", ".join(name for name, info in model.model_fields.items() if info.is_required())
        return [Fault(file, 1, "", f"{what}: write keys as `key: value`; needed are {needed}")]
    try:
        # As JSON, strictly: a date may be written as text, but "3" is no number and 1 is no truth value.
        fill_in = getattr(model, "filled_in", None)  # a form whose file may leave to others what they say
        values = read.values if fill_in is None else fill_in(read.values, dict(context or {}))
        as_json = json.dumps(values, allow_nan=False)
        item = model.model_validate_json(as_json, strict=True, extra="forbid", context=dict(context or {}))
    except ValidationError as error:
        return sorted(set(_faults(error, file, model, read)))
    return item, read


def _faults(error: ValidationError, file: str, model: type[BaseModel], text: Text) -> Iterator[Fault]:
    for entry in error.errors(include_url=False, include_context=True):
        deeper = getattr((entry.get("ctx") or {}).get("error"), "path", ())
        path, value = _path_in(text.values, model, entry["loc"], entry["type"])
        path = (*path, *deeper)
        yield Fault(file, text.line_of(path), _dotted(path), _reason(dict(entry), model, path, value))


def _reason(entry: dict[str, Any], model: type[BaseModel], path: yaml_text.Path, value: Any) -> str:
    if entry["type"] == "extra_forbidden":
        known = keys_at(model, path[:-1])
        if path[-1] in known:
            return "does not go together with the other keys here"
        return f"is not a key here{_did_you_mean(str(path[-1]), known)}"
    if entry["type"] == "missing":
        return "is missing"
    if entry["type"] in ("union_tag_invalid", "union_tag_not_found"):
        said = entry["ctx"]
        written = f" {said['tag']!r} is none of" if "tag" in said else " is missing: one of"
        return f"{str(said['discriminator']).strip(chr(39))}{written} {said.get('expected_tags', 'those known')}"
    said = str(entry["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    expected = str((entry.get("ctx") or {}).get("expected") or (entry.get("ctx") or {}).get("expected_tags") or "")
    choices = [part.strip(" '") for part in expected.replace(" or ", ",").split(",") if part.strip(" '")]
    if isinstance(value, str) and choices:
        said += _did_you_mean(value, choices, known_too=False)
    return " ".join((said[:1].lower() + said[1:]).split())


def _did_you_mean(written: str, known: list[str], known_too: bool = True) -> str:
    nearest = difflib.get_close_matches(written, known, n=1, cutoff=0.6)
    if nearest:
        return f"; did you mean {nearest[0]}?"
    return f"; known: {', '.join(known)}" if known_too and known else ""


def _path_in(
    values: Any, model: type[BaseModel], location: tuple[str | int, ...], kind: str
) -> tuple[yaml_text.Path, Any]:
    """The path as written in the file: pydantic's location without its names for the members of a union."""
    path: list[str | int] = []
    here, kinds, is_label = values, [model], False
    for number, part in enumerate(location):
        if is_label:  # the member that pydantic tried, as "event" for the form of an entry: no key of the file
            is_label = False
        elif (isinstance(here, dict) and part in here) or (isinstance(here, list) and isinstance(part, int)):
            path.append(part)
            here = here[part]  # type: ignore[index]
            below = [list(_inside(each, part)) for each in kinds]
            is_label = any(len(members) > 1 for members in below)
            kinds = [member for members in below for member in members]
        elif number == len(location) - 1 and kind == "missing":
            path.append(part)
            here = None
    return tuple(path), here


def keys_at(model: type[BaseModel], path: yaml_text.Path) -> list[str]:
    """The keys a model knows at a path, to suggest the nearest one.

    >>> class Step(BaseModel):
    ...     channel: str
    ...     subject: str
    >>> keys_at(Step, ())
    ['channel', 'subject']
    """
    here: list[Any] = [model]
    for part in path:
        here = [inner for kind in here for inner in _inside(kind, part)]
    return sorted({alias or name for kind in here for name, alias in _own_keys(kind)})


def _own_keys(kind: Any) -> Iterator[tuple[str, str | None]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, info in kind.model_fields.items():
            yield name, info.alias


def _inside(kind: Any, part: str | int) -> Iterator[Any]:
    """The types that may stand under one key (or number) of a type; a union gives all its members but None."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, info in kind.model_fields.items():
            if part in (name, info.alias):
                yield from _members(info.annotation)
    elif get_origin(kind) in (list, tuple, set, frozenset, dict) and get_args(kind):
        yield from _members(get_args(kind)[-1 if get_origin(kind) is dict else 0])


def _members(kind: Any) -> Iterator[Any]:
    if get_origin(kind) is Annotated:
        yield from _members(get_args(kind)[0])
    elif get_origin(kind) in (Union, UnionType):
        for argument in get_args(kind):
            yield from _members(argument)
    elif kind is not type(None):
        yield kind


def _dotted(path: yaml_text.Path) -> str:
    return ".".join(str(part) for part in path)
