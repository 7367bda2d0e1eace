-- A returned row is a customer whom customer_360 lets us contact though a record's newest statement denies it.
with

newest as (
    select
        source_record_id,
        channel,
        max(occurred_at) as newest_at
    from {{ ref('consents') }}
    where
        purpose = 'marketing'
        and known_at <= {{ as_of() }}
        and occurred_at <= {{ as_of() }}
    group by source_record_id, channel
),

denials as (
    select
        clusters.customer_id,
        consents.channel
    from {{ ref('consents') }} as consents
    inner join newest
        on
            consents.source_record_id = newest.source_record_id
            and consents.channel = newest.channel
            and consents.occurred_at = newest.newest_at
    inner join {{ ref('clusters') }} as clusters
        on consents.source_record_id = clusters.source_record_id
    where
        consents.purpose = 'marketing'
        and not consents.is_given
        and consents.known_at <= {{ as_of() }}
)

select
    denials.customer_id,
    denials.channel
from denials
inner join {{ ref('customer_360') }} as customer_360
    on denials.customer_id = customer_360.customer_id
where
    (denials.channel = 'email' and customer_360.may_email)
    or (denials.channel = 'phone' and customer_360.may_phone)
    or (denials.channel = 'letter' and customer_360.may_letter)
    or (denials.channel = 'ads' and customer_360.may_ads)
