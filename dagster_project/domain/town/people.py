"""Who lives in the town: households, names, and which systems know each person by which name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.domain.town.words import (
    CITIES,
    FIRST,
    LAST_BEGIN,
    LAST_END,
    MAIL_DOMAINS,
    STREET_BEGIN,
    STREET_END,
    joined,
    pick,
    plain,
)

SHARE_IN_STANDARD = 0.05  # of people: they buy at a sister shop that delivers in our own layout, and nowhere else
SHARE_IN_CRM = 0.95
SHARE_TWICE_IN_CRM = 0.05
SHARE_NEWSLETTER = 0.78
SHARE_ON_WEB = 0.6
SHARE_BEHIND_GATEWAY = 0.1  # of newsletter members: a machine opens and clicks everything for them
SHARE_SHARED_PHONE = 0.25  # of people in a household of several: they give the household's number
FIRST_CUSTOMER_NUMBER = 20_000


@dataclass(frozen=True)
class People:
    """One row per person, as arrays of one length. Truth: no system knows all of it."""

    person: np.ndarray  # 0, 1, 2 ...
    household: np.ndarray
    first_name: np.ndarray
    last_name: np.ndarray
    street: np.ndarray
    postal_code: np.ndarray
    city: np.ndarray
    birth_date: np.ndarray  # datetime64[D]
    language: np.ndarray
    email: np.ndarray
    phone: np.ndarray  # national digits without the leading zero, as 481234567
    customer_number: np.ndarray  # text
    in_standard: np.ndarray
    in_crm: np.ndarray
    twice_in_crm: np.ndarray
    in_newsletter: np.ndarray
    on_web: np.ndarray
    behind_gateway: np.ndarray
    arrival: np.ndarray  # day of first contact with the company; below zero: before the first day

    def __len__(self) -> int:
        return len(self.person)


def make_people(rng: np.random.Generator, count: int, days: int) -> People:
    """Draw the people of the town.

    Phone numbers lie in +358 48, a range no operator has been given: valid in form, nobody's in fact.

    Args:
        rng: the source of chance.
        count: how many people.
        days: how many days are told about; three in ten arrive within them, some on the last.
    """
    sizes = rng.choice([1, 2, 3, 4], size=count, p=[0.5, 0.25, 0.13, 0.12])
    household = np.repeat(np.arange(count), sizes)[:count]
    homes = int(household[-1]) + 1
    last = joined(pick(rng, LAST_BEGIN, homes), pick(rng, LAST_END, homes))
    street = joined(
        pick(rng, STREET_BEGIN, homes), pick(rng, STREET_END, homes), " ", rng.integers(1, 120, homes).astype(str)
    )
    postal = np.char.zfill(rng.integers(100, 99_999, homes).astype(str), 5).astype(object)
    first_name, last_name = pick(rng, FIRST, count), last[household]
    number = np.arange(count)
    in_standard = rng.random(count) < SHARE_IN_STANDARD
    own_phone = 480_000_000 + rng.permutation(max(count, 1)) % 10_000_000
    first_of_home = np.searchsorted(household, np.arange(homes))
    shares = (rng.random(count) < SHARE_SHARED_PHONE) & (np.bincount(household)[household] > 1)
    # The later the more: the town grows, so that some are new on the last day.
    arrives_late = rng.random(count) < 0.3
    lately = (np.sqrt(rng.random(count)) * days).astype(np.int64)
    arrival = np.where(arrives_late, lately, -rng.integers(1, 700, count))
    in_newsletter = (rng.random(count) < SHARE_NEWSLETTER) & ~in_standard
    return People(
        person=number,
        household=household,
        first_name=first_name,
        last_name=last_name,
        street=street[household],
        postal_code=postal[household],
        city=pick(rng, CITIES, homes)[household],
        birth_date=np.datetime64("1940-01-01") + rng.integers(0, 24_000, count).astype("timedelta64[D]"),
        language=rng.choice(np.asarray(["fi", "sv", "en"], dtype=object), count, p=[0.86, 0.08, 0.06]),
        email=joined(plain(first_name), ".", plain(last_name), number.astype(str), "@", pick(rng, MAIL_DOMAINS, count)),
        phone=np.where(shares, own_phone[first_of_home][household], own_phone).astype(str).astype(object),
        customer_number=(FIRST_CUSTOMER_NUMBER + number).astype(str).astype(object),
        in_standard=in_standard,
        in_crm=(rng.random(count) < SHARE_IN_CRM) & ~in_standard,
        twice_in_crm=rng.random(count) < SHARE_TWICE_IN_CRM,
        in_newsletter=in_newsletter,
        on_web=(rng.random(count) < SHARE_ON_WEB) & ~in_standard,
        behind_gateway=in_newsletter & (rng.random(count) < SHARE_BEHIND_GATEWAY),
        arrival=arrival,
    )
