{#- Parts of customer_features: reactions to newsletters, visits to the web shop, and service.
    facts: customer_id, as_of, event_type, occurred_at, is_within_90d. Machines' opens and clicks are no reactions. -#}
{%- macro customer_features_of_reactions(facts) -%}
{%- set counted = {
    'count_newsletters_sent_90d': 'newsletter_sent',
    'count_opens_90d': 'newsletter_opened',
    'count_clicks_90d': 'newsletter_clicked',
    'count_machine_opens_90d': 'newsletter_machine_opened',
    'count_web_visits_90d': 'web_visit',
    'count_product_views_90d': 'product_view',
} -%}
select
        customer_id,
        as_of,
        {%- for column, event_type in counted.items() %}
        count(case when event_type = '{{ event_type }}' and is_within_90d then 1 end) as {{ column }},
        {%- endfor %}
        max(
            case when event_type in ('newsletter_opened', 'newsletter_clicked') then occurred_at end
        ) as last_newsletter_reaction_at,
        max(case when event_type = 'web_visit' then occurred_at end) as last_web_visit_at
    from {{ facts }}
    where event_type like 'newsletter%' or event_type in ('web_visit', 'product_view')
    group by customer_id, as_of
{%- endmacro -%}

{#- Service: each service contact counts once, as its newest version known at the question's moment tells it.
    Whether it is a complaint is often decided after it was opened, and a closed one may be opened again. -#}
{%- macro customer_features_of_service(asked, service_contacts) -%}
select
        customer_id,
        as_of,
        count(
            case when opened_at > {{ dbt.dateadd('day', -365, 'as_of') }} then 1 end
        ) as count_service_contacts_365d,
        count(case when is_open then 1 end) as count_open_service_contacts,
        count(case when is_open and category = 'complaint' then 1 end) as count_open_complaints,
        max(opened_at) as last_service_contact_at
    from (
        select
            asked.customer_id,
            asked.as_of,
            service_contacts.category,
            service_contacts.opened_at,
            service_contacts.closed_at is null or service_contacts.closed_at > asked.as_of as is_open,
            row_number() over (
                partition by asked.customer_id, asked.as_of, service_contacts.service_contact_id
                order by service_contacts.updated_at desc, service_contacts.service_contact_version_id desc
            ) as version_order
        from {{ asked }} as asked
        inner join {{ service_contacts }} as service_contacts
            on
                asked.customer_id = service_contacts.customer_id
                and asked.as_of >= service_contacts.known_at
                and asked.as_of >= service_contacts.updated_at
                and asked.as_of >= service_contacts.opened_at
    ) as versions
    where version_order = 1
    group by customer_id, as_of
{%- endmacro -%}
