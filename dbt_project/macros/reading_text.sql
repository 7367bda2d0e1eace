{#- The path of an address of the web, without host, query and anchor; null when it is no address. -#}
{%- macro url_path(column) -%}
    {{ return(adapter.dispatch('url_path', 'hoiva')(column)) }}
{%- endmacro -%}

{%- macro default__url_path(column) -%}
    parse_url({{ column }}, 'PATH')
{%- endmacro -%}

{%- macro duckdb__url_path(column) -%}
    nullif(regexp_extract({{ column }}, '^[a-zA-Z]+://[^/?#]*(/[^?#]*)', 1), '')
{%- endmacro -%}

{#- A date read from text by a strptime pattern; null when the text is no real day. Never an error, because the message of
    a failed cast carries the value. -#}
{%- macro parsed_date(column, pattern) -%}
    {{ return(adapter.dispatch('parsed_date', 'hoiva')(column, pattern)) }}
{%- endmacro -%}

{%- macro default__parsed_date(column, pattern) -%}
    cast(
        try_to_timestamp(
            {{ column }}, '{{ pattern | replace("%Y", "yyyy") | replace("%m", "MM") | replace("%d", "dd") }}'
        ) as date
    )
{%- endmacro -%}

{%- macro duckdb__parsed_date(column, pattern) -%}
    cast(try_strptime({{ column }}, '{{ pattern }}') as date)
{%- endmacro -%}

{#- An address of the web without its query and anchor: what follows a ? can carry the reader's own address. -#}
{%- macro url_without_query(column) -%}
    {{ dbt.split_part(dbt.split_part(column, "'?'", 1), "'#'", 1) }}
{%- endmacro -%}
