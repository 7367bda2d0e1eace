-- Grain: one name of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(
    ref('current_contacts'),
    ['first_name', 'last_name'],
    'first_name is not null or last_name is not null',
) }}
