"""The parts of the rules between contacts, each by itself: windows, packages, what keeps two apart."""

from __future__ import annotations

from dataclasses import replace

from dagster_project.domain.decisions.contact_rules import between, breaks, interruptions, takes_a_full_day
from dagster_project.domain.decisions.policy import Cap, PairRule, Rest
from tests.domain.decisions.test_contact_rules import DAY0, FREE, PACK, had, limit, wish


def test_a_window_ends_before_the_day_after_it() -> None:
    weekly = Cap("two a week", 2, 7)
    assert not breaks(weekly, [1, 8], 5), "the first and the last are eight days"
    assert breaks(weekly, [1, 7], 5)
    assert breaks(weekly, [5, 5], 5)


def test_a_mandatory_contact_takes_no_day_and_no_place_in_a_package() -> None:
    recall = had(0, "d", action_class="mandatory")
    full = replace(FREE, per_customer_per_day=1)
    assert takes_a_full_day(had(0), [had(0, "b")], full) is True
    assert takes_a_full_day(had(0, action_class="mandatory"), [had(0, "b")], full) is False
    assert takes_a_full_day(had(0), [recall], full) is False
    in_it = replace(recall, care_model="b")
    assert limit(PACK, wish("x", model="c"), had(0), in_it) is None, "of two offers the second"
    assert limit(PACK, wish("x", model="c"), in_it) is None


def test_a_package_interrupts_once_a_day_and_what_goes_alone_each_time() -> None:
    day = DAY0.toordinal()
    three = [had(0), had(0, "b"), had(1, "c")]
    assert interruptions(three, PACK) == [day, day + 1]
    assert interruptions(three, FREE) == [day, day, day + 1]
    assert interruptions([had(0, "d"), had(0, "e"), had(0)], PACK) == [day, day, day]


def test_what_keeps_two_contacts_of_one_run_apart() -> None:
    rest, pair = (Rest("a", 3),), (PairRule("never_together", "a", "b", 2),)
    after = (PairRule("only_after", "a", "b", 9),)
    assert between(had(1, "b"), had(0), replace(FREE, rests=rest)) == ("rest", "a")
    assert between(had(3, "b"), had(0), replace(FREE, rests=rest)) is None
    assert between(had(1, "b"), had(0), replace(FREE, pairs=pair)) == ("pair_rule", "a never_together b")
    assert between(had(2, "b"), had(0), replace(FREE, pairs=pair)) is None
    assert between(had(0, "b"), had(1, "z"), replace(FREE, pairs=after)) is None, "what came before is no matter of two"
    assert between(had(1, "b"), had(0), replace(FREE, pairs=(*after, *pair))) == ("pair_rule", "a never_together b")


def test_a_pair_is_of_its_two_actions_and_of_no_other() -> None:
    followed = replace(FREE, pairs=(PairRule("never_followed_by", "a", "b", 2),))
    assert limit(followed, wish("x", 0, model="z"), had(1, "b")) is None
    assert limit(followed, wish("x", 0, model="a"), had(1, "z")) is None
    assert limit(followed, wish("x", 1, model="b"), had(0, "z")) is None
    assert limit(followed, wish("x", 1, model="z"), had(0, "a")) is None
    assert limit(followed, wish("x", 1, model="b"), had(0, "a")) == ("pair_rule", "a never_followed_by b")


def test_a_rule_of_after_hides_no_later_rule_and_asks_for_one_contact_among_several() -> None:
    after, apart = PairRule("only_after", "a", "b", 9), PairRule("never_together", "a", "b", 3)
    both = replace(FREE, pairs=(after, apart))
    assert limit(both, wish("x", 2, model="b"), had(0)) == ("pair_rule", "a never_together b")
    assert limit(both, wish("x", 5, model="b"), had(0), had(1, "z")) is None
    assert limit(both, wish("x", 5, model="b"), had(1, "z")) == ("pair_rule", "a only_after b")
