"""The `.safetensors` format: eight bytes with the header's length, a JSON header, and the tensors' bytes.

Format: https://github.com/huggingface/safetensors (`README.md`, "Format"). The file is mapped into memory, so the bytes
of a tensor are read when they are used and never copied. (The library's numpy reader copies them, and lacks bfloat16.)
"""

from __future__ import annotations

import contextlib
import json
import math
import mmap
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, final

import numpy as np

from ..diagnostics import DotnnError
from ..diagnostics.damage import FileDamage, SafetensorsDamage
from ..diagnostics.weights import DamagedWeightFile
from ..graph.tensors import Weight
from .bounded_json import LONGEST, BadJson, parse_json
from .formats import WeightFormat
from .numpy_dtypes import numpy_dtype
from .weight_file import WeightFile
from .weight_values import raw_bytes

#: The name under which the header keeps its notes.
METADATA = "__metadata__"
#: Longer headers are refused. One tensor takes about 100 bytes.
LONGEST_HEADER = LONGEST
_MOST_AXES = 32
_PREFIX = struct.Struct("<Q")
_ALIGNMENT = 8

#: numpy's names and the sizes of the element types, in the order in which writers sort tensors: the last ones first.
_ELEMENTS: dict[str, tuple[str, int]] = {
    "BOOL": ("bool", 1),
    "U8": ("uint8", 1),
    "I8": ("int8", 1),
    "F8_E5M2": ("float8_e5m2", 1),
    "F8_E4M3": ("float8_e4m3fn", 1),
    "I16": ("int16", 2),
    "U16": ("uint16", 2),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "I32": ("int32", 4),
    "U32": ("uint32", 4),
    "F32": ("float32", 4),
    "C64": ("complex64", 8),
    "F64": ("float64", 8),
    "I64": ("int64", 8),
    "U64": ("uint64", 8),
}
_ORDER = {element: -index for index, element in enumerate(_ELEMENTS)}
_CODES = {name: element for element, (name, _) in _ELEMENTS.items()}


class BadHeader(ValueError):
    """What is wrong with a header, as a phrase."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the header says of a tensor: element type, shape, and its bytes counted from the header's end."""

    element: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def size(self) -> int:
        """The bytes that elements of this type and shape take."""
        return math.prod(self.shape) * _ELEMENTS[self.element][1]


# Reading ------------------------------------------------------------------------------------------------------------


@final
class SafetensorsFile(WeightFile):
    """The tensors of a `.safetensors` file, mapped into memory.

    Args:
        stream: the open file, which may be closed afterwards.
        path: as the user wrote it.

    Raises:
        DotnnError: DamagedWeightFile.
    """

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self.path = str(path)
        size = stream.seek(0, 2)
        stream.seek(0)
        try:
            self._entries, self._body = _read_header(stream, size)
        except BadHeader as error:
            raise DotnnError(
                DamagedWeightFile(path=self.path, kind="`.safetensors` file", reason=str(error))
            ) from error
        self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tensors, in the order of the header."""
        return tuple(self._entries)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return self._entries[name].shape

    def element_type(self, name: str) -> str:
        """The name in numpy of a tensor's element type."""
        return _ELEMENTS[self._entries[name].element][0]

    def load(self, name: str) -> np.ndarray:
        """A tensor as a view of the mapped file, which cannot be written to."""
        entry = self._entries[name]
        dtype = numpy_dtype(self.element_type(name)).newbyteorder("<")
        content = memoryview(self._map)[self._body + entry.start : self._body + entry.end]
        # Arrays made in other ways do not keep the map from being closed under them.
        return np.frombuffer(content, np.uint8).view(dtype).reshape(entry.shape)

    def close(self) -> None:
        """Give the file back; arrays that were loaded keep it mapped as long as they live."""
        with contextlib.suppress(BufferError):
            self._map.close()


def _read_header(stream: IO[bytes], size: int) -> tuple[dict[str, Entry], int]:
    """The tensors, and where their bytes begin."""
    if size < _PREFIX.size:
        raise BadHeader(FileDamage.IS_EMPTY() if size == 0 else SafetensorsDamage.ONLY_SOME_BYTES(size=size))
    prefix = stream.read(_PREFIX.size)
    (length,) = _PREFIX.unpack(prefix)
    if length > size - _PREFIX.size:
        raise BadHeader(SafetensorsDamage.HEADER_BEYOND_FILE(length=length, size=size))
    if length > LONGEST_HEADER:
        raise BadHeader(SafetensorsDamage.HEADER_TOO_LONG(length=length, most=LONGEST_HEADER))
    body = _PREFIX.size + length
    return parse_header(stream.read(length), size - body), body


def parse_header(header: bytes, body_size: int) -> dict[str, Entry]:
    """The tensors that a header declares, which must fill the ``body_size`` bytes after it exactly.

    Raises:
        BadHeader: no such header.
    """
    try:
        fields = parse_json(header)
    except BadJson as error:
        raise BadHeader(FileDamage.HEADER_IS_BAD(fault=str(error))) from error
    if not isinstance(fields, dict):
        raise BadHeader(SafetensorsDamage.HEADER_IS_NO_OBJECT())
    if not isinstance(fields.pop(METADATA, {}), dict):
        raise BadHeader(SafetensorsDamage.NOTES_ARE_NO_OBJECT(key=METADATA))
    entries = {name: _entry(name, facts) for name, facts in fields.items()}
    _require_gapless(entries, body_size)
    return entries


def _entry(name: str, facts: object) -> Entry:
    match facts:
        case {"dtype": str() as element, "shape": list() as shape, "data_offsets": [int() as start, int() as end]}:
            pass
        case _:
            raise BadHeader(SafetensorsDamage.ENTRY_INCOMPLETE(name=name))
    if element not in _ELEMENTS:
        raise BadHeader(SafetensorsDamage.UNKNOWN_ELEMENT_TYPE(name=name, element=element))
    if len(shape) > _MOST_AXES or not all(type(axis) is int and axis >= 0 for axis in shape):
        raise BadHeader(FileDamage.IMPOSSIBLE_SHAPE(name=name))
    entry = Entry(element, tuple(shape), start, end)
    if not 0 <= start <= end or end - start != entry.size:
        raise BadHeader(FileDamage.BYTES_DO_NOT_FIT(name=name))
    return entry


def _require_gapless(entries: Mapping[str, Entry], body_size: int) -> None:
    end, before = 0, ""
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start < end:
            raise BadHeader(SafetensorsDamage.BYTES_OVERLAP(name=name, before=before))
        if entry.start > end:
            raise BadHeader(SafetensorsDamage.GAP_BEFORE_TENSOR(gap=entry.start - end, name=name))
        end, before = entry.end, name
    if end > body_size:
        raise BadHeader(SafetensorsDamage.TENSORS_CUT_OFF(wanted=end, found=body_size))
    if end < body_size:
        raise BadHeader(SafetensorsDamage.BYTES_LEFT_OVER(rest=body_size - end))


# Writing ------------------------------------------------------------------------------------------------------------


def write_safetensors(
    write: Callable[[bytes | memoryview], None],
    weights: Iterable[Weight],
    values: Callable[[Weight], np.ndarray],
) -> None:
    """Write tensors one at a time, byte for byte as the safetensors library orders and lays them out.

    Args:
        write: takes the file's bytes piece by piece.
        weights: what to write; none is named ``METADATA``.
        values: the values of a weight.
    """
    ordered = sorted(weights, key=lambda weight: (_ORDER[_CODES[weight.dtype.value]], weight.name))
    write(_header(ordered))
    for weight in ordered:
        write(raw_bytes(values(weight)))


def _header(weights: Iterable[Weight]) -> bytes:
    """The header with its length, padded with spaces so that the tensors begin at a multiple of eight."""
    # Readers that serve several frameworks ask for the one that the layout follows.
    fields: dict[str, object] = {METADATA: {"format": "pt"}}
    end = 0
    for weight in weights:
        start, end = end, end + weight.elements * weight.dtype.size
        facts = {"dtype": _CODES[weight.dtype.value], "shape": list(weight.shape), "data_offsets": [start, end]}
        fields[weight.name] = facts
    header = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    header += b" " * (-len(header) % _ALIGNMENT)
    return _PREFIX.pack(len(header)) + header


def _recognize(stream: IO[bytes]) -> bool:
    stream.seek(0)
    prefix, brace = stream.read(_PREFIX.size), stream.read(1)
    return brace == b"{" and _PREFIX.unpack(prefix)[0] <= LONGEST_HEADER


FORMAT = WeightFormat(
    ".safetensors",
    "`.safetensors` file",
    SafetensorsFile,
    write_safetensors,
    unwritable=frozenset({METADATA}),
    recognize=_recognize,
)
