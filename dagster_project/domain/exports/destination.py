"""A destination: a tool that picks up batches, and what it may be given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from dagster_project.domain.exports.guards import Guards
from dagster_project.domain.exports.transport import Transport

Kind = Literal["message", "membership"]
Pickup = Literal["move", "copy"]


@dataclass(frozen=True)
class Destination:
    """Where chosen contacts or an audience's members go.

    A ``message`` destination is handed each chosen contact once. A ``membership`` destination holds a set of customers
    that follows an audience: it is told whom to add and whom to remove.

    Attributes:
        name: also the name of its folder in the outbox.
        format: the form of its files, one of ``formats.FORMATS``.
        channel: which contacts it delivers, or which consent its audience needs.
        purpose: the purpose of that consent.
        care_models: a message destination's care models; None for all that use the channel.
        audience: a membership destination's audience: the table ``audiences/<audience>``.
        segment: the segment that audience is drawn from.
        audience_code: the neutral name the receiving platform sees. It gives nothing away about the customers.
        pickup: whether its receiver takes a batch by moving it away, or can only copy it. A batch that is moved can be
            taken back until then; one that is copied counts as taken from the moment it can be seen.
        full_every: of a membership destination: each how manyeth batch is the whole audience, which replaces what it
            holds; None for never.
        is_current: False once its file is gone: it is told of nobody new, and lets go of whoever must leave.
        guards: what may go without a person's word; None for everything.
        expires_after: a batch older than this must not be used any more.
        format_options: what the form leaves to the destination, as ``phone_with_plus``: name and value.
        transport: how its batches travel; None for a tool that reads the outbox itself.
    """

    name: str
    kind: Kind
    format: str
    channel: str
    purpose: str = "marketing"
    care_models: frozenset[str] | None = None
    audience: str | None = None
    segment: str | None = None
    audience_code: str | None = None
    expires_after: timedelta = timedelta(days=7)
    pickup: Pickup = "move"
    guards: Guards | None = None
    full_every: int | None = None
    is_current: bool = True
    format_options: tuple[tuple[str, Any], ...] = ()
    transport: Transport | None = None
