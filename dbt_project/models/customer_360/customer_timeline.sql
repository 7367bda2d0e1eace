-- Grain: one thing that happened to one customer, or is planned for them: event_id. In time order by occurred_at.
{{ config(materialized='view') }}

with

events as (
    select * from {{ ref('customer_events') }}
),

customers as (
    select customer_id from {{ ref('customers') }}
),

contacts as (
    {{ contacts_of_the_ledger() }}
)

select
    -- ids
    customer_id,
    event_id,
    subject_id,
    -- text
    event_type,
    channel,
    -- numbers
    amount,
    -- yes/no
    false as is_planned,
    -- moments
    occurred_at
from events

union all

select
    -- ids
    contacts.customer_id,
    contacts.contact_id as event_id,
    {{ dbt.concat(["contacts.care_model", "':'", "contacts.step"]) }} as subject_id,
    -- text
    'contact' as event_type,
    contacts.channel,
    -- numbers
    cast(null as decimal(18, 4)) as amount,
    -- yes/no
    contacts.planned_for > {{ as_of() }} as is_planned,
    -- moments
    contacts.planned_for as occurred_at
from contacts
inner join customers
    on contacts.customer_id = customers.customer_id
