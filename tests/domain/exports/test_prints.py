"""Pseudonyms of whole columns: equal as long as the row is, another for every other row, key and place of a cell."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.domain.exports.prints import prints, siphash

TEXT = st.one_of(st.none(), st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=20))
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=30)
KEY, MASK = "secret", 2**64 - 1


def of(rows: list[tuple[str | None, ...]], key: str = KEY) -> list[str]:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return prints(key, columns).to_pylist()


@settings(deadline=None)
@given(ROWS)
def test_two_rows_have_one_print_exactly_when_they_are_equal(rows: list[tuple[str | None, ...]]) -> None:
    found = of(rows)
    assert len({*rows}) == len({*found})
    assert found == [of([row])[0] for row in rows], "a row's print does not depend on its neighbours"


def test_a_cell_in_another_column_is_another_row() -> None:
    assert len({*of([("a", None, None), (None, "a", None), ("a", "a", None), (None, None, None)])}) == 4


def test_another_key_tells_another_story() -> None:
    rows: list[tuple[str | None, ...]] = [("aino@example.com", "x", None)]
    assert of(rows) != of(rows, "another")


def test_a_digest_counts_as_its_bytes_and_a_blank_as_none() -> None:
    digest = hashlib.sha256(b"a").digest()
    column = pa.array([digest, None, digest, hashlib.sha256(b"b").digest()], pa.binary(32))
    found = prints(KEY, [column]).to_pylist()
    assert found[0] == found[2]
    assert len({*found}) == 3
    assert prints(KEY, [column.slice(1)]).to_pylist() == found[1:], "wherever the array begins"
    whole = pa.chunked_array([column, column])
    assert prints(KEY, [whole]).to_pylist() == found * 2


def test_a_coded_column_has_the_prints_of_its_values() -> None:
    count = 20_000  # more than are taken at once
    few = pa.array([None if number % 7 == 0 else f"Sukunimi{number % 11}" for number in range(count)])
    digests = pa.array([hashlib.sha256(bytes([number % 5])).digest() for number in range(count)], pa.binary(32))
    many = pa.array([f"c{number:020d}" for number in range(count)])
    plain = prints(KEY, [few, digests, many]).to_pylist()
    coded = digests.cast(pa.binary()).dictionary_encode()
    coded = pa.DictionaryArray.from_arrays(coded.indices, coded.dictionary.cast(pa.binary(32)))
    assert prints(KEY, [few.dictionary_encode(), coded, many]).to_pylist() == plain
    assert plain[-3:] == prints(KEY, [few[-3:], digests[-3:], many[-3:]]).to_pylist()


def test_a_million_prints_would_not_collide() -> None:
    values = pa.array([f"c{number:020d}" for number in range(50_000)])
    assert len({*prints(KEY, [values], size=10).to_pylist()}) == 50_000


def by_the_book(k0: int, k1: int, message: bytes) -> bytes:
    """SipHash-2-4 with 128 bits of output, in whole numbers, from the paper."""

    def rotate(value: int, by: int) -> int:
        return ((value << by) | (value >> (64 - by))) & MASK

    state = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D ^ 0xEE, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rounds(count: int) -> None:
        for _ in range(count):
            a, b, c, d = state
            a, b = (a + b) & MASK, rotate(b, 13)
            b, a = b ^ a, rotate(a, 32)
            c, d = (c + d) & MASK, rotate(d, 16)
            d ^= c
            a, d = (a + d) & MASK, rotate(d, 21)
            d ^= a
            c, b = (c + b) & MASK, rotate(b, 17)
            b, c = b ^ c, rotate(c, 32)
            state[:] = [a, b, c, d]

    padded = message + b"\0" * (7 - len(message) % 8) + bytes([len(message) % 256])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        state[3] ^= word
        rounds(2)
        state[0] ^= word
    state[2] ^= 0xEE
    rounds(4)
    first = state[0] ^ state[1] ^ state[2] ^ state[3]
    state[1] ^= 0xDD
    rounds(4)
    return b"".join(half.to_bytes(8, "little") for half in (first, state[0] ^ state[1] ^ state[2] ^ state[3]))


def test_siphash_is_that_of_the_paper() -> None:
    k0, k1 = (int.from_bytes(bytes(range(at, at + 8)), "little") for at in (0, 8))
    # The first of the paper's published vectors for 128 bits: the empty message.
    assert by_the_book(k0, k1, b"").hex() == "a3817f04ba25a8e66df67214c7550293"
    words = np.array([[1, 2**64 - 1, 77], [5, 6, 2**63]], np.uint64)
    first, second = siphash(k0, k1, [words[0], words[1]])
    for place in range(3):
        expected = by_the_book(k0, k1, words[0, place].tobytes() + words[1, place].tobytes())
        assert first[place].tobytes() + second[place].tobytes() == expected
