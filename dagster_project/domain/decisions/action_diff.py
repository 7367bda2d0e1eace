"""What is different between two versions of an action of the catalogue, in words: what a reviewer reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dagster_project.domain.care_models.diff import Change

Said = Mapping[str, Any]  # what an action's file says, as mappings, lists and plain values


def action_differences(before: Said | None, after: Said | None) -> list[Change]:
    """The differences between two versions of one action; ways that are new or gone come last.

    Args:
        before: the version that is live; None: there is none.
        after: the version that is planned; None: it is taken away.

    >>> one = {"action": "offer", "title": "Offer", "treatments": [{"channel": "email", "subject": "Hello"}]}
    >>> other = one | {"treatments": [{"channel": "email", "subject": "Good day"}, {"channel": "letter"}]}
    >>> [str(change) for change in action_differences(one, other)]
    ['treatment by email: subject: Hello -> Good day', 'treatment by letter is new']
    >>> [str(change) for change in action_differences(None, one)]
    ['action offer is new: Offer, by email']
    """
    if before is None or after is None:
        only = after or before
        if only is None:
            return []
        told = f"{only['title']}, by {', '.join(one['channel'] for one in only['treatments'])}"
        what = f"action {only['action']}"
        return [Change("added", what, after=told) if before is None else Change("removed", what, before=told)]
    was, now = dict(_facets(before)), dict(_facets(after))
    ways, others = _channels(before), _channels(after)
    changes = [Change("added", f"treatment by {one}") for one in others if one not in ways]
    gone = [Change("removed", f"treatment by {one}") for one in ways if one not in others]
    both = {one for one in ways if one in others}
    keys = [*now, *(key for key in was if key not in now)]
    said = [
        Change("changed", key, was.get(key, ""), now.get(key, ""))
        for key in keys
        if was.get(key) != now.get(key) and _is_told(key, both)
    ]
    return [*said, *changes, *gone]


def _channels(said: Said) -> list[str]:
    return [str(one["channel"]) for one in said["treatments"]]


def _is_told(key: str, both: set[str]) -> bool:
    """Facets of a treatment that is new or gone are told with it."""
    return not key.startswith("treatment by ") or key.removeprefix("treatment by ").partition(":")[0] in both


def _facets(said: Said) -> Iterator[tuple[str, str]]:
    """What is said, line by line: where, and the words."""
    for key, value in said.items():
        if key == "treatments":
            for one in value:
                for name, words in one.items():
                    if name != "channel":
                        yield f"treatment by {one['channel']}: {name}", _words(words)
        elif key == "context":
            for number, one in enumerate(value, 1):
                yield f"context {number}", f"{_words(one['times'])} where {_words(one['where'])}"
        elif isinstance(value, Mapping):
            yield key, ", ".join(f"{name} {_words(one)}" for name, one in value.items())
        else:
            yield key, _words(value)


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else " ".join(str(value).split())
