-- Grain: one event of a record's own: a consent, the joining, or service: event_key.
with

consents as (
    select
        'consent|' || consent_id as event_key,
        source_record_id,
        purpose as subject_id,
        case when is_given then 'consent_given' else 'consent_denied' end as event_type,
        source_system,
        channel,
        occurred_at,
        known_at
    from {{ ref('consents') }}
),

creations as (
    select
        source_record_id,
        source_system,
        created_at,
        min(known_at) as known_at,
        row_number() over (partition by source_record_id order by created_at) as creation_order
    from {{ ref('contacts') }}
    where created_at is not null
    group by source_record_id, source_system, created_at
),

joinings as (
    select
        'joined|' || source_record_id as event_key,
        source_record_id,
        cast(null as {{ dbt.type_string() }}) as subject_id,
        'joined' as event_type,
        source_system,
        cast(null as {{ dbt.type_string() }}) as channel,
        created_at as occurred_at,
        known_at
    from creations
    where creation_order = 1
),

openings as (
    select
        'service_opened|' || service_contact_id as event_key,
        min(source_record_id) as source_record_id,
        service_contact_id as subject_id,
        'service_opened' as event_type,
        source_system,
        min(contact_channel) as channel,
        min(opened_at) as occurred_at,
        min(known_at) as known_at
    from {{ ref('service_contacts') }}
    group by service_contact_id, source_system
),

closings as (
    -- A ticket opened again and closed again was closed twice.
    select
        'service_closed|' || service_contact_id || '|' || cast(closed_at as {{ dbt.type_string() }}) as event_key,
        min(source_record_id) as source_record_id,
        service_contact_id as subject_id,
        'service_closed' as event_type,
        source_system,
        min(contact_channel) as channel,
        closed_at as occurred_at,
        min(known_at) as known_at
    from {{ ref('service_contacts') }}
    where closed_at is not null
    group by service_contact_id, source_system, closed_at
),

events as (
    select * from consents
    union all
    select * from joinings
    union all
    select * from openings
    union all
    select * from closings
)

select
    -- ids
    event_key,
    source_record_id,
    subject_id,
    -- text
    event_type,
    source_system,
    channel,
    -- moments
    occurred_at,
    known_at
from events
