{#- A returned row is a combination of the key's columns that occurs more than once, or has a null in it. -#}
{% test one_row_per(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as count_rows
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
