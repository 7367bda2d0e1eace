-- Grain: one identifier of one source record: (source_record_id, identifier_kind, identifier_value).
{{ config(database='vault') }}

with

emails as (
    select
        source_record_id,
        'email' as identifier_kind,
        email as identifier_value,
        occurred_at,
        known_at
    from {{ ref('normalised_contacts') }}
    where email is not null
),

phones as (
    select
        source_record_id,
        'phone' as identifier_kind,
        phone as identifier_value,
        occurred_at,
        known_at
    from {{ ref('normalised_contacts') }}
    where phone is not null
),

current_numbers as (
    -- A number that changed was corrected: the newest version is right. An old address still leads to its person.
    select
        source_record_id,
        customer_number
    from {{ ref('known_contacts') }}
    where is_newest and customer_number is not null
),

customer_numbers as (
    select
        known_contacts.source_record_id,
        'customer_number' as identifier_kind,
        known_contacts.customer_number as identifier_value,
        known_contacts.occurred_at,
        known_contacts.known_at
    from {{ ref('known_contacts') }} as known_contacts
    inner join current_numbers
        on
            known_contacts.source_record_id = current_numbers.source_record_id
            and known_contacts.customer_number = current_numbers.customer_number
),

logins as (
    select
        source_record_id,
        'cookie_login' as identifier_kind,
        trim(login_customer_number) as identifier_value,
        occurred_at,
        known_at
    from {{ ref('web_events') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
        and trim(login_customer_number) <> ''
),

orders_on_the_web as (
    select
        source_record_id,
        'cookie_order' as identifier_kind,
        buyer_record_id as identifier_value,
        occurred_at,
        known_at
    from {{ ref('web_purchases') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
),

statements as (
    select * from emails
    union all
    select * from phones
    union all
    select * from customer_numbers
    union all
    select * from logins
    union all
    select * from orders_on_the_web
)

select
    source_record_id,
    identifier_kind,
    identifier_value,
    min(occurred_at) as first_occurred_at,
    min(known_at) as first_known_at
from statements
group by source_record_id, identifier_kind, identifier_value
