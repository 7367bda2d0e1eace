-- Grain: one e-mail address of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(
    ref('contact_statements'),
    'email',
    ['email'],
    'email is not null',
) }}
