-- Grain: one phone number of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(
    ref('contact_statements'),
    'phone',
    ['phone'],
    'phone is not null',
) }}
