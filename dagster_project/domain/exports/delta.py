"""Adds and removes: what a destination must be told so that it holds exactly today's audience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HELD = ("adding", "member")  # the destination has the customer, or will once it has taken what is on its way
REFUSED = "rejected"  # the destination said no; asking again with the same identifiers is pointless


@dataclass(frozen=True)
class Held:
    """What we know of one customer at one destination.

    Attributes:
        state: ``adding`` (told, not answered), ``member``, ``removing`` (told, not answered), ``rejected`` or ``out``.
        fingerprint: stands for the identifiers it was last added with.
        is_due: rejected for a while only, and that while is over.
    """

    state: str
    fingerprint: str
    is_due: bool = False


@dataclass(frozen=True)
class Delta:
    """Customers to add, to remove, and to replace (their identifiers changed: remove the old row, add the new)."""

    adds: list[str] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.adds or self.removes or self.replaces)


def delta(desired: Mapping[str, str], held: Mapping[str, Held], merged: Mapping[str, str] | None = None) -> Delta:
    """Compare today's audience with what the destination holds or has on its way.

    Whoever is held and no longer desired is removed, whatever the reason: left the audience, withdrew consent, was
    drawn into the holdout. A customer merged into another is removed under the old id; as the two may share
    identifiers, the other is then added again. Customers come out sorted, so that equal input gives equal batches.

    Args:
        desired: customer_id to the fingerprint of the identifiers it would be added with.
        held: customer_id to what the ledger knows.
        merged: ids that were merged into another customer, to that customer's id.

    >>> delta({"c1": "f1", "c2": "f9"}, {"c2": Held("member", "f2"), "c3": Held("adding", "f3")})
    Delta(adds=['c1'], removes=['c3'], replaces=['c2'])
    """
    gone = [customer_id for customer_id, known in held.items() if known.state in HELD and customer_id not in desired]
    touched = {(merged or {}).get(customer_id) for customer_id in gone}
    result = Delta(removes=sorted(gone))
    for customer_id in sorted(desired):
        known = held.get(customer_id)
        if known is not None and known.state in HELD:
            if known.fingerprint != desired[customer_id] or customer_id in touched:
                result.replaces.append(customer_id)
        elif known is None or known.state != REFUSED or known.is_due or known.fingerprint != desired[customer_id]:
            result.adds.append(customer_id)
    return result
