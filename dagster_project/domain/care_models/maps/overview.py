"""All care models on one page: which meets customers where on the service path, and where they share customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pyarrow as pa

from dagster_project.domain.care_models.maps.counts import Counts
from dagster_project.domain.care_models.maps.drawing import box, lines_of, picture, text
from dagster_project.domain.care_models.maps.icons import SAID, icon
from dagster_project.domain.care_models.maps.page import signs, whole
from dagster_project.domain.care_models.maps.words import entry_in_words
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.stages import STAGES, TITLES
from dagster_project.domain.care_models.steps import Action

NAME_WIDTH, STAGE_WIDTH, ROW, HEAD = 300.0, 138.0, 74.0, 60.0
PER_LINE = 4  # signs beside each other in a cell


def shared_customers(standings: pa.Table) -> dict[tuple[str, str], int]:
    """How many customers are inside two care models at once, by their names in alphabetical order.

    Args:
        standings: ``STANDINGS`` of all care models.
    """
    frame = standings.select(["customer_id", "care_model", "step"]).to_pandas()
    inside = frame[frame["step"].notna()].drop_duplicates(["customer_id", "care_model"])
    people = {str(name): set(rows["customer_id"]) for name, rows in inside.groupby("care_model")}
    names = sorted(people)
    return {
        (one, other): len(people[one] & people[other])
        for number, one in enumerate(names)
        for other in names[number + 1 :]
    }


def overview_svg(models: Sequence[CareModel], counts: Mapping[str, Counts] | None = None) -> str:
    """Every care model as a row over the stages of the service path, with the signs of its contacts."""
    ordered = sorted(models, key=lambda model: (STAGES.index(model.stage), model.title))
    width, height = NAME_WIDTH + STAGE_WIDTH * len(STAGES) + 40, HEAD + ROW * len(ordered) + 30
    drawn = []
    for number, stage in enumerate(STAGES):
        x = 20 + NAME_WIDTH + STAGE_WIDTH * number
        drawn.append(box(x, 12, STAGE_WIDTH, height - 24, "band2" if number % 2 else "band", 6))
        drawn.append(text([TITLES[stage].upper()], x + STAGE_WIDTH / 2, 36, 11, "stage", "middle"))
    for number, model in enumerate(ordered):
        drawn.append(_row(model, HEAD + ROW * number, (counts or {}).get(model.care_model), number))
    told = " ".join(f"{model.title}: {_told(model)}." for model in ordered)
    return picture("overview", "All care models by stage of the service path", told, width, height, drawn)


def _row(model: CareModel, y: float, counts: Counts | None, number: int) -> str:
    line = f'<path class="way" d="M20 {y:g}H{20 + NAME_WIDTH + STAGE_WIDTH * len(STAGES):g}" stroke-opacity=".35"/>'
    drawn = [line if number else ""]
    drawn.append(text(lines_of(model.title, 14, NAME_WIDTH - 20, 1), 24, y + 25, 14, "strong"))
    drawn.append(text(lines_of(entry_in_words(model)[0], 11.5, NAME_WIDTH - 20, 1), 24, y + 43, 11.5, "quiet"))
    if counts is not None:
        drawn.append(text([f"{counts.inside:,} inside · {counts.entered:,} entered"], 24, y + 61, 11.5, "count"))
    for stage, channels in _channels(model).items():
        x = 20 + NAME_WIDTH + STAGE_WIDTH * STAGES.index(stage)
        for place, channel in enumerate(channels):
            across, down = place % PER_LINE, place // PER_LINE
            drawn.append(f'<g class="meeticon">{icon(channel, x + 10 + across * 31, y + 12 + down * 29, 24)}</g>')
    return "".join(drawn)


def _channels(model: CareModel) -> dict[str, list[str]]:
    """The channels of a model's contacts, by the stage they lie at, in order."""
    found: dict[str, list[str]] = {}
    for step in model.steps:
        if isinstance(step.does, Action):
            found.setdefault(step.stage or model.stage, []).append(step.does.channel)
    return found


def _told(model: CareModel) -> str:
    return "; ".join(
        f"{TITLES[stage].lower()}, {', '.join(SAID.get(one, one) for one in channels)}"
        for stage, channels in _channels(model).items()
    )


def overview_page(
    models: Sequence[CareModel], counts: Mapping[str, Counts] | None = None,
    shared: Mapping[tuple[str, str], int] | None = None,
) -> str:  # fmt: skip
    """The page over all care models.

    Args:
        models: the care models.
        counts: by care model, how many are where; None shows the models alone.
        shared: customers inside two of them at once (:func:`shared_customers`).
    """
    titles = {model.care_model: model.title for model in models}
    links = "".join(
        f'<li><a href="{escape(model.care_model)}.html">{escape(model.title)}</a> '
        f'<span class="quiet">{escape(model.owner)}, version {model.version}</span></li>'
        for model in sorted(models, key=lambda each: each.title)
    )
    body = f"""
<header><h1>All care models</h1>
<p class="quiet">Each row is a care model; each sign a contact it may make, where on the service path it lies.</p>
</header>
<main><div class="picture">{overview_svg(models, counts)}</div>
<section><h2>The maps</h2><ul>{links}</ul></section>
{_overlaps(titles, shared)}
<section><h2>The signs</h2>{signs()}</section></main>"""
    return whole("All care models", body)


def _overlaps(titles: Mapping[str, str], shared: Mapping[tuple[str, str], int] | None) -> str:
    if shared is None:
        return ""
    found = sorted(((count, pair) for pair, count in shared.items() if count), reverse=True)
    if not found:
        return "<section><h2>Shared customers</h2><p>Nobody is inside two care models now.</p></section>"
    rows = "".join(
        f"<tr><td>{escape(titles.get(one, one))}</td><td>{escape(titles.get(other, other))}</td>"
        f'<td class="n">{count:,}</td></tr>'
        for count, (one, other) in found
    )
    heads = "<tr><th>care model</th><th>and</th><th>customers in both now</th></tr>"
    return f"<section><h2>Shared customers</h2><table><thead>{heads}</thead><tbody>{rows}</tbody></table></section>"
