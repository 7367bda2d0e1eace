-- Grain: one customer, purpose and channel. What is allowed now, and the statement that decided it.
with

statements as (
    select
        *,
        coalesce(expires_at <= {{ as_of() }}, false) as has_expired
    from {{ ref('customer_consents') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
),

standing as (
    {{ standing_consents('statements') }}
)

select
    -- ids
    customer_id,
    consent_id,
    -- text
    purpose,
    channel,
    text_version,
    -- yes/no
    is_allowed,
    -- moments
    decided_at,
    expires_at
from standing
