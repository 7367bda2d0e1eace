-- Grain: one newsletter: campaign_id.
with

versions as (
    select
        *,
        -- Blank until sent, and a sending that was put off was sent at the later moment.
        max(sent_at) over (partition by campaign_id) as newest_sent_at,
        row_number() over (
            partition by campaign_id
            order by occurred_at desc, case when sent_at is null then 1 else 0 end, sent_at desc, row_id desc
        ) as version_order
    from {{ ref('stg_mailchimp__campaigns') }}
),

sendings as (
    select
        campaign_id,
        min(known_at) as known_at
    from versions
    where sent_at = newest_sent_at
    group by campaign_id
)

select
    -- ids
    versions.campaign_id,
    versions.list_id,
    -- text
    'mailchimp' as source_system,
    versions.title as name,
    versions.subject_line,
    -- moments
    versions.newest_sent_at as sent_at,
    versions.occurred_at,
    coalesce(sendings.known_at, versions.known_at) as known_at
from versions
left join sendings
    on versions.campaign_id = sendings.campaign_id
where versions.version_order = 1
