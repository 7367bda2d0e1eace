-- A returned row means that events of the web were lost or counted twice when they were gathered into visits.
with

visits as (
    select coalesce(sum(count_events + count_late_events), 0) as count_in_visits
    from {{ ref('web_sessions') }}
),

events as (
    select count(*) as count_events
    from {{ ref('web_events') }}
)

select
    visits.count_in_visits,
    events.count_events
from visits
cross join events
where visits.count_in_visits <> events.count_events
