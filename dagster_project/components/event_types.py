"""The events that may open the door of a care model: what happened to a customer, and what became of them."""

from __future__ import annotations

from typing import Literal

EventType = Literal[
    "purchase", "return", "web_visit", "product_view", "checked_in",
    "newsletter_sent", "newsletter_opened", "newsletter_clicked", "newsletter_machine_opened",
    "newsletter_machine_clicked", "newsletter_bounced", "newsletter_unsubscribed",
    "service_opened", "service_closed", "consent_given", "consent_denied", "joined",
    "became_prospect", "became_new", "became_active", "became_fading", "became_passive", "became_lost",
    "became_returned",
]  # fmt: skip
