-- A returned row is a kind of newsletter event that the timeline tells more or less often than it happened.
with

kinds as (
    select 'newsletter_' || case when is_machine then 'machine_' else '' end || event_kind as event_type
    from {{ ref('newsletter_events') }}
),

happened as (
    select
        event_type,
        count(*) as count_happened
    from kinds
    group by event_type
),

told as (
    select
        event_type,
        count(*) as count_told
    from {{ ref('events') }}
    where event_type like 'newsletter_%'
    group by event_type
)

select
    coalesce(happened.event_type, told.event_type) as event_type,
    happened.count_happened,
    told.count_told
from happened
full outer join told
    on happened.event_type = told.event_type
where coalesce(happened.count_happened, 0) <> coalesce(told.count_told, 0)
