"""Damage to the form of a CSV: its separators, quotes and line ends."""

from __future__ import annotations

import csv
import io
import random

from tests.adapters.damage.clean import Broken, Clean, Kind, some

KINDS: dict[str, Kind] = {}
COUNT = ("", "field_count")


def kind(function: Kind) -> Kind:
    """Name a kind of damage by its function."""
    KINDS[f"csv {function.__name__.replace('_', ' ')}"] = function
    return function


def line_of(cells: list[str]) -> str:
    """Cells as one line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def cells_of(clean: Clean) -> list[list[str]]:
    """Header and records, cell by cell."""
    return [clean.columns, *([record[name] or "" for name in clean.columns] for record in clean.records)]


def lines_of(clean: Clean) -> list[str]:
    return [line_of(cells) for cells in cells_of(clean)]


def delivered(
    clean: Clean, lines: list[str], bad: dict[int, tuple[str, str]] | None = None, *, end: str = "\n", **more: object
) -> Broken:
    """A file of one line for each record; ``bad`` names damaged records by their place from 0."""
    bad = bad or {}
    sound = {place + 2: record for place, record in enumerate(clean.records) if place not in bad}
    content = (end.join(lines) + end).encode()
    return Broken(clean, ".csv", content, sound, {place + 2: why for place, why in bad.items()}, **more)  # type: ignore[arg-type]


def changed(rng: random.Random, clean: Clean, reason: tuple[str, str], change) -> Broken:  # type: ignore[no-untyped-def]
    """Some of the lines changed by a function of their cells."""
    lines, cells, bad = lines_of(clean), cells_of(clean), {}
    for place in some(rng, clean):
        lines[place + 1] = change(list(cells[place + 1]))
        bad[place] = reason
    return delivered(clean, lines, bad)


def refused(clean: Clean, content: str | bytes, *codes: str) -> Broken:
    """A file of which nobody can know what it says."""
    data = content if isinstance(content, bytes) else content.encode()
    sound = {place + 2: record for place, record in enumerate(clean.records)}
    return Broken(clean, ".csv", data, sound, refused=frozenset(codes))


def whole(clean: Clean) -> str:
    return "\n".join(lines_of(clean)) + "\n"


def filled_place(rng: random.Random, cells: list[str]) -> int:
    """A cell with at least two letters and nothing that is quoted."""
    return rng.choice([place for place, cell in enumerate(cells) if len(cell) > 1 and not set('",\n') & set(cell)])


@kind
def nothing_is_damaged(_: random.Random, clean: Clean) -> Broken:
    return delivered(clean, lines_of(clean))


@kind
def missing_separator(rng: random.Random, clean: Clean) -> Broken:
    def change(cells: list[str]) -> str:
        place = rng.randrange(len(cells) - 1)
        return line_of([*cells[:place], cells[place] + cells[place + 1], *cells[place + 2 :]])

    return changed(rng, clean, COUNT, change)


@kind
def separator_too_many(rng: random.Random, clean: Clean) -> Broken:
    return changed(
        rng, clean, COUNT, lambda cells: line_of([*cells, ""]) if rng.random() < 0.5 else "," + line_of(cells)
    )


@kind
def cut_in_a_record(rng: random.Random, clean: Clean) -> Broken:
    lines, cells = lines_of(clean), cells_of(clean)[-1]
    lines[-1] = line_of(cells[: rng.randrange(1, len(cells))])
    last = len(clean.records) - 1
    broken = delivered(clean, lines, {last: COUNT})
    broken.content = broken.content.removesuffix(b"\n")
    return broken


@kind
def a_hundred_thousand_separators(rng: random.Random, clean: Clean) -> Broken:
    return changed(rng, clean, COUNT, lambda cells: line_of(cells) + "," * 100_000)


@kind
def stray_quote(rng: random.Random, clean: Clean) -> Broken:
    def change(cells: list[str]) -> str:
        plain = [cell if not set('",') & set(cell) else "x" for cell in cells]
        place = filled_place(rng, plain)
        inside = rng.randrange(1, len(plain[place]))
        return ",".join([*plain[:place], plain[place][:inside] + '"' + plain[place][inside:], *plain[place + 1 :]])

    return changed(rng, clean, ("", "misplaced_quote"), change)


@kind
def quote_that_never_closes(rng: random.Random, clean: Clean) -> Broken:
    lines, cells = lines_of(clean), cells_of(clean)
    at = rng.randrange(1, len(lines))
    place = filled_place(rng, cells[at])
    lines[at] = ",".join([*cells[at][:place], '"' + cells[at][place], *cells[at][place + 1 :]])
    return refused(clean, "\n".join(lines), "damaged_quotes")


@kind
def quote_that_closes_early(rng: random.Random, clean: Clean) -> Broken:
    lines, cells = lines_of(clean), cells_of(clean)
    at = rng.randrange(1, len(lines))
    place = filled_place(rng, cells[at])
    lines[at] = ",".join(
        [*cells[at][:place], f'"{cells[at][place][0]}"{cells[at][place][1:]}', *cells[at][place + 1 :]]
    )
    return refused(clean, "\n".join(lines), "damaged_quotes")


@kind
def single_quotes_around_a_comma(rng: random.Random, clean: Clean) -> Broken:
    return changed(
        rng, clean, COUNT, lambda cells: ",".join(["'a, b'", *(line_of([cell]) or "" for cell in cells[1:])])
    )


@kind
def two_records_on_one_line(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    at = rng.randrange(1, len(lines) - 1)
    lines[at : at + 2] = [lines[at] + lines[at + 1]]
    return _renumbered(clean, lines, {at + 1: COUNT}, skipped=[at - 1, at])


@kind
def record_broken_in_two(rng: random.Random, clean: Clean) -> Broken:
    lines, cells = lines_of(clean), cells_of(clean)
    at = rng.randrange(1, len(lines))
    place = rng.randrange(1, len(cells[at]))
    lines[at : at + 1] = [line_of(cells[at][:place]) or '""', line_of(cells[at][place:]) or '""']
    return _renumbered(clean, lines, {at + 1: COUNT, at + 2: COUNT}, skipped=[at - 1])


@kind
def lone_return_between_records(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    at = rng.randrange(1, len(lines) - 1)
    lines[at : at + 2] = [lines[at] + "\r" + lines[at + 1]]
    told = _renumbered(clean, lines, {at + 1: ("", "misplaced_line_end")}, skipped=[at - 1, at])
    told.refused, told.or_sound = frozenset({"damaged_quotes"}), True  # beside a quoted value no reader knows the end
    return told


@kind
def header_once_more(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    at = rng.randrange(2, len(lines))
    lines.insert(at, lines[0])
    return _renumbered(clean, lines, {at + 1: ("", "repeated_header")}, skipped=[])


@kind
def blank_lines(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    at = rng.randrange(1, len(lines))
    lines[at:at] = [""] * rng.randint(1, 5)
    return _renumbered(clean, lines, {}, skipped=[])


@kind
def lines_of_blanks(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    at = rng.randrange(1, len(lines))
    lines.insert(at, "   ")
    return _renumbered(clean, lines, {at + 1: COUNT}, skipped=[])


@kind
def lines_of_separators(rng: random.Random, clean: Clean) -> Broken:
    first = next(name for name, column in clean.table.columns.items() if column.required or name in clean.table.key)
    code = "missing_key" if first in clean.table.key else "missing_value"
    return changed(rng, clean, (first, code), lambda cells: "," * (len(cells) - 1))


@kind
def mixed_line_ends(rng: random.Random, clean: Clean) -> Broken:
    broken = delivered(clean, lines_of(clean))
    ends = [rng.choice(["\n", "\r\n"]) for _ in clean.records]
    broken.content = "".join(map("".join, zip(lines_of(clean), ["\n", *ends], strict=True))).encode()
    return broken


@kind
def returns_alone_as_line_ends(_: random.Random, clean: Clean) -> Broken:
    return delivered(clean, lines_of(clean), end="\r")


def _renumbered(clean: Clean, lines: list[str], bad: dict[int, tuple[str, str]], skipped: list[int]) -> Broken:
    """Where lines and records no longer go together: sound records on the lines that are neither bad nor blank."""
    free = [number for number, line in enumerate(lines, 1) if number > 1 and number not in bad and line]
    records = [record for place, record in enumerate(clean.records) if place not in skipped]
    content = ("\n".join(lines) + "\n").encode()
    return Broken(clean, ".csv", content, dict(zip(free, records, strict=True)), bad)
