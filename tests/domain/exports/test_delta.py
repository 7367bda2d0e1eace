"""What a destination is told adds up to the audience, whatever happened before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dagster_project.domain.exports.delta import HELD, Delta, Held, delta

CUSTOMERS = st.sampled_from([f"c{number}" for number in range(6)])
FINGERPRINTS = st.sampled_from(["f1", "f2"])
DESIRED = st.dictionaries(CUSTOMERS, FINGERPRINTS)
STATES = st.sampled_from(["adding", "member", "removing", "rejected", "out"])
HELDS = st.dictionaries(CUSTOMERS, st.builds(Held, STATES, FINGERPRINTS))


def told(held: dict[str, Held], change: Delta, desired: dict[str, str]) -> dict[str, Held]:
    """The ledger after the batch went out."""
    after = dict(held)
    after |= {customer_id: Held("removing", held[customer_id].fingerprint) for customer_id in change.removes}
    after |= {customer_id: Held("adding", desired[customer_id]) for customer_id in change.adds + change.replaces}
    return after


@given(DESIRED, HELDS)
def test_after_the_batch_the_destination_holds_the_audience(desired: dict[str, str], held: dict[str, Held]) -> None:
    after = told(held, delta(desired, held), desired)
    holding = {customer_id: known.fingerprint for customer_id, known in after.items() if known.state in HELD}
    refused = {customer_id for customer_id, known in held.items() if known.state == "rejected"}
    assert {key: value for key, value in desired.items() if key not in refused} == {
        key: value for key, value in holding.items() if key not in refused
    }
    assert holding.keys() <= desired.keys()


@given(DESIRED, HELDS)
def test_the_same_audience_again_is_no_batch(desired: dict[str, str], held: dict[str, Held]) -> None:
    after = told(held, delta(desired, held), desired)
    assert not delta(desired, after)


def test_whoever_is_no_longer_desired_is_let_go_even_before_an_answer() -> None:
    held = {"c1": Held("adding", "f"), "c2": Held("member", "f"), "c3": Held("removing", "f"), "c4": Held("out", "f")}
    assert delta({}, held) == Delta(removes=["c1", "c2"])


def test_whoever_comes_back_is_added_again() -> None:
    assert delta({"c1": "f"}, {"c1": Held("removing", "f")}) == Delta(adds=["c1"])


def test_a_refused_customer_is_offered_again_only_with_other_identifiers() -> None:
    assert not delta({"c1": "f1"}, {"c1": Held("rejected", "f1")})
    assert delta({"c1": "f2"}, {"c1": Held("rejected", "f1")}) == Delta(adds=["c1"])


def test_new_identifiers_replace_the_old_row() -> None:
    assert delta({"c1": "f2"}, {"c1": Held("member", "f1")}) == Delta(replaces=["c1"])


def test_a_merge_removes_the_old_id_and_keeps_the_customer() -> None:
    held = {"c1": Held("member", "f1"), "c2": Held("member", "f1")}
    assert delta({"c2": "f1"}, held, {"c1": "c2"}) == Delta(removes=["c1"], replaces=["c2"])
    assert delta({"c2": "f1"}, held) == Delta(removes=["c1"]), "without the merge c2 has nothing to do with it"
