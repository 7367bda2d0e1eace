-- A returned row is a pair said to be kept apart that is one customer all the same.
select
    held_matches.source_record_id_a,
    held_matches.source_record_id_b
from {{ ref('held_matches') }} as held_matches
inner join {{ ref('clusters') }} as first_records
    on held_matches.source_record_id_a = first_records.source_record_id
inner join {{ ref('clusters') }} as other_records
    on held_matches.source_record_id_b = other_records.source_record_id
where first_records.customer_id = other_records.customer_id
