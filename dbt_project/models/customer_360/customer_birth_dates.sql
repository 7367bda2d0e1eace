-- Grain: one date of birth of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(
    ref('contact_statements'),
    'birth_date',
    ['birth_date'],
    'birth_date is not null',
) }}
