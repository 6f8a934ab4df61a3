"""The `.npz` format: a zip archive of `.npy` arrays, read without pickle and without believing any declared size.

Format: numpy's documentation of ``numpy.lib.format``. Headers are read when the file is opened, the elements of an
array when it is asked for, so what is unpacked is bounded by the arrays that the caller wants, whatever the archive
declares.
"""

from __future__ import annotations

import io
import math
import tokenize
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, final

import numpy as np
from numpy.lib import format as npy

from ..diagnostics import DotnnError
from ..diagnostics.weights import DamagedWeightFile, PickledWeights, WeightFileUnreadable
from ..graph.tensors import Weight
from ..graph.types import DType
from ..reprs import quantity, quoted, short_repr
from .formats import WeightFormat
from .zips import ARCHIVE_ERRORS, open_zip, recognize_members

#: Headers of arrays of numbers are about 100 bytes, padded to a multiple of 64; numpy itself reads 10,000.
_LONGEST_HEADER = 1 << 14
#: All versions of numpy have so many.
_MOST_AXES = 32
#: Bytes that are unpacked at once.
_PIECE = 1 << 20
_SUFFIX = ".npy"
#: The first moment that a zip archive can tell: the same weights give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _PERMISSIONS = 3, 0o644 << 16

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
#: The version of the format that is written for names of fields beyond Latin 1 only.
_RECORDS = (3, 0)
# What numpy raises for headers that are none: it takes them apart by Python's own tokenizer and literals.
_HEADER_ERRORS = (ValueError, TypeError, SyntaxError, tokenize.TokenError, EOFError, RecursionError, MemoryError)


class BadArray(ValueError):
    """What is wrong with an array, in words."""


class HasRecords(BadArray):
    """The elements of an array are no numbers but records."""


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What an array's header says, and how many bytes it takes itself."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    length: int

    @property
    def size(self) -> int:
        """Bytes of the elements."""
        return math.prod(self.shape) * self.dtype.itemsize


# Reading ------------------------------------------------------------------------------------------------------------


@final
class NpzFile:
    """The arrays of a `.npz` file, each unpacked when it is asked for.

    Args:
        stream: the open file; it is closed with this object.
        path: as the user wrote it.

    Raises:
        DotnnError: DamagedWeightFile or PickledWeights, here and in ``load``.
    """

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self.path = str(path)
        self._stream = stream
        self._members: dict[str, zipfile.ZipInfo] = {}
        self._headers: dict[str, ArrayHeader] = {}
        with self._reading():
            self._archive = open_zip(stream)
            for member in self._archive.infolist():
                self._add(member)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arrays, in the order of the archive."""
        return tuple(self._members)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array."""
        return self._headers[name].shape

    def element_type(self, name: str) -> str:
        """The name in numpy of an array's element type."""
        return self._headers[name].dtype.newbyteorder("=").name

    def load(self, name: str) -> np.ndarray:
        """An array."""
        header = self._headers[name]
        with self._reading(), self._archive.open(self._members[name]) as stream:
            stream.read(header.length)
            return read_elements(stream, header)

    def __repr__(self) -> str:
        return short_repr(self, quoted(self.path), quantity(len(self._members), "tensor"))

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self._stream.close()

    def __enter__(self) -> NpzFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _add(self, member: zipfile.ZipInfo) -> None:
        name = member.filename.removesuffix(_SUFFIX)
        if name == member.filename:
            raise BadArray(f"it holds `{name}`, which is no array")
        if name in self._members:
            raise BadArray(f"it holds `{name}` twice")
        with self._archive.open(member) as stream:
            header = read_header(stream)
        if header.dtype.hasobject:
            raise DotnnError(PickledWeights(path=self.path, name=name))
        if header.length + header.size != member.file_size:
            declared = f"{list(header.shape)} of {header.dtype}"
            raise BadArray(f"`{name}` has {member.file_size:,} bytes, which do not fit {declared}")
        self._members[name], self._headers[name] = member, header

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise DotnnError(WeightFileUnreadable(path=self.path, reason=reason)) from error
        except ARCHIVE_ERRORS as error:
            reason = str(error) or "it is cut off"
            raise DotnnError(DamagedWeightFile(path=self.path, kind="`.npz` archive", reason=reason)) from error


def read_header(stream: IO[bytes]) -> ArrayHeader:
    """The header of a `.npy` array; the stream stands somewhere behind it afterwards.

    Raises:
        BadArray: there is no such header.
    """
    # A header declares its own length, up to 4 GB, and numpy would read so much.
    head = io.BytesIO(stream.read(_LONGEST_HEADER))
    try:
        version = npy.read_magic(head)
        if version == _RECORDS:
            raise HasRecords("its arrays have records with named fields")
        if version not in _HEADERS:
            raise BadArray(f"an array is in version {version[0]}.{version[1]} of the format, which is not known")
        with warnings.catch_warnings():
            # Files of Python 2 are read all the same.
            warnings.simplefilter("ignore")
            shape, fortran, dtype = _HEADERS[version](head)
    except BadArray:
        raise
    except _HEADER_ERRORS as error:
        raise BadArray(" ".join(str(error).split())[:200] or "an array's header cannot be read") from error
    if not _is_possible(shape, dtype):
        raise BadArray("an array has an impossible shape")
    return ArrayHeader(shape, dtype, fortran, head.tell())


def _is_possible(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether numpy makes such an array; a truth value is an integer to it, and an axis of size 0 hides others."""
    if len(shape) > _MOST_AXES or any(type(axis) is not int or axis < 0 for axis in shape):
        return False
    return math.prod(axis or 1 for axis in shape) * max(dtype.itemsize, 1) < 2**63


def read_elements(stream: IO[bytes], header: ArrayHeader) -> np.ndarray:
    """The elements that follow a header.

    Raises:
        BadArray: there are fewer than the header says, or they do not fit into the memory.
    """
    try:
        array = np.empty(header.shape, header.dtype, order="F" if header.fortran else "C")
    except MemoryError:
        raise BadArray(f"there is too little memory for {header.size:,} bytes") from None
    room = array.reshape(-1, order="A").view(np.uint8).data
    done = 0
    while done < len(room):
        piece = stream.read(min(_PIECE, len(room) - done))
        if not piece:
            raise BadArray(f"an array is cut off after {done:,} of {len(room):,} bytes")
        room[done : done + len(piece)] = piece
        done += len(piece)
    return array


# Writing ------------------------------------------------------------------------------------------------------------


@final
class _Sink(io.RawIOBase):
    """Where a zip archive is written to, piece by piece and forwards only."""

    def __init__(self, write: Callable[[bytes | memoryview], None]) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        view = memoryview(content)
        self._write(view)
        return view.nbytes


def write_npz(
    write: Callable[[bytes | memoryview], None],
    weights: Iterable[Weight],
    values: Callable[[Weight], np.ndarray],
) -> None:
    """Write arrays one at a time, uncompressed, the same bytes for the same weights.

    numpy has no bfloat16, so such weights are written as float32, which holds them exactly.

    Args:
        write: takes the file's bytes piece by piece.
        weights: what to write, in this order.
        values: the values of a weight.
    """
    with zipfile.ZipFile(_Sink(write), "w") as archive:
        for weight in weights:
            _write_member(archive, weight, values)


def _write_member(archive: zipfile.ZipFile, weight: Weight, values: Callable[[Weight], np.ndarray]) -> None:
    array = values(weight)
    if weight.dtype is DType.BFLOAT16:
        array = array.astype(np.float32)
    member = zipfile.ZipInfo(weight.name + _SUFFIX, _DATE)
    member.create_system, member.external_attr = _UNIX, _PERMISSIONS
    # Tells the archive whether this member needs 64-bit sizes.
    member.file_size = array.nbytes + _LONGEST_HEADER
    with archive.open(member, "w") as stream:
        npy.write_array(stream, array, version=(1, 0), allow_pickle=False)


_recognize = recognize_members(lambda names: any(name.endswith(_SUFFIX) for name in names))

FORMAT = WeightFormat(".npz", "`.npz` archive", NpzFile, write_npz, keeps_stream=True, recognize=_recognize)
