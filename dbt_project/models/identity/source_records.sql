-- Grain: one source record: a contact, newsletter member, shop customer or browser as one system knows it.
with

contacts as (
    select
        source_record_id,
        min(least(created_at, occurred_at)) as first_seen_at,
        min(known_at) as first_known_at,
        max(case when is_newest and is_deleted then 1 else 0 end) as count_deletions
    from {{ ref('known_contacts') }}
    group by source_record_id
),

events as (
    select
        source_record_id,
        min(occurred_at) as first_seen_at,
        min(known_at) as first_known_at
    from {{ ref('events') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
        and source_record_id is not null
    group by source_record_id
),

web_events as (
    select
        source_record_id,
        min(occurred_at) as first_seen_at,
        min(known_at) as first_known_at
    from {{ ref('web_events') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
        and source_record_id is not null
    group by source_record_id
),

sightings as (
    select
        source_record_id,
        first_seen_at,
        first_known_at,
        count_deletions
    from contacts
    union all
    select
        source_record_id,
        first_seen_at,
        first_known_at,
        0 as count_deletions
    from events
    union all
    select
        source_record_id,
        first_seen_at,
        first_known_at,
        0 as count_deletions
    from web_events
)

select
    -- ids
    source_record_id,
    -- text
    {{ dbt.split_part('source_record_id', "':'", 1) }} as source_system,
    -- yes/no
    {{ dbt.split_part('source_record_id', "':'", 2) }} = 'cookie' as is_cookie,
    max(count_deletions) > 0 as is_deleted,
    -- moments
    min(first_seen_at) as first_seen_at,
    min(first_known_at) as first_known_at
from sightings
group by source_record_id
