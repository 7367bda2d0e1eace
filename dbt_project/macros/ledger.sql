{#- Contacts that wait, are on their way or were made, decided by the moment asked about: the snapshot that the nightly run
    keeps of the ledger (adapters/contacts_snapshot.py). No rows in a warehouse without one. Columns: contact_id,
    customer_id, care_model, step, channel, planned_for. -#}
{%- macro contacts_of_the_ledger() -%}
{%- set found = adapter.get_relation(database=target.database, schema='ledger', identifier='contacts') if execute else none -%}
{%- set text, moment = dbt.type_string(), dbt.type_timestamp() -%}
select
        {%- if found %}
        contact_id,
        customer_id,
        care_model,
        step,
        channel,
        planned_for
    from {{ found }}
    where decided_as_of <= {{ as_of() }}
        {%- else %}
        cast(null as {{ text }}) as contact_id,
        cast(null as {{ text }}) as customer_id,
        cast(null as {{ text }}) as care_model,
        cast(null as {{ text }}) as step,
        cast(null as {{ text }}) as channel,
        cast(null as {{ moment }}) as planned_for
    where 1 = 0
        {%- endif %}
{%- endmacro -%}
