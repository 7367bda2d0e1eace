"""The stages of the funnel, in order, and what each says to a person."""

from __future__ import annotations

# A candidate is stopped by the first stage it does not pass, so the order is part of the answer: what the customer
# wants comes first, then what we can do, then what we have decided for everyone, then what is scarce.
STAGES = (
    "consent",
    "contactable",
    "holdout",
    "control_group",
    "suppression",
    "repetition",
    "contact_cap",
    "capacity",
    "priority",
)
CHOSEN = "Chosen."

SENTENCES = {
    "consent": "There is no consent for {purpose} on the channel {channel}.",
    "contactable": "The customer cannot be reached on the channel {channel}.",
    "holdout": "The customer is in the holdout, which is never contacted, to measure what all contacts bring.",
    "control_group": "The customer is in this care model's control group.",
    "suppression": "The customer must not be contacted: {detail}.",
    "repetition": "The customer has had this step, or it ended before.",
    "contact_cap": "The customer already has as many contacts as the cap {detail} allows.",
    "capacity": "The channel {channel} carries no more contacts on {day}.",
    "priority": "An action that comes before this one takes the customer's day.",
}


def sentence(stage: str | None, detail: str, purpose: str, channel: str, day: str) -> str:
    """Why a candidate was stopped, in words, without anything personal.

    >>> sentence("consent", "", "marketing", "email", "2026-03-31")
    'There is no consent for marketing on the channel email.'
    """
    if stage is None:
        return CHOSEN
    words = detail.replace("_", " ")
    return SENTENCES[stage].format(detail=words, purpose=purpose, channel=channel, day=day)
