{#- Opens and clicks that no person made. Mail gateways fetch a letter and follow its links to look for harm, at once after
    the sending or, when they wait first, all links within moments of each other. Two signs, each enough by itself:

    machine_reaction_seconds: a reaction so soon after the sending. In a real shop's 17 newsletters machines reacted
    within 4 s and the fastest person after 60 s; 10 s stands between, where nobody was seen.
    machine_burst_gap_seconds, machine_burst_links: so many different links, each so soon after the one before. A person
    reads before clicking again; the machines of that shop followed five links in the same second. -#}
{%- macro is_right_after_sending(sent_at, reacted_at) -%}
    coalesce(abs({{ dbt.datediff(sent_at, reacted_at, 'second') }}) <= {{ var('machine_reaction_seconds') }}, false)
{%- endmacro -%}

{#- Whether a reaction belongs to the burst of the one before it. -#}
{%- macro is_same_burst(previous_at, reacted_at) -%}
    {{ dbt.datediff(previous_at, reacted_at, 'second') }} <= {{ var('machine_burst_gap_seconds') }}
{%- endmacro -%}
