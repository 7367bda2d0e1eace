-- Grain: one version of one source record, as matching compares it: contact_version_id.
{{ config(materialized='view', database='vault') }}

with

known_contacts as (
    select
        contact_version_id,
        source_record_id,
        customer_number,
        is_newest
    from {{ ref('known_contacts') }}
),

normalised_contacts as (
    select * from {{ ref('normalised_contacts') }}
),

current_numbers as (
    -- A number that changed was corrected: the newest version is right. An old address still leads to its person.
    select
        source_record_id,
        customer_number
    from known_contacts
    where is_newest
)

select
    -- ids
    known_contacts.contact_version_id,
    known_contacts.source_record_id,
    -- text
    current_numbers.customer_number,
    normalised_contacts.email,
    normalised_contacts.mailbox,
    normalised_contacts.phone,
    normalised_contacts.first_name,
    normalised_contacts.last_name,
    normalised_contacts.street_name,
    normalised_contacts.house_number,
    normalised_contacts.postal_code,
    normalised_contacts.city,
    -- yes/no
    known_contacts.is_newest,
    -- dates
    normalised_contacts.birth_date,
    -- moments
    normalised_contacts.known_at
from known_contacts
inner join normalised_contacts
    on known_contacts.contact_version_id = normalised_contacts.contact_version_id
left join current_numbers
    on
        known_contacts.source_record_id = current_numbers.source_record_id
        and known_contacts.customer_number = current_numbers.customer_number
