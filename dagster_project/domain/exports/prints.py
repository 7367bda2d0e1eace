"""Pseudonyms of a million rows at once: equal while nothing in the row changes, and telling nothing without the key.

``keyed_hash`` does the same for one row at a time. Here each row is first brought down to two numbers by a secret
linear function of its bytes, and those go through SipHash-2-4, a keyed function nobody can invert; both work on whole
columns. Source of SipHash: Aumasson and Bernstein, SipHash: a fast short-input PRF (2012), with its 128-bit output.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dagster_project.domain.exports.writing import DIGEST, hex_of

AT_ONCE = 16_384  # rows: what the four states of SipHash need stays in the processor's cache
Words = npt.NDArray[np.uint64]
START = [0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573]


def prints(key: str, columns: Sequence[pa.Array | pa.ChunkedArray], size: int = 16) -> pa.Array:
    """One pseudonym per row: ``2 * size`` hex digits. A blank counts as a blank, whatever its column is.

    >>> prints("secret", [pa.array(["a", "a", "b"]), pa.array(["x", "x", None])], size=4).to_pylist()[:2]
    ['54c24a80', '54c24a80']
    """
    secret = hashlib.blake2b(key.encode()).digest()
    count = len(columns[0])
    sums = np.zeros((2, count), np.uint64)
    for place, column in enumerate(columns):
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if pa.types.is_dictionary(whole.type):
            few = np.zeros((2, len(whole.dictionary) + 1), np.uint64)  # the last for a blank
            _add(few[:, :-1], whole.dictionary, secret + place.to_bytes(4, "little"))
            at = pc.fill_null(whole.indices, len(whole.dictionary)).to_numpy()
            sums += few[:, at]
        else:
            _add(sums, whole, secret + place.to_bytes(4, "little"))
    out = np.empty((count, 2), "<u8")
    k0, k1 = (int(number) for number in np.frombuffer(secret[:16], "<u8"))
    for at in range(0, count, AT_ONCE):
        part = slice(at, at + AT_ONCE)
        out[part, 0], out[part, 1] = siphash(k0, k1, [sums[0, part], sums[1, part]])
    return hex_of(out.view(np.uint8).reshape(count, 16)[:, :size])


def _add(sums: Words, column: pa.Array, secret: bytes) -> None:
    """Add a column's part to each row's sums: its words, modulo 2^64, each times a secret odd number of its own."""
    for rows, words in _words(column):
        count = words.shape[1]
        stream = np.frombuffer(hashlib.shake_256(secret).digest(16 * count), "<u8").reshape(count, 2) | np.uint64(1)
        for at in range(0, len(words), AT_ONCE):
            part = words[at : at + AT_ONCE]
            where = slice(at, at + AT_ONCE) if rows is None else rows[at : at + AT_ONCE]
            for lane in (0, 1):
                total = part[:, 0] * stream[0, lane]
                for word in range(1, count):
                    total += part[:, word] * stream[word, lane]
                sums[lane, where] += total


def siphash(k0: int, k1: int, words: Sequence[Words]) -> tuple[Words, Words]:
    """SipHash-2-4 with 128 bits of output over whole words, of many messages at once.

    Args:
        k0, k1: the key.
        words: the first word of every message, the second ...

    Returns:
        the first and the second half of each result.
    """
    keys = [k0, k1, k0, k1]
    state = [np.full(len(words[0]), start ^ key, np.uint64) for start, key in zip(START, keys, strict=True)]
    state[1] ^= np.uint64(0xEE)
    length = np.full(len(words[0]), (8 * len(words) % 256) << 56, np.uint64)
    for word in (*words, length):
        state[3] ^= word
        _rounds(state, 2)
        state[0] ^= word
    state[2] ^= np.uint64(0xEE)
    _rounds(state, 4)
    first = state[0] ^ state[1] ^ state[2] ^ state[3]
    state[1] ^= np.uint64(0xDD)
    _rounds(state, 4)
    return first, state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[Words], count: int) -> None:
    v0, v1, v2, v3 = state
    room = np.empty_like(v0)  # for what a rotation carries round: taking new memory each time costs more than the work
    for _ in range(count):
        v0 += v1
        _rotate(v1, 13, room)
        v1 ^= v0
        _rotate(v0, 32, room)
        v2 += v3
        _rotate(v3, 16, room)
        v3 ^= v2
        v0 += v3
        _rotate(v3, 21, room)
        v3 ^= v0
        v2 += v1
        _rotate(v1, 17, room)
        v1 ^= v2
        _rotate(v2, 32, room)


def _rotate(word: Words, by: int, room: Words) -> None:
    np.right_shift(word, np.uint64(64 - by), out=room)
    word <<= np.uint64(by)
    word |= room


def _words(column: pa.Array) -> Iterator[tuple[npt.NDArray[np.int64] | None, Words]]:
    """The rows (None: all of them) and their values as words of eight bytes, the last filled with zeros, then one with
    the length. Of a digest the first half is enough. Blanks give no words."""
    rows = None
    if column.null_count:
        rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
        column = column.take(pa.array(rows))
    count = len(column)
    if count == 0:
        return
    if column.type == DIGEST:
        values = np.frombuffer(column.buffers()[1], np.uint64)[column.offset * 4 :][: count * 4]
        yield rows, values.reshape(count, 4)[:, :2]
        return
    column = column.cast(pa.binary())
    _, offsets_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[column.offset :][: count + 1].astype(np.int64)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.empty(0, np.uint8)
    lengths = np.diff(offsets)
    if (lengths == lengths[0]).all():
        if lengths[0]:
            yield rows, _filled(data[offsets[0] : offsets[-1]].reshape(count, lengths[0]))
        return
    for length in np.unique(lengths).tolist():
        if length:  # '' is a blank
            same = np.flatnonzero(lengths == length)
            yield same if rows is None else rows[same], _filled(data[offsets[same][:, None] + np.arange(length)])


def _filled(values: npt.NDArray[np.uint8]) -> Words:
    count, length = values.shape
    filled = np.zeros((count, -(-length // 8) * 8 + 8), np.uint8)
    filled[:, :length] = values
    words = filled.view(np.uint64)
    words[:, -1] = length
    return words
