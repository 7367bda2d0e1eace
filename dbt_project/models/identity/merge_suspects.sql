-- Grain: one customer whose records differ so much that they may be several persons: customer_id. Counts alone.
{% set birth_dates_of_one = 1 %}
{% set names_of_one = 2 %}  {# another spelling, or the name before a marriage #}
{% set emails_of_one = 3 %}  {# at home, at work, and one before #}
{% set phones_of_one = 3 %}
{% set records_of_one = 6 %}  {# twice in each of three systems #}
with

records as (
    select
        customer_id,
        count(*) as count_records
    from {{ ref('customer_records') }}
    where not is_cookie
    group by customer_id
    having count(*) > 1
),

said as (
    select
        customer_records.customer_id,
        count(distinct record_versions.email) as count_emails,
        count(distinct record_versions.phone) as count_phones,
        count(distinct case
            when record_versions.is_newest
                then {{ dbt.concat(["coalesce(record_versions.first_name, '')", "' '", "record_versions.last_name"]) }}
        end) as count_names,
        count(distinct case when record_versions.is_newest then record_versions.birth_date end) as count_birth_dates
    from {{ ref('record_versions') }} as record_versions
    inner join {{ ref('customer_records') }} as customer_records
        on record_versions.source_record_id = customer_records.source_record_id
    group by customer_records.customer_id
),

probable as (
    select
        customer_records.customer_id,
        count(*) as count_probable_matches,
        min(matches.score) as least_score
    from {{ ref('matches') }} as matches
    inner join {{ ref('customer_records') }} as customer_records
        on matches.source_record_id_a = customer_records.source_record_id
    where
        matches.reason is null
        and matches.rule = 'probable'
    group by customer_records.customer_id
)

select
    -- ids
    records.customer_id,
    -- numbers
    records.count_records,
    said.count_names,
    said.count_birth_dates,
    said.count_emails,
    said.count_phones,
    coalesce(probable.count_probable_matches, 0) as count_probable_matches,
    probable.least_score
from records
inner join said
    on records.customer_id = said.customer_id
left join probable
    on records.customer_id = probable.customer_id
where
    said.count_birth_dates > {{ birth_dates_of_one }}
    or said.count_names > {{ names_of_one }}
    or said.count_emails > {{ emails_of_one }}
    or said.count_phones > {{ phones_of_one }}
    or records.count_records > {{ records_of_one }}
