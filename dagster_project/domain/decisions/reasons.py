"""The stages of the funnel, in order, and what each says to a person."""

from __future__ import annotations

# A candidate is stopped by the first stage it does not pass, so the order is part of the answer: what the customer
# wants comes first, then what makes sense, then how often she is met, then what is scarce, then who is better.
GROUPS = {
    "eligible": ("consent", "contactable", "holdout", "control_group", "suppression", "eligibility"),
    "applicable": ("applicability", "repetition"),
    "suitable": ("suitability",),
    "contact_policy": ("paused", "contact_cap", "rest", "pair_rule"),
    "volume_constraints": ("capacity", "volume_constraint"),
    "arbitration": ("outbid", "priority"),
}
STAGES = tuple(stage for stages in GROUPS.values() for stage in stages)
GROUP_OF = {stage: group for group, stages in GROUPS.items() for stage in stages}
CHOSEN = "Chosen."

SENTENCES = {
    "consent": "There is no consent for {purpose} on the channel {channel}.",
    "contactable": "The customer cannot be reached on the channel {channel}.",
    "holdout": "The customer is in the holdout, which is never contacted, to measure what all contacts bring.",
    "control_group": "The customer is in this care model's control group.",
    "suppression": "The customer must not be contacted: {detail}.",
    "eligibility": "The action is not for this customer: she does not meet its terms.",
    "applicability": "The action makes no sense for this customer now.",
    "repetition": "The customer has had this step, or it ended before.",
    "suitability": "The action would do the customer no good, or what it would bring is unknown.",
    "paused": "The customer did not react to the last contacts and is left alone for a while: {detail}.",
    "contact_cap": "The customer already has as many contacts as the cap {detail} allows.",
    "rest": "The customer rests after {detail}.",
    "pair_rule": "Another action of this customer excludes it: {detail}.",
    "capacity": "The channel {channel} carried no more contacts on {day} before this run.",
    "volume_constraint": "Nothing was left of {detail} before this run.",
    "outbid": "What is scarce, {detail}, brings more with others.",
    "priority": "A better action of the same customer stands in its way: {detail}.",
}
TOLD = {"per_customer_per_day": "one more would be too many for the day", "order": "it came first"}


def sentence(stage: str | None, detail: str, purpose: str, channel: str, day: str) -> str:
    """Why a candidate was stopped, in words, without anything personal.

    >>> sentence("consent", "", "marketing", "email", "2026-03-31")
    'There is no consent for marketing on the channel email.'
    """
    if stage is None:
        return CHOSEN
    words = TOLD.get(detail, detail.replace("_", " "))
    return SENTENCES[stage].format(detail=words, purpose=purpose, channel=channel, day=day)
