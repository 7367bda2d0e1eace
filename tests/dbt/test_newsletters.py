"""Newsletters: when they were sent, and which reactions no person made."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.dbt.delivered_rows import Row, at, facts

SENT = at("03-01", "09:00")
MEMBER = "mailchimp:member:m1"


def letter(*activities: Row, sent_at: datetime | None = SENT, campaign_known: datetime = SENT) -> dict[str, list[Row]]:
    campaign = {"id": "n1", "create_time": at("02-20"), "occurred_at": at("02-20"), "send_time": sent_at}
    recipient = {"campaign_id": "n1", "member_id": "m1", "known_at": at("03-01", "12:00")}
    return {
        "mailchimp.campaign": [{**campaign, "known_at": campaign_known}],
        "mailchimp.campaign_recipient": [recipient],
        "mailchimp.campaign_recipient_activity": list(activities),
    }


def reaction(action: str, seconds: float, url: str | None = None, **columns: object) -> Row:
    moment = SENT + timedelta(seconds=seconds)
    row = {"action": action, "campaign_id": "n1", "member_id": "m1", "timestamp": moment, "occurred_at": moment}
    return {**row, "url": url, **columns}


def types(*activities: Row) -> list[object]:
    rows = facts(letter(*activities), "events", "event_type <> 'newsletter_sent'")
    return [row["event_type"] for row in rows]


def test_a_letter_is_sent_at_its_own_time_and_known_with_its_last_part() -> None:
    (sent,) = facts(letter(campaign_known=at("03-04")), "events")
    assert (sent["event_type"], sent["source_record_id"]) == ("newsletter_sent", MEMBER)
    assert (sent["occurred_at"], sent["known_at"]) == (SENT, at("03-04"))


def test_a_letter_that_is_only_planned_was_sent_to_nobody() -> None:
    assert facts(letter(sent_at=None), "events") == []


def test_the_time_of_sending_counts_whichever_version_of_the_letter_comes_last() -> None:
    delivered = letter()
    (campaign,) = delivered["mailchimp.campaign"]
    for draft_known in (at("02-21"), at("03-20")):
        draft = {**campaign, "send_time": None, "known_at": draft_known}
        (sent,) = facts({**delivered, "mailchimp.campaign": [draft, campaign]}, "events")
        assert (sent["occurred_at"], sent["known_at"]) == (SENT, at("03-01", "12:00"))


@pytest.mark.parametrize(("seconds", "expected"), [(0, "machine_opened"), (10, "machine_opened"), (11, "opened")])
def test_who_opens_within_seconds_of_the_sending_is_a_machine(seconds: int, expected: str) -> None:
    assert types(reaction("open", seconds)) == [f"newsletter_{expected}"]


def test_who_follows_three_links_at_once_is_a_machine_even_hours_later() -> None:
    burst = [reaction("click", 7200 + number, f"https://shop.example.com/{number}") for number in range(3)]
    assert types(reaction("open", 7200), *burst) == ["newsletter_machine_opened"] + ["newsletter_machine_clicked"] * 3


def test_who_follows_three_links_one_after_the_other_is_a_person() -> None:
    read = [reaction("click", 7200 + 30 * number, f"https://shop.example.com/{number}") for number in range(3)]
    assert types(*read) == ["newsletter_clicked"] * 3


def test_who_clicks_the_same_link_again_and_again_is_a_person() -> None:
    impatient = [reaction("click", 7200 + number, f"https://shop.example.com/1?n={number}") for number in range(4)]
    assert types(*impatient) == ["newsletter_clicked"] * 4


def test_a_verdict_is_known_when_all_it_rests_on_is() -> None:
    burst = [
        reaction("click", 7200 + number, f"https://shop.example.com/{number}", known_at=at("03-02") + timedelta(number))
        for number in range(3)
    ]
    rows = facts(letter(*burst), "newsletter_events", "event_kind = 'clicked'")
    assert {row["known_at"] for row in rows} == {at("03-04")}


def test_what_follows_the_question_mark_of_a_link_is_not_kept() -> None:
    clicked = reaction("click", 7200, "https://shop.example.com/p/1?reader=aino@example.com#top")
    (row,) = facts(letter(clicked), "newsletter_events", "event_kind = 'clicked'")
    assert row["url"] == "https://shop.example.com/p/1"


def test_a_reaction_waits_until_it_is_known_when_its_letter_was_sent() -> None:
    opened = {"mailchimp.campaign_recipient_activity": [reaction("open", 3)]}
    assert facts(opened, "newsletter_events") == []
    (row,) = facts(letter(reaction("open", 3), campaign_known=at("03-04")), "events", "event_type like '%opened'")
    assert (row["event_type"], row["known_at"]) == ("newsletter_machine_opened", at("03-04"))


def test_a_letter_that_was_planned_and_put_off_was_sent_once() -> None:
    delivered = letter()
    (campaign,) = delivered["mailchimp.campaign"]
    planned = {**campaign, "status": "schedule", "send_time": at("02-25")}
    (sent,) = facts({**delivered, "mailchimp.campaign": [planned, {**campaign, "status": "sent"}]}, "events")
    assert sent["occurred_at"] == SENT


def test_a_bounce_is_no_reaction() -> None:
    assert types(reaction("bounce", 3, bounce_type="hard")) == ["newsletter_bounced"]


def standard(kind: str, seconds: float, **columns: object) -> Row:
    moment = SENT + timedelta(seconds=seconds)
    row = {"event_id": f"{kind}{seconds}", "contact_id": "c1", "campaign_id": "n1", "event_kind": kind}
    return {**row, "event_at": moment, "occurred_at": moment, **columns}


def test_in_our_own_layout_the_sender_may_say_it_was_a_machine_and_the_signs_count_too() -> None:
    rows = [
        standard("sent", 0),
        standard("opened", 5),
        standard("opened", 500),
        standard("opened", 900, is_machine=True),
    ]
    events = facts({"standard.newsletter_events": rows}, "events")
    assert [event["event_type"] for event in events] == [
        "newsletter_sent", "newsletter_machine_opened", "newsletter_opened", "newsletter_machine_opened",
    ]  # fmt: skip
