"""Whatever breaks on the way to a platform, it ends up with exactly the audience, and each letter leaves once."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dagster_project.adapters.acks import read_acks
from dagster_project.adapters.exporting import export_destination
from dagster_project.adapters.ledger import Ledger, open_ledger
from dagster_project.adapters.pushing import http, push
from dagster_project.adapters.transports.deliver import deliver_destination
from dagster_project.settings import Settings, load_settings
from tests.adapters.pushing.fakes import TOKEN, GoogleFake, MailchimpFake, MetaFake
from tests.adapters.pushing.played import (
    Played,
    digest_of_email,
    play_audience,
    play_letters,
    small_pages,
    to_google,
    to_mailchimp,
    to_meta,
)
from tests.adapters.small_house import AS_OF, SECRETS, claim, consent, customer_ids, house, point, statuses

SHARE_OF_FAULTS, SHARE_OF_STOPS = 0.35, 0.25
ROUNDS = 3
FULL = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 30)]


def audience_of(fakes: Any, home: Settings, ledger: Ledger, monkeypatch: Any, platform: str, seed: int) -> list[str]:
    """Play one audience; who differs between the fake and the truth at the end."""
    small_pages(monkeypatch)
    state, address = fakes
    fake = (
        GoogleFake(seed, SHARE_OF_FAULTS)
        if platform == "google"
        else MetaFake(seed, SHARE_OF_FAULTS, knows_sessions=seed % 2 == 1)
    )
    fake.wrong = lambda digest: digest[:1] == "7"  # the platform refuses these, whatever we say
    state.fake = fake
    destination = to_google(address) if platform == "google" else to_meta(address)
    played = Played(home, ledger, destination, fake, random.Random(seed))
    expected = play_audience(played, monkeypatch, ROUNDS, SHARE_OF_STOPS)
    assert fake.faults, "the plan of faults did something"
    right = {digest_of_email(row) for row in expected.values() if not fake.wrong(digest_of_email(row))}
    return sorted(right ^ fake.members.keys())


@pytest.mark.parametrize("seed", [0, *FULL])
@pytest.mark.parametrize("platform", ["google", "meta"])
def test_after_any_faults_the_platform_holds_exactly_the_audience(
    fakes: Any, home: Settings, ledger: Ledger, monkeypatch: Any, platform: str, seed: int
) -> None:
    assert audience_of(fakes, home, ledger, monkeypatch, platform, seed) == []


def overtaken(fakes: Any, monkeypatch: Any, folder: Path, seeds: range) -> int:
    """In how many plays the platform holds somebody else, when every fault is a request that is applied late."""
    state, address = fakes
    small_pages(monkeypatch)
    wrong = 0
    for seed in seeds:
        own = load_settings(home=folder / f"play{seed}")
        state.fake = fake = MetaFake(seed, 0.35)
        fake.kinds_of_faults = ("late",)
        with open_ledger(own.ledger_address) as ledger:
            played = Played(own, ledger, to_meta(address), fake, random.Random(seed), steps=(20, 61))
            expected = play_audience(played, monkeypatch, 4, 0.0)
            wrong += {digest_of_email(row) for row in expected.values()} != fake.members.keys()
    return wrong


@pytest.mark.slow
def test_no_request_is_overtaken_by_its_own_late_twin(
    fakes: Any, ledger: Ledger, monkeypatch: Any, tmp_path: Path
) -> None:
    assert overtaken(fakes, monkeypatch, tmp_path, range(8)) == 0


@pytest.mark.slow
def test_a_sender_who_does_not_wait_for_the_unanswered_is_found_out(
    fakes: Any, ledger: Ledger, monkeypatch: Any, tmp_path: Path
) -> None:
    """The negative control: the same plays, by a sender who sends again whatever nobody answered."""
    monkeypatch.setattr(push, "UNANSWERED_WAIT", timedelta(0))
    monkeypatch.setattr(http, "UNANSWERED_WAIT", timedelta(0))
    assert overtaken(fakes, monkeypatch, tmp_path, range(4)) > 0


def letters_of(fakes: Any, home: Settings, ledger: Ledger, monkeypatch: Any, seed: int) -> Counter[str]:
    small_pages(monkeypatch)
    state, address = fakes
    state.fake = fake = MailchimpFake(seed, SHARE_OF_FAULTS)
    fake.left = {str(point(customer_ids(8)[5])["email"])}
    played = Played(home, ledger, to_mailchimp(address), fake, random.Random(seed))
    play_letters(played, monkeypatch, ROUNDS, SHARE_OF_STOPS)
    assert fake.faults
    return Counter(fake.letters)


@pytest.mark.parametrize("seed", [0, *FULL])
def test_after_any_faults_each_letter_left_once(
    fakes: Any, home: Settings, ledger: Ledger, monkeypatch: Any, seed: int
) -> None:
    letters = letters_of(fakes, home, ledger, monkeypatch, seed)
    assert set(letters.values()) == {1}
    now = statuses(ledger)
    assert {status for key, (status, _) in now.items() if key in letters} == {"accepted"}
    refused = {reason for key, (_, reason) in now.items() if key not in letters}
    assert refused == {"unsubscribed_there"}
    assert len(letters) == len(now) - ROUNDS


def test_a_page_is_never_larger_than_the_platform_takes(fakes: Any, home: Settings, ledger: Ledger) -> None:
    state, address = fakes
    ids = customer_ids(501)
    house(home, map(point, ids))
    consent(ledger, ids)
    claim(ledger, ids)
    state.fake = fake = MailchimpFake(0)
    letters = to_mailchimp(address)
    export_destination(home, ledger, letters, AS_OF)
    deliver_destination(home, ledger, letters, AS_OF)
    assert (len(fake.letters), fake.count_calls) == (501, 2)


@pytest.mark.parametrize("platform", ["google", "meta"])
def test_the_fakes_refuse_what_the_platforms_refuse(platform: str) -> None:
    rows = [[f"{number:064x}"] for number in range(10_001)]
    if platform == "meta":
        session = {"session_id": 1, "batch_seq": 1, "last_batch_flag": True}
        body = {"session": session, "payload": {"schema": ["EMAIL"], "data": rows}, "access_token": TOKEN}
        assert MetaFake(0).take("POST", body).status_code == 400
        body["payload"] = {"schema": ["EMAIL"], "data": rows[:10_000]}
        assert MetaFake(0).take("POST", body).status_code == 200
    else:
        members = [{"userData": {"userIdentifiers": [{"emailAddress": row[0]}]}} for row in rows]
        granted = {"consent": {"adUserData": "CONSENT_GRANTED"}, "termsOfService": {}, "encoding": "HEX"}
        assert GoogleFake(0).take("ingest", granted | {"audienceMembers": members}).status_code == 400
        assert GoogleFake(0).take("ingest", {"encoding": "HEX", "audienceMembers": members[:5]}).status_code == 400
        assert GoogleFake(0).take("ingest", granted | {"audienceMembers": members[:5]}).status_code == 200


def one_letter(fakes: Any, home: Settings, ledger: Ledger, *faults: str) -> tuple[Any, Any]:
    state, address = fakes
    ids = customer_ids(2)
    house(home, map(point, ids))
    consent(ledger, ids)
    claim(ledger, ids)
    state.fake = fake = MailchimpFake(0)
    fake.next_faults = list(faults)
    letters = to_mailchimp(address)
    export_destination(home, ledger, letters, AS_OF)
    return fake, letters


def test_too_many_calls_wait_as_long_as_the_platform_asks(
    fakes: Any, home: Settings, ledger: Ledger, monkeypatch: Any
) -> None:
    fake, letters = one_letter(fakes, home, ledger, "too_many")
    monkeypatch.setattr(fake.rng, "choice", lambda options: "400")
    (held,) = deliver_destination(home, ledger, letters, AS_OF)
    assert (held.reason, held.not_before) == ("too_many_requests", AS_OF + timedelta(seconds=400))
    assert deliver_destination(home, ledger, letters, AS_OF + timedelta(seconds=399)) == []
    assert fake.count_calls == 1
    assert deliver_destination(home, ledger, letters, AS_OF + timedelta(seconds=400))[0].outcome == "delivered"


def test_a_request_nobody_answered_is_sent_again_only_when_it_must_have_ended(
    fakes: Any, home: Settings, ledger: Ledger
) -> None:
    fake, letters = one_letter(fakes, home, ledger, "lost")
    (held,) = deliver_destination(home, ledger, letters, AS_OF)
    assert (held.reason, held.not_before) == ("no_answer", AS_OF + timedelta(minutes=5))
    assert deliver_destination(home, ledger, letters, AS_OF + timedelta(minutes=5))[0].outcome == "delivered"
    assert (fake.count_calls, len(fake.letters)) == (2, 2)


def test_a_platform_that_never_answers_costs_its_time_limit_alone(
    fakes: Any, home: Settings, ledger: Ledger, monkeypatch: Any
) -> None:
    import socket

    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        _, letters = one_letter((fakes[0], f"http://127.0.0.1:{silent.getsockname()[1]}"), home, ledger)
        (held,) = deliver_destination(home, ledger, letters, AS_OF)
    assert held.reason == "no_answer"
    (held,) = deliver_destination(home, ledger, letters, AS_OF + timedelta(minutes=6))
    assert held.reason == "unreachable"


def test_a_wrong_key_is_said_and_nothing_of_a_customer(
    fakes: Any, home: Settings, ledger: Ledger, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _, letters = one_letter(fakes, home, ledger)
    monkeypatch.setenv("HOIVA_SECRET_LETTERS_API_KEY", "wrong")
    with caplog.at_level("DEBUG"):
        (held,) = deliver_destination(home, ledger, letters, AS_OF)
        monkeypatch.delenv("HOIVA_SECRET_LETTERS_API_KEY")
        (missing,) = deliver_destination(home, ledger, letters, AS_OF, at_once=True)
        monkeypatch.setenv("HOIVA_SECRET_LETTERS_API_KEY", TOKEN)
        assert deliver_destination(home, ledger, letters, AS_OF, at_once=True)[0].outcome == "delivered"
    assert (held.reason, missing.reason) == ("not_allowed", "not_set_up")
    assert "has no api_key: set HOIVA_SECRET_LETTERS_API_KEY" in caplog.text
    assert not [secret for secret in (*SECRETS, TOKEN) if secret in caplog.text]


def test_rows_a_platform_refuses_come_home_as_an_answer(fakes: Any, home: Settings, ledger: Ledger) -> None:
    fake, letters = one_letter(fakes, home, ledger)
    fake.left = {str(point(customer_ids(1)[0])["email"])}
    deliver_destination(home, ledger, letters, AS_OF)
    (answered,) = read_acks(home, ledger, AS_OF)
    assert (answered.status, answered.count_rejected) == ("partly", 1)
    assert sorted(statuses(ledger).values(), key=str) == [("accepted", None), ("rejected", "unsubscribed_there")]
    assert not ledger.refused_rows(ledger.transfers("letters")[0].batch_id), "kept no longer than needed"


def test_googles_requests_are_as_its_reference_says(fakes: Any, home: Settings, ledger: Ledger) -> None:
    state, address = fakes
    ids = customer_ids(2)
    house(home, map(point, ids), audience=ids)
    consent(ledger, ids)
    state.fake = fake = GoogleFake(0)
    fake.at(AS_OF)
    google = to_google(address)
    export_destination(home, ledger, google, AS_OF)
    (held,) = deliver_destination(home, ledger, google, AS_OF)
    assert (held.reason, held.not_before) == ("processing", AS_OF + timedelta(minutes=30))
    body = next(iter(fake.requests.values()))[1]
    account = {"accountType": "GOOGLE_ADS", "accountId": "1234567890"}
    assert body["destinations"] == [{"operatingAccount": account, "productDestinationId": "77"}]
    member = json.dumps(body["audienceMembers"][0])
    assert all(name in member for name in ("emailAddress", "phoneNumber", "givenName", "regionCode"))
    assert not any(secret in json.dumps(body) for secret in SECRETS)
    fake.at(AS_OF + timedelta(minutes=30))
    assert deliver_destination(home, ledger, google, AS_OF + timedelta(minutes=30))[0].outcome == "delivered"
    assert [one.status for one in read_acks(home, ledger, AS_OF)] == ["accepted"]
    assert len(fake.members) == 2
