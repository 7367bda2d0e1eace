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

{#- The same for a table that grows by what is new: events that happen once and are never told again in another version.
    A night then reads the texts of new deliveries alone. The table is always what it would be if built anew: rows that a
    new delivery brings again are read again from all deliveries, and everything is when a delivery was taken back or the
    models changed. The model keeps file_id and made_by, and forgets what is stale before it is built. -#}
{%- macro first_delivery_of_new(relation) -%}
{%- if is_incremental() and not is_stale(relation) -%}
{%- set new = 'select row_id from ' ~ relation ~ ' where file_id in (' ~ new_files(relation) ~ ')' -%}
{{ first_delivery(
    '(select * from ' ~ relation ~ ' where row_id in (' ~ new ~ ') and row_id not in (select row_id from ' ~ this
    ~ ' where row_id in (' ~ new ~ '))) as new_deliveries'
) }}
{%- else -%}
{{ first_delivery(relation) }}
{%- endif -%}
{%- endmacro -%}

{%- macro forget_stale(source_name, table_name) -%}
{%- if is_incremental() -%}
{%- set relation = source(source_name, table_name) -%}
{%- if is_stale(relation) -%}
create or replace table {{ this }} as
    select * from (
{{ model.compiled_code }}
    ) as made_anew
    where false
{%- else -%}
delete from {{ this }}
    where row_id in (
        select row_id from {{ relation }} where file_id in ({{ new_files(relation) }})
    )
{%- endif -%}
{%- endif -%}
{%- endmacro -%}

{#- Whether the table of this model cannot grow and is made anew: other models made it, or a delivery was taken back. -#}
{%- macro is_stale(relation) -%}
{%- if not execute -%}{{ return(false) }}{%- endif -%}
{%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
{%- if 'made_by' not in columns or 'file_id' not in columns -%}{{ return(true) }}{%- endif -%}
{%- set found = run_query(
    "select count(*) from (select distinct file_id, made_by from " ~ this ~ ") as made where made_by <> '"
    ~ var('made_by') ~ "' or file_id not in (select distinct file_id from " ~ relation ~ ")"
) -%}
{{ return(found.columns[0].values()[0] > 0) }}
{%- endmacro -%}

{#- The deliveries that gave this model no row yet, as a list of texts: named one by one, so that a reader of Parquet skips
    the files of all others. -#}
{%- macro new_files(relation) -%}
{%- if not execute -%}{{ return("''") }}{%- endif -%}
{%- set found = run_query(
    "select file_id from " ~ relation ~ " group by file_id"
    ~ " having file_id not in (select distinct file_id from " ~ this ~ ") order by file_id"
).columns[0].values() -%}
{{ return("'" ~ found | join("', '") ~ "'") }}
{%- endmacro -%}
