"""Small things that pictures are made of: text in lines, boxes, arrows, in SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

# Average widths of letters in parts of the size of the type, for text in lines: measured on Helvetica and Arial, a
# little generous so that nothing runs over in the fonts of other machines.
NARROW, WIDE = set("ijltfrI.,:;'|!()[] "), set("mwMW@%—")


def width_of(text: str, size: float) -> float:
    """About how wide a text is."""
    return sum(0.33 if letter in NARROW else 0.9 if letter in WIDE else 0.58 for letter in text) * size


def lines_of(text: str, size: float, room: float, most: int = 3) -> list[str]:
    """A text in lines that fit; what is too long ends with an ellipsis.

    >>> lines_of("We have put something aside for you", 12, 120, 2)
    ['We have put', 'something aside fo…']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [_shortened(line, size, room) for line in lines]


def _shortened(line: str, size: float, room: float) -> str:
    if width_of(line, size) <= room:
        return line
    while line and width_of(line + "…", size) > room:
        line = line[:-1]
    return line.rstrip(" ,;:") + "…"


def text(
    lines: Sequence[str], x: float, y: float, size: float, kind: str = "", anchor: str = "start"
) -> str:  # fmt: skip
    """Lines of text, the first one's baseline at ``y``."""
    spans = "".join(
        f'<tspan x="{x:g}" dy="{0 if number == 0 else size * 1.25:g}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}">{spans}</text>'


def box(x: float, y: float, width: float, height: float, kind: str, radius: float = 10) -> str:
    """A box with round corners."""
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"/>'


def arrow(points: Sequence[tuple[float, float]], kind: str = "way", radius: float = 9) -> str:
    """An arrow along points whose segments are upright or level, with round corners."""
    kept = [points[0]]
    for point in points[1:]:
        if point != kept[-1]:
            kept.append(point)
    drawn = [f"M{kept[0][0]:g} {kept[0][1]:g}"]
    for before, here, after in zip(kept, kept[1:], kept[2:], strict=False):
        start, end = _towards(here, before, radius), _towards(here, after, radius)
        drawn.append(f"L{start[0]:g} {start[1]:g}Q{here[0]:g} {here[1]:g} {end[0]:g} {end[1]:g}")
    drawn.append(f"L{kept[-1][0]:g} {kept[-1][1]:g}")
    return f'<path class="{kind}" d="{"".join(drawn)}" marker-end="url(#tip)"/>'


def _towards(here: tuple[float, float], there: tuple[float, float], most: float) -> tuple[float, float]:
    length = abs(there[0] - here[0]) + abs(there[1] - here[1])
    step = min(most, length / 2)
    if not length:
        return here
    return here[0] + (there[0] - here[0]) / length * step, here[1] + (there[1] - here[1]) / length * step


STYLE = """
svg.map{--paper:#fff;--ink:#1c2430;--quiet:#566072;--line:#7b8698;--card:#fff;--edge:#c3cad6;--band:#f3f5f9;
--band2:#e9edf4;--do:#0b5c8a;--do-soft:#e2f0f8;--ask:#7a4b00;--ask-soft:#fbf0dc;--good:#1d6b3a;--good-soft:#e0f3e6;
font-family:Helvetica,Arial,"Liberation Sans",sans-serif}
@media (prefers-color-scheme:dark){svg.map{--paper:#12161d;--ink:#eef1f6;--quiet:#aab4c3;--line:#8995a8;--card:#1c222c;
--edge:#465163;--band:#181d26;--band2:#1f2631;--do:#7cc4ec;--do-soft:#16344a;--ask:#efc272;--ask-soft:#3b2d12;
--good:#85d6a3;--good-soft:#163524}}
@media print{svg.map{--paper:#fff;--ink:#000;--quiet:#333;--line:#555;--card:#fff;--edge:#777;--band:#f4f4f4;
--band2:#e8e8e8;--do:#000;--do-soft:#eee;--ask:#000;--ask-soft:#f4f4f4;--good:#000;--good-soft:#eee}}
svg.map text{fill:var(--ink)}svg.map .quiet{fill:var(--quiet)}svg.map .strong{font-weight:bold}
svg.map .words{font-style:italic;fill:var(--ink)}svg.map .count{fill:var(--do);font-weight:bold}
svg.map .stage{fill:var(--quiet);font-weight:bold;letter-spacing:.4px}
svg.map .paper{fill:var(--paper)}svg.map .band{fill:var(--band)}svg.map .band2{fill:var(--band2)}
svg.map .card{fill:var(--card);stroke:var(--edge);stroke-width:1.2}
svg.map .meet{fill:var(--card);stroke:var(--do);stroke-width:1.8}
svg.map .badge{fill:var(--do-soft)}svg.map .ask{fill:var(--ask-soft);stroke:var(--ask);stroke-width:1.4}
svg.map .good{fill:var(--good-soft);stroke:var(--good);stroke-width:1.4}
svg.map .way{fill:none;stroke:var(--line);stroke-width:1.6}svg.map .tip{fill:var(--line)}
svg.map .icon{fill:none;stroke:var(--ink);stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
svg.map .meeticon .icon{stroke:var(--do)}svg.map .askicon .icon{stroke:var(--ask)}
svg.map .goodicon .icon{stroke:var(--good)}
""".replace("\n", "")


def picture(name: str, title: str, told: str, width: float, height: float, drawn: Sequence[str]) -> str:
    """A whole SVG with its title and text alternative."""
    return (
        f'<svg class="map" xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-t {name}-d" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(told)}</desc>'
        f"<style>{STYLE}</style>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>'
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>' + "".join(drawn) + "</svg>\n"
    )
