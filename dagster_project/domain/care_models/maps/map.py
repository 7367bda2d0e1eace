"""One care model as a picture, in two layouts: a timeline from left to right, and a path from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dagster_project.domain.care_models.maps.counts import Counts
from dagster_project.domain.care_models.maps.drawing import arrow, box, lines_of, picture, text, width_of
from dagster_project.domain.care_models.maps.icons import icon
from dagster_project.domain.care_models.maps.layout import END, ENTRY, Edge, Node, Placed, Sizes, placed
from dagster_project.domain.care_models.maps.told import Told, day_told, sign_on_arrow, step_told, words_on_arrows
from dagster_project.domain.care_models.maps.words import (
    condition_in_words,
    happening_in_words,
    reentry_in_words,
    span_in_words,
)
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.stages import TITLES

Layout = Literal["timeline", "path"]
MARGIN, HEAD = 28.0, 96.0  # around the picture; above it for the title
SIZES: dict[str, Sizes] = {
    "timeline": Sizes(card=(210, 104), small=(104, 104), gap=36, label=150, lane=26, thin=46, of_time=14),
    "path": Sizes(card=(92, 236), small=(46, 236), gap=30, label=52, lane=30, thin=150, of_time=0),
}


def map_svg(model: CareModel, layout: Layout = "timeline", counts: Counts | None = None) -> str:
    """The map of a care model as SVG, self-contained; the same model and counts give the same text.

    Args:
        model: the care model.
        layout: ``timeline``: from left to right, distance grows with time; ``path``: from top to bottom.
        counts: how many are where; None draws the model alone.
    """
    return _Map(model, layout, counts).drawn()


def told_in_text(model: CareModel) -> str:
    """The map for whoever cannot see it: every step and what it leads to, in one paragraph."""
    words = words_on_arrows(model)
    found = placed(model, SIZES["timeline"], words)
    sentences = [_sentence(model, found, node) for node in found.nodes.values()]
    return " ".join(sentences)


def _sentence(model: CareModel, found: Placed, node: Node) -> str:
    told = step_told(model, node)
    name = f"{told.title} ({told.beneath})" if told.beneath else told.title
    ways = [edge for edge in found.edges if edge.source == node.step]
    if not ways:
        return f"{name}."
    then = [
        f"{edge.words}: {step_told(model, found.nodes[edge.target]).title}"
        if edge.words
        else step_told(model, found.nodes[edge.target]).title
        for edge in ways
    ]
    return f"{name}; then {'; '.join(then)}."


@dataclass
class _Map:
    model: CareModel
    layout: Layout
    counts: Counts | None

    def __post_init__(self) -> None:
        self.sizes = SIZES[self.layout]
        self.found = placed(self.model, self.sizes, words_on_arrows(self.model))
        self.is_level = self.layout == "timeline"
        self.bands: list[tuple[float, str]] = []  # where each stage begins along the path
        self.left = MARGIN if self.is_level else MARGIN + 84
        self.top = MARGIN + HEAD + (30 if self.is_level else 0)

    def drawn(self) -> str:
        width, height = self._turn(self.found.along, self.found.across)
        width, height = self.left + width + MARGIN, self.top + height + MARGIN
        head = self._head()
        width = max(width, MARGIN * 2 + max(width_of(line, 13) for line in head[1]), 560)
        drawn = [*self._bands(width, height), *head[0]]
        drawn += [self._edge(edge) for edge in self.found.edges]
        drawn += [self._node(node) for node in self.found.nodes.values()]
        title = f"{self.model.title}: {'timeline' if self.is_level else 'path by stages'}"
        name = f"{self.model.care_model}-{self.layout}"
        return picture(name, title, told_in_text(self.model), width, height, drawn)

    def _turn(self, along: float, across: float) -> tuple[float, float]:
        return (along, across) if self.is_level else (across, along)

    def _head(self) -> tuple[list[str], list[str]]:
        """Title and terms above the picture."""
        model = self.model
        goal = "" if model.goal is None else (
            f"Goal: {happening_in_words(model.goal.happening)} within {span_in_words(model.goal.within)}"
        )  # fmt: skip
        leaves = [happening_in_words(each) for each in model.exits]
        if model.leaves_when is not None:
            leaves.append(condition_in_words(model.leaves_when))
        terms = [
            " · ".join(part for part in (goal, f"Enters {reentry_in_words(model.reentry)}") if part),
            " · ".join(
                part
                for part in (
                    f"Ends early: {'; '.join(leaves)}" if leaves else "",
                    f"{model.control_share:.0%} as control group" if model.control_share else "",
                )
                if part
            ),
        ]
        terms = [line for line in terms if line]
        drawn = [text([model.title], MARGIN, MARGIN + 18, 21, "strong")]
        if self.counts is not None:
            told = (
                f"{self.counts.entered:,} entered · {self.counts.inside:,} inside · "
                f"{self.counts.goal_reached:,} reached the goal · {self.counts.left:,} left early"
            )
            drawn.append(text([told], MARGIN, MARGIN + 40, 13, "count"))
        drawn.append(text(terms, MARGIN, MARGIN + (60 if self.counts is not None else 44), 13, "quiet"))
        return drawn, [*terms, model.title + "      "]

    def _bands(self, width: float, height: float) -> list[str]:
        """The stages of the service path behind the steps, one band each time the path comes into another."""
        nodes = sorted((node for node in self.found.nodes.values() if node.lane == 0), key=lambda node: node.along)
        runs: list[list[Node]] = []
        for node in nodes:
            if runs and (node.step == END or runs[-1][0].stage == node.stage):
                runs[-1].append(node)
            else:
                runs.append([node])
        self.bands = [(run[0].along, run[0].stage) for run in runs]
        starts = [run[0].along - self.sizes.gap / 2 for run in runs]
        starts[0] = -14.0
        ends = [*starts[1:], self.found.along + 14.0]
        drawn = []
        for number, (run, start, end) in enumerate(zip(runs, starts, ends, strict=True)):
            kind = "band2" if number % 2 else "band"
            title = TITLES[run[0].stage].upper()
            if self.is_level:
                top = self.top - 30
                drawn.append(box(self.left + start, top, end - start, height - top - MARGIN / 2, kind, 6))
                room = end - start - 16
                drawn.append(text(lines_of(title, 11, room, 1), self.left + start + 10, top + 17, 11, "stage"))
            else:
                drawn.append(box(MARGIN / 2, self.top + start, width - MARGIN, end - start, kind, 6))
                drawn.append(text(lines_of(title, 11, 58, 2), MARGIN, self.top + start + 20, 11, "stage"))
        return drawn

    def _box(self, node: Node) -> tuple[float, float, float, float]:
        middle = self.found.lanes[node.lane]
        along, across = node.along, middle - node.size[1] / 2
        x, y = self._turn(along, across)
        width, height = self._turn(*node.size)
        return self.left + x, self.top + y, width, height

    def _node(self, node: Node) -> str:
        told = step_told(self.model, node)
        x, y, width, height = self._box(node)
        if told.kind in ("meet", "enter"):
            return self._card(node, told, x, y, width, height)
        return self._small(node, told, x, y, width, height)

    def _card(self, node: Node, told: Told, x: float, y: float, width: float, height: float) -> str:
        kind = {"meet": "meet", "enter": "good"}[told.kind]
        shade = {"meet": "meeticon", "enter": "goodicon"}[told.kind]
        room = width - 62
        title = lines_of(told.title, 13, room, 3 if told.kind == "enter" else 2)
        beneath = lines_of(told.beneath, 11, room, 5 - len(title) if told.kind == "enter" else 3 - len(title))
        drawn = [
            box(x, y, width, height, kind),
            f'<g class="{shade}"><circle class="badge" cx="{x + 28:g}" cy="{y + 28:g}" r="18"/>',
            icon(told.sign, x + 16, y + 16),
            "</g>",
            text(title, x + 54, y + 22, 13, "strong"),
            text(beneath, x + 54, y + 24 + 16 * len(title), 11, "quiet") if beneath else "",
        ]
        if told.kind == "meet":
            behind = [stage for start, stage in self.bands if start <= node.along][-1]
            elsewhere = "" if node.stage == behind else f" · {TITLES[node.stage].lower()}"
            drawn.append(text([day_told(node) + elsewhere], x + 54, y + height - 9, 11, "quiet"))
        count = self._count(node)
        if count:
            drawn.append(text([count], x + width - 9, y + height - 9, 12, "count", "end"))
        return "".join(drawn)

    def _small(self, node: Node, told: Told, x: float, y: float, width: float, height: float) -> str:
        shade = {"ask": "askicon", "end": "goodicon"}.get(told.kind, "")
        middle = (x + width / 2, y + 22) if self.is_level else (x + 22, y + height / 2)
        drawn = [f'<g class="{shade}">']
        cx, cy = middle
        if told.kind == "ask":
            corners = f"M{cx:g} {cy - 23:g} {cx + 23:g} {cy:g} {cx:g} {cy + 23:g} {cx - 23:g} {cy:g}z"
            drawn.append(f'<path class="ask" d="{corners}"/>')
        else:
            kind = {"end": "good", "leave": "card", "wait": "card"}[told.kind]
            drawn.append(f'<circle class="{kind}" cx="{cx:g}" cy="{cy:g}" r="21"/>')
        drawn += [icon(told.sign, cx - 11, cy - 11, 22), "</g>"]
        count = self._count(node)
        if self.is_level:
            lines = lines_of(told.title, 11.5, width, 3)
            drawn.append(text(lines, x + width / 2, y + 58, 11.5, "", "middle"))
            if count:
                drawn.append(text([count], x + width / 2 + 24, y + 10, 12, "count"))
        else:
            lines = lines_of(told.title, 12, width - 54, 2)
            drawn.append(text(lines, x + 52, y + height / 2 + 4 - 7 * (len(lines) - 1), 12))
            if count:
                drawn.append(text([count], x + width - 6, y + 14, 12, "count", "end"))
        return "".join(drawn)

    def _count(self, node: Node) -> str:
        if self.counts is None or node.step == END:
            return ""
        if node.step == ENTRY:
            return f"{self.counts.entered:,}"
        told = self.counts.steps.get(node.step)
        return "" if told is None else f"{told.came:,}" + (f" ({told.standing:,} here)" if told.standing else "")

    def _edge(self, edge: Edge) -> str:
        source, target = self.found.nodes[edge.source], self.found.nodes[edge.target]
        start = (source.along + source.size[0] - self._inset(source), self._across(source))
        end = (target.along + self._inset(target), self._across(target))
        own = self.found.lanes[edge.lane]
        own += 22 - self.sizes.card[1] / 2
        turn_out, turn_in = source.along + source.size[0] + 8, target.along - 14
        across = own if edge.lane not in (source.lane,) or edge.words else start[1]
        points = [start, (turn_out, start[1]), (turn_out, across), (turn_in, across), (turn_in, end[1]), end]
        drawn = [arrow([self._place(*point) for point in points])]
        if edge.words:
            drawn.append(self._words(edge, turn_out, across))
        return "".join(drawn)

    def _across(self, node: Node) -> float:
        """Where arrows meet a step: at the height of its sign."""
        return self.found.lanes[node.lane] - self.sizes.card[1] / 2 + 22

    def _inset(self, node: Node) -> float:
        """How far inside its room along the path a small step's sign begins."""
        return node.size[0] / 2 - 22 if node.size == self.sizes.small else 0.0

    def _place(self, along: float, across: float) -> tuple[float, float]:
        x, y = self._turn(along, across)
        return self.left + x, self.top + y

    def _words(self, edge: Edge, along: float, across: float) -> str:
        x, y = self._place(along, across)
        words = edge.words
        if self.counts is not None and edge.source in self.counts.steps:
            passed = self.counts.steps[edge.source].ways
            took, all_ = passed.get(edge.outcome, 0), sum(passed.values())
            words += f" · {took:,}" + (f" ({took / all_:.0%})" if all_ else "")
        sign = sign_on_arrow(edge.outcome)
        room = self.sizes.label - 30 if self.is_level else 190
        lines = lines_of(words, 11, room, 2)
        if self.is_level:
            drawn = text(lines, x + 6 + (18 if sign == "cart" else 0), y - 6 - 13.75 * (len(lines) - 1), 11, "words")
            return drawn + (icon("cart", x + 5, y - 19, 15) if sign == "cart" else "")
        drawn = text(lines, x + 8 + (18 if sign == "cart" else 0), y + 16, 11, "words")
        return drawn + (icon("cart", x + 7, y + 5, 15) if sign == "cart" else "")
