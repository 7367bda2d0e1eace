-- Grain: one living source record of a customer. What its newest version says.
{{ config(materialized='view', database='vault') }}

select
    -- ids
    source_record_id,
    customer_id,
    -- text
    source_system,
    email,
    phone,
    first_name,
    last_name,
    street,
    postal_code,
    city,
    country_code,
    language_code,
    -- dates
    birth_date,
    contract_end_date,
    -- moments
    last_seen_at
from {{ ref('contact_statements') }}
where is_newest
