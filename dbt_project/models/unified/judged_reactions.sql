-- Grain: one open or click: newsletter_event_id, with the verdict whether a machine or a person made it.
with

timed as (
    select
        *,
        lag(occurred_at) over (
            partition by source_record_id, campaign_id
            order by occurred_at, newsletter_event_id
        ) as previous_at
    from {{ ref('newsletter_reactions') }}
),

bursts as (
    select
        *,
        sum(case when {{ is_same_burst('previous_at', 'occurred_at') }} then 0 else 1 end) over (
            partition by source_record_id, campaign_id
            order by occurred_at, newsletter_event_id
            rows between unbounded preceding and current row
        ) as burst_number
    from timed
),

-- A mail gateway that waits before it looks still follows every link at once.
machine_bursts as (
    select
        source_record_id,
        campaign_id,
        burst_number,
        max(known_at) as known_at
    from bursts
    group by source_record_id, campaign_id, burst_number
    having count(distinct url) >= {{ var('machine_burst_links') }}
)

select
    -- ids
    bursts.newsletter_event_id,
    bursts.source_record_id,
    bursts.campaign_id,
    -- text
    bursts.source_system,
    bursts.event_kind,
    bursts.url,
    -- yes/no
    bursts.is_declared_machine
    or machine_bursts.burst_number is not null
    or {{ is_right_after_sending('bursts.sent_at', 'bursts.occurred_at') }} as is_machine,
    -- moments
    bursts.occurred_at,
    coalesce(machine_bursts.known_at, bursts.known_at) as known_at
from bursts
left join machine_bursts
    on
        bursts.source_record_id = machine_bursts.source_record_id
        and bursts.campaign_id = machine_bursts.campaign_id
        and bursts.burst_number = machine_bursts.burst_number
