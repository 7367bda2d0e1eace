-- Grain: one stay of a customer number in one country, as orders alone tell it: contact_version_id.
with

shop_orders as (
    select
        source_record_id,
        source_system,
        {{ dbt.split_part('source_record_id', "':'", 3) }} as customer_number,
        country,
        order_id,
        occurred_at,
        known_at
    from {{ ref('orders') }}
    where
        source_record_id is not null
        and source_system = 'shop'
),

standard_orders as (
    -- Only where the order names no contact: a number is then all that is known of the customer.
    select
        source_record_id,
        'standard' as source_system,
        customer_number,
        cast(null as {{ dbt.type_string() }}) as country,
        order_number as order_id,
        occurred_at,
        known_at
    from {{ ref('order_headers') }}
    where {{ dbt.split_part('source_record_id', "':'", 2) }} = 'customer'
),

orders as (
    select * from shop_orders
    union all
    select * from standard_orders
),

moves as (
    select
        *,
        case
            when
                coalesce(country, '')
                = lag(coalesce(country, '')) over (partition by source_record_id order by occurred_at, order_id)
                then 0
            else 1
        end as is_move
    from orders
),

stays as (
    select
        *,
        sum(is_move) over (
            partition by source_record_id
            order by occurred_at, order_id
            rows between unbounded preceding and current row
        ) as stay_number
    from moves
)

select
    -- ids
    {{ digest_of(['source_record_id', 'stay_number', 'min(occurred_at)']) }} as contact_version_id,
    source_record_id,
    -- text
    source_system,
    customer_number,
    min(country) as country,
    -- moments
    min(occurred_at) as occurred_at,
    min(known_at) as known_at
from stays
group by source_record_id, source_system, customer_number, stay_number
