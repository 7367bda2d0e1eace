-- Grain: one language of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(
    ref('contact_statements'),
    'language',
    ['language_code'],
    'language_code is not null',
) }}
