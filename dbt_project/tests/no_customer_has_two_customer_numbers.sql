-- A returned row is a customer whose records carry more than one customer number.
select
    clusters.customer_id,
    count(distinct identifiers.identifier_value) as count_customer_numbers
from {{ ref('identifiers') }} as identifiers
inner join {{ ref('clusters') }} as clusters
    on identifiers.source_record_id = clusters.source_record_id
where identifiers.identifier_kind in ('customer_number', 'cookie_login')
group by clusters.customer_id
having
    count(distinct identifiers.identifier_value) > 1
    and max(case when identifiers.identifier_kind = 'customer_number' then 1 else 0 end) = 1
