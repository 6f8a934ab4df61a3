"""The formats `.npy`, an array, and `.npz`, a zip archive of such: read without pickle and without believing any size.

Format: numpy's documentation of ``numpy.lib.format``. A header is read for itself, so that a caller knows what an array
takes before it is unpacked; who the file belongs to, and so what is said of a damaged one, is the caller's.
"""

from __future__ import annotations

import io
import math
import tokenize
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np
from numpy.lib import format as npy

from ..diagnostics.damage import ArchiveDamage
from ..diagnostics.terminal_cells import clip

#: Headers of arrays of numbers are about 100 bytes, padded to a multiple of 64; numpy itself reads 10,000.
_LONGEST_HEADER = 1 << 14
#: All versions of numpy have so many.
_MOST_AXES = 32
#: Bytes that are unpacked at once.
_PIECE = 1 << 20
#: What the name of a member that is an array ends with.
SUFFIX: Final = ".npy"
#: The first moment that a zip archive can tell: the same arrays give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
#: The system that wrote it would stand there otherwise.
_UNIX, _PERMISSIONS = 3, 0o644 << 16

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
#: The version of the format that is written for names of fields beyond Latin 1 only.
_RECORDS = (3, 0)
# What numpy raises for headers that are none: it takes them apart by Python's own tokenizer and literals.
_HEADER_ERRORS = (ValueError, TypeError, SyntaxError, tokenize.TokenError, EOFError, RecursionError, MemoryError)


class BadArray(ValueError):
    """What is wrong with an array, as a phrase."""


class RecordArray(BadArray):
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


def named_members(archive: zipfile.ZipFile) -> Iterator[tuple[str | None, zipfile.ZipInfo]]:
    """The members of an archive in its order, each with the name of its array, None where it is no array.

    Raises:
        BadArray: two arrays have one name.
    """
    names = set[str]()
    for member in archive.infolist():
        name = member.filename.removesuffix(SUFFIX) if member.filename.endswith(SUFFIX) else None
        if name is None:
            yield None, member
            continue
        if name in names:
            raise BadArray(ArchiveDamage.MEMBER_TWICE(member=clip(name, 60)))
        names.add(name)
        yield name, member


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
            raise RecordArray(ArchiveDamage.HAS_RECORDS())
        if version not in _HEADERS:
            raise BadArray(ArchiveDamage.UNKNOWN_VERSION(major=version[0], minor=version[1]))
        with warnings.catch_warnings():
            # Files of Python 2 are read all the same.
            warnings.simplefilter("ignore")
            shape, fortran, dtype = _HEADERS[version](head)
    except BadArray:
        raise
    except _HEADER_ERRORS as error:
        raise BadArray(" ".join(str(error).split())[:200] or ArchiveDamage.HEADER_UNREADABLE()) from error
    if not _is_possible(shape, dtype):
        raise BadArray(ArchiveDamage.IMPOSSIBLE_ARRAY_SHAPE())
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
        raise BadArray(ArchiveDamage.TOO_LITTLE_MEMORY(size=header.size)) from None
    room = array.reshape(-1, order="A").view(np.uint8).data
    done = 0
    while done < len(room):
        piece = stream.read(min(_PIECE, len(room) - done))
        if not piece:
            raise BadArray(ArchiveDamage.ARRAY_CUT_OFF(found=done, size=len(room)))
        room[done : done + len(piece)] = piece
        done += len(piece)
    return array


# Writing ------------------------------------------------------------------------------------------------------------


def write_npy(stream: IO[bytes], array: np.ndarray) -> None:
    """Write an array as `.npy`; ValueError for one of Python objects."""
    npy.write_array(stream, array, version=(1, 0), allow_pickle=False)


def npy_bytes(array: np.ndarray) -> bytes:
    """An array as the content of a `.npy` file."""
    stream = io.BytesIO()
    write_npy(stream, array)
    return stream.getvalue()


def add_array(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    """Write an array into an archive that is open for writing, uncompressed, the same bytes for the same array."""
    member = zipfile.ZipInfo(name + SUFFIX, _DATE)
    member.create_system, member.external_attr = _UNIX, _PERMISSIONS
    # Tells the archive whether this member needs 64-bit sizes.
    member.file_size = array.nbytes + _LONGEST_HEADER
    with archive.open(member, "w") as stream:
        write_npy(stream, array)
