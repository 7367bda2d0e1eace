"""Damage to the header of a CSV, files that are something else, and texts that are odd and sound."""

from __future__ import annotations

import random

from tests.adapters.damage.clean import Broken, Clean
from tests.adapters.damage.csv_kinds import KINDS as OTHER_KINDS
from tests.adapters.damage.csv_kinds import cells_of, delivered, kind, line_of, lines_of, refused, whole

HEADERS = frozenset({"missing_key_column", "damaged_header", "unknown_columns", "no_row_fits"})
KINDS = OTHER_KINDS  # one form of file, and one list of its kinds


@kind
def header_lost(_: random.Random, clean: Clean) -> Broken:
    return refused(clean, "\n".join(lines_of(clean)[1:]), *HEADERS)


@kind
def header_without_a_separator(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    place = rng.randrange(lines[0].count(","))
    parts = lines[0].split(",")
    lines[0] = ",".join([*parts[:place], parts[place] + parts[place + 1], *parts[place + 2 :]])
    return refused(clean, "\n".join(lines), *HEADERS)


@kind
def header_with_a_quote(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    place = rng.randrange(1, len(lines[0]))
    lines[0] = lines[0][:place] + '"' + lines[0][place:]
    return refused(clean, "\n".join(lines), "damaged_header", "damaged_quotes", "missing_key_column")


@kind
def header_names_a_column_twice(rng: random.Random, clean: Clean) -> Broken:
    lines = [f"{line},x" for line in lines_of(clean)]
    lines[0] = lines[0][:-1] + rng.choice(clean.columns)
    return refused(clean, "\n".join(lines), "damaged_header")


@kind
def header_in_capitals(_: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    lines[0] = lines[0].swapcase()
    return refused(clean, "\n".join(lines), "damaged_header")


@kind
def key_column_gone(_: random.Random, clean: Clean) -> Broken:
    key = clean.columns.index(clean.table.key[0])
    rows = [line_of(cells[:key] + cells[key + 1 :]) or '""' for cells in cells_of(clean)]
    return refused(clean, "\n".join(rows), "missing_key_column")


@kind
def another_separator(rng: random.Random, clean: Clean) -> Broken:
    return refused(clean, whole(clean).replace(",", rng.choice([";", "\t", "|"])), *HEADERS)


@kind
def a_page_of_an_error(_: random.Random, clean: Clean) -> Broken:
    return refused(clean, "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>\n", *HEADERS)


@kind
def json_under_the_wrong_name(_: random.Random, clean: Clean) -> Broken:
    return refused(clean, '[{"id": "v1"},\n{"id": "v2"}]\n', *HEADERS, "damaged_quotes")


@kind
def nothing_inside(rng: random.Random, clean: Clean) -> Broken:
    header = lines_of(clean)[0]
    broken = refused(clean, rng.choice(["", "\n\n", header, header + "\r\n\r\n", "\ufeff"]), "empty_file", *HEADERS)
    broken.sound = {}
    return broken


@kind
def records_twice(_: random.Random, clean: Clean) -> Broken:
    doubled = Clean(clean.contract, clean.name, [record for record in clean.records for _ in range(2)])
    broken = delivered(doubled, lines_of(doubled))
    return broken


@kind
def a_text_of_a_mebibyte(rng: random.Random, clean: Clean) -> Broken:
    free = [name for name in clean.of_type("string") if name not in clean.table.key]
    if free:
        rng.choice(clean.records)[rng.choice(free)] = "x" * 2**20
    return delivered(clean, lines_of(clean))


@kind
def a_line_of_17_mebibytes(rng: random.Random, clean: Clean) -> Broken:
    lines = lines_of(clean)
    lines[-1] += "x" * (17 * 2**20)
    return refused(clean, "\n".join(lines), "line_too_long")


@kind
def quoted_values_with_everything(rng: random.Random, clean: Clean) -> Broken:
    free = [name for name in clean.of_type("string") if name not in clean.table.key]
    for record in clean.records:
        if free and rng.random() < 0.5:
            record[rng.choice(free)] = rng.choice(
                ["a, b", 'a "quoted" word', "a\u2028b", "a\x85b", "a\x0bb", "=1+1", "'"]
            )
    return delivered(clean, lines_of(clean))
