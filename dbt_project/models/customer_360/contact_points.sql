-- Grain: one customer. Where and how to meet the customer: the best of each kind.
{{ config(database='vault') }}

with

customers as (
    select
        customer_id,
        customer_number
    from {{ ref('customers') }}
),

emails as (
    select
        customer_id,
        email
    from {{ ref('customer_emails') }}
    where confidence_rank = 1
),

phones as (
    select
        customer_id,
        phone
    from {{ ref('customer_phones') }}
    where confidence_rank = 1
),

names as (
    select
        customer_id,
        first_name,
        last_name
    from {{ ref('customer_names') }}
    where confidence_rank = 1
),

addresses as (
    select
        customer_id,
        street,
        postal_code,
        city,
        country_code
    from {{ ref('customer_addresses') }}
    where confidence_rank = 1
),

countries as (
    select
        customer_id,
        country_code
    from {{ ref('customer_countries') }}
    where confidence_rank = 1
),

languages as (
    select
        customer_id,
        language_code
    from {{ ref('customer_languages') }}
    where confidence_rank = 1
),

birth_dates as (
    select
        customer_id,
        birth_date
    from {{ ref('customer_birth_dates') }}
    where confidence_rank = 1
)

select
    -- ids
    customers.customer_id,
    -- text
    customers.customer_number,
    emails.email,
    phones.phone,
    names.first_name,
    names.last_name,
    addresses.street,
    addresses.postal_code,
    addresses.city,
    coalesce(addresses.country_code, countries.country_code) as country_code,
    languages.language_code,
    -- dates
    birth_dates.birth_date
from customers
left join emails on customers.customer_id = emails.customer_id
left join phones on customers.customer_id = phones.customer_id
left join names on customers.customer_id = names.customer_id
left join addresses on customers.customer_id = addresses.customer_id
left join countries on customers.customer_id = countries.customer_id
left join languages on customers.customer_id = languages.customer_id
left join birth_dates on customers.customer_id = birth_dates.customer_id
