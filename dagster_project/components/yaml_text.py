"""Read one YAML text into plain values, and remember on which line each of them stands.

YAML 1.2: ``on`` and ``no`` are words, not truth values. Only what a reader can see is accepted: no tags, no
directives, no merge keys, one document. Nothing is evaluated, imported or looked up.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from dagster_project.errors import HoivaError

MAX_CHARACTERS = 256 * 1024  # a person's file; the largest contract we know has 12 KiB
MAX_VALUES = 20_000  # after aliases are expanded: a "billion laughs" file stops here
MAX_DEPTH = 32  # levels of nesting
MAX_BRACKETS = (
    200  # levels of brackets as they are written, those in texts too: the reader's effort grows with the square
)
LARGEST = 2**63  # an integer beyond it is a slip of the pen

Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_WORDS = {f"{_TAG}str", f"{_TAG}timestamp", f"{_TAG}value"}  # a date stays the text it is written as
_BRACKETS = re.compile(r"[\[\]{}]")
_NEWLINES = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as the end of a line


class YamlError(HoivaError):
    """A text is not the plain YAML we accept. Carries the line (from 1) and the path of keys where known."""

    def __init__(self, line: int, reason: str, path: Path = ()) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason
        self.path = path


@dataclass
class Text:
    """The values of one YAML text, and the line of each path of keys."""

    values: Any
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int:
        """The line of a key or, when it is not written, of the nearest thing around it.

        >>> read_yaml("a: 1\\nb:\\n  c: 2").line_of(("b", "missing"))
        2
        """
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> Text:
    """Read a text; every mapping becomes a dict with string keys, in the order written.

    >>> read_yaml("on: yes\\nafter: 90d\\nshare: 0.1").values
    {'on': 'yes', 'after': '90d', 'share': 0.1}

    Raises:
        YamlError: it is not YAML, or not plain (duplicate keys, tags, merge keys, too large, too deep).
    """
    if len(text) > MAX_CHARACTERS:
        raise YamlError(1, f"is larger than {MAX_CHARACTERS // 1024} KiB: split it")
    known = _read(text)
    return Text(copy.deepcopy(known.values), known.lines)  # the values are the caller's own


@lru_cache(maxsize=512)
def _read(text: str) -> Text:
    """What a text says: a run reads the same files many times over, and reading one takes milliseconds."""
    for number, written in enumerate(text.splitlines(), start=1):
        if written.startswith("%"):
            raise YamlError(number, "a line may not begin with %: YAML directives are not used here")
    _check_brackets(text)
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise YamlError(mark.line + 1 if mark else 1, f"is not YAML: {_one_line(reason)}") from None
    except ReaderError as error:
        line = len(_NEWLINES.findall(text[: error.position])) + 1
        raise YamlError(line, "holds a control character that YAML does not allow") from None
    except RecursionError:
        raise YamlError(1, f"is nested deeper than {MAX_DEPTH} levels") from None
    except (YAMLError, ValueError, AttributeError, IndexError, KeyError, TypeError) as error:
        raise YamlError(1, f"is not YAML: {_one_line(str(error))}") from None
    builder = _Builder()
    values = None if node is None else builder.build(node, ())
    return Text(values, builder.lines)


def _check_brackets(text: str) -> None:
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth = max(depth + (1 if bracket.group() in "[{" else -1), 0)
        if depth > MAX_BRACKETS:
            line = len(_NEWLINES.findall(text[: bracket.start()])) + 1
            raise YamlError(line, f"is nested deeper than {MAX_DEPTH} levels")


def _one_line(reason: str) -> str:
    return " ".join(reason.split())


class _Builder:
    """Turns composed nodes into values, counting what aliases expand to."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.count = 0

    def build(self, node: Node, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.count += 1
        if self.count > MAX_VALUES:
            raise YamlError(line, f"holds more than {MAX_VALUES} values once aliases are expanded", path)
        if len(path) > MAX_DEPTH:  # an alias to something around itself ends here as well
            raise YamlError(line, f"is nested deeper than {MAX_DEPTH} levels", path[:4])
        if isinstance(node, MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.build(item, (*path, number)) for number, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return _scalar(node, line, path)
        raise YamlError(line, f"the tag {_short(node.tag)} is not used here: write plain values", path)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                raise YamlError(line, "a key has to be a word", path)
            key = key_node.value
            if key_node.tag == f"{_TAG}merge" or key == "<<":
                raise YamlError(line, "merge keys (<<) are not used here: write the keys out", path)
            if key in values:
                raise YamlError(line, f"the key {key} is written twice in one place", (*path, key))
            self.lines[(*path, key)] = line
            values[key] = self.build(value_node, (*path, key))
        return values


def _scalar(node: ScalarNode, line: int, path: Path) -> Any:
    text, tag = node.value, node.tag
    if tag in _WORDS:
        return text
    if tag == f"{_TAG}null":
        return None
    if tag == f"{_TAG}bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        if tag == f"{_TAG}int":
            whole = int(text, 10) if re.fullmatch(r"[-+]?\d+", text) else int(text, 0)
            if abs(whole) < LARGEST:  # Python itself refuses to write down one of many thousand digits
                return whole
        if tag == f"{_TAG}float":
            number = float(text)
            if number - number == 0:  # neither infinite nor "not a number"
                return number
    except ValueError:
        pass
    known = tag in (f"{_TAG}int", f"{_TAG}float", f"{_TAG}bool")
    raise YamlError(line, "is not a number we can keep" if known else f"the tag {_short(tag)} is not used here", path)


def _short(tag: object) -> str:
    return str(tag).replace(_TAG, "!!")[:40]
