-- Grain: one statement in the words of its system: (source_record_id, statement, is_given, occurred_at).
with

subscriptions as (
    -- Only a subscription that stands permits: unsubscribed, cleaned and pending ones permit nothing. It was given when
    -- it was confirmed, however often the member's row was touched since.
    select
        source_record_id,
        'mailchimp' as source_system,
        'subscription' as statement,
        subscription_status = 'subscribed' as is_given,
        case
            when subscription_status = 'subscribed' then coalesce(subscribed_at, occurred_at)
            else occurred_at
        end as occurred_at,
        known_at
    from {{ ref('stg_mailchimp__members') }}
),

unsubscriptions as (
    select
        source_record_id,
        'mailchimp' as source_system,
        'subscription' as statement,
        false as is_given,
        occurred_at,
        known_at
    from {{ ref('stg_mailchimp__unsubscribes') }}
),

standard_unsubscriptions as (
    select
        source_record_id,
        'standard' as source_system,
        'subscription' as statement,
        false as is_given,
        occurred_at,
        known_at
    from {{ ref('stg_standard__newsletter_events') }}
    where event_kind = 'unsubscribed'
),

statements as (
    select
        source_record_id,
        source_system,
        statement,
        is_given,
        occurred_at,
        known_at
    from {{ ref('hubspot_answers') }}
    union all
    select * from subscriptions
    union all
    select * from unsubscriptions
    union all
    select * from standard_unsubscriptions
)

select
    -- ids
    source_record_id,
    -- text
    source_system,
    statement,
    -- yes/no
    is_given,
    -- moments
    occurred_at,
    -- The same statement told by two tables or two versions is one, known when the first of them was.
    min(known_at) as known_at
from statements
group by source_record_id, source_system, statement, is_given, occurred_at
