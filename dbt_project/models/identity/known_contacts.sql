-- Grain: one version of one source record's contact data. Only what was known by the moment asked about.
{{ config(materialized='view', database='vault') }}

with

contacts as (
    select * from {{ ref('contacts') }}
),

known as (
    select
        *,
        -- Two versions of one moment: the digest of the content decides, because arrival must not.
        row_number() over (
            partition by source_record_id
            order by occurred_at desc, contact_version_id desc
        ) as version_order
    from contacts
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
)

select
    -- ids
    contact_version_id,
    source_record_id,
    -- text
    source_system,
    nullif(trim(customer_number), '') as customer_number,
    email_raw,
    phone_raw,
    first_name,
    last_name,
    street,
    postal_code,
    city,
    country,
    language_code,
    -- yes/no
    coalesce(is_deleted, false) as is_deleted,
    version_order = 1 as is_newest,
    -- dates
    birth_date,
    contract_end_date,
    -- moments
    created_at,
    occurred_at,
    known_at
from known
