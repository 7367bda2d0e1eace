{#- Parts of customer_features: reactions to newsletters, visits to the web shop, joining, and service.
    asked: question_number, customer_id, as_of, after_90d, after_365d: one row for each question. -#}

{#- Machines' opens and clicks are no reactions. Of what is counted over 90 days only, nothing older is read. -#}
{%- macro customer_features_of_reactions(asked, moments, events) -%}
{%- set counted = {
    'count_newsletters_sent_90d': 'newsletter_sent',
    'count_opens_90d': 'newsletter_opened',
    'count_clicks_90d': 'newsletter_clicked',
    'count_machine_opens_90d': 'newsletter_machine_opened',
    'count_web_visits_90d': 'web_visit',
    'count_product_views_90d': 'product_view',
} -%}
select
        question_number,
        {%- for column in counted %}
        count(case when kind = {{ loop.index }} and is_within_90d then 1 end) as {{ column }},
        {%- endfor %}
        max(case when kind in (2, 3) then occurred_at end) as last_newsletter_reaction_at,
        max(case when kind = 5 then occurred_at end) as last_web_visit_at,
        min(case when kind = 7 then occurred_at end) as joined_at
    from (
        select
            asked.question_number,
            told.kind,
            told.occurred_at,
            told.occurred_at > asked.after_90d as is_within_90d
        from {{ asked }} as asked
        inner join (
            select
                customer_id,
                occurred_at,
                known_at,
                case event_type
                    {%- for event_type in counted.values() %}
                    when '{{ event_type }}' then {{ loop.index }}
                    {%- endfor %}
                    when 'joined' then 7
                end as kind
            from {{ events }}
            where
                event_type in ('newsletter_opened', 'newsletter_clicked', 'web_visit', 'joined')
                or (
                    event_type in ('newsletter_sent', 'newsletter_machine_opened', 'product_view')
                    and occurred_at > (select min(after_90d) from {{ moments }})
                )
        ) as told
            on
                asked.customer_id = told.customer_id
                and asked.as_of >= told.known_at
                and asked.as_of >= told.occurred_at
    ) as reactions
    group by question_number
{%- endmacro -%}

{#- Service: each service contact counts once, as its newest version known at the question's moment tells it.
    Whether it is a complaint is often decided after it was opened, and a closed one may be opened again. -#}
{%- macro customer_features_of_service(asked, service_contacts) -%}
select
        question_number,
        count(case when opened_at > after_365d then 1 end) as count_service_contacts_365d,
        count(case when is_open then 1 end) as count_open_service_contacts,
        count(case when is_open and category = 'complaint' then 1 end) as count_open_complaints,
        max(opened_at) as last_service_contact_at
    from (
        select
            asked.question_number,
            asked.after_365d,
            service_contacts.category,
            service_contacts.opened_at,
            service_contacts.closed_at is null or service_contacts.closed_at > asked.as_of as is_open,
            row_number() over (
                partition by asked.question_number, service_contacts.service_contact_id
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
    group by question_number
{%- endmacro -%}
