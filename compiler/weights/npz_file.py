"""Weights in the `.npz` format, a zip archive of `.npy` arrays.

Headers are read when the file is opened, the elements of an array when it is asked for, so what is unpacked is bounded
by the arrays that the caller wants, whatever the archive declares.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, final

import numpy as np

from ..archives.npz import SUFFIX, ArrayHeader, BadArray, add_array, named_members, read_elements, read_header
from ..archives.zips import ARCHIVE_ERRORS, open_zip, recognize_members, what_archive_errors_say
from ..diagnostics import DotnnError
from ..diagnostics.damage import ArchiveDamage
from ..diagnostics.weights import DamagedWeightFile, PickledWeights, WeightFileUnreadable
from ..graph.tensors import Weight
from ..graph.types import DType
from ..regular_files import why_not
from .formats import WeightFormat
from .weight_file import WeightFile

# Reading ------------------------------------------------------------------------------------------------------------


@final
class NpzFile(WeightFile):
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
            for name, member in named_members(self._archive):
                self._add(name, member)

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

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self._stream.close()

    def _add(self, name: str | None, member: zipfile.ZipInfo) -> None:
        if name is None:
            raise BadArray(ArchiveDamage.MEMBER_IS_NO_ARRAY(member=member.filename))
        with self._archive.open(member) as stream:
            header = read_header(stream)
        if header.dtype.hasobject:
            raise DotnnError(PickledWeights(path=self.path, name=name))
        if header.length + header.size != member.file_size:
            facts = {"shape": str(list(header.shape)), "dtype": str(header.dtype)}
            raise BadArray(ArchiveDamage.ARRAY_DOES_NOT_FILL(name=name, found=member.file_size, **facts))
        self._members[name], self._headers[name] = member, header

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DotnnError(WeightFileUnreadable(path=self.path, reason=why_not(error))) from error
        except ARCHIVE_ERRORS as error:
            reason = what_archive_errors_say(error)
            raise DotnnError(DamagedWeightFile(path=self.path, kind="`.npz` archive", reason=reason)) from error


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
            add_array(archive, weight.name, _storable(weight, values(weight)))


def _storable(weight: Weight, array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32) if weight.dtype is DType.BFLOAT16 else array


_recognize = recognize_members(lambda names: any(name.endswith(SUFFIX) for name in names))

FORMAT = WeightFormat(".npz", "`.npz` archive", NpzFile, write_npz, keeps_stream=True, recognize=_recognize)
