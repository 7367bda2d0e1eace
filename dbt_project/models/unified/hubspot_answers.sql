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

taken_back as (
    -- A blank was never asked and says nothing. A blank after a yes is a yes taken back: unknown means no contact.
    select
        blanks.row_id,
        blanks.statement,
        min(permissions.known_at) as permission_known_at
    from answers as blanks
    inner join answers as permissions
        on
            blanks.source_record_id = permissions.source_record_id
            and blanks.statement = permissions.statement
            and blanks.occurred_at > permissions.occurred_at
    where
        blanks.answer is null
        and permissions.answer
    group by blanks.row_id, blanks.statement
)

select
    -- ids
    answers.row_id,
    answers.source_record_id,
    -- text
    'hubspot' as source_system,
    answers.statement,
    -- yes/no
    coalesce(answers.answer, false) as is_given,
    -- moments
    answers.occurred_at,
    greatest(answers.known_at, coalesce(taken_back.permission_known_at, answers.known_at)) as known_at
from answers
left join taken_back
    on
        answers.row_id = taken_back.row_id
        and answers.statement = taken_back.statement
where
    answers.answer is not null
    or taken_back.row_id is not null
