"""What the page of the decisions asks of the published tables, in queries that any reader can run again."""

from __future__ import annotations

QUESTIONS = {
    "totals": """
select
    (select sum("count")::bigint from decisions.funnel where stage = 'all') as count_proposed,
    (select sum("count")::bigint from decisions.funnel where stage = 'chosen') as count_chosen,
    count(distinct customer_id) as count_customers,
    coalesce(sum(score), 0)::double as value,
    coalesce(sum("cost"), 0)::double as "cost"
from decisions.contact_plan
""",
    "steps": """
select
    department,
    stage_group,
    min(position) as position,
    sum(case when stage_group in ('all', 'chosen') then "count" else 0 end)::bigint as count_there,
    sum(count_stopped)::bigint as count_stopped
from decisions.funnel
group by department, stage_group
order by position, department
""",
    "stops": """
select department, stage, min(position) as position, sum(count_stopped)::bigint as count_stopped
from decisions.funnel
where count_stopped > 0
group by department, stage
order by position, department
""",
    "scarce": """
select *
from decisions.constraint_use
order by is_report_only, price desc, "constraint", period
""",
    "gave_way": """
select
    department,
    coalesce(by_department, 'a price') as by_department,
    sum("count")::bigint as count_candidates,
    sum("value")::double as total_value
from decisions.displacements
group by 1, 2
order by 1, 2
""",
    "reasons": """
select reason, sum("count")::bigint as count_candidates, sum("value")::double as total_value
from decisions.displacements
group by reason
order by count_candidates desc, reason
""",
    "ways": """
select
    way,
    sum(count_contacts)::bigint as count_contacts,
    sum("value")::double as total_value,
    sum("cost")::double as total_cost,
    sum(count_over_cap)::bigint as count_over_cap,
    max(most_per_customer) as most_per_customer
from decisions.comparison
group by way
order by case way when 'chosen' then 0 when 'greedy' then 1 else 2 end
""",
    "departments": """
select
    department,
    max(case when way = 'chosen' then count_contacts end) as chosen,
    max(case when way = 'greedy' then count_contacts end) as greedy,
    max(case when way = 'silos' then count_contacts end) as silos
from decisions.comparison
group by department
order by department
""",
    "per_customer": """
select count_contacts, count(*) as count_customers
from (select customer_id, count(*) as count_contacts from decisions.contact_plan group by customer_id)
group by count_contacts
order by count_contacts
""",
}


def questions() -> dict[str, str]:
    """The queries by name."""
    return {name: sql.strip() for name, sql in QUESTIONS.items()}
