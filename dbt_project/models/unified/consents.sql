-- Grain: one statement about one purpose and channel: consent_id.
with

worded as (
    -- What a system's own words cover is reviewed in the seed; what is not named there says nothing.
    select
        statements.source_record_id,
        statements.source_system,
        coverage.purpose,
        coverage.channel,
        cast(null as {{ dbt.type_string() }}) as text_version,
        statements.is_given,
        cast(null as {{ dbt.type_timestamp() }}) as expires_at,
        statements.occurred_at,
        statements.known_at
    from {{ ref('consent_statements') }} as statements
    inner join {{ ref('consent_coverage') }} as coverage
        on
            statements.source_system = coverage.source_system
            and statements.statement = coverage.statement
),

named as (
    -- Our own layout names purpose and channel itself.
    select
        source_record_id,
        'standard' as source_system,
        purpose,
        channel,
        text_version,
        is_given,
        expires_at,
        occurred_at,
        known_at
    from {{ ref('stg_standard__consents') }}
),

statements as (
    select * from worded
    union all
    select * from named
)

select
    -- ids
    {{ digest_of(['source_record_id', 'purpose', 'channel', 'is_given', 'occurred_at']) }} as consent_id,
    source_record_id,
    -- text
    source_system,
    purpose,
    channel,
    min(text_version) as text_version,
    -- yes/no
    is_given,
    -- moments
    -- Told with two ends it ends with the earlier one.
    min(expires_at) as expires_at,
    occurred_at,
    min(known_at) as known_at
from statements
group by source_record_id, source_system, purpose, channel, is_given, occurred_at
