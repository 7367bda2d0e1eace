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
