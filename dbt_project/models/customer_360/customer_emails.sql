-- Grain: one e-mail address of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(ref('current_contacts'), ['email'], 'email is not null') }}
