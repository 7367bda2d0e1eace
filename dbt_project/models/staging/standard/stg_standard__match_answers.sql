-- Grain: one answer about two source records as it was told: row_id.
with

delivered as (
    {{ first_delivery(source('standard', 'match_answers')) }}
)

select
    -- ids
    row_id,
    answer_id,
    least(trim(source_record_id_a), trim(source_record_id_b)) as source_record_id_a,
    greatest(trim(source_record_id_a), trim(source_record_id_b)) as source_record_id_b,
    -- yes/no
    is_same,
    -- moments
    occurred_at,
    known_at
from delivered
