{#- What each customer's statements about a purpose and channel amount to: grain customer, purpose and channel.

    Of each record the newest statement holds; at the same moment a denial does, and the id ends a tie. A deleted record
    permits nothing any more, nor does a statement that has expired; what was denied stays denied. Of several records' statements a denial wins.

    statements: the columns of customer_consents, only those known and made by the moment asked about, and has_expired:
    whether each has by then. -#}
{%- macro standing_consents(statements) -%}
select
    customer_id,
    consent_id,
    purpose,
    channel,
    text_version,
    is_given as is_allowed,
    occurred_at as decided_at,
    expires_at
from (
    select
        *,
        row_number() over (
            partition by customer_id, purpose, channel
            order by is_given asc, occurred_at desc, consent_id asc
        ) as decision_order
    from (
        select
            *,
            row_number() over (
                partition by customer_id, source_record_id, purpose, channel
                order by occurred_at desc, is_given asc, consent_id asc
            ) as statement_order
        from {{ statements }}
    ) as numbered
    where
        statement_order = 1
        and not (is_given and (is_of_deleted_record or has_expired))
) as decided
where decision_order = 1
{%- endmacro -%}
