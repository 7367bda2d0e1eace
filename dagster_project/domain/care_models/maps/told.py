"""What stands in the boxes and on the arrows of the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dagster_project.domain.care_models.maps.layout import END, ENTRY, Node, Sizes, placed
from dagster_project.domain.care_models.maps.words import (
    condition_in_words,
    entry_in_words,
    happening_in_words,
    response_in_words,
    span_in_words,
    wait_in_words,
)
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.steps import (
    TIMEOUT,
    Action,
    Branch,
    Exit,
    Response,
    Split,
    Step,
    Wait,
    WaitFor,
)

PLAIN = Sizes(card=(1, 1), small=(1, 1), gap=1, label=1, lane=1, thin=1, of_time=0)  # where only the order counts
SIGNS = {Wait: "hourglass", WaitFor: "listen", Branch: "diamond", Split: "split", Exit: "leave"}


@dataclass(frozen=True)
class Told:
    """A step as the map shows it: sign, name, words beneath, and which of the kinds of boxes it is."""

    sign: str
    title: str
    beneath: str
    kind: str  # enter, meet, wait, ask, leave, end


def step_told(model: CareModel, node: Node) -> Told:
    """What stands at a place of the map."""
    if node.step == ENTRY:
        title, besides = entry_in_words(model)
        return Told("enter", title, besides, "enter")
    if node.part is None or node.step == END:
        return Told("end", "The path ends", "", "end")
    does, named = node.part.does, node.part.title or node.step.replace("_", " ").capitalize()
    if isinstance(does, Action):
        title = node.part.title or does.variants[0].subject
        beneath = f"“{does.variants[0].subject}”" if node.part.title else ""
        if len(does.variants) > 1:
            beneath = f"{len(does.variants)} variants by lot"
        return Told(does.channel, title, beneath, "meet")
    if isinstance(does, Wait):
        return Told("hourglass", wait_in_words(does), "", "wait")
    if isinstance(does, Exit):
        return Told("leave", node.part.title or f"Ends: {does.reason.replace('_', ' ')}", "", "leave")
    return Told(SIGNS[type(does)], named, "", "ask" if not isinstance(does, WaitFor) else "wait")


def nodes_of(model: CareModel) -> list[Node]:
    """Every step of a care model in its place, the entry first."""
    return list(placed(model, PLAIN, {}).nodes.values())


def words_on_arrows(model: CareModel) -> dict[tuple[str, str], str]:
    """What stands on the arrow of each outcome, by step and outcome."""
    return {(step.step, way): words for step in model.steps for way, words in _ways(step).items()}


def _ways(step: Step) -> Mapping[str, str]:
    does, names = step.does, [way.outcome for way in step.outcomes]
    if isinstance(does, WaitFor):
        said = [
            response_in_words(one) if isinstance(one, Response) else happening_in_words(one) for one in does.awaited
        ]
        return dict(zip(names, [*said, f"nothing for {span_in_words(does.timeout)}"], strict=True))
    if isinstance(does, Branch):
        said = [condition_in_words(one) for one in does.conditions]
        return dict(zip(names, [*said, "else"], strict=True))
    if isinstance(does, Split):
        total = sum(does.shares)
        return {
            name: f"{name.replace('_', ' ')}, {share / total:.0%}"
            for name, share in zip(names, does.shares, strict=True)
        }
    return {}


def sign_on_arrow(outcome: str) -> str | None:
    """A sign beside the words of an arrow: the cart for a purchase."""
    return "cart" if outcome == "purchase" else "hourglass" if outcome == TIMEOUT else None


def day_told(node: Node) -> str:
    """``day 4``, or ``day 4 to 11``."""
    first, last = (int(day) for day in node.days)
    return f"day {first}" if first == last else f"day {first} to {last}"
