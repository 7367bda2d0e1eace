-- Grain: one known version of one living source record of a customer: contact_version_id.
{{ config(database='vault') }}

with

known_contacts as (
    select * from {{ ref('known_contacts') }}
),

normalised_contacts as (
    select
        contact_version_id,
        email,
        phone,
        birth_date,
        email_fault
    from {{ ref('normalised_contacts') }}
),

living_records as (
    select
        source_record_id,
        customer_id
    from {{ ref('customer_records') }}
    where not is_deleted
),

countries as (
    select * from {{ ref('countries') }}
)

select
    -- ids
    known_contacts.contact_version_id,
    known_contacts.source_record_id,
    living_records.customer_id,
    -- text
    {{ dbt.split_part('known_contacts.source_record_id', "':'", 1) }} as source_system,
    case when normalised_contacts.email_fault is null then normalised_contacts.email end as email,
    normalised_contacts.phone,
    nullif(trim(known_contacts.first_name), '') as first_name,
    nullif(trim(known_contacts.last_name), '') as last_name,
    nullif(trim(known_contacts.street), '') as street,
    nullif(trim(known_contacts.postal_code), '') as postal_code,
    nullif(trim(known_contacts.city), '') as city,
    nullif(countries.country_code, '') as country_code,
    nullif(lower(trim(known_contacts.language_code)), '') as language_code,
    -- yes/no
    known_contacts.is_newest,
    -- dates
    normalised_contacts.birth_date,
    known_contacts.contract_end_date,
    -- moments
    known_contacts.occurred_at as last_seen_at
from known_contacts
inner join normalised_contacts
    on known_contacts.contact_version_id = normalised_contacts.contact_version_id
inner join living_records
    on known_contacts.source_record_id = living_records.source_record_id
left join countries
    on lower(trim(known_contacts.country)) = countries.written_name
