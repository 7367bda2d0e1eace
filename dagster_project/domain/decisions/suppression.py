"""A suppression: a customer who must not be contacted, for a reason, whatever any care model proposes."""

from __future__ import annotations

from dataclasses import dataclass

EVERY = "*"  # every purpose, or every channel
WITHDRAWN = "withdrawn"  # the consent was withdrawn; the one reason a later positive consent lifts
OPTED_OUT = "opted_out"  # a no that has landed; the consents of the next run say the same and take its place


@dataclass(frozen=True)
class Suppression:
    """Do not contact this customer for this purpose on this channel.

    Attributes:
        customer_id: any id the customer was ever known by.
        reason: a code: ``withdrawn``, ``erased``, ``deceased`` ...
        purpose: the purpose it is about; ``*`` for every one.
        channel: the channel it is about; ``*`` for every one.
    """

    customer_id: str
    reason: str
    purpose: str = EVERY
    channel: str = EVERY
