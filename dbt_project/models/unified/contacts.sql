-- Grain: one version of one source record: contact_version_id.
{{ config(database='vault') }}
{%- set tellers = {
    ref('stg_hubspot__contacts'): {'key': 'row_id', 'lacks': ['language_code', 'contract_end_date']},
    ref('stg_mailchimp__members'): {
        'key': 'row_id',
        'lacks': [
            'customer_number', 'phone_raw', 'street', 'postal_code', 'city', 'is_deleted', 'birth_date',
            'contract_end_date',
        ],
    },
    ref('stg_standard__contacts'): {'key': 'row_id', 'lacks': []},
    ref('numbered_customers'): {
        'key': 'contact_version_id',
        'lacks': [
            'email_raw', 'phone_raw', 'first_name', 'last_name', 'street', 'postal_code', 'city', 'language_code',
            'is_deleted', 'birth_date', 'contract_end_date', 'created_at',
        ],
    },
} -%}
{%- set texts = [
    'customer_number', 'email_raw', 'phone_raw', 'first_name', 'last_name', 'street', 'postal_code', 'city', 'country',
    'language_code',
] -%}
{%- set types = {
    'is_deleted': dbt.type_boolean(), 'birth_date': 'date', 'contract_end_date': 'date',
    'created_at': dbt.type_timestamp(),
} -%}

with

told as (
    {%- for relation, teller in tellers.items() %}
    select
        {{ teller.key }} as contact_version_id,
        source_record_id,
        {%- for column in texts + types.keys() | list %}
        {%- set blank = 'cast(null as ' ~ types.get(column, dbt.type_string()) ~ ')' %}
        {{ blank if column in teller.lacks else column }} as {{ column }},
        {%- endfor %}
        occurred_at,
        known_at
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    -- ids
    contact_version_id,
    source_record_id,
    -- text
    {{ dbt.split_part('source_record_id', "':'", 1) }} as source_system,
    customer_number,
    email_raw,
    phone_raw,
    first_name,
    last_name,
    street,
    postal_code,
    city,
    country,
    language_code,
    -- yes/no
    coalesce(is_deleted, false) as is_deleted,
    -- dates
    birth_date,
    contract_end_date,
    -- moments
    created_at,
    occurred_at,
    known_at
from told
