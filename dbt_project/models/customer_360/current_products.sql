-- Grain: one product, as known by the moment asked about: product_id.
with

versions as (
    select
        source_system || ':' || product_id as product_id,
        source_system,
        name,
        category,
        unit_price,
        row_number() over (
            partition by source_system, product_id
            order by occurred_at desc, product_version_id desc
        ) as version_order
    from {{ ref('products') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
        and product_id not in ({{ "'" ~ var('not_products') | join("', '") ~ "'" }})
),

statements as (
    select
        source_system || ':' || product_id as product_id,
        is_available,
        row_number() over (
            partition by source_system, product_id
            order by occurred_at desc, product_statement_id desc
        ) as statement_order
    from {{ ref('product_availability') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
),

availability as (
    select
        product_id,
        is_available
    from statements
    where statement_order = 1
)

select
    -- ids
    versions.product_id,
    -- text
    versions.source_system,
    versions.name,
    versions.category,
    -- numbers
    versions.unit_price,
    -- yes/no
    coalesce(availability.is_available, true) as is_available
from versions
left join availability
    on versions.product_id = availability.product_id
where versions.version_order = 1
