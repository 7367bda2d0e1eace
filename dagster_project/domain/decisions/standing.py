"""What already stands when a decision is made: what the ledger knows about the candidates' customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Taken:
    """One contact a customer already has, reserved or made: what the rules between her contacts look at.

    Attributes:
        day: the business day it is planned for.
        is_made: whether it went out; else it is reserved.
    """

    contact_id: str
    day: date
    channel: str
    action_class: str
    purpose: str = ""
    care_model: str = ""
    step: str = ""
    is_made: bool = False


@dataclass(frozen=True)
class Standing:
    """The ledger's knowledge about a set of candidates, read in one look.

    Attributes:
        consent_ids: contact id to the consent that allows it; one that is missing has no consent.
        suppressed: contact id to the reason its customer must not be contacted.
        held_out: contact ids whose customer is in the holdout, under any id.
        stands: contact ids already claimed for this very moment: a rerun finds its own contacts.
        repeated: contact ids whose step this customer (under any id) already had, or that ended before.
        today: the candidate's customer id to today's id, where they differ.
        taken: today's customer id to the contacts of that customer, standing ones included; where the policy counts
            households, also of those who share a candidate's.
        households: today's customer id to the household, of those who share one.
        used: (channel, day) to contacts reserved or made by anybody, standing ones included.
        volumes: (volume constraint, first day of its period) to what is reserved or made of it by anybody, in
            ten-thousandths, standing ones included.
    """

    consent_ids: Mapping[str, str] = field(default_factory=dict)
    suppressed: Mapping[str, str] = field(default_factory=dict)
    held_out: frozenset[str] = frozenset()
    stands: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    today: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, tuple[Taken, ...]] = field(default_factory=dict)
    households: Mapping[str, str] = field(default_factory=dict)
    used: Mapping[tuple[str, date], int] = field(default_factory=dict)
    volumes: Mapping[tuple[str, date], int] = field(default_factory=dict)
