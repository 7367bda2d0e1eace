-- Grain: one version of one service ticket of the CRM at one of its contacts: (row_id, source_record_id).
with

links as (
    select
        ticket_id,
        source_record_id,
        min(known_at) as known_at
    from {{ ref('stg_hubspot__ticket_contacts') }}
    group by ticket_id, source_record_id
),

tickets as (
    -- The link carries no time of its own and takes the ticket's. A ticket without a link is nobody's yet.
    select
        tickets.row_id,
        tickets.ticket_id,
        links.source_record_id,
        tickets.category,
        tickets.priority,
        tickets.contact_channel,
        tickets.is_deleted,
        tickets.opened_at,
        tickets.closed_at,
        greatest(tickets.known_at, links.known_at) as known_at
    from {{ ref('stg_hubspot__tickets') }} as tickets
    inner join links
        on tickets.ticket_id = links.ticket_id
)

select
    -- ids
    row_id,
    'hubspot:ticket:' || ticket_id as service_contact_id,
    source_record_id,
    -- text
    'hubspot' as source_system,
    category,
    priority,
    contact_channel,
    -- yes/no
    is_deleted,
    -- moments
    opened_at,
    -- The CRM does not say when it deleted a ticket: it is over from when we came to know it.
    case when is_deleted then coalesce(closed_at, greatest(known_at, opened_at)) else closed_at end as closed_at,
    known_at
from tickets
