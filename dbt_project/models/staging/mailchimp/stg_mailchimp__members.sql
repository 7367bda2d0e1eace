-- Grain: one version of one subscription: row_id.
{{ config(database='vault') }}

with

delivered as (
    {{ first_delivery(source('mailchimp', 'member')) }}
)

select
    -- ids
    row_id,
    id as member_id,
    'mailchimp:member:' || id as source_record_id,
    list_id,
    -- text
    email_address as email_raw,
    merge_fname as first_name,
    merge_lname as last_name,
    country_code as country,
    language as language_code,
    lower(status) as subscription_status,
    -- moments
    timestamp_opt as subscribed_at,
    timestamp_signup as created_at,
    occurred_at,
    known_at
from delivered
