"""The chain that makes records one customer: shortest, the same in any order, and honest about what hangs on it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from dagster_project.domain.identity.chains import Match, chain_between, hanging, why_one

NOON = datetime(2026, 3, 1, 12)  # noqa: DTZ001, as the tables have it
RECORDS = "abcdefgh"


def match(a: str, b: str, rule: str = "email", score: float = 1.0, hours: int = 0) -> Match:
    return Match(min(a, b), max(a, b), rule, rule, score, NOON + timedelta(hours=hours))


def matches(pairs: str) -> list[Match]:
    return [match(*pair) for pair in pairs.split()]


def reached(ways: list[Match], start: str) -> set[str]:
    """The records any chain leads to, by joining until nothing changes."""
    seen = {start}
    while True:
        more = seen | {end for way in ways if seen & set(way.pair) for end in way.pair}
        if more == seen:
            return seen
        seen = more


def steps_between(ways: list[Match], start: str, end: str) -> int | None:
    """How many matches apart two records are, by widening one step at a time."""
    seen, steps = {start}, 0
    while end not in seen:
        more = seen | {one for way in ways if seen & set(way.pair) for one in way.pair}
        if more == seen:
            return None
        seen, steps = more, steps + 1
    return steps


towns = st.lists(
    st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS)).filter(lambda pair: pair[0] != pair[1]), max_size=14
).map(lambda pairs: [match(a, b) for a, b in pairs])


@given(towns, st.sampled_from(RECORDS), st.sampled_from(RECORDS))
def test_no_chain_is_shorter(ways: list[Match], start: str, end: str) -> None:
    chain = chain_between(ways, start, end)
    assert (None if chain is None else len(chain)) == steps_between(ways, start, end)
    if chain:
        assert [chain[0].from_record, chain[-1].to_record] == [start, end]
        assert all(one.to_record == next_.from_record for one, next_ in pairwise(chain))
        assert all({link.from_record, link.to_record} == set(link.match.pair) for link in chain)


@given(towns, st.sampled_from(RECORDS))
def test_every_record_has_one_link_and_parts_as_told(ways: list[Match], first: str) -> None:
    links = why_one(ways, first)
    everyone = reached(ways, first)
    assert sorted(link.to_record for link in links) == sorted(everyone - {first})
    for link in links:
        without = [way for way in ways if way.pair != link.match.pair]
        assert link.count_parted == len(everyone - reached(without, first))


def test_the_order_of_matches_changes_nothing() -> None:
    ways = [match(a, b, rule) for a, b in combinations("abcdef", 2) for rule in ("email", "phone")]
    told = why_one(ways, "a")
    for seed in range(20):
        random.Random(seed).shuffle(ways)
        assert why_one(ways, "a") == told


def test_of_two_short_ways_the_stronger_is_told() -> None:
    ways = [match("a", "b", "probable", 0.9991), match("b", "d"), match("a", "c"), match("c", "d")]
    chain = chain_between(ways, "a", "d")
    assert chain is not None
    assert [link.to_record for link in chain] == ["c", "d"]


def test_other_rules_for_the_same_two_are_told_beside() -> None:
    ways = [match("a", "b", "phone", hours=5), match("a", "b", "email", hours=1), match("a", "b", "probable", 0.99)]
    (link,) = why_one(ways, "a")
    assert (link.match.rule, link.also, link.count_parted) == ("email", ("phone", "probable"), 1)


def test_a_held_match_is_walked_only_when_it_is_given() -> None:
    held = Match("b", "c", "phone", "phone", 1.0, NOON, reason="names_differ")
    assert chain_between(matches("ab"), "a", "c") is None
    chain = chain_between([*matches("ab"), held], "a", "c")
    assert chain is not None
    assert [link.match.reason for link in chain] == [None, "names_differ"]


def test_a_chain_of_thousands_is_walked_without_recursion() -> None:
    names = [f"r{number:05}" for number in range(5_000)]
    ways = [match(a, b) for a, b in pairwise(names)]
    assert hanging(ways, names[0])[names[0], names[1]] == len(names) - 1
