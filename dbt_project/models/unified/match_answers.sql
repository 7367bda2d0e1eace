-- Grain: one answer of a person about two source records: match_answer_id.
select
    -- ids
    row_id as match_answer_id,
    source_record_id_a,
    source_record_id_b,
    -- yes/no
    is_same,
    -- moments
    occurred_at,
    known_at
from {{ ref('stg_standard__match_answers') }}
where
    source_record_id_a <> source_record_id_b
    -- Two browsers are no answer: neither is a person.
    and not (
        {{ dbt.split_part('source_record_id_a', "':'", 2) }} = 'cookie'
        and {{ dbt.split_part('source_record_id_b', "':'", 2) }} = 'cookie'
    )
