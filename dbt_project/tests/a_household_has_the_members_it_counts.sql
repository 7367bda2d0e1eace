-- A returned row is a household with other members than it counts, or of fewer than two or more than eight.
select
    household_id,
    count(*) as count_rows
from {{ ref('households') }}
group by household_id
having
    count(*) <> min(count_members)
    or count(*) <> max(count_members)
    or count(*) not between 2 and 8
