-- Grain: one answer of one contact to one question of the CRM, in one version: (row_id, statement).
{%- set answers = {
    'email_optout': 'case when is_opted_out_of_email then false end',
    'may_phone': 'may_phone',
    'may_post': 'may_post',
    'may_sms': 'may_sms',
    'may_ads': 'may_ads',
} %}
with

contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

answers as (
    {%- for statement, answer in answers.items() %}
    select
        row_id,
        source_record_id,
        '{{ statement }}' as statement,
        {{ answer }} as answer,
        occurred_at,
        known_at
    from contacts
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

answers_in_order as (
    select
        *,
        lag(answer) over (partition by source_record_id, statement order by occurred_at, row_id) as earlier_answer,
        lag(occurred_at) over (partition by source_record_id, statement order by occurred_at, row_id) as earlier_at,
        lag(known_at) over (partition by source_record_id, statement order by occurred_at, row_id) as earlier_known_at
    from answers
),

statements as (
    -- A blank was never asked and says nothing. A blank after a yes is a yes taken back: unknown means no contact.
    select
        *,
        answer is null and earlier_answer and earlier_at < occurred_at as is_taken_back
    from answers_in_order
)

select
    -- ids
    row_id,
    source_record_id,
    -- text
    'hubspot' as source_system,
    statement,
    -- yes/no
    case when is_taken_back then false else answer end as is_given,
    -- moments
    occurred_at,
    case when is_taken_back then greatest(known_at, earlier_known_at) else known_at end as known_at
from statements
where
    answer is not null
    or is_taken_back
