-- Grain: one phone number of one customer, best first.
{{ config(database='vault') }}

{{ values_by_confidence(ref('current_contacts'), ['phone'], 'phone is not null') }}
