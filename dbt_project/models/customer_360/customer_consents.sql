-- Grain: one statement of one customer about one purpose and channel: consent_id.
with

consents as (
    select * from {{ ref('consents') }}
),

customer_records as (
    select * from {{ ref('customer_records') }}
)

select
    -- ids
    consents.consent_id,
    customer_records.customer_id,
    consents.source_record_id,
    -- text
    consents.purpose,
    consents.channel,
    consents.text_version,
    -- yes/no
    consents.is_given,
    customer_records.is_deleted as is_of_deleted_record,
    -- moments
    consents.expires_at,
    consents.occurred_at,
    consents.known_at
from consents
inner join customer_records
    on consents.source_record_id = customer_records.source_record_id
