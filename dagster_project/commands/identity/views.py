"""How ``hoiva identity`` and ``hoiva explain`` show records, chains and the review queue to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from dagster_project.cli_views import number, table_of
from dagster_project.domain.identity.words import evidence_in_words, reason_in_words, rule_in_words

LINKS = 25  # links of one customer that fit a screen; --json has them all


def show_queue(out: Console, queue: Mapping[str, Any]) -> None:
    """The counts by reason, then the pairs."""
    if not queue["count_pairs"]:
        out.print(f"Nothing waits for review as of {number(queue['as_of'])} UTC.")
        return
    rows = [[row["reason"], reason_in_words(row["reason"]), row["count_pairs"]] for row in queue["by_reason"]]
    out.print(table_of("Held, by reason", ["reason", "in words", "pairs"], rows, (2,)))
    for place, pair in enumerate(queue["pairs"], 1):
        out.print(
            f"{place:>3}  {pair['source_record_id_a']} ({pair['customer_id_a']})\n"
            f"     {pair['source_record_id_b']} ({pair['customer_id_b']})\n"
            f"     for: {_rule_and_evidence(pair)}{_how_sure(pair['score'])} · held: {pair['reason']}"
            f" · since {number(pair['first_seen_at'])}",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    left = queue["count_pairs"] - len(queue["pairs"])
    if left > 0:
        out.print(f"\n{left:,} more: --limit, --reason or --customer")
    out.print("\nAnswer: hoiva identity answer A B same|different", markup=False)


def show_both(out: Console, pair: Mapping[str, Any], said: Mapping[str, Mapping[str, Any]]) -> None:
    """What both records of a pair say, side by side; what differs is bold."""
    one, other = pair["source_record_id_a"], pair["source_record_id_b"]
    ours, theirs = said.get(one, {}), said.get(other, {})
    rows = []
    for name in ours or theirs:
        left, right = ours.get(name), theirs.get(name)
        if left is None and right is None:
            continue
        differs = left is not None and right is not None and left != right
        rows.append([name.removesuffix("_raw").replace("_", " "), *[_bold(value, differs) for value in (left, right)]])
    out.print(table_of("", ["", escape(one), escape(other)], rows))


def show_answers(out: Console, told: Mapping[str, Any]) -> None:
    """What each answer does."""
    for row in told["answers"]:
        out.print(
            f"{row['source_record_id_a']} and {row['source_record_id_b']}: {row['answer']}; {row['outcome']}",
            markup=False, soft_wrap=True,
        )  # fmt: skip
    if told["delivery"]["status"] == "repeated":
        out.print("These answers were landed before; nothing changed.")
    else:
        out.print(f"{told['delivery']['count_loaded']} landed. The next `hoiva run` follows.", markup=False)


def show_training(out: Console, told: Mapping[str, Any], beside: str) -> None:
    """Where the new model lies, which weights moved, and what a person does next."""
    out.print(f"Learned from {told['records']:,} records as of {told['trained_on']}: {told['path']}", soft_wrap=True)
    if told["moved"]:
        rows = [[row["comparison"], row["level"], row["bits_before"], row["bits"]] for row in told["moved"]]
        heads = ["comparison", "level", "bits in use", "bits learned"]
        out.print(table_of("Weights that moved by a bit or more", heads, rows, (2, 3)))
    else:
        out.print("No weight moved by a bit or more.")
    out.print(
        f"Review the weights, then put the file at {beside} and look at `hoiva identity report` after the next run.",
        soft_wrap=True,
    )


def show_chain(out: Console, told: Mapping[str, Any]) -> None:
    """The way from one record to another."""
    one, other = told["records"]
    if told["are_one"]:
        out.print(f"{one} and {other} are one customer: {told['customers'][0]}", markup=False, soft_wrap=True)
    else:
        first, second = told["customers"]
        out.print(f"{one} is of {first}, {other} of {second}", markup=False, soft_wrap=True)
        if not told["links"]:
            out.print("No rule speaks for their being one.")
            return
    show_links(out, one, told["links"])


def show_identity(out: Console, story: Mapping[str, Any]) -> None:
    """The part of `hoiva explain` that says why a customer is one person, and who nearly was the same."""
    if story["links"]:
        out.print("Why one person", style="bold")
        show_links(out, story["first_record"], story["links"][:LINKS])
        if len(story["links"]) > LINKS:
            out.print(f"  and {len(story['links']) - LINKS} more records: --json has them all")
        out.print()
    if story["nearly"]:
        rows = [
            [row["record"], row["other_record"], row["other_customer_id"],
             rule_in_words(row["rule"]) + _how_sure(row["score"]), reason_in_words(row["reason"])]
            for row in story["nearly"]
        ]  # fmt: skip
        heads = ["record", "nearly the same as", "of customer", "by", "held, because"]
        out.print(table_of("What nearly matched", heads, rows))
        if story["count_nearly"] > len(rows):
            out.print(f"  and {story['count_nearly'] - len(rows)} more: hoiva identity review --customer", markup=False)


def show_links(out: Console, first: str, links: list[dict[str, Any]]) -> None:
    """Each record under the one it came by, with the rule, what agrees, and since when."""
    depth = {first: 0}
    below: dict[str, list[dict[str, Any]]] = {}
    for link in links:
        below.setdefault(link["joined_to"], []).append(link)
    out.print(f"  {first}", markup=False, soft_wrap=True)
    waiting = list(reversed(below.get(first, [])))
    while waiting:
        link = waiting.pop()
        depth[link["record"]] = depth[link["joined_to"]] + 1
        out.print(f"  {'   ' * depth[link['record']]}{_link_in_words(link)}", markup=False, soft_wrap=True)
        waiting += reversed(below.get(link["record"], []))


def _link_in_words(link: Mapping[str, Any]) -> str:
    also = f", also {', '.join(rule_in_words(rule) for rule in link['also'])}" if link["also"] else ""
    held = f"; HELD: {reason_in_words(link['reason'])}" if link["reason"] else ""
    parted = f"; without it {link['count_parted']:,} records would part" if link["count_parted"] > 1 else ""
    return (
        f"└ {link['record']}: {_rule_and_evidence(link)}{_how_sure(link['score'])}{also},"
        f" since {number(link['first_seen_at'])}{held}{parted}"
    )


def _rule_and_evidence(match: Mapping[str, Any]) -> str:
    """The rule, and what agrees where its name does not say so already.

    >>> _rule_and_evidence({"rule": "email", "evidence": "email"})
    'email'
    >>> _rule_and_evidence({"rule": "probable", "evidence": "first_name+phone"})
    'the trained model (first name, phone)'
    """
    rule, evidence = rule_in_words(match["rule"]), evidence_in_words(match["evidence"])
    says_so = match["rule"].startswith(("said_", "login", "order_")) or rule.replace(" and ", ", ") == evidence
    return rule if says_so else f"{rule} ({evidence})"


def _how_sure(score: float) -> str:
    """A probability for a person; nothing for exact keys. The model's word keeps as many nines as it has.

    >>> _how_sure(1.0), _how_sure(0.99953), _how_sure(0.93)
    ('', ', 99.95 %', ', 93.0 %')
    """
    return "" if score == 1 else f", {100 * score:.2f} %" if score > 0.99 else f", {100 * score:.1f} %"


def _bold(value: Any, differs: bool) -> str | None:
    if value is None:
        return None
    text = escape(number(value) if not isinstance(value, str) else value)
    return f"[bold]{text}[/bold]" if differs else text
