"""Random scenarios with scarce resources: no cap, capacity or day is ever passed by one, and little is wasted."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.decisions.allocate import Request, allocate
from dagster_project.domain.decisions.choosing import choose
from dagster_project.domain.decisions.policy import Cap, Channel, ContactPolicy
from dagster_project.domain.decisions.reasons import STAGES
from dagster_project.domain.decisions.standing import Standing, Taken

START = date(2026, 3, 1)
CHANNELS, CLASSES = ("email", "phone"), ("mandatory", "transactional", "marketing")
days = st.integers(0, 12).map(lambda number: START + timedelta(days=number))
caps = st.builds(
    Cap,
    name=st.just("cap"),
    contacts=st.integers(0, 3),
    days=st.integers(1, 8),
    channel=st.sampled_from([None, *CHANNELS]),
    action_class=st.sampled_from(CLASSES[1:]),
)
policies = st.builds(
    lambda limits, capacities, per_day: ContactPolicy(
        {name: Channel(name, "has_email", daily_capacity=one) for name, one in zip(CHANNELS, capacities, strict=True)},
        tuple(limits),
        per_customer_per_day=per_day,
    ),
    st.lists(caps, max_size=3),
    st.tuples(*[st.one_of(st.none(), st.integers(0, 3))] * 2),
    st.one_of(st.none(), st.integers(0, 2)),
)
wishes = st.lists(
    st.tuples(
        st.sampled_from(["c1", "c2", "c3"]),
        st.sampled_from(CHANNELS),
        st.sampled_from(CLASSES),
        days,
        st.integers(0, 3).map(float),
    ),
    max_size=25,
)


def requests_of(rows: list[tuple[str, str, str, date, float]]) -> list[Request]:
    return [Request(f"{number:03d}", *row) for number, row in enumerate(rows)]


def served(requests: list[Request], standing: Standing, policy: ContactPolicy) -> list[Request]:
    stopped = allocate(requests, standing, policy)
    return [request for request in requests if request.contact_id not in stopped]


def breaches(contacts: list[Request], policy: ContactPolicy) -> list[str]:
    """Every limit that these contacts pass, found by counting each window anew."""
    found = []
    by_day = Counter((one.channel, one.day) for one in contacts)
    for (channel, day), number in by_day.items():
        capacity = policy.channels[channel].daily_capacity
        if capacity is not None and number > capacity:
            found.append(f"{channel} on {day}: {number} of {capacity}")
    for customer in {one.customer_id for one in contacts}:
        own = [one for one in contacts if one.customer_id == customer and one.action_class != "mandatory"]
        for day, number in Counter(one.day for one in own).items():
            if policy.per_customer_per_day is not None and number > policy.per_customer_per_day:
                found.append(f"{customer} on {day}: {number} actions")
        for cap in policy.caps:
            counted = [one.day for one in own if cap.counts(one.channel, one.action_class)]
            for offset in range(-10, 25):
                first = START + timedelta(days=offset)
                number = sum(first <= day < first + timedelta(days=cap.days) for day in counted)
                if number > cap.contacts:
                    found.append(f"{customer} from {first}: {number} of {cap.contacts}")
    return found


def standing_of(contacts: list[Request], stands: bool = False) -> Standing:
    taken: dict[str, tuple[Taken, ...]] = {}
    for one in contacts:
        mine = Taken(one.contact_id, one.day, one.channel, one.action_class)
        taken[one.customer_id] = (*taken.get(one.customer_id, ()), mine)
    ids = frozenset(one.contact_id for one in contacts) if stands else frozenset()
    return Standing(stands=ids, taken=taken, used=Counter((one.channel, one.day) for one in contacts))


@settings(max_examples=300, deadline=None)
@given(first=wishes, second=wishes, policy=policies)
def test_no_limit_is_passed_in_one_run_or_two(
    first: list[tuple[str, str, str, date, float]],
    second: list[tuple[str, str, str, date, float]],
    policy: ContactPolicy,
) -> None:
    requests = requests_of(first + second)
    before = served(requests[: len(first)], Standing(), policy)
    after = served(requests[len(first) :], standing_of(before), policy)
    assert breaches(before + after, policy) == []


@settings(max_examples=300, deadline=None)
@given(rows=wishes, policy=policies)
def test_a_rerun_gives_the_same_contacts_and_the_same_reasons(
    rows: list[tuple[str, str, str, date, float]], policy: ContactPolicy
) -> None:
    requests = requests_of(rows)
    first = choose(requests, Standing(), policy)
    chosen = [request for request in requests if request.contact_id in first.chosen]
    again = choose(list(reversed(requests)), standing_of(chosen, stands=True), policy)
    assert (again.chosen, again.stopped, again.prices) == (first.chosen, first.stopped, first.prices)
    assert (again.value, again.bound) == pytest.approx((first.value, first.bound))


@settings(max_examples=200, deadline=None)
@given(first=wishes, second=wishes, policy=policies)
def test_the_best_plan_passes_no_limit_wastes_nothing_and_beats_greed(
    first: list[tuple[str, str, str, date, float]],
    second: list[tuple[str, str, str, date, float]],
    policy: ContactPolicy,
) -> None:
    requests = requests_of(first + second)
    before = served(requests[: len(first)], Standing(), policy)
    rivals = requests[len(first) :]
    choice = choose(rivals, standing_of(before), policy)
    chosen = [request for request in rivals if request.contact_id in choice.chosen]
    assert breaches(before + chosen, policy) == []
    assert choice.value == pytest.approx(sum(one.score for one in chosen))
    assert choice.value <= choice.bound + 1e-6
    for request in rivals:
        if request not in chosen:
            assert breaches([*before, *chosen, request], policy), f"{request} could have been chosen too"
            assert choice.stopped[request.contact_id][0] in STAGES
    greedy = served(rivals, standing_of(before), policy)
    for action_class in CLASSES[1:2]:  # who comes first is served as well as can be; the others have what is left
        worth = [sum(one.score for one in plan if one.action_class == action_class) for plan in (chosen, greedy)]
        assert worth[0] >= worth[1] - 1e-6


@settings(max_examples=300, deadline=None)
@given(rows=wishes, policy=policies)
def test_nobody_goes_without_while_something_is_left(
    rows: list[tuple[str, str, str, date, float]], policy: ContactPolicy
) -> None:
    requests = requests_of(rows)
    chosen = served(requests, Standing(), policy)
    for request in requests:
        if request not in chosen:
            assert breaches([*chosen, request], policy), f"{request} could have been chosen too"


SCARCE = ContactPolicy(
    {name: Channel(name, "has_email", daily_capacity=2) for name in CHANNELS},
    (Cap("weekly", 1, 7),),
    per_customer_per_day=1,
)


def crowd(count: int, customers: int, length: int) -> list[Request]:
    """Many wishes of a few customers on a few days, by turns on both channels."""
    rows = range(count)
    return requests_of(
        [(f"c{n % customers}", CHANNELS[n % 2], "marketing", START + timedelta(days=n % length), 1.0) for n in rows]
    )


CROWDS = {"caps": crowd(20, 4, 3), "capacity": crowd(40, 10, 2), "day": crowd(20, 4, 3)}
OFF = {
    "caps": ContactPolicy(SCARCE.channels, (), 1),
    "capacity": ContactPolicy({name: Channel(name, "has_email") for name in CHANNELS}, SCARCE.caps, 1),
    "day": ContactPolicy(SCARCE.channels, (), None),
}


@pytest.mark.parametrize("rule", OFF)
def test_the_count_catches_a_rule_that_is_switched_off(rule: str) -> None:
    assert breaches(served(CROWDS[rule], Standing(), SCARCE), SCARCE) == []
    assert breaches(served(CROWDS[rule], Standing(), OFF[rule]), SCARCE) != []


def test_a_window_that_looks_back_only_would_be_caught() -> None:
    """A contact planned ahead is in the windows of one decided after it for an earlier day."""
    ahead = requests_of([("c1", "email", "marketing", START + timedelta(days=5), 1.0)])
    now = requests_of([("c1", "email", "marketing", START, 1.0)] * 2)[1:]
    weekly = ContactPolicy(SCARCE.channels, (Cap("weekly", 1, 7),), None)
    assert served(now, standing_of(ahead), weekly) == []
    assert breaches(ahead + now, weekly) != []


def test_what_stands_keeps_its_place_and_the_plan_is_worth_both() -> None:
    """Another run was quicker with one of the two calls: the one that was claimed stays, though it is the worse one."""
    calls = [Request(f"{number}", f"c{number}", "phone", "marketing", START, float(number)) for number in (1, 2, 3)]
    one_left = ContactPolicy({"phone": Channel("phone", None, daily_capacity=1)}, (), None)
    standing = standing_of(calls[:1], stands=True)
    choice = choose(calls, standing, one_left)
    assert (choice.chosen, choice.value) == ({"1"}, 1.0)
    assert choice.bound >= 3.0
    assert set(choice.stopped) == {"2", "3"}
