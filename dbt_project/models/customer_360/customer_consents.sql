-- Grain: one statement of one customer about one purpose and channel: consent_id.
with

consents as (
    select * from {{ ref('consents') }}
),

clusters as (
    select * from {{ ref('clusters') }}
),

source_records as (
    select * from {{ ref('source_records') }}
),

customers as (
    select customer_id from {{ ref('customers') }}
)

select
    -- ids
    consents.consent_id,
    clusters.customer_id,
    consents.source_record_id,
    -- text
    consents.purpose,
    consents.channel,
    -- yes/no
    consents.is_given,
    source_records.is_deleted as is_of_deleted_record,
    -- moments
    consents.occurred_at,
    consents.known_at
from consents
inner join clusters
    on consents.source_record_id = clusters.source_record_id
inner join source_records
    on consents.source_record_id = source_records.source_record_id
inner join customers
    on clusters.customer_id = customers.customer_id
