-- Grain: one state of one version of one service ticket at one of its contacts: service_contact_version_id.
with

hubspot_tickets as (
    select
        row_id,
        service_contact_id,
        source_record_id,
        source_system,
        category,
        priority,
        contact_channel,
        is_deleted,
        opened_at,
        closed_at,
        coalesce(closed_at, opened_at) as updated_at,
        known_at
    from {{ ref('hubspot_tickets') }}
),

standard_tickets as (
    select
        row_id,
        'standard:ticket:' || ticket_id as service_contact_id,
        source_record_id,
        'standard' as source_system,
        category,
        priority,
        contact_channel,
        false as is_deleted,
        opened_at,
        closed_at,
        occurred_at as updated_at,
        known_at
    from {{ ref('stg_standard__service_contacts') }}
),

tickets as (
    select * from hubspot_tickets
    union all
    select * from standard_tickets
),

states as (
    -- A ticket delivered as closed was open before: the state before its closing is a row of its own.
    select
        *,
        'as delivered' as told
    from tickets
    union all
    select
        row_id,
        service_contact_id,
        source_record_id,
        source_system,
        category,
        priority,
        contact_channel,
        is_deleted,
        opened_at,
        cast(null as {{ dbt.type_timestamp() }}) as closed_at,
        opened_at as updated_at,
        known_at,
        'before closing' as told
    from tickets
    where closed_at is not null
)

select
    -- ids
    {{ digest_of(['row_id', 'source_record_id', 'told']) }} as service_contact_version_id,
    service_contact_id,
    source_record_id,
    -- text
    source_system,
    category,
    priority,
    contact_channel,
    -- yes/no
    is_deleted,
    -- moments
    opened_at,
    closed_at,
    updated_at,
    opened_at as occurred_at,
    known_at
from states
