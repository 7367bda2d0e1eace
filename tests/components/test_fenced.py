"""A folder of YAML: one bad file is explained with its line, and never touches its neighbours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from dagster_project.components.fenced import Folder, load_folder, validate_text
from dagster_project.components.yaml_text import MAX_CHARACTERS, YamlError, read_yaml


class Event(BaseModel):
    trigger: Literal["event"]
    within: str


class State(BaseModel):
    trigger: Literal["state"]
    where: str


class Step(BaseModel):
    id: str
    channel: Literal["email", "phone", "letter"]
    cost: Decimal = Decimal(0)


class Thing(BaseModel):
    thing: str
    entry: Annotated[Event | State, Field(discriminator="trigger")] | None = None
    steps: list[Step] = []
    share: float = 0.0
    count: int = 0
    is_live: bool = True
    since: date | None = None
    words: dict[str, str] = {}

    @field_validator("thing")
    @classmethod
    def _not_barred(cls, name: str, info: ValidationInfo) -> str:
        if name in (info.context or {}).get("barred", []):
            raise ValueError("is barred here")
        return name


GOOD = """\
thing: good
steps:
  - id: first
    channel: email
    cost: 0.02
since: 2026-03-31
words: {on: yes, no: off}
"""


def load(folder: Path, **files: str | bytes) -> Folder[Thing]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    return load_folder(folder, Thing, "thing")


def faults_of(text: str) -> list[str]:
    read = validate_text(text, "birthday.yaml", Thing)
    return [str(fault) for fault in read] if isinstance(read, list) else []


def test_a_good_file_loads_with_exact_types(tmp_path: Path) -> None:
    folder = load(tmp_path, good=GOOD)
    thing = folder.items["good"]
    assert folder.faults == []
    assert thing.steps[0].cost == Decimal("0.02")
    assert thing.since == date(2026, 3, 31)
    assert thing.words == {"on": "yes", "no": "off"}
    assert folder.files["good"].name == "good.yaml"


def test_one_bad_file_never_affects_the_others(tmp_path: Path) -> None:
    bombs = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{after}: &{after} [{', '.join(['*' + before] * 10)}]\n"
        for before, after in zip("abcdefg", "bcdefgh", strict=True)
    )
    bad: dict[str, str | bytes] = {
        "empty": "",
        "only_comment": "# nothing\n",
        "a_list": "- thing: x\n",
        "a_word": "thing",
        "latin": "thing: hyvää\n".encode("latin-1"),
        "binary": bytes(range(256)),
        "nul": "thing: a\x00b\n",
        "bomb": bombs + "thing: bomb\n",
        "around_itself": "thing: &a [*a]\n",
        "around_itself_as_key": "thing: x\nwords: &a {b: *a}\n",
        "deep": "thing: " + "[" * 3000 + "\n",
        "deep_but_closed": "thing: " + "[" * 60 + "]" * 60 + "\n",
        "large": "thing: x\nwords: {a: '" + "x" * MAX_CHARACTERS + "'}\n",
        "tagged": "thing: !!python/object/apply:os.system ['true']\n",
        "own_tag": "thing: !foo x\n",
        "binary_tag": "thing: !!binary aGVp\n",
        "merged": "base: &b {x: 1}\nthing: x\nwords:\n  <<: *b\n",
        "two_documents": "thing: x\n---\nthing: y\n",
        "directive": "%YAML 1.1\n---\nthing: x\n",
        "not_yaml": "thing: a: b\n",
        "unclosed": 'thing: "x\n',
        "unknown_alias": "thing: *nobody\n",
        "list_as_key": "? [a]\n: x\n",
        "surrogate": 'thing: "\\ud800"\n',
        "infinite": "thing: x\nshare: .inf\n",
        "huge_number": "thing: x\ncount: " + "9" * 6000 + "\n",
    }
    folder = load(tmp_path, good=GOOD, **bad)
    assert list(folder.items) == ["good"]
    assert sorted(folder.faults_by_file()) == sorted(f"{name}.yaml" for name in bad)
    for fault in folder.faults:
        assert fault.line >= 1
        assert len(str(fault)) < 300
        assert "\n" not in str(fault)


def test_a_folder_that_cannot_be_read_whole_still_gives_the_rest(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.yaml").mkdir()
    folder = load(tmp_path, good=GOOD, **{"_draft": "x", ".hidden": "x", "defs": "type: dagster.DefsFolderComponent"})
    assert list(folder.items) == ["good"]
    assert sorted(folder.faults_by_file()) == ["folder.yaml", "gone.yaml"]
    assert load_folder(tmp_path / "nowhere", Thing, "thing").items == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "thing: x\nsteps:\n  - id: a\n    channel: emial\n",
            "birthday.yaml:4: steps.0.channel: should be 'email', 'phone' or 'letter'; did you mean email?",
        ),
        (
            "thing: x\nsteps:\n  - id: a\n    chanel: email\n    channel: email\n",
            "birthday.yaml:4: steps.0.chanel: is not a key here; did you mean channel?",
        ),
        ("thing: x\nsteps:\n  - id: a\n", "birthday.yaml:3: steps.0.channel: is missing"),
        ("\n\nsteps: []\n", "birthday.yaml:3: thing: is missing"),
        ("thing: x\nthing: y\n", "birthday.yaml:2: thing: the key thing is written twice in one place"),
        ("thing: x\nwords:\n  a: 1\n  a: 2\n", "birthday.yaml:4: words.a: the key a is written twice in one place"),
        ("thing: x\ncount: '3'\n", "birthday.yaml:2: count: should be a valid integer"),
        ("thing: x\nis_live: yes\n", "birthday.yaml:2: is_live: should be a valid boolean"),
        ("thing: x\nis_live: 1\n", "birthday.yaml:2: is_live: should be a valid boolean"),
        ("thing: 2026\n", "birthday.yaml:1: thing: should be a valid string"),
        ("thing: x\nwords: {a: 1}\n", "birthday.yaml:2: words.a: should be a valid string"),
        (
            "thing: x\nentry:\n  trigger: event\n  with_in: 7d\n  within: 7d\n",
            "birthday.yaml:4: entry.with_in: is not a key here; did you mean within?",
        ),
        ("thing: x\nentry:\n  trigger: event\n", "birthday.yaml:2: entry.within: is missing"),
    ],
)
def test_a_fault_names_file_line_key_and_the_way_out(text: str, expected: str) -> None:
    assert faults_of(text) == [expected]


def test_every_fault_of_a_file_is_told_at_once() -> None:
    assert len(faults_of("thing: x\ncount: a\nshare: b\nnonsense: 1\n")) == 3


def test_an_unknown_key_is_refused_even_where_the_model_would_ignore_it() -> None:
    assert "extra" not in Thing.model_config
    assert faults_of("thing: x\nsomething_else: 1\n") != []
    assert faults_of("thing: x\n") == []


def test_two_files_of_one_name_are_both_refused_and_both_named(tmp_path: Path) -> None:
    folder = load(tmp_path, one="thing: same\n", two="# second\nthing: same\n", good=GOOD)
    assert list(folder.items) == ["good"]
    assert [str(fault) for fault in folder.faults] == [
        "one.yaml:1: thing: same is also the name in two.yaml: rename one of them",
        "two.yaml:2: thing: same is also the name in one.yaml: rename one of them",
    ]


def test_validators_see_the_context(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("thing: x\n")
    assert load_folder(tmp_path, Thing, "thing", {"barred": ["x"]}).faults[0].reason == "is barred here"
    assert load_folder(tmp_path, Thing, "thing").faults == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"), ("no", "no"), ("yes", "yes"), ("true", True), ("True", True), ("~", None), ("", None),
        ("010", 10), ("0o17", 15), ("0x1F", 31), ("-3", -3), ("1e3", 1000.0), ("0.10", 0.1), ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"), ("'5'", "5"), ("!!str 5", "5"), ("=", "="),
    ],
)  # fmt: skip
def test_words_and_numbers_are_read_as_yaml_1_2(written: str, value: Any) -> None:
    read = read_yaml(f"a: {written}").values["a"]
    assert read == value
    assert type(read) is type(value)


def test_an_alias_within_reason_is_allowed() -> None:
    assert read_yaml("a: &a {x: 1}\nb: *a\n").values == {"a": {"x": 1}, "b": {"x": 1}}


def test_a_bomb_is_refused_before_it_is_expanded() -> None:
    rows = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 20)]
    with pytest.raises(YamlError, match="aliases"):
        read_yaml("\n".join(rows))
