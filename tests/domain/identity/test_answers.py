"""What a person says holds, of records and of browsers, and contradictions end in caution instead of a wrong merge."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.identity.records import matched, record

BROWSER = "web:cookie:1"
ANNA = record("crm:1", customer_number="1", email="a@x.fi")
BERT = record("crm:2", customer_number="2", email="b@x.fi")
GUEST = record("crm:3", email="c@x.fi")


def why_held(matches: list[dict[str, Any]]) -> dict[str, str | None]:
    return {match["rule"]: match["reason"] for match in matches}


def test_of_answers_that_contradict_each_other_the_cautious_one_holds() -> None:
    rows = [record(name) for name in "abc"]
    groups, matches, _ = matched(rows, answers=[("a", "b", True), ("b", "c", True), ("a", "c", False)])
    assert groups == {frozenset("ab"), frozenset("c")}
    assert [match["reason"] for match in matches] == [None, "said_different"]


def test_a_customer_number_stands_against_an_answer() -> None:
    again = record("crm:4", customer_number="1")
    assert len(matched([ANNA, again], answers=[("crm:1", "crm:4", False)])[0]) == 1


def test_a_browser_told_apart_leaves_its_customer() -> None:
    login = [(BROWSER, "cookie_login", "1")]
    assert frozenset({BROWSER, "crm:1"}) in matched([ANNA], cookies=login)[0]
    groups, matches, _ = matched([ANNA], cookies=login, answers=[("crm:1", BROWSER, False)])
    assert groups == {frozenset({"crm:1"}), frozenset({BROWSER})}
    assert why_held(matches) == {"login": "said_different"}


def test_a_browser_told_apart_from_one_record_leaves_the_whole_customer() -> None:
    other = record("news:1", email="a@x.fi")
    login = [(BROWSER, "cookie_login", "1")]
    groups, _, _ = matched([ANNA, other], cookies=login, answers=[(BROWSER, "news:1", False)])
    assert groups == {frozenset({"crm:1", "news:1"}), frozenset({BROWSER})}


def test_a_shared_browser_told_apart_from_all_but_one_is_of_that_one() -> None:
    logins = [(BROWSER, "cookie_login", number) for number in "12"]
    groups, matches, _ = matched([ANNA, BERT], cookies=logins)
    assert frozenset({BROWSER}) in groups
    assert {match["reason"] for match in matches} == {"several_customers"}
    groups, _, _ = matched([ANNA, BERT], cookies=logins, answers=[(BROWSER, "crm:2", False)])
    assert frozenset({BROWSER, "crm:1"}) in groups


def test_a_browser_said_to_be_ones_own_goes_by_that_and_not_by_logins() -> None:
    logins = [(BROWSER, "cookie_login", number) for number in "12"]
    groups, matches, _ = matched([ANNA, BERT, GUEST], cookies=logins, answers=[(BROWSER, "crm:3", True)])
    assert groups == {frozenset({"crm:1"}), frozenset({"crm:2"}), frozenset({"crm:3", BROWSER})}
    assert why_held(matches) == {"login": "several_customers", "said_same": None}


def test_a_browser_said_to_be_of_two_is_of_nobody() -> None:
    groups, _, _ = matched([ANNA, BERT], cookies=[(BROWSER, "cookie_login", "1")],
                           answers=[(BROWSER, "crm:1", True), (BROWSER, "crm:2", True)])  # fmt: skip
    assert frozenset({BROWSER}) in groups


def test_an_answer_about_two_browsers_joins_nobody() -> None:
    logins = [(f"web:cookie:{number}", "cookie_login", number) for number in "12"]
    groups, _, _ = matched([ANNA, BERT], cookies=logins, answers=[("web:cookie:1", "web:cookie:2", True)])
    assert groups == {frozenset({"crm:1", "web:cookie:1"}), frozenset({"crm:2", "web:cookie:2"})}


PEOPLE = [f"crm:{number}" for number in range(5)]
BROWSERS = ["web:cookie:1", "web:cookie:2"]
people = st.lists(
    st.fixed_dictionaries({"customer_number": st.sampled_from([None, "1", "2"]), "email": st.sampled_from("pq")}),
    min_size=5, max_size=5,
)  # fmt: skip
pairs = st.tuples(st.sampled_from([*PEOPLE, *BROWSERS]), st.sampled_from([*PEOPLE, *BROWSERS]))
said = st.dictionaries(pairs.filter(lambda pair: pair[0] < pair[1]), st.booleans(), max_size=6)
used = st.lists(
    st.tuples(st.sampled_from(BROWSERS), st.just("cookie_login"), st.sampled_from("12"))
    | st.tuples(st.sampled_from(BROWSERS), st.just("cookie_order"), st.sampled_from(PEOPLE)),
    max_size=4, unique=True,
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(people, said, used)
def test_whatever_is_said_nobody_told_apart_is_one_and_nobody_has_two_numbers(
    values: list[dict[str, str | None]], answers: dict[tuple[str, str], bool], cookies: list[tuple[str, str, str]]
) -> None:
    rows = [record(name, **columns) for name, columns in zip(PEOPLE, values, strict=True)]
    number = {row["source_record_id"]: row["customer_number"] for row in rows}
    seen = [*cookies, *((browser, "cookie_login", "nobody's") for browser in BROWSERS)]  # so that both are records
    told = [(*pair, is_same) for pair, is_same in answers.items()]
    groups, _, clusters = matched(rows, cookies=seen, answers=told)
    for group in groups:
        assert len({number[name] for name in group if number.get(name)}) <= 1
    for (one, other), is_same in answers.items():
        have_one_number = number.get(one) is not None and number.get(one) == number.get(other)
        if not is_same and not have_one_number and not {one, other} <= set(BROWSERS):
            assert not any({one, other} <= group for group in groups)
    _, _, again = matched(rows[::-1], cookies=seen[::-1], answers=told[::-1])
    assert again.equals(clusters)
