{#- The declared rules of an attribute, in order (vars.survivorship in dbt_project.yml; docs/rooms/customer_360.md). Each
    word becomes one sort key; a word nobody knows stops the build. -#}
{%- macro survivorship_keys(attribute, columns, rules) -%}
{%- set keys = [] -%}
{%- for rule in rules or var('survivorship')[attribute] -%}
{%- if rule is mapping and rule.keys() | list == ['trusted'] -%}
{%- do keys.append({'rule': 'trusted', 'sort': 'asc', 'sql': trust_order(rule['trusted'])}) -%}
{%- elif rule == 'fullest' -%}
{%- do keys.append({'rule': rule, 'sort': 'asc', 'sql': count_blanks(columns)}) -%}
{%- elif rule == 'most_frequent' -%}
{%- do keys.append({'rule': rule, 'sort': 'desc', 'sql': 'count_records'}) -%}
{%- elif rule == 'newest' -%}
{%- do keys.append({'rule': rule, 'sort': 'desc', 'sql': 'last_said_at'}) -%}
{%- else -%}
{{ exceptions.raise_compiler_error("survivorship of " ~ attribute ~ ": " ~ rule ~ " is no rule; write fullest, most_frequent, newest or {trusted: [...]}") }}
{%- endif -%}
{%- endfor -%}
{{ return(keys) }}
{%- endmacro -%}

{#- The place of a source in the order of trust; those not named come last, all alike. -#}
{%- macro trust_order(sources) -%}
case source_system
            {%- for source in sources %}
            when '{{ source }}' then {{ loop.index }}
            {%- endfor %}
            else {{ sources | length + 1 }}
        end
{%- endmacro -%}

{#- How many of these columns are blank: a name with both halves is fuller than one with one. -#}
{%- macro count_blanks(columns) -%}
{%- for column in columns %}
        {{- ' + ' if not loop.first }}case when {{ column }} is null then 1 else 0 end
        {%- endfor %}
{%- endmacro -%}

{#- The distinct values of each customer, best first by the declared rules of the attribute; what they leave alike, the
    smaller record id decides: never the order in which they arrived. Of a value the most trusted record that says it
    speaks, then the newest, then the smaller id. Columns: customer_id, source_record_id, source_system, the value
    columns, chosen_by (the first rule that sets it before the next value; only_value, record_id when no rule tells them
    apart, null for the last of several), confidence_rank (1 is best), count_records, count_sources, first_seen_at, last_seen_at. -#}
{%- macro values_by_confidence(statements, attribute, columns, is_present, rules=none) -%}
{%- set keys = survivorship_keys(attribute, columns, rules) -%}
{%- set value = columns | join(', ') -%}
{%- set names = keys | map(attribute='rule') | list -%}
with

statements as (
    select
        customer_id,
        source_record_id,
        source_system,
        {%- for column in columns %}
        {{ column }},
        {%- endfor %}
        is_newest,
        last_seen_at,
        min(last_seen_at) over (partition by customer_id, {{ value }}) as first_seen_at
    from {{ statements }}
    where {{ is_present }}
),

stated as (
    select
        *,
        count(*) over (partition by customer_id, {{ value }}) as count_records,
        max(last_seen_at) over (partition by customer_id, {{ value }}) as last_said_at,
        dense_rank() over (partition by customer_id, {{ value }} order by source_system) as source_order,
        row_number() over (
            partition by customer_id, {{ value }}
            order by {% for key in keys if key.rule == 'trusted' %}{{ key.sql }} asc, {% endfor %}last_seen_at desc, source_record_id asc
        ) as statement_order
    from statements
    where is_newest
),

counted as (
    select
        *,
        max(source_order) over (partition by customer_id, {{ value }}) as count_sources
    from stated
),

compared as (
    select
        *
        {%- for key in keys %},
        {{ key.sql }} as key_{{ loop.index }}
        {%- endfor %}
    from counted
    where statement_order = 1
),

ranked as (
    select
        *,
        {%- for key in keys %}
        lead(key_{{ loop.index }}) over (
            partition by customer_id order by {% for each in keys %}key_{{ loop.index }} {{ each.sort }}, {% endfor %}source_record_id asc
        ) as next_{{ loop.index }},
        {%- endfor %}
        count(*) over (partition by customer_id) as count_values,
        row_number() over (
            partition by customer_id order by {% for each in keys %}key_{{ loop.index }} {{ each.sort }}, {% endfor %}source_record_id asc
        ) as confidence_rank
    from compared
)

select
    -- ids
    customer_id,
    source_record_id,
    -- text
    source_system,
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    case
        when count_values = 1 then 'only_value'
        when confidence_rank = count_values then null
        {%- for name in names %}
        when key_{{ loop.index }} <> next_{{ loop.index }} then '{{ name }}'
        {%- endfor %}
        else 'record_id'
    end as chosen_by,
    -- numbers
    confidence_rank,
    count_records,
    count_sources,
    -- moments
    first_seen_at,
    last_said_at as last_seen_at
from ranked
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
