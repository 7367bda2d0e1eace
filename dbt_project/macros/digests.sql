{#- A key of its own for something that has none: the digest of what tells it apart from every other. A null and an empty
    text differ, and the parts cannot run into each other. -#}
{%- macro digest_of(parts) -%}
    {%- set texts = [] -%}
    {%- for part in parts -%}
        {%- set text = "coalesce(cast(" ~ part ~ " as " ~ dbt.type_string() ~ "), '~')" -%}
        {%- do texts.append(text) -%}
        {%- if not loop.last -%}{%- do texts.append("'|'") -%}{%- endif -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(texts)) }}
{%- endmacro -%}
