-- Grain: one pair of source records that a rule speaks for and another holds: (source_record_id_a, source_record_id_b).
with

held as (
    select
        *,
        -- The strongest word for the pair; of two, the rule's name decides, because arrival must not.
        row_number() over (
            partition by source_record_id_a, source_record_id_b
            order by score desc, match_weight desc, rule asc
        ) as rule_order
    from {{ ref('matches') }}
    where
        reason is not null
        and reason <> 'said_different'
),

clusters as (
    select
        source_record_id,
        customer_id
    from {{ ref('clusters') }}
),

answers as (
    select
        source_record_id_a,
        source_record_id_b
    from {{ ref('standing_answers') }}
)

select
    -- ids
    held.source_record_id_a,
    held.source_record_id_b,
    first_records.customer_id as customer_id_a,
    other_records.customer_id as customer_id_b,
    -- text
    held.rule,
    held.evidence,
    held.reason,
    -- numbers
    held.score,
    held.match_weight,
    -- moments
    held.first_seen_at
from held
inner join clusters as first_records
    on held.source_record_id_a = first_records.source_record_id
inner join clusters as other_records
    on held.source_record_id_b = other_records.source_record_id
left join answers
    on
        held.source_record_id_a = answers.source_record_id_a
        and held.source_record_id_b = answers.source_record_id_b
where
    held.rule_order = 1
    and first_records.customer_id <> other_records.customer_id
    and answers.source_record_id_a is null
