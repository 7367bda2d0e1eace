-- Grain: one living source record of a customer. What its newest version says.
{{ config(database='vault') }}

with

known_contacts as (
    select * from {{ ref('known_contacts') }}
    where is_newest and not is_deleted
),

normalised_contacts as (
    select * from {{ ref('normalised_contacts') }}
),

clusters as (
    select
        source_record_id,
        customer_id
    from {{ ref('clusters') }}
),

countries as (
    select * from {{ ref('countries') }}
)

select
    -- ids
    known_contacts.source_record_id,
    clusters.customer_id,
    -- text
    case when normalised_contacts.email_fault is null then normalised_contacts.email end as email,
    normalised_contacts.phone,
    nullif(trim(known_contacts.first_name), '') as first_name,
    nullif(trim(known_contacts.last_name), '') as last_name,
    nullif(trim(known_contacts.street), '') as street,
    nullif(trim(known_contacts.postal_code), '') as postal_code,
    nullif(trim(known_contacts.city), '') as city,
    nullif(countries.country_code, '') as country_code,
    nullif(lower(trim(known_contacts.language_code)), '') as language_code,
    -- dates
    known_contacts.birth_date,
    known_contacts.contract_end_date,
    -- moments
    known_contacts.occurred_at as last_seen_at
from known_contacts
inner join normalised_contacts
    on known_contacts.contact_version_id = normalised_contacts.contact_version_id
inner join clusters
    on known_contacts.source_record_id = clusters.source_record_id
left join countries
    on lower(trim(known_contacts.country)) = countries.written_name
