"""The contact policy: how often a customer may be contacted, and how much each channel carries in a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dagster_project.domain.care_models.duration import Duration
from dagster_project.domain.clock import business_date

CLASS_ORDER = {"mandatory": 0, "transactional": 1, "marketing": 2}  # who is served first when a channel is short
CAPPED = ("transactional", "marketing")  # a mandatory contact (a product recall) is counted by no cap
ANY_CONSENT = "any"  # of a channel that needs no consent of its own: one on any channel for the same purpose covers it
LONGEST_CLOSED = 14  # days to look ahead for the next opening hour; a channel closed for longer is closed


@dataclass(frozen=True)
class Cap:
    """At most ``contacts`` contacts in any ``days`` days in a row. Zero means none.

    Attributes:
        name: what explanations call it.
        contacts: the most a customer may have.
        days: the length of the window in business days.
        channel: the channel it counts; None counts all of them together.
        action_class: the class it counts and limits.
    """

    name: str
    contacts: int
    days: int
    channel: str | None = None
    action_class: str = "marketing"

    def counts(self, channel: str, action_class: str) -> bool:
        """Whether such a contact is under this cap."""
        return action_class == self.action_class and self.channel in (None, channel)


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
    """

    channels: Mapping[str, Channel] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    per_customer_per_day: int | None = 1
    open_complaint_suspends_marketing: bool = True

    @property
    def longest_window(self) -> int:
        """Days of history that the caps look back (and ahead)."""
        return max([1, *(cap.days for cap in self.caps)])
