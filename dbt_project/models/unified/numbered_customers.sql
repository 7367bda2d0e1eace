-- Grain: one moment at which orders name a customer number and a country: contact_version_id.
with

told as (
    select
        source_record_id,
        'shop' as source_system,
        customer_number,
        country,
        occurred_at,
        known_at
    from {{ ref('stg_shop__invoice_lines') }}
    where source_record_id is not null

    union all

    -- Only where the order names no contact: a number is then all that is known of the customer.
    select
        source_record_id,
        'standard' as source_system,
        customer_number,
        cast(null as {{ dbt.type_string() }}) as country,
        occurred_at,
        known_at
    from {{ ref('stg_standard__orders') }}
    where {{ dbt.split_part('source_record_id', "':'", 2) }} = 'customer'
)

-- Every moment, not only the first: the newest tells the country, and none is known before its own rows are.
select
    -- ids
    {{ digest_of(['source_record_id', 'country', 'occurred_at']) }} as contact_version_id,
    source_record_id,
    -- text
    source_system,
    customer_number,
    country,
    -- moments
    occurred_at,
    min(known_at) as known_at
from told
group by source_record_id, source_system, customer_number, country, occurred_at
