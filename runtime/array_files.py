"""Reading arrays from `.npy` and `.npz` files: nothing is unpickled, and no declared size is believed."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, final

from numpy.typing import NDArray

from ..compiler.archives.npz import ArrayHeader, BadArray, RecordArray, named_members, read_elements, read_header
from ..compiler.archives.zips import ARCHIVE_ERRORS, open_zip, what_archive_errors_say
from ..compiler.byte_counts import binary_bytes
from ..compiler.diagnostics import DotnnError
from ..compiler.diagnostics.damage import InputDamage
from ..compiler.diagnostics.feeding import (
    DamagedFile,
    HoldsObjects,
    HoldsOtherElements,
    HoldsRecords,
    TooManyBytes,
)
from ..compiler.diagnostics.phrases import Phrase
from ..compiler.diagnostics.running import FileNotReadable
from ..compiler.regular_files import instead, open_regular, read_regular, why_not

#: Most bytes of one array that are read.
MAX_BYTES = 4 * 2**30
#: Most bytes that are unpacked of one compressed file, since a thousandth of them can hold so many.
MAX_UNPACKED = 2**28


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what the system raises while a file is read into a diagnostic."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.errno == errno.EINVAL:
            # A reader of the format speaks here, or was led to an impossible place in the file.
            raise DotnnError(DamagedFile(path=str(path), kind="file", reason=str(error))) from error
        raise DotnnError(_unreadable(path, error)) from error


def opened(path: Path) -> BufferedReader:
    """A regular file, open for reading; raises a DotnnError for anything else."""
    try:
        return open_regular(path)
    except (OSError, ValueError) as error:
        raise DotnnError(_unreadable(path, error)) from error


def read_whole(path: Path, most: int) -> bytes:
    """What a file holds, which may be ``most`` bytes; raises a DotnnError for anything else."""
    try:
        content = read_regular(path, most)
        size = os.stat(path).st_size
    except (OSError, ValueError) as error:
        raise DotnnError(_unreadable(path, error)) from error
    if len(content) > most:
        # What the system makes up while it is read says that it has no size.
        raise DotnnError(TooManyBytes(path=str(path), size=size if size > most else None, limit=most))
    return content


def _unreadable(path: Path, error: OSError | ValueError) -> FileNotReadable:
    shown, reason = str(path).replace("\0", "\\0"), why_not(error)
    hint = instead(error)
    return FileNotReadable(path=shown, reason=reason, hint=hint) if hint else FileNotReadable(path=shown, reason=reason)


def read_npy(path: Path) -> NDArray[Any]:
    """The array of a `.npy` file.

    Raises:
        DotnnError: a damaged file, objects instead of numbers, or more than `MAX_BYTES`.
    """
    with opened(path) as stream, reading(path):
        return _read_array(stream, os.fstat(stream.fileno()).st_size, str(path), MAX_BYTES)


@final
class Archive:
    """The arrays of a `.npz` file, each read when it is asked for.

    Attributes:
        names: of the arrays, in the order of the file.
    """

    def __init__(self, file: zipfile.ZipFile, path: Path) -> None:
        self._file = file
        self._path = path
        self._room = MAX_UNPACKED
        self._members = {name: member for name, member in named_members(file) if name is not None}
        self.names = tuple(self._members)

    def read(self, name: str) -> NDArray[Any]:
        """The array of a name in `names`; raises DotnnError as `read_npy` does."""
        member = self._members[name]
        # The size that the archive declares bounds what is unpacked.
        with _unpacking(self._path), self._file.open(member) as stream:
            place = f"{self._path}: {name}"
            if member.compress_type == zipfile.ZIP_STORED:
                return _read_array(stream, member.file_size, place, MAX_BYTES)
            array = _read_array(stream, member.file_size, place, min(self._room, MAX_BYTES))
        self._room -= array.nbytes
        return array


@contextmanager
def open_npz(path: Path) -> Iterator[Archive]:
    """A `.npz` file; raises DotnnError for one that is no archive."""
    with opened(path) as stream:
        with _unpacking(path):
            archive = Archive(open_zip(stream), path)
        yield archive


@contextmanager
def _unpacking(path: Path) -> Iterator[None]:
    try:
        with reading(path):
            yield
    except ARCHIVE_ERRORS as error:
        reason = what_archive_errors_say(error)
        raise DotnnError(DamagedFile(path=str(path), kind="`.npz` archive", reason=reason)) from error


def _read_array(stream: IO[bytes], available: int, place: str, most: int) -> NDArray[Any]:
    try:
        header = read_header(stream)
        _require_numbers(header, available, place, most)
        stream.seek(header.length)
        return read_elements(stream, header)
    except RecordArray as error:
        raise DotnnError(HoldsRecords(path=place)) from error
    except BadArray as error:
        raise DotnnError(_damaged(place, str(error))) from error


def _require_numbers(header: ArrayHeader, available: int, place: str, most: int) -> None:
    """Raise a DotnnError unless the array holds numbers or text, and no more than the file has."""
    if header.dtype.hasobject:
        raise DotnnError(HoldsObjects(path=place))
    if header.dtype.kind not in "fiubcU":
        raise DotnnError(HoldsOtherElements(path=place, dtype=str(header.dtype)))
    if header.dtype.itemsize == 0:
        raise DotnnError(_damaged(place, InputDamage.IMPOSSIBLE_ARRAY()))
    if header.size > most:
        raise DotnnError(TooManyBytes(path=place, size=header.size, limit=most))
    if header.size > available:
        facts = {"declared": binary_bytes(header.size), "found": binary_bytes(available)}
        raise DotnnError(_damaged(place, InputDamage.ARRAY_BEYOND_FILE(**facts)))


def _damaged(place: str, reason: Phrase | str) -> DamagedFile:
    return DamagedFile(path=place, kind="`.npy` array", reason=reason)
