from datetime import UTC, datetime

import dagster as dg

from dagster_project.adapters.acks import waiting_acks
from dagster_project.adapters.exporting import waiting
from dagster_project.adapters.ledger import open_ledger
from dagster_project.adapters.published import has_published, open_published
from dagster_project.adapters.transports.answers import asked_again
from dagster_project.adapters.transports.deliver import waiting_transfers
from dagster_project.components.automation import EXPORT, LOOK_EVERY, sensor_status
from dagster_project.components.destination import load_destinations
from dagster_project.components.retired import retired
from dagster_project.components.running import AS_OF_TAG, fingerprint
from dagster_project.settings import settings


@dg.sensor(
    job_name=EXPORT,
    minimum_interval_seconds=LOOK_EVERY,
    default_status=sensor_status(),
    description="Starts the exports when contacts wait, an audience changed, a batch can travel on, or an answer came.",
)
def exports_waiting(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run for what waits now; it asks the ledger, so that a run that failed is asked for again when more comes."""
    own = settings()
    if not has_published(own):
        return dg.SkipReason("nothing is published yet")
    destinations = [file.to_destination() for file in load_destinations().items.values()]
    now = datetime.now(UTC)
    with open_ledger(own.ledger_address) as ledger:
        destinations += retired(ledger, {destination.name for destination in destinations})
        names = waiting(own, ledger, destinations)
        names += waiting_transfers(ledger, destinations, now)
        names += asked_again(ledger, destinations, now)
        batches = [f"{record.batch_id}:{record.state}" for record in ledger.batches()]
        batches += [f"{held.fingerprint}:{held.decision}" for held in ledger.held_changes()]
    if waiting_acks(own):
        names.append("acknowledgements")
    if not names:
        return dg.SkipReason("no contact, no change of an audience, no batch on its way and no acknowledgement waits")
    # The same things waiting beside the same batches are one run; a batch that came of it makes the next one another.
    version = open_published(own)
    return dg.RunRequest(run_key=fingerprint([version.name, *names, *batches]), tags={AS_OF_TAG: now.isoformat()})
