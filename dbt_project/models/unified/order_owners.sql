-- Grain: one owner of an order in our own layout, until a better version was known: (order_number, owner_order).
with

heads as (
    select
        *,
        case
            when source_record_id is null then 2
            when {{ dbt.split_part('source_record_id', "':'", 2) }} = 'customer' then 1
            else 0
        end as distance_from_contact
    from {{ ref('stg_standard__orders') }}
),

versions as (
    select
        order_number,
        source_record_id,
        known_at,
        -- A version that names a contact beats one that names a number, and that one nobody; then the content decides,
        -- because arrival must not.
        row_number() over (
            partition by order_number
            order by occurred_at desc, distance_from_contact asc, row_id desc
        ) as version_order
    from heads
),

changes as (
    select
        *,
        case
            when
                coalesce(source_record_id, '')
                = lag(coalesce(source_record_id, '')) over (partition by order_number order by version_order asc)
                then 0
            else 1
        end as is_change
    from versions
),

stretches as (
    select
        *,
        sum(is_change) over (
            partition by order_number
            order by version_order asc
            rows between unbounded preceding and current row
        ) as owner_order
    from changes
),

owners as (
    select
        order_number,
        source_record_id,
        owner_order,
        min(known_at) as known_at
    from stretches
    group by order_number, source_record_id, owner_order
),

owners_and_nobody as (
    select * from owners
    union all
    -- Before any head is known, an order is nobody's.
    select
        order_number,
        cast(null as {{ dbt.type_string() }}) as source_record_id,
        max(owner_order) + 1 as owner_order,
        cast('1900-01-01' as {{ dbt.type_timestamp() }}) as known_at
    from owners
    group by order_number
)

select
    -- ids
    order_number,
    source_record_id,
    -- numbers
    owner_order,
    -- moments
    known_at,
    min(known_at) over (
        partition by order_number
        order by owner_order asc
        rows between unbounded preceding and 1 preceding
    ) as superseded_at
from owners_and_nobody
