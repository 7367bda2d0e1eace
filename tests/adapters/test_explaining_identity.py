"""Why a customer is one person, told from the published tables alone."""

from __future__ import annotations

import pytest

from dagster_project.adapters.explaining_identity import chain_of, identity_of
from dagster_project.adapters.reading import reader
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.identified import AINO, CLUSTERS, EINO, publish_identity


@pytest.fixture
def identified(home: Settings) -> Settings:
    publish_identity(home)
    return home


def test_each_record_comes_by_the_match_nearest_to_the_first(identified: Settings) -> None:
    with reader(identified) as published:
        told = identity_of(published, AINO)
    assert told["first_record"] == "hubspot:contact:1"
    assert {row["record"]: (row["joined_to"], row["rule"], row["count_parted"]) for row in told["links"]} == {
        "mailchimp:member:a": ("hubspot:contact:1", "email", 1),
        "shop:customer:7": ("hubspot:contact:1", "customer_number", 2),
        "ga4:cookie:x": ("shop:customer:7", "login", 1),
    }


def test_what_nearly_matched_names_the_other_customer_and_the_reason(identified: Settings) -> None:
    with reader(identified) as published:
        told = identity_of(published, EINO)
    assert told["links"] == []
    assert told["count_nearly"] == 2
    assert [
        (row["record"], row["other_record"], row["other_customer_id"], row["reason"]) for row in told["nearly"]
    ] == [
        ("hubspot:contact:2", "hubspot:contact:1", AINO, "names_differ"),
        ("hubspot:contact:2", "mailchimp:member:a", AINO, "below_threshold"),
    ]


def test_two_records_of_one_customer_are_joined_by_matches_that_stand(identified: Settings) -> None:
    told = chain_of(identified, "mailchimp:member:a", "ga4:cookie:x")
    assert told["are_one"]
    assert [row["record"] for row in told["links"]] == ["hubspot:contact:1", "shop:customer:7", "ga4:cookie:x"]
    assert {row["reason"] for row in told["links"]} == {None}


def test_records_of_two_customers_show_what_was_held_between_them(identified: Settings) -> None:
    told = chain_of(identified, "shop:customer:7", "hubspot:contact:2")
    assert not told["are_one"]
    assert told["customers"] == [AINO, EINO]
    assert [row["reason"] for row in told["links"]] == [None, "names_differ"]


def test_records_without_any_evidence_have_no_chain(identified: Settings) -> None:
    told = chain_of(identified, "hubspot:contact:2", "hubspot:contact:3")
    assert [row["reason"] for row in told["links"]] == ["names_differ", "two_customer_numbers"]
    assert chain_of(identified, "hubspot:contact:2", "hubspot:contact:2")["links"] == []


def test_an_unknown_record_is_named(identified: Settings) -> None:
    assert "hubspot:contact:9" not in CLUSTERS
    with pytest.raises(HoivaError, match="no source record is called 'hubspot:contact:9'"):
        chain_of(identified, "hubspot:contact:1", "hubspot:contact:9")
