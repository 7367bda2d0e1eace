-- Grain: one purchase on the web by one browser and the record that the shop knows as its buyer: (web_event_id,
-- buyer_record_id).
with

purchases as (
    select
        web_event_id,
        source_record_id,
        order_number,
        occurred_at,
        known_at
    from {{ ref('web_events') }}
    where order_number is not null
),

buyers as (
    select
        order_number,
        source_record_id,
        min(known_at) as known_at
    from {{ ref('order_lines') }}
    where source_record_id is not null
    group by order_number, source_record_id
)

select
    -- ids
    purchases.web_event_id,
    purchases.source_record_id,
    buyers.source_record_id as buyer_record_id,
    -- text
    purchases.order_number,
    -- moments
    purchases.occurred_at,
    greatest(purchases.known_at, buyers.known_at) as known_at
from purchases
inner join buyers
    on purchases.order_number = buyers.order_number
