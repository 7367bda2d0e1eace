"""The action catalogue: what any department may propose beside the steps of care models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from dagster_project.domain.conditions import Condition
from dagster_project.domain.decisions.policy import ContactPolicy, PairRule, Rest

STEP = "action"  # of every stand-alone action, where a care model's contact has the name of its step
NEUTRAL = 50  # the priority that leans neither way
FIRST_DAY = date(2001, 1, 1)  # a Monday from which the periods of all actions are counted
ONCE = "once"
A_YEAR = 366  # days in which contacts of an action that comes once keep each other away

# Columns a stand-alone action may ask beside those of customer_analytics: the first of her next products.
ACTION_COLUMNS: dict[str, str] = {
    "next_product_id": "string",
    "next_product_because": "string",
    "next_product_hit_rate": "double",
    "next_product_amount": "decimal(18,4)",
}
CHANCES = ("churn_probability", "p_alive", "next_product_hit_rate")  # columns that are chances between 0 and 1


@dataclass(frozen=True)
class OfColumn:
    """An amount or a chance read from the customer's row; unknown where the column is.

    Attributes:
        column: of ``customer_analytics`` or ``ACTION_COLUMNS``.
        times: what it is multiplied by, as the share of an order that is left after costs.
    """

    column: str
    times: float = 1.0


@dataclass(frozen=True)
class Learned:
    """A chance learned from what came back from former contacts.

    Attributes:
        start: the chance expected before anything is known.
        strength: contacts that the expectation weighs as much as: with 50, fifty contacts count half.
        responses: codes that count as a response; None: those of ``domain.decisions.propensity``.
    """

    start: float
    strength: float = 50.0
    responses: frozenset[str] | None = None


@dataclass(frozen=True)
class Context:
    """How well the moment suits: where this holds now, the action brings so many times as much."""

    where: Condition
    times: float


@dataclass(frozen=True)
class Treatment:
    """One way to do an action: a candidate of its own, on its channel.

    Attributes:
        channel: each at most once in an action.
        treatment: the template or script of the channel's tool.
        cost, minutes, units: what one contact takes; None: the channel's, and one unit where there is an offer.
        lever: leans towards this way (above 1) or away from it.
    """

    channel: str
    treatment: str
    subject: str
    link: str | None = None
    offer: str | None = None
    cost: Decimal | None = None
    minutes: float | None = None
    units: float | None = None
    lever: float = 1.0


@dataclass(frozen=True)
class CatalogueAction:
    """A stand-alone action.

    Attributes:
        action: its name, beside those of care models.
        department: who proposes it.
        propensity: the chance of a response; 1 where the value is that of a contact.
        value: of one response (of one contact where the propensity is 1), in the reporting currency.
        context: each that holds multiplies.
        eligibility: whom it is for; applicability: whether it makes sense now; suitability: whether it does her good.
        again_after: days until the same customer may have it again; None: once, ever.
        rest: days, from its own on, in which its customer is sold nothing else; 0: none.
        control_share: of the customers it is for, those who are measured and never have it.
    """

    action: str
    title: str
    version: int
    department: str
    purpose: str
    action_class: str
    treatments: tuple[Treatment, ...]
    value: float | OfColumn
    propensity: float | OfColumn | Learned = 1.0
    context: tuple[Context, ...] = ()
    priority: float = NEUTRAL
    eligibility: Condition | None = None
    applicability: Condition | None = None
    suitability: Condition | None = None
    again_after: int | None = None
    rest: int = 0
    valid_from: date | None = None
    valid_until: date | None = None
    language_fallback: str = "en"
    control_share: float = 0.0

    def runs_on(self, day: date) -> bool:
        """Whether it is proposed on a business day: both ends of its validity are in."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def window_key(self, day: date) -> str:
        """The occasion of a business day: the period of ``again_after`` days it lies in, by its first day.

        A customer has an action once in each; that two periods lie beside each other is looked after by
        :func:`had_lately <dagster_project.domain.decisions.actions.had_lately>`.
        """
        if self.again_after is None:
            return ONCE
        begun = (day - FIRST_DAY).days // self.again_after * self.again_after
        return f"period:{FIRST_DAY + timedelta(days=begun)}"

    @property
    def conditions(self) -> dict[str, Condition]:
        """Everything it asks of a customer, each by a name that says where it stands in the file."""
        asked = {part: getattr(self, part) for part in ("eligibility", "applicability", "suitability")}
        asked |= {f"context.{number}": one.where for number, one in enumerate(self.context)}
        return {f"{self.action}.{part}": one for part, one in asked.items() if one is not None}


def with_actions(policy: ContactPolicy, actions: Iterable[CatalogueAction]) -> ContactPolicy:
    """The contact policy with the rules that actions bring themselves, so that the claim holds them, too.

    An action's rest is a rest of the policy. No action comes to a customer a second time within ``again_after``, by
    whichever of its ways: not in the same run either, nor in another one that decides at the same time.

    >>> call = CatalogueAction("call", "Call", 1, "service", "marketing", "transactional", (), 5.0, rest=7)
    >>> with_actions(ContactPolicy(), [call]).rests
    (Rest(after='call', days=7),)
    """
    own = list(actions)
    rests = tuple(Rest(one.action, one.rest) for one in own if one.rest)
    pairs = tuple(PairRule("never_together", one.action, one.action, one.again_after or A_YEAR) for one in own)
    return replace(policy, rests=policy.rests + rests, pairs=policy.pairs + pairs)
