-- A returned row is a pair that a person told apart and that is one customer all the same, though the company's own
-- number does not say so.
with

numbers as (
    select
        source_record_id,
        identifier_value as customer_number
    from {{ ref('identifiers') }}
    where identifier_kind = 'customer_number'
)

select
    answers.source_record_id_a,
    answers.source_record_id_b
from {{ ref('standing_answers') }} as answers
inner join {{ ref('clusters') }} as first_records
    on answers.source_record_id_a = first_records.source_record_id
inner join {{ ref('clusters') }} as other_records
    on answers.source_record_id_b = other_records.source_record_id
left join numbers as first_numbers
    on answers.source_record_id_a = first_numbers.source_record_id
left join numbers as other_numbers
    on answers.source_record_id_b = other_numbers.source_record_id
where
    not answers.is_same
    and first_records.customer_id = other_records.customer_id
    and coalesce(first_numbers.customer_number, 'none') <> coalesce(other_numbers.customer_number, 'another')
