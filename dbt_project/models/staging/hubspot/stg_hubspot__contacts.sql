-- Grain: one version of one CRM contact: row_id.
{{ config(database='vault') }}

with

delivered as (
    {{ first_delivery(source('hubspot', 'contact')) }}
)

select
    -- ids
    row_id,
    id as contact_id,
    'hubspot:contact:' || id as source_record_id,
    -- text
    property_customer_number as customer_number,
    property_email as email_raw,
    property_phone as phone_raw,
    property_firstname as first_name,
    property_lastname as last_name,
    property_address as street,
    property_zip as postal_code,
    property_city as city,
    property_country as country,
    -- yes/no
    coalesce(_fivetran_deleted, false) as is_deleted,
    property_hs_email_optout as is_opted_out_of_email,
    property_may_phone as may_phone,
    property_may_post as may_post,
    property_may_sms as may_sms,
    property_may_ads as may_ads,
    -- dates
    {{ parsed_date('property_date_of_birth', '%Y%m%d') }} as birth_date,
    -- moments
    property_createdate as created_at,
    occurred_at,
    known_at
from delivered
