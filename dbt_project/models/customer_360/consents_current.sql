-- Grain: one customer, purpose and channel. What is allowed now, and the statement that decided it.
with

statements as (
    select
        consents.*,
        clusters.customer_id,
        source_records.is_deleted,
        -- One record's newest statement holds. At the same moment a denial does; the digest ends a tie.
        row_number() over (
            partition by consents.source_record_id, consents.purpose, consents.channel
            order by consents.occurred_at desc, consents.is_given asc, consents.consent_id asc
        ) as statement_order
    from {{ ref('consents') }} as consents
    inner join {{ ref('clusters') }} as clusters
        on consents.source_record_id = clusters.source_record_id
    inner join {{ ref('source_records') }} as source_records
        on consents.source_record_id = source_records.source_record_id
    where
        consents.known_at <= {{ as_of() }}
        and consents.occurred_at <= {{ as_of() }}
),

standing as (
    -- A deleted record permits nothing any more; what it denied stays denied.
    select
        *,
        row_number() over (
            partition by customer_id, purpose, channel
            order by is_given asc, occurred_at desc, consent_id asc
        ) as decision_order
    from statements
    where
        statement_order = 1
        and not (is_given and is_deleted)
),

customers as (
    select customer_id from {{ ref('customers') }}
)

select
    -- ids
    standing.customer_id,
    standing.consent_id,
    -- text
    standing.purpose,
    standing.channel,
    -- yes/no
    standing.is_given as is_allowed,
    -- moments
    standing.occurred_at as decided_at
from standing
inner join customers
    on standing.customer_id = customers.customer_id
where standing.decision_order = 1
