"""What came back from contacts: each response with the contact it answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dagster_project.domain.care_models.schema import MOMENT
from dagster_project.domain.clock import naive_utc

if TYPE_CHECKING:
    import pyarrow as pa

    from dagster_project.adapters.ledger import Ledger
    from dagster_project.adapters.warehouse import Warehouse

GONE = "returned"  # a contact that was never made is answered by nobody
# A sender that does not know which contact its letter was tells the newsletter alone: the customer's newest letter by
# e-mail whose subject is that newsletter's subject or title is meant, if it was planned before the reaction. Any answer
# counts once as it is told; a machine's opens and clicks count only for whoever asks for any.
ANSWERS = """
with to_newsletters as (
    select
        events.event_id,
        events.customer_id,
        lower(trim(campaigns.subject_line)) as subject,
        lower(trim(campaigns.name)) as title,
        replace(replace(events.event_type, 'newsletter_', ''), 'machine_', '') as response,
        starts_with(events.event_type, 'newsletter_machine_') as is_machine,
        events.occurred_at,
        events.known_at
    from customer_360.customer_events as events
    inner join unified.campaigns as campaigns on events.subject_id = campaigns.campaign_id
    where
        events.event_type in (
            'newsletter_opened', 'newsletter_clicked', 'newsletter_machine_opened', 'newsletter_machine_clicked',
            'newsletter_bounced'
        )
),
letters as (
    select contact_id, customer_id, lower(trim(subject)) as subject, planned_for
    from contacts
    where channel = 'email'
),
matched as (
    select
        letters.contact_id,
        to_newsletters.*,
        row_number() over (
            partition by to_newsletters.event_id
            order by letters.planned_for desc, letters.contact_id
        ) as letter_order
    from to_newsletters
    inner join letters
        on
            to_newsletters.customer_id = letters.customer_id
            and letters.subject in (to_newsletters.subject, to_newsletters.title)
            and to_newsletters.occurred_at >= letters.planned_for
),
told as (
    select contact_id, response, is_machine, occurred_at, known_at from matched where letter_order = 1
    union all
    select contact_id, response, is_machine, occurred_at, known_at
    from unified.contact_responses
    where known_at <= $as_of and occurred_at <= $as_of and contact_id in (select contact_id from contacts)
)
select contact_id, response, occurred_at, known_at from told where not is_machine
union all
select contact_id, 'any_' || response, occurred_at, known_at from told where response in ('opened', 'clicked')
order by all
"""


def responses_of(warehouse: Warehouse, ledger: Ledger, as_of: datetime) -> pa.Table:
    """Every response known as of the moment the warehouse was built for.

    Those that name a contact come from ``unified.contact_responses``; reactions to newsletters that name none are
    matched by customer and subject. docs/contracts/responses.md says which is which.

    Returns:
        contact_id, response, occurred_at, known_at. Opens and clicks of humans stand twice: by their name, and as
        ``any_opened`` or ``any_clicked`` beside those of machines. Answers to contacts that were never made, or not
        decided yet, are left out.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    contacts = ledger.contacts()
    moment = naive_utc(as_of)
    is_made = pc.and_(
        pc.less_equal(contacts["decided_as_of"].cast(MOMENT), pa.scalar(moment, MOMENT)),
        pc.not_equal(contacts["status"], GONE),
    )
    asked = ["contact_id", "customer_id", "channel", "subject", "planned_for"]
    return warehouse.read_with(ANSWERS, {"contacts": contacts.filter(is_made).select(asked)}, {"as_of": moment})
