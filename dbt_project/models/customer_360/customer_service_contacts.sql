-- Grain: one version of one service contact of a customer, known by the moment asked about.
with

service_contacts as (
    select * from {{ ref('service_contacts') }}
    where
        known_at <= {{ as_of() }}
        and updated_at <= {{ as_of() }}
        and opened_at <= {{ as_of() }}
),

owners as (
    -- A ticket moved from one customer to another is the other's from its beginning.
    select
        service_contact_id,
        source_record_id
    from (
        select
            service_contact_id,
            source_record_id,
            row_number() over (
                partition by service_contact_id
                order by updated_at desc, service_contact_version_id desc
            ) as version_order
        from service_contacts
        where source_record_id is not null
    ) as named
    where version_order = 1
),

customer_records as (
    select
        source_record_id,
        customer_id
    from {{ ref('customer_records') }}
)

select
    -- ids
    service_contacts.service_contact_version_id,
    service_contacts.service_contact_id,
    customer_records.customer_id,
    -- text
    service_contacts.category,
    service_contacts.priority,
    service_contacts.contact_channel,
    -- moments
    service_contacts.opened_at,
    service_contacts.closed_at,
    service_contacts.updated_at,
    service_contacts.known_at
from service_contacts
inner join owners
    on service_contacts.service_contact_id = owners.service_contact_id
inner join customer_records
    on owners.source_record_id = customer_records.source_record_id
