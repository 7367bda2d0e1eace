-- Grain: one pair of source records that a person has told about: (source_record_id_a, source_record_id_b). The newest.
{{ config(materialized='view') }}

with

answers as (
    select
        *,
        row_number() over (
            partition by source_record_id_a, source_record_id_b
            order by occurred_at desc, match_answer_id desc
        ) as answer_order
    from {{ ref('match_answers') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
)

select
    -- ids
    source_record_id_a,
    source_record_id_b,
    -- yes/no
    is_same,
    -- moments
    known_at
from answers
where answer_order = 1
