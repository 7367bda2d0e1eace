-- Grain: one name and price of one product in one month: product_version_id. The reader takes the newest.
with

told as (
    -- The shop delivers no list of products: what was sold tells them.
    select
        product_id,
        'shop' as source_system,
        product_name as name,
        cast(null as {{ dbt.type_string() }}) as category,
        unit_price,
        cast({{ dbt.date_trunc('month', 'occurred_at') }} as {{ dbt.type_timestamp() }}) as occurred_at,
        known_at
    from {{ ref('stg_shop__invoice_lines') }}
    where
        quantity > 0
        and unit_price > 0

    union all

    select
        product_id,
        'standard' as source_system,
        name,
        category,
        unit_price,
        cast({{ dbt.date_trunc('month', 'occurred_at') }} as {{ dbt.type_timestamp() }}) as occurred_at,
        known_at
    from {{ ref('stg_standard__products') }}
)

select
    -- ids
    {{ digest_of(['source_system', 'product_id', 'name', 'category', 'unit_price', 'occurred_at']) }}
        as product_version_id,
    product_id,
    -- text
    source_system,
    name,
    category,
    -- numbers
    unit_price,
    -- moments
    occurred_at,
    min(known_at) as known_at
from told
group by product_id, source_system, name, category, unit_price, occurred_at
