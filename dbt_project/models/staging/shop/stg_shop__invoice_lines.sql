-- Grain: one line of an invoice: row_id. Equal lines of one invoice are separate rows.
with

delivered as (
    {{ first_delivery(source('shop', 'invoice_lines')) }}
)

select
    -- ids
    row_id,
    InvoiceNo as order_number,
    StockCode as product_id,
    'shop:customer:' || CustomerID as source_record_id,
    -- text
    CustomerID as customer_number,
    Description as product_name,
    Country as country,
    -- numbers
    Quantity as quantity,
    UnitPrice as unit_price,
    -- moments
    occurred_at,
    known_at
from delivered
