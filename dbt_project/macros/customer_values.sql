{#- The distinct values of each customer, best first. The fullest leads, then the newest statement, then the record's id:
    never the order in which they arrived. Columns: customer_id, source_record_id, the value columns, confidence_rank
    (1 is best), last_seen_at. -#}
{%- macro values_by_confidence(contacts, columns, is_present) -%}
with

stated as (
    select
        customer_id,
        source_record_id,
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        {%- for column in columns %}
        {{ '+ ' if not loop.first }}case when {{ column }} is null then 1 else 0 end
        {%- endfor %} as count_blanks,
        last_seen_at
    from {{ contacts }}
    where {{ is_present }}
),

newest_of_each_value as (
    select
        *,
        row_number() over (
            partition by customer_id, {{ columns | join(', ') }}
            order by last_seen_at desc, source_record_id asc
        ) as statement_order
    from stated
)

select
    -- ids
    customer_id,
    source_record_id,
    -- text
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    -- numbers
    row_number() over (
        partition by customer_id
        order by count_blanks asc, last_seen_at desc, source_record_id asc
    ) as confidence_rank,
    -- moments
    last_seen_at
from newest_of_each_value
where statement_order = 1
{%- endmacro -%}

{#- One fact of each customer: the newest statement that is not blank; of two at the same moment the smaller record id. -#}
{%- macro newest_value(contacts, column) -%}
select customer_id, {{ column }}
    from (
        select
            customer_id,
            {{ column }},
            row_number() over (
                partition by customer_id
                order by last_seen_at desc, source_record_id asc
            ) as statement_order
        from {{ contacts }}
        where {{ column }} is not null
    ) as stated
    where statement_order = 1
{%- endmacro -%}

{#- One row per customer with may_<channel> for one purpose. A channel without a statement is null: nobody said yes. -#}
{%- macro permissions_by_channel(consents, purpose, channels) -%}
select
        customer_id,
        {%- for channel in channels %}
        {{ dbt.bool_or("channel = '" ~ channel ~ "' and is_allowed") }} as may_{{ channel }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ consents }}
    where purpose = '{{ purpose }}'
    group by customer_id
{%- endmacro -%}
