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

# Reactions to newsletters name no contact of ours: the customer's newest letter of that very subject is meant. A
# machine's reaction counts only for whoever asks for any.
TO_NEWSLETTERS = """
with reactions as (
    select
        events.event_id,
        events.customer_id,
        campaigns.subject_line as subject,
        replace(replace(events.event_type, 'newsletter_', ''), 'machine_', '') as response,
        events.event_type like 'newsletter_machine_%' as is_machine,
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
answered as (
    select
        contacts.contact_id,
        reactions.*,
        row_number() over (
            partition by reactions.event_id
            order by contacts.planned_for desc, contacts.contact_id
        ) as number
    from reactions
    inner join contacts
        on
            reactions.customer_id = contacts.customer_id
            and reactions.subject = contacts.subject
            and reactions.occurred_at >= contacts.planned_for
    where contacts.channel = 'email'
)
select contact_id, response, occurred_at, known_at from answered where number = 1 and not is_machine
union all
select contact_id, 'any_' || response, occurred_at, known_at from answered
where number = 1 and response in ('opened', 'clicked')
order by all
"""


def responses_of(warehouse: Warehouse, ledger: Ledger, as_of: datetime) -> pa.Table:
    """Every response known as of the moment the warehouse was built for.

    Returns:
        contact_id, response, occurred_at, known_at. Opens and clicks of humans stand twice: by their name, and as
        ``any_opened`` or ``any_clicked`` beside those of machines.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    contacts = ledger.contacts()
    now = pa.scalar(naive_utc(as_of), MOMENT)
    decided = contacts.filter(pc.less_equal(contacts["decided_as_of"].cast(MOMENT), now))
    asked = ["contact_id", "customer_id", "channel", "subject", "planned_for"]
    return warehouse.read_with(TO_NEWSLETTERS, {"contacts": decided.select(asked)})
