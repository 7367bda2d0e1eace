-- Grain: one version of one service ticket of the CRM: row_id.
with

owners as (
    -- A ticket linked to two contacts is the smaller's: links carry no time, and arrival must not decide.
    select
        ticket_id,
        source_record_id,
        min(known_at) as known_at,
        row_number() over (partition by ticket_id order by source_record_id) as owner_order
    from {{ ref('stg_hubspot__ticket_contacts') }}
    group by ticket_id, source_record_id
),

deleted_tickets as (
    select distinct ticket_id
    from {{ ref('stg_hubspot__tickets') }}
    where is_deleted
),

tickets as (
    select
        tickets.row_id,
        'hubspot:ticket:' || tickets.ticket_id as service_contact_id,
        owners.source_record_id,
        'hubspot' as source_system,
        tickets.category,
        tickets.priority,
        tickets.contact_channel,
        tickets.opened_at,
        tickets.closed_at,
        coalesce(tickets.closed_at, tickets.opened_at) as updated_at,
        greatest(tickets.known_at, coalesce(owners.known_at, tickets.known_at)) as known_at
    from {{ ref('stg_hubspot__tickets') }} as tickets
    left join owners
        on
            tickets.ticket_id = owners.ticket_id
            and owners.owner_order = 1
    left join deleted_tickets
        on tickets.ticket_id = deleted_tickets.ticket_id
    where deleted_tickets.ticket_id is null
)

select
    -- ids
    row_id,
    service_contact_id,
    source_record_id,
    -- text
    source_system,
    category,
    priority,
    contact_channel,
    -- moments
    opened_at,
    closed_at,
    updated_at,
    known_at
from tickets
