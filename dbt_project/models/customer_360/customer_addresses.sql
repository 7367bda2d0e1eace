-- Grain: one postal address of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(
    ref('contact_statements'),
    'address',
    ['street', 'postal_code', 'city', 'country_code'],
    'street is not null or postal_code is not null',
) }}
