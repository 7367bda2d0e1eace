-- Grain: one version of one contact: row_id.
{{ config(database='vault') }}

with

delivered as (
    {{ first_delivery(source('standard', 'contacts')) }}
)

select
    -- ids
    row_id,
    contact_id,
    'standard:contact:' || contact_id as source_record_id,
    -- text
    customer_number,
    email as email_raw,
    phone as phone_raw,
    first_name,
    last_name,
    street,
    postal_code,
    city,
    country,
    language as language_code,
    -- yes/no
    coalesce(is_deleted, false) as is_deleted,
    -- dates
    {{ parsed_date('birth_date', '%Y-%m-%d') }} as birth_date,
    {{ parsed_date('contract_end_date', '%Y-%m-%d') }} as contract_end_date,
    -- moments
    created_at,
    occurred_at,
    known_at
from delivered
