-- Grain: one name and price of one product: product_version_id. The reader takes the newest.
with

shop_products as (
    -- The shop delivers no list of products: what was sold tells them.
    select
        product_id,
        'shop' as source_system,
        product_name as name,
        cast(null as {{ dbt.type_string() }}) as category,
        unit_price,
        min(occurred_at) as occurred_at,
        min(known_at) as known_at
    from {{ ref('stg_shop__invoice_lines') }}
    where
        quantity > 0
        and unit_price > 0
    group by product_id, product_name, unit_price
),

standard_products as (
    select
        product_id,
        'standard' as source_system,
        name,
        category,
        unit_price,
        min(occurred_at) as occurred_at,
        min(known_at) as known_at
    from {{ ref('stg_standard__products') }}
    group by product_id, name, category, unit_price
),

products as (
    select * from shop_products
    union all
    select * from standard_products
)

select
    -- ids
    {{ digest_of(['source_system', 'product_id', 'name', 'category', 'unit_price']) }} as product_version_id,
    product_id,
    -- text
    source_system,
    name,
    category,
    -- numbers
    unit_price,
    -- moments
    occurred_at,
    known_at
from products
