"""The columns and events that conditions speak of, in the words of people."""

from __future__ import annotations

# What is counted, one and many of it.
COUNTED = {
    "count_orders": ("order", "orders"),
    "count_orders_365d": ("order in a year", "orders in a year"),
    "count_returns": ("return", "returns"),
    "count_purchase_days": ("day of buying", "days of buying"),
    "count_newsletters_sent_90d": ("newsletter in 90 days", "newsletters in 90 days"),
    "count_opens_90d": ("newsletter opened in 90 days", "newsletters opened in 90 days"),
    "count_clicks_90d": ("newsletter clicked in 90 days", "newsletters clicked in 90 days"),
    "count_machine_opens_90d": ("opening by a machine in 90 days", "openings by machines in 90 days"),
    "count_web_visits_90d": ("web visit in 90 days", "web visits in 90 days"),
    "count_product_views_90d": ("product viewed in 90 days", "products viewed in 90 days"),
    "count_service_contacts_365d": ("service contact in a year", "service contacts in a year"),
    "count_open_service_contacts": ("open service contact", "open service contacts"),
    "count_open_complaints": ("open complaint", "open complaints"),
}
# What is so or not so: as it is said when it is, and when it is not.
YES_NO = {
    "is_fading": ("grows quieter than usual", "keeps the usual rhythm"),
    "has_email": ("has an e-mail address", "has no e-mail address"),
    "has_phone": ("has a phone number", "has no phone number"),
    "has_postal_address": ("has a postal address", "has no postal address"),
}
MOMENTS = {
    "first_seen_at": "first seen",
    "first_purchase_at": "first purchase",
    "last_purchase_at": "last purchase",
    "last_newsletter_reaction_at": "last reaction to a newsletter",
    "last_web_visit_at": "last web visit",
    "last_service_contact_at": "last service contact",
    "joined_at": "joined",
    "birthday": "birthday",
    "contract_end_date": "end of contract",
    "event_occurred_at": "it happened",
}
DAYS = {
    "days_since_last_purchase": "since the last purchase",
    "days_since_last_web_visit": "since the last web visit",
    "median_gap_days": "between purchases as a rule",
    "gap_spread_days": "of spread between purchases",
    "last_gap_days": "between the last two purchases",
    "expected_gap_days": "expected between purchases",
}
OTHERS = {
    "next_product_id": "next product",
    "next_product_because": "what speaks for the next product",
    "next_product_hit_rate": "hit rate of next products",
    "next_product_amount": "price of the next product",
    "total_purchase_amount": "bought in all",
    "purchase_amount_365d": "bought in a year",
    "purchase_amount_90d": "bought in 90 days",
    "return_amount": "sent back",
    "average_order_amount": "average order",
    "quiet_ratio": "silence against the usual gap",
    "churn_probability": "risk of leaving",
    "p_alive": "chance of still being a customer",
    "expected_purchases_365d": "purchases expected in a year",
    "lifetime_value_amount": "value to expect in a year",
    "recency_score": "recency score",
    "frequency_score": "frequency score",
    "monetary_score": "monetary score",
    "value_tier": "value tier",
    "lifecycle_stage": "stage of life",
    "previous_lifecycle_stage": "stage of life last month",
    "persona": "persona",
    "country_code": "country",
    "language_code": "language",
    "event_subject_id": "what it was about",
    "event_source_system": "told by",
    "event_channel": "channel",
    "event_amount": "amount",
}
EVENTS = {
    "purchase": "buys", "return": "sends something back", "web_visit": "visits the web shop",
    "product_view": "looks at a product", "checked_in": "comes into a shop", "newsletter_sent": "is sent a newsletter",
    "newsletter_opened": "opens a newsletter", "newsletter_clicked": "clicks in a newsletter",
    "newsletter_machine_opened": "a machine opens a newsletter",
    "newsletter_machine_clicked": "a machine clicks in a newsletter", "newsletter_bounced": "a newsletter comes back",
    "newsletter_unsubscribed": "leaves the newsletter", "service_opened": "turns to customer service",
    "service_closed": "customer service has closed a case", "consent_given": "gives consent",
    "consent_denied": "withdraws consent", "joined": "joins",
}  # fmt: skip
