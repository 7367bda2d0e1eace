-- Grain: one newsletter: campaign_id.
with

versions as (
    select
        *,
        case
            when coalesce(campaign_status, 'sent') in ('sent', 'sending', 'archived') then sent_at
        end as really_sent_at
    from {{ ref('stg_mailchimp__campaigns') }}
),

ranked as (
    select
        *,
        -- A sending that was put off was sent at the later moment.
        max(really_sent_at) over (partition by campaign_id) as newest_sent_at,
        min(case when really_sent_at is not null then known_at end) over (partition by campaign_id) as sending_known_at,
        row_number() over (
            partition by campaign_id
            order by occurred_at desc, case when sent_at is null then 1 else 0 end asc, sent_at desc, row_id desc
        ) as version_order
    from versions
)

select
    -- ids
    campaign_id,
    list_id,
    -- text
    'mailchimp' as source_system,
    title as name,
    subject_line,
    -- moments
    newest_sent_at as sent_at,
    occurred_at,
    coalesce(sending_known_at, known_at) as known_at
from ranked
where version_order = 1
