-- Grain: one answer to one contact of ours: contact_response_id.
with

-- What whoever delivered the contact tells: a call's result, a code that was used, an invitation accepted.
told as (
    select
        row_id as contact_response_id,
        contact_id,
        'standard' as source_system,
        response,
        false as is_machine,
        occurred_at,
        known_at
    from {{ ref('stg_standard__responses') }}
),

-- A sender that knows which contact of ours its letter was says so in every reaction to it.
to_letters as (
    select
        newsletter_events.newsletter_event_id as contact_response_id,
        sent.contact_id,
        newsletter_events.source_system,
        newsletter_events.event_kind as response,
        newsletter_events.is_machine,
        newsletter_events.occurred_at,
        newsletter_events.known_at
    from {{ ref('newsletter_events') }} as newsletter_events
    inner join {{ ref('stg_standard__newsletter_events') }} as sent
        on newsletter_events.newsletter_event_id = sent.row_id
    where
        sent.contact_id is not null
        and newsletter_events.event_kind in ('opened', 'clicked', 'bounced')
),

responses as (
    select * from told
    union all
    select * from to_letters
)

select
    -- ids
    contact_response_id,
    contact_id,
    -- text
    source_system,
    response,
    -- yes/no
    is_machine,
    -- moments
    occurred_at,
    known_at
from responses
