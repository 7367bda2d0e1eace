"""The rules between contacts, each where it acts and one day beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dagster_project.domain.decisions.allocate import Count, Request, serve
from dagster_project.domain.decisions.choosing import choose
from dagster_project.domain.decisions.policy import (
    Cap,
    Channel,
    ContactPolicy,
    Package,
    PairRule,
    QuietHours,
    Rest,
)
from dagster_project.domain.decisions.standing import Standing, Taken
from dagster_project.domain.decisions.volume import VolumeConstraint

DAY0 = date(2026, 3, 2)  # a Monday
CHANNELS = {name: Channel(name, None) for name in ("email", "phone")}
FREE = ContactPolicy(CHANNELS, per_customer_per_day=None)


def on(day: int) -> date:
    return DAY0 + timedelta(days=day)


def wish(name: str, day: int = 0, model: str = "a", **given: object) -> Request:
    usual: dict[str, object] = {
        "customer_id": "c1", "channel": "email", "action_class": "marketing", "score": 1.0, "purpose": "marketing",
        "department": "crm", "care_model": model, "step": "s",
    }  # fmt: skip
    return Request(contact_id=name, day=on(day), **(usual | given))  # type: ignore[arg-type]


def had(day: int, model: str = "a", *, is_made: bool = True, **given: object) -> Taken:
    usual: dict[str, object] = {"channel": "email", "action_class": "marketing", "purpose": "marketing", "step": "s"}
    return Taken(f"had {model} {day}", on(day), care_model=model, is_made=is_made, **(usual | given))  # type: ignore[arg-type]


def limit(policy: ContactPolicy, request: Request, *taken: Taken, **standing: object) -> tuple[str, str] | None:
    known = {"taken": {"c1": taken}} | standing
    return Count(policy, Standing(**known)).limit(request)  # type: ignore[arg-type]


REST = replace(FREE, rests=(Rest("a", 3),))


@pytest.mark.parametrize(("day", "stops"), [(-3, True), (-2, True), (-1, True), (0, True), (1, False), (2, False)])
def test_a_rest_covers_its_days_and_no_more(day: int, stops: bool) -> None:
    """The action was made on day -2: three days are -2, -1 and 0. A later one of another kind is no rest."""
    found = limit(REST, wish("x", day, model="b"), had(-2))
    assert (found == ("rest", "a")) == (stops and day >= -2)
    ahead = limit(REST, wish("y", day, model="a"), had(0, model="b"))
    assert (ahead == ("rest", "a")) == (-3 < day <= 0), "the action may not begin a rest over what is planned"


def test_a_rest_is_from_marketing_alone() -> None:
    service = {"action_class": "transactional"}
    assert limit(REST, wish("x", 1, model="b", **service), had(0)) is None
    assert limit(REST, wish("x", 0, model="a"), had(1, model="b", **service)) is None
    assert limit(REST, wish("x", 1, model="b"), had(0, **service)) == ("rest", "a"), "after a service contact too"


def test_a_rest_may_be_after_one_step_alone() -> None:
    policy = replace(FREE, rests=(Rest("a/call", 3),))
    assert limit(policy, wish("x", 1, model="b"), had(0)) is None
    assert limit(policy, wish("x", 1, model="b"), had(0, step="call")) == ("rest", "a/call")


@pytest.mark.parametrize("ahead", [-3, -2, -1, 0, 1, 2, 3])
def test_pairs_look_at_days(ahead: int) -> None:
    """``a`` was on day 0 and ``b`` is wanted ``ahead`` days later; then the other way round."""
    together = replace(FREE, pairs=(PairRule("never_together", "a", "b", 2),))
    followed = replace(FREE, pairs=(PairRule("never_followed_by", "a", "b", 2),))
    first = [limit(policy, wish("x", ahead, model="b"), had(0)) is not None for policy in (together, followed)]
    second = [limit(policy, wish("x", ahead), had(0, model="b")) is not None for policy in (together, followed)]
    assert first == [abs(ahead) < 2, 0 <= ahead < 2]
    assert second == [abs(ahead) < 2, -2 < ahead <= 0]


@pytest.mark.parametrize(("ahead", "may"), [(-1, False), (0, False), (1, True), (5, True), (6, False)])
def test_one_may_come_only_after_another_was_made(ahead: int, may: bool) -> None:
    policy = replace(FREE, pairs=(PairRule("only_after", "a", "b", 5),))
    assert (limit(policy, wish("x", ahead, model="b"), had(0)) is None) == may
    assert limit(policy, wish("x", ahead, model="b"), had(0, is_made=False)) == ("pair_rule", "a only_after b")
    assert limit(policy, wish("x", ahead, model="c")) is None


def test_mandatory_contacts_are_under_no_rule_between_contacts() -> None:
    strict = replace(
        REST, caps=(Cap("none", 0, 7, action_class=None),), pairs=(PairRule("never_together", "a", "b", 9),)
    )
    recall = wish("x", 0, model="b", action_class="mandatory")
    assert limit(strict, recall, had(0)) is None
    assert limit(strict, replace(recall, action_class="marketing"), had(0)) == ("contact_cap", "none")


def test_a_cap_may_be_of_a_purpose_and_of_all_classes() -> None:
    sales = replace(FREE, caps=(Cap("sales", 1, 7, purpose="sales"),))
    assert limit(sales, wish("x", purpose="sales"), had(0)) is None
    assert limit(sales, wish("x", purpose="sales"), had(0, purpose="sales")) == ("contact_cap", "sales")
    every = replace(FREE, caps=(Cap("all", 1, 7, action_class=None),))
    service = {"action_class": "transactional"}
    assert limit(every, wish("x"), had(0, **service)) == ("contact_cap", "all")
    assert limit(every, wish("x", **service), had(0)) == ("contact_cap", "all")
    assert limit(every, wish("x"), had(0, action_class="mandatory")) is None


def test_a_household_counts_as_one_where_the_policy_says_so() -> None:
    cap = Cap("letters", 1, 30, per="household")
    at_home = {"households": {"c1": "h", "c2": "h"}, "taken": {"c2": (had(0),)}}
    together, apart = replace(FREE, caps=(cap,)), replace(FREE, caps=(replace(cap, per="customer"),))
    assert limit(together, wish("x"), **at_home) == ("contact_cap", "letters")
    assert limit(apart, wish("x"), **at_home) is None
    assert limit(together, wish("x"), households={}, taken={"c2": (had(0),)}) is None
    both = [wish("x", customer_id="c1"), wish("y", customer_id="c2", score=2.0)]
    choice = choose(both, Standing(households={"c1": "h", "c2": "h"}), together)
    assert (choice.chosen, choice.stopped, choice.displaced_by) == (
        {"y"},
        {"x": ("priority", "letters")},
        {"x": "y"},
    )


PACK = replace(
    FREE,
    caps=(Cap("weekly", 1, 7),),
    per_customer_per_day=1,
    packages=(Package("letter", "email", frozenset({"a", "b", "c"}), most=2),),
)


def test_a_package_is_one_interruption() -> None:
    assert limit(PACK, wish("x", model="b"), had(0)) is None
    assert limit(PACK, wish("x", model="d"), had(0)) == ("contact_cap", "weekly"), "what does not travel in it"
    assert limit(PACK, wish("x", 1, model="b"), had(0)) == ("contact_cap", "weekly"), "another day"
    assert limit(PACK, wish("x", model="b", channel="phone"), had(0)) == ("contact_cap", "weekly")
    assert limit(PACK, wish("x", model="c"), had(0), had(0, "b")) == ("contact_cap", "letter"), "it is full"
    no_cap = replace(PACK, caps=())
    assert limit(no_cap, wish("x", 0, model="d"), had(0)) == ("priority", "per_customer_per_day")
    assert limit(no_cap, wish("x", 0, model="b"), had(0)) is None


def test_a_package_does_not_open_a_cap_its_mates_are_not_under() -> None:
    policy = replace(PACK, caps=(Cap("sales", 1, 7, purpose="sales"),))
    earlier = had(-1, "z", purpose="sales")
    assert limit(policy, wish("x", model="b", purpose="sales"), earlier, had(0)) == ("contact_cap", "sales")


def test_the_best_offers_fill_a_package() -> None:
    wishes = [wish("x", model="a", score=1.0), wish("y", model="b", score=3.0), wish("z", model="c", score=2.0)]
    assert choose(wishes, Standing(), PACK).chosen == {"y", "z"}
    alone = wish("d", model="d", score=4.0)
    assert choose([*wishes, alone], Standing(), PACK).chosen == {"y", "z"}, "five are more than four"
    assert choose([*wishes, replace(alone, score=6.0)], Standing(), PACK).chosen == {"d"}


HOURS = QuietHours(time(21), time(8), frozenset({"email"}), frozenset({6}))
ZONE = ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("2026-03-02T20:59", "2026-03-02T20:59"),
        ("2026-03-02T21:00", "2026-03-03T08:00"),
        ("2026-03-03T07:59", "2026-03-03T08:00"),
        ("2026-03-03T08:00", "2026-03-03T08:00"),
        ("2026-03-07T23:00", "2026-03-09T08:00"),  # Saturday night: over Sunday
        ("2026-03-08T12:00", "2026-03-09T08:00"),
        ("2026-03-28T22:00", "2026-03-30T08:00"),  # over the change to summer time
    ],
)
def test_quiet_hours_wait_for_the_morning(asked: str, told: str) -> None:
    policy = replace(FREE, quiet=HOURS)
    moment = datetime.fromisoformat(asked).replace(tzinfo=ZONE)
    assert policy.next_open("email", moment, ZONE).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") == told
    assert policy.next_open("phone", moment, ZONE) == moment


def test_quiet_hours_and_opening_hours_agree_on_a_moment_or_say_that_they_never_do() -> None:
    office = Channel("email", None, opens=time(9), closes=time(17), weekdays=frozenset(range(5)))
    policy = replace(FREE, channels={"email": office}, quiet=HOURS)
    friday = datetime(2026, 3, 6, 18, tzinfo=ZONE)
    assert policy.next_open("email", friday, ZONE) == datetime(2026, 3, 9, 9, tzinfo=ZONE)
    night = replace(office, opens=time(22), closes=time(23))
    with pytest.raises(ValueError, match="quiet"):
        replace(policy, channels={"email": night}).next_open("email", friday, ZONE)


def volume(**given: object) -> ContactPolicy:
    usual: dict[str, object] = {"name": "v", "measure": "contacts", "per": "day", "most": Decimal(2)}
    return replace(FREE, volumes=(VolumeConstraint(**(usual | given)),))  # type: ignore[arg-type]


def some(count: int, **given: object) -> list[Request]:
    return [wish(f"{n:02d}", customer_id=f"c{n}", score=float(n), **given) for n in range(count)]


@pytest.mark.parametrize(
    ("given", "wanted", "served"),
    [
        ({}, some(4), 2),
        ({"most": Decimal(0)}, some(4), 0),
        ({"measure": "cost", "most": Decimal("1.00")}, some(4, cost=4000), 2),
        ({"measure": "cost", "most": Decimal("1.20")}, some(4, cost=4000), 3),
        ({"measure": "cost", "most": Decimal(0)}, some(4, cost=0), 4),
        ({"measure": "minutes", "most": Decimal(20)}, some(4, minutes=80000), 2),
        ({"measure": "units", "most": Decimal(3)}, some(4, units=10000), 3),
        ({"report_only": True}, some(4), 4),
        ({"of": {"department": frozenset({"shops"})}}, some(4), 4),
        ({"of": {"department": frozenset({"crm"}), "channel": frozenset({"email", "sms"})}}, some(4), 2),
    ],
)
def test_a_volume_constraint_gives_what_there_is(given: dict[str, object], wanted: list[Request], served: int) -> None:
    policy = volume(**given)
    assert len(wanted) - len(serve(wanted, Count(policy, Standing()))) == served
    choice = choose(wanted, Standing(), policy)
    assert len(choice.chosen) == served
    best = sorted((one.contact_id for one in wanted), reverse=True)
    assert choice.chosen == set(best[:served])


@pytest.mark.parametrize(("per", "again"), [("day", 1), ("week", 7), ("month", 30), ("quarter", 30), ("all", None)])
def test_a_period_ends(per: str, again: int | None) -> None:
    """From Monday the second of March; the next month begins 30 days later, the next quarter too."""
    policy = volume(per=per, most=Decimal(1))
    first = policy.volumes[0].period(DAY0)
    taken = Standing(volumes={("v", first): 10_000})
    free = [day for day in range(60) if Count(policy, taken).limit(wish("x", day)) is None]
    assert (free[0] if free else None) == again


def test_what_was_taken_before_counts_and_is_told_apart_from_what_others_took_now() -> None:
    policy = volume()
    wanted = some(3)
    full = choose(wanted, Standing(volumes={("v", DAY0): 20_000}), policy)
    assert set(full.stopped.values()) == {("volume_constraint", "v")}
    half = choose(wanted, Standing(volumes={("v", DAY0): 10_000}), policy)
    assert half.stopped == {"00": ("outbid", "v"), "01": ("outbid", "v")}
    assert [round(price, 6) for price in half.prices.values()] == [1.0], "one more would serve the next best"


def test_a_minimum_is_kept_before_value() -> None:
    """Two letters were promised, and each takes the day from a better e-mail."""
    letters = some(4, model="letter", step="l")
    emails = [replace(one, contact_id=f"e{one.contact_id}", care_model="mail", score=50.0) for one in letters]
    daily = replace(FREE, per_customer_per_day=1)
    assert choose([*letters, *emails], Standing(), daily).chosen == {one.contact_id for one in emails}
    promise = VolumeConstraint("partner", "contacts", "day", least=Decimal(2), of={"care_model": frozenset({"letter"})})
    choice = choose([*letters, *emails], Standing(), replace(daily, volumes=(promise,)))
    assert len({one.contact_id for one in letters} & choice.chosen) == 2
    assert len(choice.chosen) == 4
