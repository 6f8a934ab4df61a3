"""Messages of Protocol Buffers, read where they lie: fields are found and not copied.

Format: https://protobuf.dev/programming-guides/encoding/. (The library builds a Python object of the whole message, and
does not read one of more than 2 GiB.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from ..diagnostics.damage import OnnxDamage

Buffer: TypeAlias = memoryview

VARINT: Final = 0
EIGHT: Final = 1
BYTES: Final = 2
FOUR: Final = 5
_FIXED: Final = {EIGHT: 8, FOUR: 4}
_LONGEST_VARINT: Final = 10


class BadMessage(ValueError):
    """What is wrong with a message, as a phrase."""


class Field(NamedTuple):
    """A field of a message: its number and kind, and where its content begins and ends.

    Attributes:
        value: of a varint; 0 of all other kinds.
    """

    number: int
    kind: int
    start: int
    end: int
    value: int


def fields(content: Buffer, start: int, end: int) -> Iterator[Field]:
    """The fields of the message that lies there.

    Raises:
        BadMessage: it is none.
    """
    at = start
    while at < end:
        key, at = _varint(content, at, end)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise BadMessage(OnnxDamage.FIELD_WITHOUT_NUMBER())
        if kind == VARINT:
            begin = at
            value, at = _varint(content, at, end)
            yield Field(number, kind, begin, at, value)
            continue
        if kind == BYTES:
            length, at = _varint(content, at, end)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise BadMessage(OnnxDamage.FIELD_OF_UNKNOWN_KIND())
        if length > end - at:
            raise BadMessage(OnnxDamage.FIELD_CUT_OFF())
        yield Field(number, kind, at, at + length, 0)
        at += length


def _varint(content: Buffer, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    for place in range(at, min(end, at + _LONGEST_VARINT)):
        byte = content[place]
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, place + 1
        shift += 7
    raise BadMessage(OnnxDamage.NUMBER_CUT_OFF())


def signed(value: int) -> int:
    """A varint as the 64-bit integer with a sign that it stands for."""
    return value - (1 << 64) if value >> 63 else value


def count_varints(packed: np.ndarray) -> int:
    """How many numbers stand in packed bytes.

    Raises:
        BadMessage: the last one does not end.
    """
    if packed.size and packed[-1] >= 128:
        raise BadMessage(OnnxDamage.NUMBER_CUT_OFF())
    return int(np.count_nonzero(packed < 128))


def varints(packed: np.ndarray) -> np.ndarray:
    """The numbers that stand in packed bytes, as uint64.

    Raises:
        BadMessage: one is too long.
    """
    ends = np.flatnonzero(packed < 128)
    starts = np.concatenate(([0], ends[:-1] + 1)) if ends.size else ends
    lengths = ends - starts + 1
    if ends.size and int(lengths.max()) > _LONGEST_VARINT:
        raise BadMessage(OnnxDamage.NUMBER_TOO_LONG())
    values = np.zeros(ends.size, np.uint64)
    for index in range(int(lengths.max(initial=0))):
        reaching = np.flatnonzero(lengths > index)
        values[reaching] |= (packed[starts[reaching] + index].astype(np.uint64) & np.uint64(127)) << np.uint64(
            7 * index
        )
    return values
