"""The form of the contact policy's two files: how often a customer is contacted, and what each channel carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.components.channels import CHANNELS_FILE, DECISIONS, ChannelsFile
from dagster_project.components.fenced import Fault, load_file
from dagster_project.components.wording import Name
from dagster_project.domain.decisions.policy import Cap, ContactPolicy

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
    action_class: Literal["marketing", "transactional"] = "marketing"


class ContactPolicyFile(Strict):
    """``contact_policy.yaml``."""

    caps: list[CapFile] = Field(description="limits per customer, all of which hold at once")
    per_customer_per_day: int | None = Field(
        default=1, ge=0, le=20, description="actions a customer meets in one business day; null for no limit"
    )
    open_complaint_suspends_marketing: bool = True

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
    """Read both files; never raises for what they say.

    >>> load_contact_policy().faults
    []
    """
    limits = load_file(folder / POLICY_FILE, ContactPolicyFile)
    carriers = load_file(folder / CHANNELS_FILE, ChannelsFile)
    faults = [fault for read in (limits, carriers) if isinstance(read, list) for fault in read]
    if isinstance(limits, list) or isinstance(carriers, list):
        return PolicyRead(None, faults)
    (policy, text), (channels, _) = limits, carriers
    for number, cap in enumerate(policy.caps):
        if cap.channel is not None and cap.channel not in channels.channels:
            path = f"caps.{number}.channel"
            known = ", ".join(sorted(channels.channels))
            line = text.line_of(("caps", number, "channel"))
            faults.append(Fault(POLICY_FILE, line, path, f"is no channel of {CHANNELS_FILE}; known: {known}"))
    if faults:
        return PolicyRead(None, faults)
    return PolicyRead(
        ContactPolicy(
            channels={name: channel.as_channel(name) for name, channel in channels.channels.items()},
            caps=tuple(Cap(**cap.model_dump()) for cap in policy.caps),
            per_customer_per_day=policy.per_customer_per_day,
            open_complaint_suspends_marketing=policy.open_complaint_suspends_marketing,
        )
    )
