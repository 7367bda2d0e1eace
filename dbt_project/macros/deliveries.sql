{#- The rows of a source, each once. The same row may be delivered many times, in overlapping files or by an export that
    repeats itself; it is the row_id that makes it the same row. Its first delivery counts, because that is when we came
    to know it; file and line end the tie of one moment, so that the same deliveries always give the same table.
    Which of several versions of a thing holds is not decided here, and never by arrival.

    Speed: few rows are delivered twice. Only those are put in order; the others pass without being sorted, which for web
    events with their long texts costs a fifth. -#}
{%- macro first_delivery(relation) -%}
{%- set repeated = 'select row_id from ' ~ relation ~ ' group by row_id having count(*) > 1' -%}
select
        *,
        1 as delivery_order
    from {{ relation }}
    where row_id not in ({{ repeated }})
    union all
    select *
    from (
        select
            *,
            row_number() over (partition by row_id order by known_at, file_id, line_number) as delivery_order
        from {{ relation }}
        where row_id in ({{ repeated }})
    ) as deliveries
    where delivery_order = 1
{%- endmacro -%}
