"""A letter file for a printing house: the address as the lines of its block, checked, and what the letter says.

Rules: Posti's guide to addressing and the Universal Postal Union's S42 (2026): name, street, then postal code and town
in capitals; abroad the country in capitals on the last line; at most six lines. A line is at most 40 characters, what a
window shows. The postal code is checked against its country's form and written as that country writes it; whoever
fails is sent back, not printed. A country that is not listed here is sent back too: nobody has checked its form.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow as pa

from dagster_project.domain.exports.formats.format import Format, Rows
from dagster_project.domain.exports.formats.message import message_cells
from dagster_project.domain.exports.values import country_code, free_text, postal_code, text_table, texts

LINES = tuple(f"address_{number}" for number in range(1, 7))
LONGEST_LINE = 40  # characters
COLUMNS = (
    "contact_id", *LINES, "postal_code", "country", "language", "letter", "reason", "offer", "link", "planned_for",
    "priority",
)  # fmt: skip
# Per country: its name as the line abroad says it; its codes without spaces; how the code is written; the town's line.
FIVE, FOUR = r"(\d{5})", r"(\d{4})"
COUNTRIES = {
    "FI": ("FINLAND", FIVE, "{0}"),
    "AX": ("ÅLAND FINLAND", r"(22\d{3})", "AX-{0}"),
    "SE": ("SWEDEN", r"(\d{3})(\d{2})", "{0} {1}"),
    "NO": ("NORWAY", FOUR, "{0}"),
    "DK": ("DENMARK", FOUR, "{0}"),
    "IS": ("ICELAND", r"(\d{3})", "{0}"),
    "EE": ("ESTONIA", FIVE, "{0}"),
    "LV": ("LATVIA", r"(?:LV-?)?(\d{4})", "LV-{0}"),
    "LT": ("LITHUANIA", r"(?:LT-?)?(\d{5})", "LT-{0}"),
    "DE": ("GERMANY", FIVE, "{0}"),
    "AT": ("AUSTRIA", FOUR, "{0}"),
    "CH": ("SWITZERLAND", FOUR, "{0}"),
    "NL": ("NETHERLANDS", r"([1-9]\d{3})([A-Z]{2})", "{0} {1}"),
    "BE": ("BELGIUM", FOUR, "{0}"),
    "FR": ("FRANCE", FIVE, "{0}"),
    "ES": ("SPAIN", FIVE, "{0}"),
    "IT": ("ITALY", FIVE, "{0}"),
    "PL": ("POLAND", r"(\d{2})-?(\d{3})", "{0}-{1}"),
    "GB": ("UNITED KINGDOM", r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})", "{0} {1}"),
}
TOWN_FIRST = ("GB",)  # the code has a line of its own, under the town


def written_code(code: str, country: str) -> str:
    """A postal code as its country writes it, or '' when it is none there.

    >>> [written_code(*pair) for pair in (("00100", "FI"), ("0100", "FI"), ("11122", "SE"), ("sw1a1aa", "GB"))]
    ['00100', '', '111 22', 'SW1A 1AA']
    """
    known = COUNTRIES.get(country)
    match = re.fullmatch(known[1], postal_code(code).upper().replace(" ", "")) if known else None
    return known[2].format(*match.groups()) if known and match else ""


def address_block(first: str, last: str, street: str, code: str, city: str, country: str, home: str) -> list[str]:
    """The lines of an address.

    Args:
        code: as :func:`written_code` gives it.
        home: the country letters are posted in; its own name is not written.

    >>> address_block("Aino", "Virtanen", "Kotikatu 1", "00100", "Helsinki", "FI", "FI")
    ['Aino Virtanen', 'Kotikatu 1', '00100 HELSINKI']
    >>> address_block("Anna", "Smith", "1 High St", "SW1A 1AA", "London", "GB", "FI")[2:]
    ['LONDON', 'SW1A 1AA', 'UNITED KINGDOM']
    """
    town = city.upper()
    place = [town, code] if country in TOWN_FIRST else [f"{code} {town}"]
    abroad = [] if country == home else [COUNTRIES[country][0]]
    return [f"{first} {last}".strip(), street, *place, *abroad]


def form(*, home_country: str = "FI") -> Format:
    """The form for a printing house that posts in this country."""

    def make(contacts: pa.Table) -> Rows:
        """One letter per contact."""
        known = {name: texts(contacts[name]) for name in ("first_name", "last_name", "street", "city")}
        cells = {name: [" ".join(free_text(value).split()) for value in values] for name, values in known.items()}
        countries = [country_code(value) for value in texts(contacts["country_code"])]
        codes = [written_code(*pair) for pair in zip(texts(contacts["postal_code"]), countries, strict=True)]
        reasons, blocks = [], []
        for place, country in enumerate(countries):
            first, last, street, city = (cells[name][place] for name in ("first_name", "last_name", "street", "city"))
            whole = bool(last and street and city)
            block = []
            if whole and codes[place]:
                block = address_block(first, last, street, codes[place], city, country, home_country)
            too_long = any(len(line) > LONGEST_LINE for line in block)
            reasons.append(_reason(whole, country, codes[place], too_long))
            blocks.append(block + [""] * (len(LINES) - len(block)))
        says = message_cells(contacts)
        rows = {
            "contact_id": says["contact_id"],
            **{line: [block[place] for block in blocks] for place, line in enumerate(LINES)},
            "postal_code": codes,
            "country": countries,
            "language": says["language"],
            "letter": says["treatment"],
            "reason": says["subject"],
            **{name: says[name] for name in ("offer", "link", "planned_for", "priority")},
        }
        return Rows.of(text_table(rows), reasons)

    return replace(FORMAT, make=make)


def _reason(is_whole: bool, country: str, code: str, is_too_long: bool) -> str | None:
    if not is_whole:
        return "no_valid_address"
    if country not in COUNTRIES:
        return "country_not_served"
    if not code:
        return "postal_code_not_valid"
    return "address_too_long" if is_too_long else None


FORMAT = Format(
    name="letter_file",
    kind="message",
    channels=("letter", "sample", "event"),
    columns=COLUMNS,
    contact_points=("first_name", "last_name", "street", "postal_code", "city", "country_code", "language_code"),
    make=lambda contacts: form().make(contacts),
)
