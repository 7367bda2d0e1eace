-- A returned row is a currency beside others: amounts in different currencies would be added as if they were one.
{{ config(severity='warn') }}

with

currencies as (
    select distinct upper(currency) as currency
    from {{ ref('stg_standard__orders') }}
    where currency is not null
),

counted as (
    select
        currency,
        count(*) over () as count_currencies
    from currencies
)

select currency
from counted
where count_currencies > 1
