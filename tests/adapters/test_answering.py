"""A person's answers land like any delivery: kept, dated, never twice, and only about records that exist."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dagster_project import cli
from dagster_project.adapters.answering import land_answers
from dagster_project.components.match_answers import load_answers
from dagster_project.domain.identity.answers import Answer
from dagster_project.errors import HoivaError
from dagster_project.settings import Settings
from tests.adapters.identified import publish_identity

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.fixture
def identified(home: Settings) -> Settings:
    publish_identity(home)
    return home


def landed(settings: Settings) -> list[dict[str, object]]:
    """The answers that lie in the lake."""
    rows = [row for file in sorted(settings.at_home.lake.rglob("*.parquet")) for row in pq.read_table(file).to_pylist()]
    return sorted(rows, key=lambda row: str(row["answer_id"]))


def answers_file(folder: Path, *lines: str) -> Path:
    file = folder / "answers.yaml"
    file.write_text("answers:\n" + "".join(f"  - {{{line}}}\n" for line in lines))
    return file


def test_an_answer_lies_in_the_lake_with_both_its_times(identified: Settings) -> None:
    said = Answer("shop:customer:7", "hubspot:contact:1", False, NOON - timedelta(days=2))
    told = land_answers(identified, [said], NOON)
    (row,) = landed(identified)
    assert (row["source_record_id_a"], row["source_record_id_b"], row["is_same"]) == (*said.pair, False)
    assert row["occurred_at"] == datetime(2026, 3, 30, 12)  # noqa: DTZ001 - UTC, as tables keep it
    assert row["known_at"] == datetime(2026, 4, 1, 12)  # noqa: DTZ001
    assert told["answers"][0]["outcome"] == "one customer today; two from the next run on"


def test_the_same_answer_again_changes_nothing(identified: Settings) -> None:
    said = [Answer("hubspot:contact:1", "hubspot:contact:2", True, NOON)]
    land_answers(identified, said, NOON)
    again = land_answers(identified, said, NOON + timedelta(days=1))
    assert again["delivery"]["status"] == "repeated"
    assert len(landed(identified)) == 1


def test_nothing_lands_when_one_record_is_unknown(identified: Settings) -> None:
    said = [
        Answer("hubspot:contact:1", "hubspot:contact:2", True, NOON),
        Answer("hubspot:contact:1", "hubspot:contact:99", True, NOON),
    ]
    with pytest.raises(HoivaError, match="'hubspot:contact:99'"):
        land_answers(identified, said, NOON)
    assert landed(identified) == []


def test_same_is_warned_of_where_two_customer_numbers_stand(identified: Settings) -> None:
    held = land_answers(identified, [Answer("hubspot:contact:3", "hubspot:contact:1", True, NOON)], NOON)
    assert held["answers"][0]["outcome"].startswith("stay two: their systems give two customer numbers")
    free = land_answers(identified, [Answer("hubspot:contact:2", "hubspot:contact:1", True, NOON)], NOON)
    assert free["answers"][0]["outcome"] == "two customers today; one from the next run on"


def test_different_is_warned_of_where_one_customer_number_stands(identified: Settings) -> None:
    said = [Answer("shop:customer:7", "hubspot:contact:1", False, NOON)]
    told = land_answers(identified, said, NOON, certain=["customer_number"])
    assert told["answers"][0]["outcome"].startswith("stay one: their systems give one customer number")


def test_an_answer_about_two_browsers_is_refused(identified: Settings) -> None:
    with pytest.raises(HoivaError, match="both are browsers"):
        land_answers(identified, [Answer("ga4:cookie:x", "ga4:cookie:y", True, NOON)], NOON)
    assert landed(identified) == []


def test_the_command_lands_one_answer(identified: Settings) -> None:
    words = ["identity", "answer", "hubspot:contact:2", "hubspot:contact:1", "same", "--at", "2026-03-31", "--json"]
    told = CliRunner().invoke(cli.app, words)
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["delivery"]["count_loaded"] == 1
    assert [row["is_same"] for row in landed(identified)] == [True]


@pytest.mark.parametrize(
    "words",
    [["hubspot:contact:1"], ["a", "b", "perhaps"], ["hubspot:contact:1", "hubspot:contact:1", "same"],
     ["a", "b", "same", "--file", "answers.yaml"], []],
)  # fmt: skip
def test_what_is_no_answer_is_a_usage_error(identified: Settings, words: list[str]) -> None:
    assert CliRunner().invoke(cli.app, ["identity", "answer", *words]).exit_code == 2
    assert landed(identified) == []


def test_a_file_lands_many_and_again_nothing(identified: Settings, tmp_path: Path) -> None:
    file = answers_file(
        tmp_path,
        "a: hubspot:contact:1, b: hubspot:contact:2, answer: different, answered_at: 2026-03-30",
        "a: hubspot:contact:1, b: mailchimp:member:a, answer: same, answered_at: 2026-03-30T12:00",
    )
    for expected in ("2 landed", "nothing changed"):
        told = CliRunner().invoke(cli.app, ["identity", "answer", "--file", str(file), "--at", "2026-03-31"])
        assert expected in told.output
    assert sorted(row["is_same"] for row in landed(identified)) == [False, True]  # type: ignore[type-var]


def test_a_day_is_its_end_in_the_business_zone(tmp_path: Path) -> None:
    file = answers_file(tmp_path, "a: crm:1, b: crm:2, answer: same, answered_at: 2026-03-31")
    (said,) = load_answers(file, HELSINKI)
    assert said.answered_at == datetime(2026, 3, 31, 20, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["a: crm:1, b: crm:1, answer: same, answered_at: 2026-03-31"], "the same record"),
        (["a: crm:1, b: crm:2, answer: maybe, answered_at: 2026-03-31"], "answers.yaml:2"),
        (["a: crm:1, b: crm:2, answer: same"], "answered_at"),
        (["a: crm:1, b: crm:2, answer: same, answered_at: soon"], "2026-03-31"),
        (
            [
                "a: crm:1, b: crm:2, answer: same, answered_at: 2026-03-31",
                "a: crm:2, b: crm:1, answer: different, answered_at: 2026-03-31",
            ],
            "the same and different",
        ),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, lines: list[str], complaint: str) -> None:
    with pytest.raises(HoivaError, match=complaint):
        load_answers(answers_file(tmp_path, *lines), HELSINKI)
