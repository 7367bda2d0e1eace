-- Grain: one version of one deal with a company: deal_version_id.
with

hubspot_deals as (
    select
        row_id,
        'hubspot:deal:' || deal_id as deal_id,
        'hubspot' as source_system,
        deal_stage,
        amount,
        is_deleted,
        -- The CRM keeps the day of opening in every version: what was said later holds from when we came to know it.
        known_at as occurred_at,
        known_at
    from {{ ref('stg_hubspot__deals') }}
),

standard_deals as (
    select
        row_id,
        'standard:deal:' || deal_id as deal_id,
        'standard' as source_system,
        deal_stage,
        amount,
        is_deleted,
        occurred_at,
        known_at
    from {{ ref('stg_standard__deals') }}
),

deals as (
    select * from hubspot_deals
    union all
    select * from standard_deals
)

select
    -- ids
    row_id as deal_version_id,
    deal_id,
    -- text
    source_system,
    deal_stage,
    -- numbers
    cast(amount as decimal(18, 4)) as amount,
    -- yes/no
    is_deleted,
    -- moments
    occurred_at,
    known_at
from deals
