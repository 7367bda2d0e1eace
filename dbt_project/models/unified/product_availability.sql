-- Grain: one statement about whether one product can be bought: product_statement_id. The reader takes the newest.
with

told as (
    select * from {{ ref('stg_standard__products') }}
    where is_available is not null
)

select
    -- ids
    row_id as product_statement_id,
    product_id,
    -- text
    'standard' as source_system,
    -- yes/no
    is_available,
    -- moments
    occurred_at,
    known_at
from told
