-- Grain: one attribute of one customer: (customer_id, attribute_name). The value that counts, who says so, and why.
{%- set attributes = [
    ['customer_emails', 'email', 'email'],
    ['customer_phones', 'phone', 'phone'],
    ['customer_names', 'first_name', 'first_name'],
    ['customer_names', 'last_name', 'last_name'],
    ['customer_addresses', 'street', 'street'],
    ['customer_addresses', 'postal_code', 'postal_code'],
    ['customer_addresses', 'city', 'city'],
    ['customer_countries', 'country_code', 'country_code'],
    ['customer_languages', 'language_code', 'language_code'],
    ['customer_birth_dates', 'birth_date', 'cast(birth_date as ' ~ dbt.type_string() ~ ')'],
] %}
{{ config(materialized='view', database='vault') }}

with

best_values as (
    {%- for table, attribute, value in attributes %}
    select
        customer_id,
        source_record_id,
        '{{ attribute }}' as attribute_name,
        {{ value }} as golden_value,
        source_system,
        chosen_by,
        count_records,
        count_sources,
        first_seen_at,
        last_seen_at
    from {{ ref(table) }}
    where
        confidence_rank = 1
        and {{ attribute }} is not null
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select
    -- ids
    customer_id,
    source_record_id,
    -- text
    attribute_name,
    golden_value,
    source_system,
    chosen_by,
    -- numbers
    count_records,
    count_sources,
    {{ dbt.datediff('last_seen_at', as_of(), 'day') }} as age_days,
    -- moments
    first_seen_at,
    last_seen_at
from best_values
