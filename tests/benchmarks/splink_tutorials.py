"""Splink set up as its published tutorials set it up: the reference that identity is measured beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

Tutorial = tuple[Any, Callable[[Any], None], float, str, list[pd.DataFrame]]


def febrl1(raw: pd.DataFrame) -> Tutorial:
    """One file of persons with duplicates (the tutorial of Febrl 3)."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    settings = SettingsCreator(
        unique_id_column_name="rec_id",
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on(name) for name in ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")
        ],
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
    )
    exchanged = "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth"

    def train(linker: Any) -> None:
        known = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth"), exchanged]
        linker.training.estimate_probability_two_random_records_match(known, recall=0.9)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=2)
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("postcode"))

    return settings, train, 0.5, "rec_id", [raw]


def febrl4(raw: pd.DataFrame) -> Tutorial:
    """Two files of the same persons (the tutorial's detailed model, clustered at 0.99)."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    settings = SettingsCreator(
        unique_id_column_name="rec_id",
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("state", "address_1"),
            block_on("street_number", "address_1"),
            block_on("postcode"),
        ],
        comparisons=[
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison(
                "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
            ),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
    )

    def train(linker: Any) -> None:
        known = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
        linker.training.estimate_probability_two_random_records_match(known, recall=0.8)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=2)
        for column in ("date_of_birth", "postcode"):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(column), estimate_without_term_frequencies=True
            )

    is_first = raw["rec_id"].str.contains("org")
    return settings, train, 0.99, "rec_id", [raw[is_first], raw[~is_first]]


def fake_1000(raw: pd.DataFrame) -> Tutorial:
    """Made-up persons with duplicates (the tutorial's main line, clustered at 0.2 as there)."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocking_rules_to_generate_predictions=[block_on("first_name", "city"), block_on("surname"), block_on("dob")],
    )

    def train(linker: Any) -> None:
        alike = "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2"
        known = [block_on("first_name", "dob"), alike, block_on("email")]
        linker.training.estimate_probability_two_random_records_match(known, recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=2)
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("first_name", "surname"))
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("dob"))

    return settings, train, 0.2, "unique_id", [raw]


def town(raw: pd.DataFrame) -> Tutorial:
    """The tutorial of made-up persons on the town's columns, and the customer number among the sure rules."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    people = raw.drop(columns="person").rename(columns={"email_raw": "email", "last_name": "surname"})
    people["dob"] = people["birth_date"].astype(str).where(people["birth_date"].notna(), None)
    for column in ("first_name", "surname", "email"):
        people[column] = people[column].str.strip().str.lower()
    people = people[["unique_id", "customer_number", "first_name", "surname", "dob", "city", "email", "postal_code"]]
    people = people.astype(object).where(people.notna(), None)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
            cl.ExactMatch("customer_number"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("customer_number"),
            block_on("first_name", "city"),
            block_on("surname"),
            block_on("dob"),
            block_on("email"),
        ],
    )

    def train(linker: Any) -> None:
        known = [block_on("first_name", "dob"), block_on("email"), block_on("customer_number")]
        linker.training.estimate_probability_two_random_records_match(known, recall=0.7)
        linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=2)
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("first_name", "surname"))
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("email"))

    return settings, train, 0.95, "unique_id", [people]


TUTORIALS: dict[str, Callable[[pd.DataFrame], Tutorial]] = {
    "febrl1": febrl1,
    "febrl4": febrl4,
    "fake_1000": fake_1000,
    "town": town,
}
