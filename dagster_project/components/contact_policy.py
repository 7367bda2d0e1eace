"""The form of the contact policy: how often a customer is contacted, and what may not go together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.components.channels import CHANNELS_FILE, DECISIONS, ChannelsFile, Clock, Weekday
from dagster_project.components.fenced import Fault, load_file
from dagster_project.components.volume_constraints import VOLUMES_FILE, VolumesFile, unknown_words
from dagster_project.components.wording import Name
from dagster_project.components.yaml_text import Text
from dagster_project.domain.decisions.policy import Cap, ContactPolicy, Package, PairRule, Pause, QuietHours, Rest

POLICY_FILE = "contact_policy.yaml"


class Strict(BaseModel):
    """A part of a file: no key that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CapFile(Strict):
    """At most so many contacts in any so many days in a row."""

    name: Name = Field(description="what explanations call it")
    contacts: int = Field(ge=0, le=1_000, description="the most a customer may have; 0 means none")
    days: int = Field(ge=1, le=366, description="business days in a row")
    channel: Name | None = Field(default=None, description="the channel it counts; without one, all together")
    action_class: Literal["marketing", "transactional", "any"] = Field(
        default="marketing", description="the class it counts and limits; any: both together"
    )
    purpose: Name | None = Field(default=None, description="the purpose it counts; without one, all together")
    per: Literal["customer", "household"] = Field(
        default="customer", description="household: the people of one address count as one"
    )

    def as_cap(self) -> Cap:
        """The cap as the decisions know it."""
        of_class = None if self.action_class == "any" else self.action_class
        return Cap(self.name, self.contacts, self.days, self.channel, of_class, self.purpose, self.per)


ActionName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?$")]
Days = Annotated[int, Field(ge=1, le=366)]


class RestFile(Strict):
    """After an action no marketing for some days."""

    after: ActionName = Field(description="a care model or an action; one step of it as name/step")
    days: Days = Field(description="business days, the day of the action included")


class PairFile(Strict):
    """What two actions may not be to each other, for one customer: one of the three forms."""

    never: ActionName | None = Field(default=None, description="the action that ...")
    together_with: ActionName | None = Field(default=None, description="... is never within days of this one")
    followed_by: ActionName | None = Field(default=None, description="... is never followed within days by this one")
    after: ActionName | None = Field(default=None, description="only when this one was made before, within days ...")
    later: ActionName | None = Field(default=None, description="... this one may be")
    days: Days = Field(default=1, description="business days; 1: the same day")

    @model_validator(mode="after")
    def _is_one_form(self) -> PairFile:
        given = {name for name in ("never", "together_with", "followed_by", "after", "later") if getattr(self, name)}
        if given not in ({"never", "together_with"}, {"never", "followed_by"}, {"after", "later"}):
            raise ValueError("needs never and together_with, never and followed_by, or after and later")
        return self

    def as_rule(self) -> PairRule:
        """The rule as the decisions know it."""
        if self.after and self.later:
            return PairRule("only_after", self.after, self.later, self.days)
        if self.together_with:
            return PairRule("never_together", str(self.never), self.together_with, self.days)
        return PairRule("never_followed_by", str(self.never), str(self.followed_by), self.days)


class PackageFile(Strict):
    """Several offers in one interruption."""

    name: Name
    channel: Name
    actions: list[ActionName] = Field(min_length=1)
    most: int = Field(default=3, ge=2, le=20, description="offers in one package")


class PauseFile(Strict):
    """Who does not react is left alone for a while."""

    ignored: int = Field(ge=1, le=100, description="marketing contacts in a row without a reaction")
    days: Days = Field(description="how long after the last of them")
    within: int = Field(default=14, ge=0, le=90, description="days in which a reaction may come")
    channel: Name | None = Field(default=None, description="the channel it looks at and pauses; without one, all")


class QuietHoursFile(Strict):
    """When nobody is disturbed."""

    starts: Clock
    ends: Clock
    weekdays: list[Weekday] = Field(default_factory=list, description="whole days, as [sun]")
    channels: list[Name] = Field(min_length=1, description="those that disturb; a letter does not")


class ContactPolicyFile(Strict):
    """``contact_policy.yaml``."""

    caps: list[CapFile] = Field(description="limits per customer, all of which hold at once")
    per_customer_per_day: int | None = Field(
        default=1, ge=0, le=20, description="actions a customer meets in one business day; null for no limit"
    )
    open_complaint_suspends_marketing: bool = True
    rests: list[RestFile] = Field(default_factory=list)
    pairs: list[PairFile] = Field(default_factory=list)
    packages: list[PackageFile] = Field(default_factory=list)
    pauses: list[PauseFile] = Field(default_factory=list)
    quiet_hours: QuietHoursFile | None = None
    reservation_days: int = Field(
        default=14,
        ge=1,
        le=366,
        description="how long a claimed contact may wait for its batch before it is given back",
    )

    @model_validator(mode="after")
    def _named_once(self) -> ContactPolicyFile:
        names = [cap.name for cap in self.caps]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two caps are called {twice[0]}: rename one of them")
        return self


@dataclass(frozen=True)
class PolicyRead:
    """The policy, or what is wrong with its files. Without a policy nothing may be decided: it fails closed."""

    policy: ContactPolicy | None
    faults: list[Fault] = field(default_factory=list)


def load_contact_policy(folder: Path = DECISIONS) -> PolicyRead:
    """Read the policy, the channels and, where there is one, the volume constraints; never raises for what they say.

    >>> load_contact_policy().faults
    []
    """
    limits = load_file(folder / POLICY_FILE, ContactPolicyFile)
    carriers = load_file(folder / CHANNELS_FILE, ChannelsFile)
    has_volumes = (folder / VOLUMES_FILE).exists()
    volumes = load_file(folder / VOLUMES_FILE, VolumesFile) if has_volumes else None
    faults = [fault for read in (limits, carriers, volumes) if isinstance(read, list) for fault in read]
    if isinstance(limits, list) or isinstance(carriers, list) or isinstance(volumes, list):
        return PolicyRead(None, faults)
    (policy, text), (channels, _) = limits, carriers
    known = set(channels.channels)
    faults = _unknown_channels(policy, text, known)
    skills = channels.skills()
    if volumes is not None:
        faults += unknown_words(*volumes, known, skills)
    if faults:
        return PolicyRead(None, faults)
    return PolicyRead(
        ContactPolicy(
            channels={name: channel.as_channel(name) for name, channel in channels.channels.items()},
            caps=tuple(cap.as_cap() for cap in policy.caps),
            per_customer_per_day=policy.per_customer_per_day,
            open_complaint_suspends_marketing=policy.open_complaint_suspends_marketing,
            rests=tuple(Rest(rest.after, rest.days) for rest in policy.rests),
            pairs=tuple(pair.as_rule() for pair in policy.pairs),
            packages=tuple(Package(one.name, one.channel, frozenset(one.actions), one.most) for one in policy.packages),
            pauses=tuple(Pause(one.ignored, one.days, one.within, one.channel) for one in policy.pauses),
            quiet=None if policy.quiet_hours is None else _quiet(policy.quiet_hours),
            volumes=() if volumes is None else tuple(one.as_constraint(skills) for one in volumes[0].constraints),
            reservation_days=policy.reservation_days,
        )
    )


def _quiet(hours: QuietHoursFile) -> QuietHours:
    days = frozenset(get_args(Weekday).index(day) for day in hours.weekdays)
    starts, ends = time.fromisoformat(hours.starts), time.fromisoformat(hours.ends)
    return QuietHours(starts, ends, frozenset(hours.channels), days)


def _unknown_channels(policy: ContactPolicyFile, text: Text, known: set[str]) -> list[Fault]:
    """Rules about channels that nobody declared."""
    named: list[tuple[tuple[str | int, ...], str | None]] = []
    for part in ("caps", "packages", "pauses"):
        named += [((part, number, "channel"), one.channel) for number, one in enumerate(getattr(policy, part))]
    if policy.quiet_hours is not None:
        quiet = policy.quiet_hours.channels
        named += [(("quiet_hours", "channels", number), channel) for number, channel in enumerate(quiet)]
    reason = f"is no channel of {CHANNELS_FILE}; known: {', '.join(sorted(known))}"
    return [
        Fault(POLICY_FILE, text.line_of(path), ".".join(map(str, path)), reason)
        for path, channel in named
        if channel is not None and channel not in known
    ]
