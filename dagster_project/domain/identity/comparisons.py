"""How the probable model compares two records, attribute by attribute: splink's settings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

# What an agreement in a comparison is called in a match's evidence.
EVIDENCE = {"name": "name", "birth_date": "birth_date", "email": "email", "phone": "phone", "address": "address"}

# What stands before the @, and the figures in it: addresses that differ in figures are namesakes' and no slips.
_LOCAL = "split_part(email_{0}, '@', 1)"
_FIGURES = "regexp_replace(split_part(email_{0}, '@', 1), '[^0-9]', '', 'g')"


def _level(sql: str, label: str, **more: Any) -> dict[str, Any]:
    return {"sql_condition": sql, "label_for_charts": label, **more}


def _nothing(column: str) -> dict[str, Any]:
    return _level(f"{column}_l is null or {column}_r is null", "unknown", is_null_level=True)


ELSE = _level("ELSE", "anything else")


def comparisons_of(columns: Collection[str]) -> list[dict[str, Any]]:
    """The comparisons that these columns allow, strongest agreement first.

    >>> [comparison["output_column_name"] for comparison in comparisons_of({"first_name", "last_name", "email"})]
    ['first_name', 'last_name', 'email']
    """
    found = []
    if {"first_name", "last_name"} <= set(columns):
        found += [_name("first_name", "last_name"), _name("last_name", "first_name")]
    if "birth_date" in columns:
        found.append(_birth_date())
    if "email" in columns:
        found.append(_email())
    if "phone" in columns:
        found.append(_edits("phone", 2))
    if {"street_name", "house_number"} <= set(columns):
        found.append(_street())
    if "postal_code" in columns:
        found.append(_edits("postal_code", 1, frequencies=True))
    if "city" in columns:
        found.append(_text("city"))
    if "other_id" in columns:
        found.append(_edits("other_id", 2))
    return found


def _name(column: str, other: str) -> dict[str, Any]:
    """A name: the same, exchanged with the other one, an initial, alike, or not."""
    exchanged = f"{column}_l = {other}_r and {other}_l = {column}_r"
    return {
        "output_column_name": column,
        "comparison_levels": [
            _nothing(column),
            _level(f"{column}_l = {column}_r", "the same", tf_adjustment_column=column, tf_adjustment_weight=1.0),
            _level(exchanged, "first and last name exchanged"),
            _level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.92", "alike"),
            _level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.8", "somewhat alike"),
            ELSE,
        ],
    }


def _birth_date() -> dict[str, Any]:
    return {
        "output_column_name": "birth_date",
        "comparison_levels": [
            _nothing("birth_date"),
            _level("birth_date_l = birth_date_r", "the same"),
            _level("damerau_levenshtein(birth_date_l, birth_date_r) <= 1", "one slip"),
            _level(
                "substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4)"
                " and substr(birth_date_l, 6, 2) = substr(birth_date_r, 9, 2)"
                " and substr(birth_date_l, 9, 2) = substr(birth_date_r, 6, 2)",
                "day and month exchanged",
            ),
            _level("damerau_levenshtein(birth_date_l, birth_date_r) <= 2", "two slips"),
            ELSE,
        ],
    }


def _email() -> dict[str, Any]:
    same_domain = "split_part(email_l, '@', 2) = split_part(email_r, '@', 2)"
    left, right = _LOCAL.format("l"), _LOCAL.format("r")
    same_figures = f"{_FIGURES.format('l')} = {_FIGURES.format('r')}"
    return {
        "output_column_name": "email",
        "comparison_levels": [
            _nothing("email"),
            _level("email_l = email_r", "the same"),
            _level(
                f"damerau_levenshtein(email_l, email_r) <= 2 and {same_figures} and {same_domain}",
                "two slips at the same provider",
            ),
            _level(f"{left} = {right} and {_FIGURES.format('l')} <> ''", "the same before the @, with figures"),
            _level(
                f"jaro_winkler_similarity({left}, {right}) >= 0.9 and {same_figures} and {same_domain}",
                "alike before the @, with the same figures",
            ),
            ELSE,
        ],
    }


def _edits(column: str, most: int, *, frequencies: bool = False) -> dict[str, Any]:
    weights = {"tf_adjustment_column": column, "tf_adjustment_weight": 1.0} if frequencies else {}
    return {
        "output_column_name": column,
        "comparison_levels": [
            _nothing(column),
            _level(f"{column}_l = {column}_r", "the same", **weights),
            _level(f"damerau_levenshtein({column}_l, {column}_r) <= {most}", f"{most} slips at most"),
            ELSE,
        ],
    }


def _text(column: str) -> dict[str, Any]:
    return {
        "output_column_name": column,
        "comparison_levels": [
            _nothing(column),
            _level(f"{column}_l = {column}_r", "the same", tf_adjustment_column=column, tf_adjustment_weight=1.0),
            _level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.9", "alike"),
            ELSE,
        ],
    }


def _street() -> dict[str, Any]:
    same_house = "house_number_l = house_number_r"
    return {
        "output_column_name": "address",
        "comparison_levels": [
            _nothing("street_name"),
            _level(f"street_name_l = street_name_r and {same_house}", "street and house"),
            _level(
                f"jaro_winkler_similarity(street_name_l, street_name_r) >= 0.88 and {same_house}", "house, street alike"
            ),
            _level("street_name_l = street_name_r", "street"),
            _level("jaro_winkler_similarity(street_name_l, street_name_r) >= 0.88", "street alike"),
            ELSE,
        ],
    }
