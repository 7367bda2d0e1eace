{#- Text at a path of a JSON column, as '$[0].item_id'; null when there is none. -#}
{%- macro json_text(column, path) -%}
    {{ return(adapter.dispatch('json_text', 'hoiva')(column, path)) }}
{%- endmacro -%}

{%- macro default__json_text(column, path) -%}
    get_json_object({{ column }}, '{{ path }}')
{%- endmacro -%}

{%- macro duckdb__json_text(column, path) -%}
    json_extract_string({{ column }}, '{{ path }}')
{%- endmacro -%}

{#- One parameter of a web event, as text. Parameters are delivered as a JSON list of key and value, and the value sits
    under the name of its type: string_value or int_value. Null when the event has no such parameter. -#}
{%- macro ga4_parameter(column, key, kind='string_value') -%}
    {{ return(adapter.dispatch('ga4_parameter', 'hoiva')(column, key, kind)) }}
{%- endmacro -%}

{%- macro default__ga4_parameter(column, key, kind) -%}
    filter(
        from_json({{ column }}, 'array<struct<key:string,value:struct<string_value:string,int_value:string>>>'),
        parameter -> parameter.key = '{{ key }}'
    )[0].value.{{ kind }}
{%- endmacro -%}

{%- macro duckdb__ga4_parameter(column, key, kind) -%}
    list_filter(
        from_json({{ column }}, '[{"key":"VARCHAR","value":{"string_value":"VARCHAR","int_value":"VARCHAR"}}]'),
        lambda parameter: parameter.key = '{{ key }}'
    )[1].value.{{ kind }}
{%- endmacro -%}
