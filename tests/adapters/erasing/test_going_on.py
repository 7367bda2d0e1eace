"""Where schedules and sensors run, an erasure that waits ends by itself, and its run names nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import dagster as dg
import duckdb
import pytest

from dagster_project.adapters import durable
from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.dagster_home import RUNNER_TAG, only_run
from dagster_project.adapters.erasing.case import case_file
from dagster_project.adapters.erasing.erasing import House, erase, resume_all
from dagster_project.adapters.erasing.finding import Wanted
from dagster_project.adapters.erasing.going_on import CASE_IS_GONE, go_on, look
from dagster_project.adapters.health import alarms_of
from dagster_project.components.automation import BUILDS
from dagster_project.defs.exports import erasures_waiting as sensor
from dagster_project.errors import HoivaError
from tests.adapters.erasing.people import OTHERS, PLANTED, Person
from tests.adapters.erasing.planted import LATER, house_of, take_all

ONE = PLANTED[5]


@pytest.fixture
def own(few: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A small home of one's own; the sensor and its job work in it."""
    monkeypatch.setattr(sensor, "settings", lambda: few.settings)
    monkeypatch.setattr("dagster_project.components.erasing.house_of", lambda own: house_of(own.home))
    return few


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def begin(house: House, one: Person = ONE) -> str:
    wanted = Wanted(customer_ids=frozenset({one.customer_id(house.settings.identity_salt)}))
    return erase(house, wanted, LATER).erasure_id


def asks(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    """What the sensor says now."""
    told = sensor.erasures_waiting(dg.build_sensor_context(instance=instance))
    assert isinstance(told, dg.RunRequest | dg.SkipReason)
    return told


def reason(instance: dg.DagsterInstance) -> str:
    """Why the sensor asks for nothing."""
    told = asks(instance)
    assert isinstance(told, dg.SkipReason)
    return str(told.skip_message)


def key(instance: dg.DagsterInstance) -> str:
    """The key of the run the sensor asks for: Dagster starts one run for each."""
    told = asks(instance)
    assert isinstance(told, dg.RunRequest)
    return str(told.run_key)


def run(instance: dg.DagsterInstance) -> dict[str, object]:
    """What the job told in its metadata; it must not fail."""
    result = sensor.erase.execute_in_process(instance=instance)
    assert result.success
    (output,) = [event for event in result.all_events if event.is_successful_output]
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def states(house: House) -> list[str]:
    return [one.state for one in house.ledger.erasures()]


def test_it_ends_by_itself_when_the_receiver_has_taken_the_batch(own: House, instance: dg.DagsterInstance) -> None:
    assert reason(instance) == "no erasure waits"
    begin(own)
    assert reason(instance) == "google: the batch that tells it to let go has not been taken"
    assert states(own) == ["waiting"], "looking changes nothing"
    take_all(own.settings)
    assert key(instance) == key(instance), "one run, however often the sensor looks"
    assert run(instance) == {"count_ended": 1, "count_waiting": 0}
    assert states(own) == ["ended"]
    assert reason(instance) == "no erasure waits"
    assert run(instance) == {"count_ended": 0, "count_waiting": 0}, "a second run has nothing to do"


def test_a_refused_removal_is_told_again_and_asked_for_once_more(own: House, instance: dg.DagsterInstance) -> None:
    begin(own)
    record = own.ledger.batches("google")[-1]
    take_all(own.settings)
    first = key(instance)
    answer = own.settings.at_home.acks / "google" / f"{record.batch_id}.json"
    answer.write_text(json.dumps({"batch_id": record.batch_id, "status": "rejected"}))
    read_acks(own.settings, own.ledger, LATER)
    second = key(instance)
    assert second != first
    assert run(instance) == {"count_ended": 0, "count_waiting": 1}
    assert "has not been taken" in reason(instance)
    take_all(own.settings)
    assert key(instance) not in (first, second)
    assert run(instance) == {"count_ended": 1, "count_waiting": 0}


def test_one_that_broke_off_goes_on(own: House, instance: dg.DagsterInstance) -> None:
    class KilledError(BaseException):
        pass

    def kill(point: str) -> None:
        if point == "erase.case_kept":
            raise KilledError

    durable.on_reached = kill
    try:
        with suppress(KilledError):
            begin(own)
    finally:
        durable.on_reached = None
    assert states(own) == [], "the ledger knows nothing of it yet"
    assert key(instance)
    assert run(instance) == {"count_ended": 0, "count_waiting": 1}


def test_it_does_not_run_beside_another_run(own: House, instance: dg.DagsterInstance) -> None:
    begin(own)
    take_all(own.settings)
    with only_run(own.settings):
        assert reason(instance) == "an erasure can go on, once the run that is at work has ended"
        assert "another `hoiva run` is at work" in str(run(instance)["put_off"]), "put off, not failed"
    night = instance.create_run_for_job(sensor.erase, tags=BUILDS, status=dg.DagsterRunStatus.STARTED)
    assert "has ended" in reason(instance)
    instance.report_run_failed(night)
    instance.create_run_for_job(
        sensor.erase, tags=BUILDS | {RUNNER_TAG: "cli"}, status=dg.DagsterRunStatus.STARTED
    )  # a killed `hoiva run` stays so until the next; its lock is free
    assert key(instance)


def test_a_held_warehouse_puts_it_off(
    own: House, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise duckdb.IOException("Could not set lock on file")

    begin(own)
    take_all(own.settings)
    with monkeypatch.context() as held:
        held.setattr(duckdb, "connect", refused)
        assert "try again when it has ended" in str(run(instance)["put_off"])
    assert states(own) == ["waiting"]
    assert run(instance) == {"count_ended": 1, "count_waiting": 0}


def test_one_that_needs_a_person_keeps_no_other_from_ending(own: House, instance: dg.DagsterInstance) -> None:
    lost = begin(own)
    case_file(own.settings.at_home, lost).unlink()
    assert reason(instance) == f"vault: {CASE_IS_GONE}"
    begin(own, OTHERS[0])
    take_all(own.settings)
    assert [one.waits_for for one in look(own) if one.erasure_id == lost] == [{"vault": CASE_IS_GONE}]
    assert run(instance) == {"count_ended": 1, "count_waiting": 0}
    assert sorted(states(own)) == ["ended", "waiting"]


def test_a_failing_one_is_told_after_the_others(own: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: what is wrong with one is not passed over in silence."""
    from dagster_project.adapters.erasing import erasing

    bad, resume = begin(own), erasing.resume
    begin(own, OTHERS[0])
    take_all(own.settings)

    def fail_at_one(house: House, erasure_id: str, *rest: object) -> object:
        if erasure_id == bad:
            raise HoivaError("its values are still in outbox")
        return resume(house, erasure_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(erasing, "resume", fail_at_one)
    with pytest.raises(HoivaError, match="still in outbox"):
        go_on(own, LATER)
    assert sorted(states(own)) == ["ended", "waiting"]


def test_by_hand_too_one_that_fails_keeps_no_other_from_ending(own: House) -> None:
    case_file(own.settings.at_home, begin(own)).unlink()
    begin(own, OTHERS[0])
    take_all(own.settings)
    with pytest.raises(HoivaError, match="the case of erasure .* is gone"):
        resume_all(own, LATER)
    assert sorted(states(own)) == ["ended", "waiting"]


def test_one_that_waits_for_two_weeks_is_an_alarm(own: House) -> None:
    erasure_id = begin(own)
    asked = own.ledger.erasures()[0].requested_at

    def alarms(days: int) -> list[str]:
        found = alarms_of(own.settings, own.ledger, asked + timedelta(days=days))
        return [alarm.text for alarm in found if alarm.subject == "erasures"]

    assert alarms(14) == []
    (text,) = alarms(15)
    assert text.startswith(f"erasure {erasure_id}: asked for")
    assert not [value for value in ONE.fields if value in text]
    take_all(own.settings)
    go_on(own, LATER)
    assert alarms(15) == [], "it has ended"


def test_what_dagster_keeps_of_it_names_nobody(own: House, instance: dg.DagsterInstance) -> None:
    begin(own)
    take_all(own.settings)
    told = asks(instance)
    assert isinstance(told, dg.RunRequest)
    run(instance)
    (record,) = instance.get_run_records()
    kept = [str(told), str(record), *map(str, instance.all_logs(record.dagster_run.run_id))]
    values = [*ONE.fields, ONE.id, ONE.customer_number, ONE.customer_id(own.settings.identity_salt)]
    assert [value for value in values if any(value in text for text in kept)] == []
    assert any("verified" in text for text in kept), "its steps are told"
