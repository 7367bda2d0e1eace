"""The control group of an action: candidates who never have it, so that its effect can be measured."""

from __future__ import annotations

from dataclasses import replace

from tests.domain.decisions.test_actions import EMAIL, OFFER, PHONE, ask, decided, people


def test_a_share_of_those_it_is_for_never_has_it_by_any_channel_and_another_action_draws_others() -> None:
    everyone = people(*range(400))
    held = replace(OFFER, treatments=(EMAIL, PHONE), control_share=0.25)
    other = replace(held, action="other")
    found = ask(held, other, of=everyone, salt="for-tests")
    rows = [row for row in found.candidates.to_pylist() if row["is_control"]]
    sides = {
        (name, channel): {row["customer_id"] for row in rows if (row["care_model"], row["channel"]) == (name, channel)}
        for name in ("offer", "other")
        for channel in ("email", "phone")
    }
    assert 70 < len(sides["offer", "email"]) < 130
    assert sides["offer", "email"] == sides["offer", "phone"] != sides["other", "email"] == sides["other", "phone"]
    chosen = decided(found.candidates).candidates.to_pylist()
    offers = [row for row in chosen if row["care_model"] == "offer"]
    stopped = {row["customer_id"] for row in offers if row["stopped_by"] == "control_group"}
    assert stopped == sides["offer", "email"]
    had = {row["customer_id"] for row in offers if row["outcome"] == "chosen"}
    assert had
    assert not had & stopped
    everybody = decided(ask(replace(held, control_share=0.0), of=everyone, salt="for-tests").candidates)
    met = {row["customer_id"] for row in everybody.candidates.to_pylist() if row["outcome"] == "chosen"}
    assert met & stopped, "negative control: without a control group they have it"


def test_a_larger_control_group_keeps_the_smaller_one() -> None:
    everyone = people(*range(400))
    small, large = (
        set(found.candidates.filter(found.candidates["is_control"])["customer_id"].to_pylist())
        for found in (ask(replace(OFFER, control_share=share), of=everyone, salt="s") for share in (0.1, 0.3))
    )
    assert set() < small < large
