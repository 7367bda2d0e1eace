"""The columns a condition may read: one row per customer of ``customer_analytics``, and the event that happened.

Declared here so that a care model or segment is checked when its file is read, before any data exists. A test holds
the list against the columns the warehouse really has.
"""

from __future__ import annotations

CUSTOMER_COLUMNS: dict[str, str] = {
    # who they are
    "country_code": "string",
    "language_code": "string",
    # where they stand
    "value_tier": "string",
    "lifecycle_stage": "string",
    "previous_lifecycle_stage": "string",
    "recency_score": "bigint",
    "frequency_score": "bigint",
    "monetary_score": "bigint",
    "quiet_ratio": "double",
    "expected_gap_days": "double",
    "is_fading": "boolean",
    "churn_probability": "double",
    "p_alive": "double",
    "expected_purchases_365d": "double",
    "lifetime_value_amount": "decimal(18,4)",
    "persona": "string",
    # what they bought
    "count_orders": "bigint",
    "count_orders_365d": "bigint",
    "total_purchase_amount": "decimal(18,4)",
    "purchase_amount_365d": "decimal(18,4)",
    "purchase_amount_90d": "decimal(18,4)",
    "count_returns": "bigint",
    "return_amount": "decimal(18,4)",
    "average_order_amount": "decimal(18,4)",
    "count_purchase_days": "bigint",
    "median_gap_days": "double",
    "gap_spread_days": "double",
    "last_gap_days": "bigint",
    "days_since_last_purchase": "bigint",
    # what they read and looked at
    "count_newsletters_sent_90d": "bigint",
    "count_opens_90d": "bigint",
    "count_clicks_90d": "bigint",
    "count_machine_opens_90d": "bigint",
    "count_web_visits_90d": "bigint",
    "count_product_views_90d": "bigint",
    "days_since_last_web_visit": "bigint",
    # where they needed help
    "count_service_contacts_365d": "bigint",
    "count_open_service_contacts": "bigint",
    "count_open_complaints": "bigint",
    # how they can be reached (whether they may be is no condition's business)
    "has_email": "boolean",
    "has_phone": "boolean",
    "has_postal_address": "boolean",
    # days; a birthday is a day of 2000, as the year of birth is nobody's business here
    "birthday": "date",
    "contract_end_date": "date",
    # moments, UTC
    "first_seen_at": "timestamp",
    "joined_at": "timestamp",
    "first_purchase_at": "timestamp",
    "last_purchase_at": "timestamp",
    "last_newsletter_reaction_at": "timestamp",
    "last_web_visit_at": "timestamp",
    "last_service_contact_at": "timestamp",
}

EVENT_COLUMNS: dict[str, str] = {
    "event_subject_id": "string",
    "event_source_system": "string",
    "event_channel": "string",
    "event_amount": "decimal(18,4)",
    "event_occurred_at": "timestamp",
}
