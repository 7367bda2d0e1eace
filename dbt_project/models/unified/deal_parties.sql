-- Grain: one statement that a contact or a company is on a deal, or no longer: deal_party_id.
with

contacts_of_deals as (
    select
        row_id,
        'hubspot:deal:' || deal_id as deal_id,
        source_record_id,
        cast(null as {{ dbt.type_string() }}) as company_id,
        cast(null as {{ dbt.type_string() }}) as deal_role,
        false as is_removed,
        known_at as occurred_at,
        known_at
    from {{ ref('stg_hubspot__deal_contacts') }}
    union all
    select
        row_id,
        'standard:deal:' || deal_id as deal_id,
        source_record_id,
        cast(null as {{ dbt.type_string() }}) as company_id,
        deal_role,
        is_removed,
        occurred_at,
        known_at
    from {{ ref('stg_standard__deal_contacts') }}
),

companies_of_deals as (
    select
        row_id,
        'hubspot:deal:' || deal_id as deal_id,
        'hubspot:company:' || company_id as company_id,
        known_at as occurred_at,
        known_at
    from {{ ref('stg_hubspot__deal_companies') }}
    union all
    select
        row_id,
        'standard:deal:' || deal_id as deal_id,
        'standard:company:' || company_id as company_id,
        occurred_at,
        known_at
    from {{ ref('stg_standard__deals') }}
    where company_id is not null
),

parties as (
    select
        'contact' as party,
        *
    from contacts_of_deals
    union all
    select
        'company' as party,
        row_id,
        deal_id,
        cast(null as {{ dbt.type_string() }}) as source_record_id,
        company_id,
        cast(null as {{ dbt.type_string() }}) as deal_role,
        false as is_removed,
        occurred_at,
        known_at
    from companies_of_deals
)

select
    -- ids
    {{ digest_of(['party', 'row_id']) }} as deal_party_id,
    deal_id,
    source_record_id,
    company_id,
    -- text
    deal_role,
    -- yes/no
    is_removed,
    -- moments
    occurred_at,
    known_at
from parties
