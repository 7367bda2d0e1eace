-- Grain: one country of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(
    ref('contact_statements'),
    'country',
    ['country_code'],
    'country_code is not null',
) }}
