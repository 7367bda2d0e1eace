"""The rules between the contacts of one customer (or household): caps, rests, pairs, packages, and one action a day.

Every rule looks at the days of contacts alone, never at the order in which they were decided: contacts are planned
ahead, so one decided later may come first.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.domain.decisions.policy import CAPPED, PER_HOUSEHOLD, Cap, ContactPolicy, PairRule, is_named
from dagster_project.domain.decisions.standing import Taken

Limit = tuple[str, str]  # the stage of the funnel and the name of the rule, cap, channel or constraint
PER_DAY = "per_customer_per_day"


def breaks(cap: Cap, days: Sequence[int], day: int) -> bool:
    """Whether one more contact on ``day`` puts more than the cap's contacts into any of its windows.

    Contacts may be planned ahead, so windows that end after ``day`` count too.

    Args:
        cap: the cap.
        days: days (as numbers) of the contacts that the cap counts.
        day: the day of the one more.

    >>> weekly = Cap("two a week", contacts=2, days=7)
    >>> breaks(weekly, [1, 7], 8), breaks(weekly, [1, 7], 5), breaks(weekly, [14, 15], 9)
    (False, True, True)
    """
    near = [other for other in days if abs(other - day) < cap.days]
    if len(near) < cap.contacts:
        return False
    starts = {other for other in near if other <= day} | {day}
    return any(sum(start <= other < start + cap.days for other in near) >= cap.contacts for start in starts)


def first_broken(
    one: Taken, own: Sequence[Taken], household: Sequence[Taken], policy: ContactPolicy
) -> Limit | None:  # fmt: skip
    """The first rule between contacts that one more contact would break; None: it may be.

    Args:
        one: the one more.
        own: the customer's contacts, reserved or made.
        household: those of everybody in her household, her own included; empty where she has none.
        policy: the rules.
    """
    if one.action_class not in CAPPED or not (own or household or policy.asks_newcomers):
        return None
    mates = _mates(one, own, policy)
    if mates:
        name = policy.package_of(one.channel, one.care_model, one.step)
        if len(mates) >= next(package.most for package in policy.packages if package.name == name):
            return "contact_cap", str(name)
    day = one.day.toordinal()
    for cap in policy.caps:
        if not _counts(cap, one) or any(_counts(cap, mate) for mate in mates):
            continue  # a further offer of a package that goes out anyway is no further interruption
        counted = [other for other in (household or own if cap.per == PER_HOUSEHOLD else own) if _counts(cap, other)]
        if (counted or cap.contacts == 0) and breaks(cap, interruptions(counted, policy), day):
            return "contact_cap", cap.name
    return _rest(one, own, policy) or _pair(one, own, policy.pairs)


def between(one: Taken, other: Taken, policy: ContactPolicy) -> Limit | None:
    """The rest or pair rule that keeps two contacts of one customer apart; None: both may be."""
    apart = _rest(one, [other], policy)
    if apart is not None:
        return apart
    pairs = [pair for pair in policy.pairs if pair.kind != "only_after"]
    return _pair(one, [other], pairs)


def takes_a_full_day(one: Taken, own: Sequence[Taken], policy: ContactPolicy) -> bool:
    """Whether the customer meets as many actions as she may on that day already."""
    if policy.per_customer_per_day is None or one.action_class not in CAPPED or _mates(one, own, policy):
        return False
    same_day = [other for other in own if other.day == one.day and other.action_class in CAPPED]
    return len(interruptions(same_day, policy)) >= policy.per_customer_per_day


def interruptions(contacts: Sequence[Taken], policy: ContactPolicy) -> list[int]:
    """The days (as numbers) on which somebody is interrupted: once for each contact, and once for each package."""
    if not policy.packages:
        return [one.day.toordinal() for one in contacts]
    seen = set()
    days = []
    for one in contacts:
        package = policy.package_of(one.channel, one.care_model, one.step)
        key = one.contact_id if package is None else (package, one.day)
        if key not in seen:
            seen.add(key)
            days.append(one.day.toordinal())
    return days


def _counts(cap: Cap, one: Taken) -> bool:
    return cap.counts(one.channel, one.action_class, one.purpose)


def _mates(one: Taken, own: Sequence[Taken], policy: ContactPolicy) -> list[Taken]:
    """The offers that are in the contact's package already; none where it goes alone."""
    name = policy.package_of(one.channel, one.care_model, one.step) if policy.packages else None
    if name is None:
        return []
    return [
        other
        for other in own
        if other.day == one.day
        and other.channel == one.channel
        and other.action_class in CAPPED
        and policy.package_of(other.channel, other.care_model, other.step) == name
    ]


def _rest(one: Taken, own: Sequence[Taken], policy: ContactPolicy) -> Limit | None:
    for rest in policy.rests:
        begins_rest = is_named(rest.after, one.care_model, one.step)
        for other in own:
            ahead = (other.day - one.day).days
            later = begins_rest and 0 <= ahead < rest.days and other.action_class == "marketing"
            resting = is_named(rest.after, other.care_model, other.step) and 0 <= -ahead < rest.days
            if later or (resting and one.action_class == "marketing"):
                return "rest", rest.after
    return None


def _pair(one: Taken, own: Sequence[Taken], pairs: Sequence[PairRule]) -> Limit | None:
    for pair in pairs:
        if pair.kind == "only_after":
            if is_named(pair.second, one.care_model, one.step) and not _came_before(pair, one, own):
                return "pair_rule", pair.name
            continue
        is_first = is_named(pair.first, one.care_model, one.step)
        is_second = is_named(pair.second, one.care_model, one.step)
        either_way = pair.kind == "never_together"
        for other in own:
            ahead = (other.day - one.day).days
            follows = is_named(pair.second, other.care_model, other.step) and is_first
            precedes = is_named(pair.first, other.care_model, other.step) and is_second
            near = abs(ahead) < pair.days
            if (follows and near and (ahead >= 0 or either_way)) or (precedes and near and (ahead <= 0 or either_way)):
                return "pair_rule", pair.name
    return None


def _came_before(pair: PairRule, one: Taken, own: Sequence[Taken]) -> bool:
    return any(
        other.is_made
        and is_named(pair.first, other.care_model, other.step)
        and 0 < (one.day - other.day).days <= pair.days
        for other in own
    )
