"""The form of the match rules: what is wrong is named by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.components.match_rules import RULES_FILE, load_match_rules, load_probable_model
from dagster_project.errors import HoivaError

GOOD = "rules:\n  - {rule: email, same: [email]}\n"


def written(folder: Path, text: str) -> Path:
    (folder / RULES_FILE).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: []\n", r"match_rules.yaml:1: rules"),
        ("rules:\n  - {rule: email, same: [e_mail]}\n", r"match_rules.yaml:2: rules.0.same.0.*email"),
        (GOOD + "  - {rule: email, same: [phone]}\n", "two rules are called email: rename one of them"),
        ("rules:\n  - {rule: probable, same: [email]}\n", "choose another name"),
        ("rules:\n  - {rule: sure, same: [email], certain: true}\n", "only a rule on customer_number can be certain"),
        (GOOD + "probable: {model: m.json, merge_at: 0.6, review_at: 0.9}\n", "nothing would be left to look at"),
        (GOOD + "limits: {phone_numbers: 3}\n", r"match_rules.yaml:3: limits.phone_numbers"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(HoivaError, match=said):
        load_match_rules(written(tmp_path, text))


def test_what_the_file_leaves_out_has_sane_limits(tmp_path: Path) -> None:
    rules = load_match_rules(written(tmp_path, GOOD))
    assert (rules.probable, rules.limits.birth_dates, rules.limits.records_of_a_value) == (None, True, 20)
    assert load_probable_model(rules, tmp_path) is None


def test_a_model_that_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    rules = load_match_rules(written(tmp_path, GOOD + "probable: {model: m.json, merge_at: 0.9, review_at: 0.5}\n"))
    with pytest.raises(HoivaError, match="hoiva identity train"):
        load_probable_model(rules, tmp_path)
