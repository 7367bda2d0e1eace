-- Grain: one name of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(
    ref('contact_statements'),
    'name',
    ['first_name', 'last_name'],
    'first_name is not null or last_name is not null',
) }}
