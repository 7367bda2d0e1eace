-- Grain: one event of one customer. What they met and did, in the order it happened.
{{ config(materialized='view') }}

select
    -- ids
    customer_id,
    event_id,
    subject_id,
    -- text
    event_type,
    channel,
    -- numbers
    amount,
    -- yes/no
    false as is_planned,
    -- moments
    occurred_at
from {{ ref('customer_events') }}
