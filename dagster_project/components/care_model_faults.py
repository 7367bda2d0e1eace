"""What makes no sense in a care model though each key is right: ways never taken, answers that cannot come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dagster_project.components.channels import responses_by_channel
from dagster_project.components.fenced import FaultAt
from dagster_project.domain.care_models.engine import schema as did
from dagster_project.domain.care_models.ways import is_covered, never_holds, share_values

if TYPE_CHECKING:
    from dagster_project.domain.conditions import Condition

Path = tuple[str | int, ...]
# What the record says of an enrolment itself, and so no outcome of a step may be called.
RESERVED = {
    did.ENTERED, did.CONTACTED, did.WITHHELD, did.DROPPED, did.GOAL, did.LEFT, did.COMPLETED, did.CORRECTED, "moved",
    "done_before",
}  # fmt: skip


def refuse_ways(conditions: Sequence[Condition], texts: Sequence[str]) -> None:
    """Ways of a branch, in order: each can be taken, and two about one column never hold at once.

    Raises:
        FaultAt: at the way that is never taken, or that shares values with an earlier one.
    """
    for number, condition in enumerate(conditions):
        here: Path = ("branch", number, "when")
        if never_holds(condition):
            raise FaultAt(here, f"'{texts[number]}' contradicts itself: this way is never taken")
        if is_covered(condition, conditions[:number]):
            raise FaultAt(here, f"wherever '{texts[number]}' holds an earlier way does, too: this way is never taken")
        for other in range(number):
            if share_values(condition, conditions[other]):
                raise FaultAt(
                    here,
                    f"'{texts[number]}' and '{texts[other]}' overlap: add to the later one what the earlier leaves"
                    " over, so that each can be read by itself",
                )


def refuse_steps(steps: Sequence[Any], has_subject: bool) -> None:
    """Steps as a file nests them: named once, reachable, and waiting only for what can come.

    Args:
        steps: of ``CareModelFile.steps``.
        has_subject: whether the entry is an event, which is about something.

    Raises:
        FaultAt: at the step that makes no sense.
    """
    seen: set[str] = set()
    for path, step in _walked(steps, ("steps",)):
        if step.id in seen:
            raise FaultAt((*path, "id"), f"two steps are called {step.id}: rename one of them")
        seen.add(step.id)
        names = [arm.outcome for arm in step.as_part().arms]
        if set(names) & RESERVED:
            raise FaultAt(path, f"a way is called {min(set(names) & RESERVED)}, a word of the record: rename it")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise FaultAt(path, f"two ways are called {twice[0]}: name each of them")
    _refuse_unreachable(steps, ("steps",))
    _refuse_answers(steps, ("steps",), {}, has_subject)


def _walked(steps: Sequence[Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for number, step in enumerate(steps):
        yield (*path, number), step
        for inner, under in _arms(step):
            yield from _walked(under, (*path, number, *inner))


def _arms(step: Any) -> Iterator[tuple[Path, Sequence[Any]]]:
    """The steps inside a step's ways, with the keys that lead to them."""
    for key in ("wait_for", "branch", "split"):
        for number, way in enumerate(getattr(step, key, None) or ()):
            yield (key, number, "then"), way.then
    if getattr(step, "no_reaction", None) is not None:
        yield ("no_reaction", "then"), step.no_reaction.then
    if getattr(step, "otherwise", None) is not None:
        yield ("else",), step.otherwise


def _refuse_unreachable(steps: Sequence[Any], path: Path) -> bool:
    """Whether every path through these steps ends; refuses what stands after such an end."""
    for number, step in enumerate(steps):
        ends = [_refuse_unreachable(under, (*path, number, *inner)) for inner, under in _arms(step)]
        if getattr(step, "exit", None) is not None or (ends and all(ends)):
            if number + 1 < len(steps):
                after = steps[number + 1]
                raise FaultAt((*path, number + 1), f"{after.id} is never reached: every path has ended before it")
            return True
    return False


def _refuse_answers(
    steps: Sequence[Any], path: Path, before: Mapping[str, str | None], has_subject: bool
) -> dict[str, str | None]:  # fmt: skip
    """The steps passed so far, with the channel of each; refuses a wait for what cannot come."""
    passed = dict(before)
    for number, step in enumerate(steps):
        for place, awaited in enumerate(getattr(step, "wait_for", None) or ()):
            here = (*path, number, "wait_for", place)
            if awaited.response is not None:
                _refuse_answer(here, awaited.response, awaited.to or "", passed)
            elif awaited.same_subject and not has_subject:
                raise FaultAt((*here, "same_subject"), "cannot happen: only an entry by an event has a subject")
        passed[step.id] = getattr(step, "channel", None)
        inside = [_refuse_answers(under, (*path, number, *inner), passed, has_subject) for inner, under in _arms(step)]
        for arm in inside:
            passed |= arm
    return passed


def _refuse_answer(here: Path, response: str, to: str, passed: Mapping[str, str | None]) -> None:
    if to not in passed:
        raise FaultAt((*here, "to"), f"there is no step {to!r} before this one: an answer comes after its contact")
    channel = passed[to]
    if channel is None:
        raise FaultAt((*here, "to"), f"{to} is no contact: only an action can be answered")
    known = responses_by_channel().get(channel, ())
    if known and response not in known:
        raise FaultAt((*here, "response"), f"{channel} never answers {response!r}; it can: {', '.join(known)}")
