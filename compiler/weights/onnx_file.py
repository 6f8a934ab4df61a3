"""The initializers of an `.onnx` file, found in the file as it lies there; the model is not built.

Format: ``onnx.proto`` of ONNX. Numbers lie as raw bytes, as packed numbers of their type, or in a file beside it.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import IO, Final, final

import numpy as np

from ..diagnostics import DotnnError
from ..diagnostics.damage import FileDamage, OnnxDamage
from ..diagnostics.phrases import Phrase
from ..diagnostics.weights import DamagedWeightFile
from .formats import WeightFormat
from .numpy_dtypes import numpy_dtype
from .protobuf import (
    BYTES,
    EIGHT,
    FOUR,
    VARINT,
    BadMessage,
    Buffer,
    Field,
    count_varints,
    fields,
    signed,
    varints,
)
from .readers import open_stream
from .sibling_files import beside
from .weight_file import WeightFile

_MOST_AXES: Final = 32
#: What a file of tiny fields would keep a reader busy with; a large network has a hundred thousand.
_MOST_FIELDS: Final = 2_000_000
_MOST_TENSORS: Final = 200_000
_LONGEST_TEXT: Final = 1 << 16

# Numbers of fields, from `onnx.proto`.
_IR_VERSION, _GRAPH = 1, 7
_INITIALIZER, _SPARSE = 5, 15
_DIMS = 1
_FLOATS, _INTS, _LONGS, _DOUBLES, _ULONGS = 4, 5, 7, 10, 11
#: How numbers of fields with packed numbers lie: fixed sizes, or 0 for varints.
_PACKED: Final = {_FLOATS: 4, _INTS: 0, _LONGS: 0, _DOUBLES: 8, _ULONGS: 0}
_BEHIND: Final = 1

#: The element types by their numbers: name in numpy, and the field of packed numbers that holds such.
_ELEMENTS: Final[dict[int, tuple[str, int]]] = {
    1: ("float32", _FLOATS),
    2: ("uint8", _INTS),
    3: ("int8", _INTS),
    4: ("uint16", _INTS),
    5: ("int16", _INTS),
    6: ("int32", _INTS),
    7: ("int64", _LONGS),
    9: ("bool", _INTS),
    10: ("float16", _INTS),
    11: ("float64", _DOUBLES),
    12: ("uint32", _ULONGS),
    13: ("uint64", _ULONGS),
    14: ("complex64", _FLOATS),
    15: ("complex128", _DOUBLES),
    16: ("bfloat16", _INTS),
    17: ("float8_e4m3fn", _INTS),
    18: ("float8_e4m3fnuz", _INTS),
    19: ("float8_e5m2", _INTS),
    20: ("float8_e5m2fnuz", _INTS),
    24: ("float8_e8m0fnu", _INTS),
}
#: Types whose elements are no numbers of whole bytes: their tensors are named, and never read.
_OTHERS: Final = {8: "string", 21: "uint4", 22: "int4", 23: "float4", 25: "uint2", 26: "int2"}


class _Number(IntEnum):
    """Fields of a tensor."""

    TYPE = 2
    SEGMENT = 3
    NAME = 8
    RAW = 9
    EXTERNAL = 13
    LOCATION = 14


@dataclass(slots=True)
class _Tensor:
    """What a file says of an initializer, and where its numbers lie."""

    name: str = ""
    shape: tuple[int, ...] = ()
    code: int = 0
    raw: tuple[int, int] | None = None
    packed: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    external: dict[str, str] = field(default_factory=dict)
    is_behind: bool = False
    place: tuple[Path, int] | None = None

    @property
    def element(self) -> str:
        """The name of the element type."""
        return _ELEMENTS[self.code][0] if self.code in _ELEMENTS else _OTHERS[self.code]

    @property
    def nbytes(self) -> int:
        """Bytes of the elements."""
        return math.prod(self.shape) * numpy_dtype(self.element).itemsize


@final
class OnnxFile(WeightFile):
    """The initializers of a model, mapped into memory.

    Args:
        stream: the open file, which may be closed afterwards.
        path: as the user wrote it.

    Raises:
        DotnnError: DamagedWeightFile; OutsideOfTheFolder where it names a file elsewhere; WeightFileUnreadable where
            that cannot be read.
    """

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self.path = str(path)
        self._path = path
        self._tensors: dict[str, _Tensor] = {}
        self._sizes: dict[Path, int] = {}
        self._behind: tuple[Path, mmap.mmap] | None = None
        if stream.seek(0, os.SEEK_END) == 0:
            raise self._damaged(FileDamage.IS_EMPTY())
        self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            with memoryview(self._map) as content:
                self._read(content)
        except BadMessage as error:
            self.close()
            raise self._damaged(str(error)) from error
        except BaseException:
            self.close()
            raise

    @property
    def parts(self) -> tuple[str, ...]:
        """The paths of the files beside it that have numbers."""
        return tuple(map(str, self._sizes))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the initializers, in the order of the file."""
        return tuple(self._tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an initializer."""
        return self._tensors[name].shape

    def element_type(self, name: str) -> str:
        """The name in numpy of an initializer's element type; ONNX's, such as ``int4``, where numpy has none."""
        return self._tensors[name].element

    def load(self, name: str) -> np.ndarray:
        """An initializer; mostly a view of the mapped file, which cannot be written to.

        Raises:
            DotnnError: DamagedWeightFile, or it has elements that numpy has not; WeightFileUnreadable where the file
                with its numbers cannot be read.
        """
        tensor = self._tensors[name]
        if tensor.code in _OTHERS:
            raise self._damaged(FileDamage.ELEMENTS_NOT_READ(name=name, element=tensor.element))
        dtype = numpy_dtype(tensor.element)
        if tensor.place is not None:
            path, start = tensor.place
            content = memoryview(self._mapped(path))[start : start + tensor.nbytes]
        elif tensor.raw is not None:
            content = memoryview(self._map)[slice(*tensor.raw)]
        else:
            return self._unpacked(tensor)
        # Arrays made in other ways do not keep the map from being closed under them.
        return np.frombuffer(content, np.uint8).view(dtype.newbyteorder("<")).reshape(tensor.shape)

    def close(self) -> None:
        """Give the files back; arrays that were loaded keep them mapped as long as they live."""
        maps = [self._map] if self._behind is None else [self._map, self._behind[1]]
        for one in maps:
            with contextlib.suppress(BufferError):
                one.close()

    # Finding --------------------------------------------------------------------------------------------------------

    def _read(self, content: Buffer) -> None:
        graphs: list[Field] = []
        has_version = False
        for one in _counted(fields(content, 0, len(content))):
            has_version |= one.number == _IR_VERSION and one.kind == VARINT
            if one.number == _GRAPH and one.kind == BYTES:
                graphs.append(one)
        if not has_version or len(graphs) != 1:
            raise BadMessage(OnnxDamage.NO_MODEL_IN_IT())
        for one in _counted(fields(content, graphs[0].start, graphs[0].end)):
            if one.kind != BYTES:
                continue
            if one.number == _SPARSE:
                raise BadMessage(OnnxDamage.SPARSE_INITIALIZERS())
            if one.number == _INITIALIZER:
                self._add(_tensor(content, one), content)

    def _add(self, tensor: _Tensor, content: Buffer) -> None:
        if tensor.name in self._tensors:
            raise BadMessage(FileDamage.HOLDS_TWICE(name=tensor.name))
        if len(self._tensors) >= _MOST_TENSORS:
            raise BadMessage(OnnxDamage.TOO_MANY_INITIALIZERS(most=_MOST_TENSORS))
        self._tensors[tensor.name] = tensor
        if tensor.code in _OTHERS:
            return
        if tensor.is_behind:
            tensor.place = self._place(tensor)
        elif tensor.raw is not None:
            if tensor.raw[1] - tensor.raw[0] != tensor.nbytes:
                raise BadMessage(FileDamage.BYTES_DO_NOT_FIT(name=tensor.name))
        elif _count(tensor, content) != math.prod(tensor.shape) * _parts(tensor):
            raise BadMessage(OnnxDamage.NUMBERS_DO_NOT_FIT(name=tensor.name))

    def _place(self, tensor: _Tensor) -> tuple[Path, int]:
        """Where the numbers of a tensor lie in a file beside this one."""
        path = beside(self._path, tensor.external.get("location", ""))
        start = _whole_number(tensor, "offset", 0)
        length = _whole_number(tensor, "length", tensor.nbytes)
        if length != tensor.nbytes:
            raise BadMessage(FileDamage.BYTES_DO_NOT_FIT(name=tensor.name))
        if path not in self._sizes:
            with open_stream(path) as stream:
                self._sizes[path] = stream.seek(0, os.SEEK_END)
        if start + length > self._sizes[path]:
            raise BadMessage(OnnxDamage.DATA_TOO_SHORT(file=path.name, name=tensor.name))
        return path, start

    # Loading --------------------------------------------------------------------------------------------------------

    def _mapped(self, path: Path) -> mmap.mmap | bytes:
        if self._sizes[path] == 0:
            return b""
        if self._behind is None or self._behind[0] != path:
            with open_stream(path) as stream:
                if stream.seek(0, os.SEEK_END) < self._sizes[path]:
                    raise self._damaged(OnnxDamage.DATA_BECAME_SHORTER(file=path.name))
                found = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            if self._behind is not None:
                with contextlib.suppress(BufferError):
                    self._behind[1].close()
            self._behind = (path, found)
        return self._behind[1]

    def _unpacked(self, tensor: _Tensor) -> np.ndarray:
        dtype, number = numpy_dtype(tensor.element), _ELEMENTS[tensor.code][1]
        pieces = [np.frombuffer(memoryview(self._map)[slice(*one)], np.uint8) for one in tensor.packed.get(number, ())]
        packed = pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, np.uint8), *pieces])
        if _PACKED[number]:
            return packed.view(dtype.newbyteorder("<")).reshape(tensor.shape)
        try:
            values = varints(packed)
        except BadMessage as error:
            raise self._damaged(OnnxDamage.IN_TENSOR(name=tensor.name, fault=str(error))) from error
        # What is no integer lies as the integer that has its bits.
        bits = dtype if dtype.kind in "iu" else np.dtype(f"u{dtype.itemsize}")
        numbers = values != 0 if dtype.kind == "b" else values.astype(bits).view(dtype)
        return numbers.reshape(tensor.shape)

    def _damaged(self, reason: Phrase | str) -> DotnnError:
        return DotnnError(DamagedWeightFile(path=self.path, kind="`.onnx` file", reason=reason))


def _counted(found: Iterator[Field]) -> Iterator[Field]:
    for count, one in enumerate(found):
        if count >= _MOST_FIELDS:
            raise BadMessage(OnnxDamage.TOO_MANY_ENTRIES(most=_MOST_FIELDS))
        yield one


def _tensor(content: Buffer, place: Field) -> _Tensor:
    """What a file says of an initializer; its numbers are not looked at."""
    tensor, shape = _Tensor(), []
    for one in _counted(fields(content, place.start, place.end)):
        if one.number == _DIMS:
            shape += _dims(content, one)
        elif one.number in _PACKED:
            _add_packed(tensor, one)
        else:
            _add_fact(tensor, content, one)
        if len(shape) > _MOST_AXES:
            raise BadMessage(OnnxDamage.TOO_MANY_AXES(name=tensor.name))
    tensor.shape = tuple(shape)
    _check(tensor)
    return tensor


def _add_fact(tensor: _Tensor, content: Buffer, one: Field) -> None:
    match one.number, one.kind:
        case (_Number.TYPE, 0):
            tensor.code = one.value
        case (_Number.SEGMENT, _):
            raise BadMessage(OnnxDamage.TENSOR_IN_SEGMENTS())
        case (_Number.NAME, 2):
            tensor.name = _text(content, one)
        case (_Number.RAW, 2):
            tensor.raw = (one.start, one.end)
        case (_Number.EXTERNAL, 2):
            key, value = _pair(content, one)
            tensor.external[key] = value
        case (_Number.LOCATION, 0):
            tensor.is_behind = one.value == _BEHIND


def _check(tensor: _Tensor) -> None:
    if not tensor.name:
        raise BadMessage(OnnxDamage.INITIALIZER_WITHOUT_NAME())
    if tensor.code not in _ELEMENTS and tensor.code not in _OTHERS:
        raise BadMessage(OnnxDamage.UNKNOWN_ELEMENT_NUMBER(name=tensor.name, number=tensor.code))
    if any(axis < 0 for axis in tensor.shape) or math.prod(axis or 1 for axis in tensor.shape) >= 1 << 60:
        raise BadMessage(FileDamage.IMPOSSIBLE_SHAPE(name=tensor.name))


def _dims(content: Buffer, one: Field) -> list[int]:
    if one.kind == VARINT:
        return [signed(one.value)]
    if one.kind != BYTES or one.end - one.start > _MOST_AXES * 10:
        raise BadMessage(OnnxDamage.INITIALIZER_WITHOUT_SHAPE())
    packed = np.frombuffer(content[one.start : one.end], np.uint8)
    count_varints(packed)
    return [signed(int(value)) for value in varints(packed)]


def _add_packed(tensor: _Tensor, one: Field) -> None:
    # A writer may leave numbers unpacked, each a field of its own, and may pack them in several pieces.
    fitting = {0: VARINT, 4: FOUR, 8: EIGHT}[_PACKED[one.number]]
    if one.kind not in (BYTES, fitting):
        raise BadMessage(OnnxDamage.NUMBERS_OF_WRONG_KIND())
    pieces = tensor.packed.setdefault(one.number, [])
    if pieces and one.kind == fitting and pieces[-1][1] == one.start:
        pieces[-1] = (pieces[-1][0], one.end)
    else:
        pieces.append((one.start, one.end))


def _count(tensor: _Tensor, content: Buffer) -> int:
    """How many numbers the packed fields hold for the tensor's type."""
    number = _ELEMENTS[tensor.code][1]
    size, count = _PACKED[number], 0
    for start, end in tensor.packed.get(number, ()):
        if size and (end - start) % size:
            raise BadMessage(OnnxDamage.NUMBERS_DO_NOT_FIT(name=tensor.name))
        count += (end - start) // size if size else count_varints(np.frombuffer(content[start:end], np.uint8))
    return count


def _parts(tensor: _Tensor) -> int:
    """How many packed numbers an element takes."""
    return 2 if tensor.element.startswith("complex") else 1


def _pair(content: Buffer, place: Field) -> tuple[str, str]:
    texts = {1: "", 2: ""}
    for one in _counted(fields(content, place.start, place.end)):
        if one.kind == BYTES and one.number in texts:
            texts[one.number] = _text(content, one)
    return texts[1], texts[2]


def _text(content: Buffer, one: Field) -> str:
    if one.end - one.start > _LONGEST_TEXT:
        raise BadMessage(FileDamage.NAME_TOO_LONG())
    try:
        return bytes(content[one.start : one.end]).decode("utf-8")
    except UnicodeDecodeError:
        raise BadMessage(OnnxDamage.NAME_IS_NO_TEXT()) from None


def _whole_number(tensor: _Tensor, key: str, otherwise: int) -> int:
    text = tensor.external.get(key, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadMessage(OnnxDamage.PLACE_IS_NO_NUMBER(key=key, name=tensor.name))
    return int(text)


def _recognize(stream: IO[bytes]) -> bool:
    stream.seek(0)
    # The version of the format comes first in all files that there are, and the producer's name is next.
    head = stream.read(3)
    return len(head) == 3 and head[0] == _IR_VERSION << 3 and 3 <= head[1] < 32 and head[2] & 7 in (VARINT, BYTES)


FORMAT = WeightFormat(".onnx", "`.onnx` file", OnnxFile, recognize=_recognize)
