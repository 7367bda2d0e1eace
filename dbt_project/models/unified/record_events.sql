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

joinings as (
    -- One for each moment of creation that a record was ever said to have: a correction later must not move the first.
    select
        'joined|' || source_record_id || '|' || cast(created_at as {{ dbt.type_string() }}) as event_key,
        source_record_id,
        cast(null as {{ dbt.type_string() }}) as subject_id,
        'joined' as event_type,
        source_system,
        cast(null as {{ dbt.type_string() }}) as channel,
        created_at as occurred_at,
        min(known_at) as known_at
    from {{ ref('contacts') }}
    where created_at is not null
    group by source_record_id, source_system, created_at
),

{% for event_type, moment in [('service_opened', 'opened_at'), ('service_closed', 'closed_at')] %}
{{ event_type }} as (
    select
        {{ digest_of(["'" ~ event_type ~ "'", 'service_contact_id', 'source_record_id', 'contact_channel', moment]) }}
            as event_key,
        source_record_id,
        service_contact_id as subject_id,
        '{{ event_type }}' as event_type,
        source_system,
        contact_channel as channel,
        {{ moment }} as occurred_at,
        min(known_at) as known_at
    from {{ ref('service_contacts') }}
    where
        {{ moment }} is not null
        and not is_deleted
    group by service_contact_id, source_record_id, source_system, contact_channel, {{ moment }}
),

{% endfor %}
events as (
    select * from consents
    union all
    select * from joinings
    union all
    select * from service_opened
    union all
    select * from service_closed
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
