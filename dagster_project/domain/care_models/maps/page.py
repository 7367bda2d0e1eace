"""The page of one care model's map: both layouts, every step in a table, and the signs. One file, no network."""

from __future__ import annotations

from html import escape

from dagster_project.domain.care_models.maps.counts import Counts
from dagster_project.domain.care_models.maps.drawing import STYLE
from dagster_project.domain.care_models.maps.icons import SAID, icon
from dagster_project.domain.care_models.maps.layout import Node
from dagster_project.domain.care_models.maps.map import map_svg
from dagster_project.domain.care_models.maps.told import nodes_of, step_told
from dagster_project.domain.care_models.maps.words import condition_in_words, entry_in_words, wait_in_words
from dagster_project.domain.care_models.model import CareModel
from dagster_project.domain.care_models.stages import TITLES
from dagster_project.domain.care_models.steps import Action, Wait

PAGE_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--quiet:#566072;--edge:#c3cad6}
@media (prefers-color-scheme:dark){:root{--paper:#12161d;--ink:#eef1f6;--quiet:#aab4c3;--edge:#465163}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 Helvetica,Arial,"Liberation Sans",sans-serif}
main,header{padding:0 28px;max-width:1900px}header{padding-top:22px}h1{margin:.2em 0;font-size:26px}
h2{font-size:18px;margin:26px 0 8px}p{max-width:62em;margin:.4em 0}.quiet{color:var(--quiet)}
.picture{overflow-x:auto;border:1px solid var(--edge);border-radius:8px}.picture svg{display:block;max-width:none}
table{border-collapse:collapse;margin:8px 0}th,td{text-align:left;vertical-align:top;padding:5px 14px 5px 0;
border-bottom:1px solid var(--edge)}th{font-weight:bold}td.n{text-align:right;font-variant-numeric:tabular-nums}
ul.signs{display:flex;flex-wrap:wrap;gap:6px 22px;list-style:none;padding:0}ul.signs li{display:flex;gap:7px;
align-items:center}ul.signs svg{width:22px;height:22px}a{color:inherit}nav a{margin-right:14px}
.icon{fill:none;stroke:currentColor;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
@page{size:A3 landscape;margin:12mm}
@media print{.picture{overflow:visible;border:0;break-inside:avoid}.picture svg{width:100%;height:auto}
section.path,section.steps{break-before:page}section.path svg{max-height:250mm}nav{display:none}}
""".replace("\n", "")


def map_page(model: CareModel, counts: Counts | None = None) -> str:
    """The page as HTML; the same model and counts give the same text.

    Args:
        model: the care model.
        counts: how many are where; None shows the model alone.
    """
    about = f"<p>{escape(' '.join(model.about.split()))}</p>" if model.about else ""
    way_in, besides = entry_in_words(model)
    enters = f"{way_in}: {besides}" if besides else way_in
    facts = (
        f"Version {model.version}, owned by {escape(model.owner)}. Lies where the customer "
        f"{TITLES[model.stage].lower()}; {escape(model.action_class)}, under the consent for {escape(model.purpose)}."
    )
    body = f"""
<header><nav aria-label="Other pages"><a href="overview.html">All care models</a><a href="#path">Path by stages</a>
<a href="#steps">Every step</a></nav>
<h1>{escape(model.title)}</h1>{about}<p><b>Who enters:</b> {escape(enters)}.</p><p class="quiet">{facts}</p></header>
<main>
<section><h2>Timeline</h2><p class="quiet">From left to right; the longer the wait, the longer the arrow.</p>
<div class="picture">{map_svg(model, "timeline", counts)}</div></section>
<section class="path" id="path"><h2>Path by stages</h2>
<div class="picture">{map_svg(model, "path", counts)}</div></section>
<section class="steps" id="steps"><h2>Every step</h2>{_table(model, counts)}</section>
<section><h2>The signs</h2>{signs(model)}</section>
</main>"""
    return whole(model.title, body)


def whole(title: str, body: str) -> str:
    """A whole HTML page in the look of the maps."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{PAGE_STYLE}{STYLE}</style></head><body>{body}\n</body></html>\n"
    )


def _table(model: CareModel, counts: Counts | None) -> str:
    heads = ["step", "what", "details", *(["came", "there now"] if counts is not None else [])]
    rows = "".join(_row(model, node, counts) for node in nodes_of(model) if node.part is not None)
    head = "".join(f"<th>{each}</th>" for each in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(model: CareModel, node: Node, counts: Counts | None) -> str:
    told = step_told(model, node)
    what = f"{SAID.get(told.sign, told.sign)}: {told.title}"
    cells = [f"<td>{escape(node.step)}</td>", f"<td>{escape(what)}</td>"]
    cells.append(f"<td>{escape(_details(node))}</td>")
    if counts is not None:
        found = counts.steps.get(node.step)
        came, there = (found.came, found.standing) if found else (0, 0)
        cells += [f'<td class="n">{came:,}</td>', f'<td class="n">{there:,}</td>']
    return f"<tr>{''.join(cells)}</tr>"


def _details(node: Node) -> str:
    does = node.part.does if node.part else None
    if isinstance(does, Action):
        said = [f"“{variant.subject}” ({variant.treatment})" for variant in does.variants]
        said += [f"offer: {variant.offer}" for variant in does.variants if variant.offer]
        if does.where is not None:
            said.append(f"only while: {condition_in_words(does.where)}")
        return "; ".join(said)
    return wait_in_words(does) if isinstance(does, Wait) else ""


def signs(model: CareModel | None = None) -> str:
    """The signs and what they mean: those of a care model, or all."""
    used = list(SAID) if model is None else list(dict.fromkeys(step_told(model, node).sign for node in nodes_of(model)))
    items = "".join(
        f'<li><svg viewBox="0 0 24 24" aria-hidden="true">{icon(name, 0, 0)}</svg>{escape(SAID[name])}</li>'
        for name in used
        if name in SAID
    )
    return f'<ul class="signs">{items}</ul>'
