-- Grain: one customer on one deal that is not deleted, known by the moment asked about: (deal_id, customer_id).
with

deals as (
    select
        deal_id,
        deal_stage,
        amount,
        is_deleted,
        row_number() over (partition by deal_id order by occurred_at desc, deal_version_id desc) as version_order
    from {{ ref('deals') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
),

parties as (
    select
        deal_id,
        source_record_id,
        company_id,
        deal_role,
        is_removed,
        occurred_at,
        row_number() over (
            partition by deal_id, source_record_id
            order by occurred_at desc, deal_party_id desc
        ) as statement_order
    from {{ ref('deal_parties') }}
    where
        known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
),

companies as (
    select
        deal_id,
        company_id
    from parties
    where
        source_record_id is null
        and statement_order = 1
),

customer_records as (
    select
        source_record_id,
        customer_id
    from {{ ref('customer_records') }}
),

people as (
    -- Two records of one customer on one deal are one person there: a role says more than none, then the newest holds.
    select
        parties.deal_id,
        customer_records.customer_id,
        parties.deal_role,
        row_number() over (
            partition by parties.deal_id, customer_records.customer_id
            order by
                case when parties.deal_role is null then 1 else 0 end asc,
                parties.occurred_at desc,
                parties.source_record_id asc
        ) as person_order
    from parties
    inner join customer_records
        on parties.source_record_id = customer_records.source_record_id
    where
        parties.statement_order = 1
        and not parties.is_removed
)

select
    -- ids
    people.deal_id,
    companies.company_id,
    people.customer_id,
    -- text
    people.deal_role,
    deals.deal_stage,
    -- numbers
    deals.amount
from people
inner join deals
    on people.deal_id = deals.deal_id
left join companies
    on people.deal_id = companies.deal_id
where
    people.person_order = 1
    and deals.version_order = 1
    and not deals.is_deleted
