-- Grain: one order that is delivered with a head of its own: order_number. The shop's till delivers lines only.
with

versions as (
    select
        order_number,
        source_record_id,
        customer_number,
        currency,
        min(case when is_cancelled then known_at end) over (partition by order_number) as cancellation_known_at,
        min(known_at) over (partition by order_number, source_record_id) as known_at,
        occurred_at,
        -- A version that names the customer beats one that does not; then the content decides, arrival never.
        row_number() over (
            partition by order_number
            order by occurred_at desc, case when source_record_id is null then 1 else 0 end, row_id desc
        ) as version_order
    from {{ ref('stg_standard__orders') }}
)

select
    -- ids
    order_number,
    source_record_id,
    -- text
    customer_number,
    currency,
    -- moments
    cancellation_known_at,
    occurred_at,
    known_at
from versions
where version_order = 1
