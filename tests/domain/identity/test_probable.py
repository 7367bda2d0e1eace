"""What the trained model joins, what it leaves to a person, and that it learns the same from the same."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from dagster_project.components.match_rules import load_match_rules, load_probable_model
from dagster_project.domain.identity import probable
from dagster_project.domain.identity.matching import objection
from dagster_project.domain.identity.training import FEWEST_RECORDS, TooFewRecords, train
from tests.domain.identity.records import born, matched, record, versions_of

SHIPPED = load_match_rules()
MODEL = load_probable_model(SHIPPED)

AINO = record(
    "crm:1", first_name="aino", last_name="honkapelto", birth_date=born("1972-05-14"), street_name="koivupolku",
    house_number="46", postal_code="52237", city="salo", email="aino.honkapelto686@example.com", customer_number="7",
)  # fmt: skip


def strangers(count: int) -> list[dict[str, Any]]:
    """People who have nothing to do with anybody, so that names and towns are as rare as in life."""
    return [
        record(
            f"crm:x{at}",
            first_name=f"nimi{chr(97 + at % 26)}",
            last_name=f"suku{chr(97 + at // 26)}",
            city=f"k{at % 9}",
        )
        for at in range(count)
    ]


def held(*rows: Mapping[str, Any]) -> tuple[bool, dict[str, str | None]]:
    """Whether the first two records are one customer, and what the model's match of them says."""
    groups, matches, _ = matched([*rows, *strangers(200)], rules=SHIPPED, model=MODEL)
    one, other = (row["source_record_id"] for row in rows[:2])
    found = [row for row in matches if {row["source_record_id_a"], row["source_record_id_b"]} == {one, other}]
    return any({one, other} <= group for group in groups), {row["rule"]: row["reason"] for row in found}


def test_a_slip_in_the_name_and_a_new_address_are_still_one_person() -> None:
    again = record(
        "crm:2", first_name="aino", last_name="honkapleto", birth_date=born("1972-05-14"), street_name="kotikatu",
        house_number="1", postal_code="52237", city="salo",
    )  # fmt: skip
    assert held(AINO, again) == (True, {"probable": None})


def test_twins_in_one_house_are_two() -> None:
    twin = {**AINO, "source_record_id": "crm:2", "first_name": "pirkko", "email": None, "customer_number": None}
    twin["birth_date"] = born("1972-05-15")
    assert held(AINO, twin)[0] is False
    rule = SHIPPED.probable
    assert rule is not None
    said = [objection(0.999, evidence, False, rule) for evidence in ("birth_date+address", "email+birth_date")]
    assert said == ["names_differ", None], "an address of one's own weighs more than a name"
    assert objection(0.999, "birth_date+address", True, rule) is None, "negative control: names that are alike"


def test_a_name_alone_is_no_evidence() -> None:
    namesake = record("news:1", first_name="aino", last_name="honkapelto", email="honkapelto4711@example.net")
    joined, rules = held(AINO, namesake)
    assert not joined
    assert rules in ({}, {"probable": "only_a_name"}, {"probable": "below_threshold"})


def test_an_address_with_other_figures_is_a_namesakes() -> None:
    namesake = record("news:1", first_name="aino", last_name="honkapelto", email="aino.honkapelto688@example.com")
    assert held(AINO, namesake)[0] is False
    slip = {**namesake, "email": "aino.honkpelto686@example.com"}
    assert held(AINO, slip) == (True, {"probable": None}), "the same figures and a slip: one person"


def test_two_customer_numbers_never_reach_the_model() -> None:
    other = {**AINO, "source_record_id": "crm:2", "customer_number": "8", "last_name": "honkapleto", "email": None}
    assert "probable" not in held(AINO, other)[1]


def scored(*pairs: tuple[str, str, float]) -> Any:
    """A model that says just this."""

    def score_pairs(*_: object) -> pa.Table:
        return pa.table(
            {
                "source_record_id_a": [one for one, _, _ in pairs],
                "source_record_id_b": [other for _, other, _ in pairs],
                "evidence": ["name+email"] * len(pairs),
                "score": [score for _, _, score in pairs],
                "match_weight": [9.0] * len(pairs),
            }
        )

    return score_pairs


CHAIN = (("crm:1", "crm:2", 0.999), ("crm:2", "crm:3", 0.998), ("crm:3", "crm:4", 0.997))


@pytest.mark.parametrize(
    ("pairs", "sizes"),
    [
        (CHAIN, [2, 2]),
        ((*CHAIN, ("crm:1", "crm:3", 0.6), ("crm:1", "crm:4", 0.6), ("crm:2", "crm:4", 0.6)), [4]),
    ],
    ids=["a chain of weak links breaks", "who are all alike are one"],
)
def test_a_chain_of_weak_links(
    monkeypatch: pytest.MonkeyPatch, pairs: Sequence[tuple[str, str, float]], sizes: list[int]
) -> None:
    monkeypatch.setattr(probable, "score_pairs", scored(*pairs))
    groups, matches, _ = matched([record(f"crm:{at}") for at in range(1, 5)], rules=SHIPPED, model=MODEL)
    assert sorted(len(group) for group in groups) == sizes
    assert ("weak_chain" in {row["reason"] for row in matches}) == (len(sizes) > 1)


def people(count: int) -> list[dict[str, Any]]:
    """People of whom every third is there twice, the second time with a slip."""
    chance, rows = random.Random(4), []
    for at in range(count):
        name, family = "".join(chance.choices("aeiklmnorst", k=6)), "".join(chance.choices("aeiklmnorst", k=8))
        day = born(f"19{40 + at % 50}-0{1 + at % 9}-1{at % 9}")
        said = {"first_name": name, "last_name": family, "birth_date": day, "email": f"{name}.{at}@example.com"}
        rows.append(record(f"crm:{at}", **said))
        if at % 3 == 0:
            rows.append(record(f"crm:{at}b", **{**said, "first_name": name[:2] + name[3:]}))
    return rows


def test_the_same_records_in_any_order_train_the_same_model_without_their_values() -> None:
    rows = people(300)
    model = train(versions_of(rows), date(2026, 3, 31))
    random.Random(1).shuffle(rows)
    assert train(versions_of(rows), date(2026, 3, 31)) == model
    text = json.dumps(model)
    values = {str(row[name]) for row in rows for name in ("first_name", "last_name", "email", "birth_date")}
    assert not [value for value in values if value in text]
    assert (model["trained_on"], model["records"]) == ("2026-03-31", 400)
    bits = {(row["comparison"], row["level"]): row["bits"] for row in model["weights"]}
    assert bits["email", "the same"] > 5 > 0 > bits["email", "anything else"]


def test_too_few_records_teach_nothing() -> None:
    with pytest.raises(TooFewRecords, match=str(FEWEST_RECORDS)):
        train(versions_of(people(20)), date(2026, 3, 31))
    alone = [row for row in people(600) if not row["source_record_id"].endswith("b")]
    with pytest.raises(TooFewRecords, match="no two records"):
        train(versions_of(alone), date(2026, 3, 31))


def test_the_order_of_records_changes_no_match() -> None:
    rows = [{**row, "email": None} if row["source_record_id"].endswith("b") else row for row in people(120)]
    before = matched(rows, rules=SHIPPED, model=MODEL)[1]
    assert [row for row in before if row["rule"] == "probable"]
    random.Random(2).shuffle(rows)
    assert matched(rows, rules=SHIPPED, model=MODEL)[1] == before
