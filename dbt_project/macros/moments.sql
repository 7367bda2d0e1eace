{#- The moment this run is asked about, in UTC. -#}
{%- macro as_of() -%}
    cast('{{ var("as_of") }}' as {{ dbt.type_timestamp() }})
{%- endmacro -%}

{#- The business day on which a UTC moment falls. -#}
{%- macro business_date(moment) -%}
    {{ return(adapter.dispatch('business_date', 'hoiva')(moment)) }}
{%- endmacro -%}

{%- macro default__business_date(moment) -%}
    cast(from_utc_timestamp({{ moment }}, '{{ var("business_zone") }}') as date)
{%- endmacro -%}

{%- macro duckdb__business_date(moment) -%}
    cast(timezone('{{ var("business_zone") }}', timezone('UTC', {{ moment }})) as date)
{%- endmacro -%}

{#- A day of any year as the same day of 2000, which has a 29 February: the day and month, and nothing about the year. -#}
{%- macro day_without_year(day) -%}
    cast(
        '2000-' || lpad(cast(extract(month from {{ day }}) as {{ dbt.type_string() }}), 2, '0')
        || '-' || lpad(cast(extract(day from {{ day }}) as {{ dbt.type_string() }}), 2, '0') as date
    )
{%- endmacro -%}

{#- The ends of the last months before the moment asked about, newest first, as rows of one column, as_of. A month ends
    with its last business day; the month that is still going on is not one of them. -#}
{%- macro month_ends(count) -%}
    {%- set zone = modules.pytz.timezone(var('business_zone')) -%}
    {%- set asked = modules.pytz.utc.localize(modules.datetime.datetime.fromisoformat(var('as_of'))) -%}
    {%- set local_day = asked.astimezone(zone) if asked.year < 9999 else asked -%}
    {%- for number in range(count) %}
    {%- set months = local_day.year * 12 + local_day.month - 1 - number %}
    {%- set first_day = modules.datetime.datetime(months // 12, months % 12 + 1, 1) %}
    {%- set ended_at = zone.localize(first_day).astimezone(modules.pytz.utc) - modules.datetime.timedelta(microseconds=1) %}
    select cast('{{ ended_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as {{ dbt.type_timestamp() }}) as as_of
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro -%}
