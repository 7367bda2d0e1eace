"""The contact policy: how often a customer may be contacted, and how much each channel carries in a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.clock import business_date
from dagster_project.domain.decisions.volume import VolumeConstraint

CLASS_ORDER = {"mandatory": 0, "transactional": 1, "marketing": 2}  # who is served first when a channel is short
CAPPED = ("transactional", "marketing")  # a mandatory contact (a product recall) is counted by no cap
ANY_CONSENT = "any"  # of a channel that needs no consent of its own: one on any channel for the same purpose covers it
PER_CUSTOMER, PER_HOUSEHOLD = "customer", "household"
LONGEST_CLOSED = 14  # days to look ahead for the next opening hour; a channel closed for longer is closed


@dataclass(frozen=True)
class Cap:
    """At most ``contacts`` contacts in any ``days`` days in a row. Zero means none.

    Attributes:
        name: what explanations call it.
        contacts: the most a customer may have.
        days: the length of the window in business days.
        channel: the channel it counts; None counts all of them together.
        action_class: the class it counts and limits; None counts marketing and transactional together.
        purpose: the purpose it counts and limits; None counts every one.
        per: ``customer``, or ``household``: the people of one address count as one.
    """

    name: str
    contacts: int
    days: int
    channel: str | None = None
    action_class: str | None = "marketing"
    purpose: str | None = None
    per: str = PER_CUSTOMER

    def counts(self, channel: str, action_class: str, purpose: str = "") -> bool:
        """Whether such a contact is under this cap."""
        of_class = action_class == self.action_class or (self.action_class is None and action_class in CAPPED)
        return of_class and self.channel in (None, channel) and self.purpose in (None, purpose)


@dataclass(frozen=True)
class Rest:
    """After this action its customer meets no marketing for ``days`` days, the day of the action included.

    Attributes:
        after: the action: the name of a care model or of an action, or ``name/step``.
        days: business days.
    """

    after: str
    days: int


@dataclass(frozen=True)
class PairRule:
    """What two actions may not be to each other, for one customer.

    Attributes:
        kind: ``never_together``: not within ``days`` days of each other, whichever comes first; ``never_followed_by``:
            ``second`` not on the day of ``first`` or in the days after it, ``days`` in all; ``only_after``: ``second``
            only when ``first`` was made on an earlier day, at most ``days`` days before.
        first, second: actions, as in :class:`Rest`.
        days: business days.
    """

    kind: str
    first: str
    second: str
    days: int = 1

    @property
    def name(self) -> str:
        """What explanations call it."""
        return f"{self.first} {self.kind} {self.second}"


@dataclass(frozen=True)
class Package:
    """Several offers in one interruption: on one channel and day they count once for caps.

    Attributes:
        actions: which may travel together, as in :class:`Rest`.
        most: offers in one package.
    """

    name: str
    channel: str
    actions: frozenset[str]
    most: int = 3


@dataclass(frozen=True)
class Pause:
    """Who did not react to the last ``ignored`` marketing contacts is left alone for ``days`` days after the last.

    Attributes:
        within: days in which a reaction may come; a younger contact is not judged yet.
        channel: the channel it looks at and pauses; None: all of them together.
    """

    ignored: int
    days: int
    within: int = 14
    channel: str | None = None

    @property
    def name(self) -> str:
        """What explanations call it."""
        return f"{self.ignored} ignored" + (f" on {self.channel}" if self.channel else "")


@dataclass(frozen=True)
class QuietHours:
    """When nobody is disturbed: from ``starts`` until ``ends`` the next morning, and on whole ``weekdays`` (Monday 0).

    Attributes:
        channels: those that disturb; a letter does not.
    """

    starts: time
    ends: time
    channels: frozenset[str]
    weekdays: frozenset[int] = frozenset()

    def over(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment from this one on that is not quiet (aware in, UTC-aware out).

        >>> quiet = QuietHours(time(21), time(8), frozenset({"sms"}), frozenset({6}))
        >>> saturday_night = datetime(2026, 3, 28, 22, tzinfo=ZoneInfo("Europe/Helsinki"))
        >>> quiet.over(saturday_night, ZoneInfo("Europe/Helsinki")).isoformat()
        '2026-03-30T05:00:00+00:00'
        """
        local = moment.astimezone(zone)
        over_night = self.starts > self.ends
        for _ in range(LONGEST_CLOSED):
            day, clock = local.date(), local.time()
            begun, ended = clock >= self.starts, clock >= self.ends
            if local.weekday() in self.weekdays or (over_night and begun):
                local = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
            elif not ended and (begun or over_night):
                local = datetime.combine(day, self.ends, tzinfo=zone)
            else:
                return local.astimezone(ZoneInfo("UTC"))
        raise ValueError("the quiet hours never end")


def is_named(reference: str, care_model: str, step: str) -> bool:
    """Whether a rule's name for an action means this one.

    >>> is_named("welcome", "welcome", "call"), is_named("welcome/letter", "welcome", "call")
    (True, False)
    """
    return reference in (care_model, f"{care_model}/{step}")


@dataclass(frozen=True)
class Channel:
    """A way to reach customers.

    Attributes:
        contact_point: the yes/no column of customer_360 that says whether a customer can be reached, as ``has_email``;
            None where nothing need be known, as for the shop's own people.
        daily_capacity: contacts it carries in one business day; None for no limit, zero for none.
        cost: of one contact, in the reporting currency.
        opens, closes: the hours it works, in the business zone.
        weekdays: the days it works, Monday is 0.
        kind: ``digital`` (a link can be followed from it) or ``analog``.
        carries: ``contacts``, or ``audiences`` that ad platforms keep.
        consent: the channel whose consent covers this one; "" is its own, ``ANY_CONSENT`` any channel's.
        lead_time: the least time from the decision to the contact.
        responses: codes that can come back.
        minutes: of somebody's working time that one contact takes.
    """

    name: str
    contact_point: str | None
    daily_capacity: int | None = None
    cost: Decimal = Decimal(0)
    opens: time = time.min
    closes: time = time.max
    weekdays: frozenset[int] = frozenset(range(7))
    kind: str = "digital"
    carries: str = "contacts"
    consent: str = ""
    lead_time: Duration = field(default_factory=Duration)
    responses: tuple[str, ...] = ()
    minutes: Decimal = Decimal(0)

    @property
    def covered_by(self) -> str | None:
        """Another channel whose consent covers this one, or ``ANY_CONSENT``; None when it needs its own.

        >>> Channel("sample", "has_postal_address", consent="letter").covered_by
        'letter'
        """
        return self.consent if self.consent not in ("", self.name) else None

    def next_open(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment from this one on at which the channel works (aware in, UTC-aware out).

        >>> phone = Channel("phone", "has_phone", opens=time(9), closes=time(17), weekdays=frozenset(range(5)))
        >>> friday_evening = datetime(2026, 3, 27, 20, tzinfo=ZoneInfo("Europe/Helsinki"))
        >>> phone.next_open(friday_evening, ZoneInfo("Europe/Helsinki")).isoformat()
        '2026-03-30T06:00:00+00:00'
        """
        utc = ZoneInfo("UTC")
        today = business_date(moment, zone)
        for ahead in range(LONGEST_CLOSED + 1):
            day = today + timedelta(days=ahead)
            opens = datetime.combine(day, self.opens, tzinfo=zone).astimezone(utc)
            closes = datetime.combine(day, self.closes, tzinfo=zone).astimezone(utc)
            if day.weekday() in self.weekdays and moment <= closes:
                return max(opens, moment.astimezone(utc))
        raise ValueError(f"channel {self.name} does not open within {LONGEST_CLOSED} days")


@dataclass(frozen=True)
class ContactPolicy:
    """Everything that limits contacts, whoever proposes them.

    Attributes:
        channels: by name; a candidate on any other channel cannot be contacted.
        caps: all of them hold at once.
        per_customer_per_day: actions a customer meets in one business day (mandatory ones apart); None for no limit.
        open_complaint_suspends_marketing: whoever has an open complaint is sold nothing.
        rests, pairs, packages, pauses: rules between the contacts of one customer.
        quiet: hours in which nobody is disturbed; None for none but the channels' own.
        volumes: limits over all customers together, beside the channels' capacities.
        reservation_days: how long a claimed contact may wait for its batch after the day it was planned for.
    """

    channels: Mapping[str, Channel] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    per_customer_per_day: int | None = 1
    open_complaint_suspends_marketing: bool = True
    rests: tuple[Rest, ...] = ()
    pairs: tuple[PairRule, ...] = ()
    packages: tuple[Package, ...] = ()
    pauses: tuple[Pause, ...] = ()
    quiet: QuietHours | None = None
    volumes: tuple[VolumeConstraint, ...] = ()
    reservation_days: int = 14

    @property
    def longest_window(self) -> int:
        """Days of history that the rules look back (and ahead)."""
        lengths = [[rule.days for rule in rules] for rules in (self.caps, self.rests, self.pairs)]
        return max([1, *(days for some in lengths for days in some)])

    @property
    def asks_households(self) -> bool:
        """Whether any rule counts the people of one address together."""
        return any(cap.per == PER_HOUSEHOLD for cap in self.caps)

    @cached_property
    def asks_newcomers(self) -> bool:
        """Whether any rule between contacts can stop somebody's very first one."""
        return any(cap.contacts == 0 for cap in self.caps) or any(pair.kind == "only_after" for pair in self.pairs)

    def next_open(self, channel: str, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment from this one on at which a channel works and disturbs nobody."""
        quiet = self.quiet if self.quiet is not None and channel in self.quiet.channels else None
        moment = self.channels[channel].next_open(moment, zone)
        for _ in range(LONGEST_CLOSED):
            free = moment if quiet is None else quiet.over(moment, zone)
            opened = self.channels[channel].next_open(free, zone)
            if opened == moment:
                return moment
            moment = opened
        raise ValueError(f"channel {channel} opens only in the quiet hours")

    def package_of(self, channel: str, care_model: str, step: str) -> str | None:
        """The package an action travels in on a channel; None: it goes alone."""
        for package in self.packages:
            if package.channel == channel and any(is_named(one, care_model, step) for one in package.actions):
                return package.name
        return None
