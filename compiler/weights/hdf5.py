"""HDF5 files from anywhere, read by h5py: plain groups and plain arrays of numbers, and nothing that leads elsewhere.

What a file says is looked at before anything is read: no link is followed that is none of the plain ones, no filter is
run but those that the library itself has, and no array is read that says to be larger than its bytes can be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Final, TypeAlias, final

import numpy as np

from ..diagnostics import DotnnError
from ..diagnostics.damage import FileDamage, Hdf5Damage
from ..diagnostics.phrases import Phrase
from ..diagnostics.weight_formats import (
    Hdf5ExternalStorage,
    Hdf5Filter,
    Hdf5Link,
    Hdf5SecondName,
    Hdf5VirtualDataset,
    MissingLibrary,
    UnsafeHdf5,
)
from ..diagnostics.weights import DamagedWeightFile
from ..records import positional_record
from .hdf5_texts import text_lengths
from .numpy_dtypes import numpy_dtype

SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
#: What h5py raises for damaged files; none of its own.
_ERRORS: Final = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    UnicodeError,
    AttributeError,
    NotImplementedError,
    IndexError,
    SystemError,
)
#: Keras nests about six groups for each model inside of a model.
_DEEPEST: Final = 64
_MOST_OBJECTS: Final = 200_000
_MOST_AXES: Final = 32
_LONGEST_NAME: Final = 4096
_LONGEST_ATTRIBUTE: Final = 16 << 20
#: gzip makes at most this many bytes of one.
_MOST_GROWTH: Final = 1040
#: Blocks are unpacked as a whole. h5py itself makes them of up to 1 MiB.
_LARGEST_BLOCK: Final = 16 << 20


@positional_record
class Array:
    """An array of numbers in a file.

    Attributes:
        place: the names of the groups that it lies in and its own, from the outside.
        shape: of the array.
        element: the name in numpy of its element type.
        address: where in the file its description lies.
        dataset: h5py's object.
    """

    place: tuple[str, ...]
    shape: tuple[int, ...]
    element: str
    address: int
    dataset: Any


@positional_record
class Folder:
    """A group in a file: what lies in it by name, and h5py's object."""

    place: tuple[str, ...]
    entries: dict[str, Entry]
    group: Any

    def folder(self, name: str) -> Folder | None:
        """The group of a name in it."""
        found = self.entries.get(name)
        return found if isinstance(found, Folder) else None

    @property
    def folders(self) -> dict[str, Folder]:
        """All groups in it."""
        return {name: one for name, one in self.entries.items() if isinstance(one, Folder)}

    @property
    def arrays(self) -> dict[str, Array]:
        """All arrays in it."""
        return {name: one for name, one in self.entries.items() if isinstance(one, Array)}

    def all_arrays(self) -> Iterator[Array]:
        """All arrays in it and in its groups."""
        for one in self.entries.values():
            if isinstance(one, Array):
                yield one
            else:
                yield from one.all_arrays()


Entry: TypeAlias = Folder | Array


@final
class Hdf5File:
    """An HDF5 file, all of whose groups and arrays are known and plain.

    Args:
        stream: the open file; it is closed with this object.
        path: as the user wrote it.
        kind: what it is called in messages.
        skipped: groups at the outermost that are not looked into.

    Raises:
        DotnnError: MissingLibrary, DamagedWeightFile or UnsafeHdf5, here and in all methods.
    """

    def __init__(self, stream: IO[bytes], path: Path, kind: str, skipped: frozenset[str]) -> None:
        self._h5py = _library(path)
        self._path, self._kind, self._stream, self._skipped = path, kind, stream, skipped
        self._size = stream.seek(0, 2)
        self._seen: set[int] = set()
        stream.seek(0)
        if stream.read(len(SIGNATURE)) != SIGNATURE:
            raise self.damaged(Hdf5Damage.NO_HDF5())
        with self.reading():
            self._file = self._h5py.File(stream, "r")
        try:
            with self.reading():
                self.root = self._folder(self._file, ())
        except BaseException:
            self._file.close()
            raise

    def close_library(self) -> None:
        """Let h5py give the file back, which stays open."""
        self._file.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._stream.close()

    def damaged(self, reason: Phrase) -> DotnnError:
        """What to raise for a file that is none, or damaged."""
        return DotnnError(DamagedWeightFile(path=str(self._path), kind=self._kind, reason=reason))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What h5py raises in here is a damaged file."""
        try:
            yield
        except _ERRORS as error:
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise self.damaged(Hdf5Damage.HDF5_SAYS(reason=reason)) from error

    def load(self, array: Array) -> np.ndarray:
        """The numbers of an array."""
        with self.reading():
            found = array.dataset[()]
        found = np.asarray(found)
        # What numpy lacks comes as bytes.
        dtype = numpy_dtype(array.element)
        return found.view(dtype) if found.dtype.kind == "V" and found.dtype.itemsize == dtype.itemsize else found

    def text(self, one: Folder | Array, name: str) -> str | None:
        """An attribute that is a text; None where there is none."""
        found = self._attribute(one, name)
        if isinstance(found, bytes):
            found = found.decode("utf-8", "replace")
        return found if isinstance(found, str) else None

    def texts(self, one: Folder, name: str) -> tuple[str, ...] | None:
        """An attribute that is a list of texts, which may lie in several with numbers; None where there is none."""
        found = self._attribute(one, name)
        if found is None:
            pieces = []
            while (piece := self._attribute(one, f"{name}{len(pieces)}")) is not None:
                pieces.append(piece)
            if not pieces:
                return None
            found = np.concatenate([np.atleast_1d(piece) for piece in pieces])
        listed = np.atleast_1d(found).tolist()
        texts = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in listed]
        if not all(isinstance(text, str) for text in texts):
            raise self.damaged(Hdf5Damage.ATTRIBUTE_IS_NO_LIST(name=name))
        return tuple(texts)

    # Looking --------------------------------------------------------------------------------------------------------

    def _attribute(self, one: Folder | Array, name: str) -> Any:
        owner = one.group if isinstance(one, Folder) else one.dataset
        h5a, h5t = self._h5py.h5a, self._h5py.h5t
        with self.reading():
            if not h5a.exists(owner.id, name.encode()):
                return None
            low = h5a.open(owner.id, name.encode())
            # An empty list has no texts in it that would tell its type.
            if 0 in low.shape:
                return np.empty(0, object)
            if math.prod(low.shape) * low.get_type().get_size() > _LONGEST_ATTRIBUTE:
                raise self.damaged(Hdf5Damage.ATTRIBUTE_TOO_LONG(name=name))
            if low.get_type().get_class() != h5t.STRING:
                raise self.damaged(Hdf5Damage.ATTRIBUTE_IS_NO_TEXT(name=name))
            if low.get_type().is_variable_str():
                self._need_short_texts(owner, name, math.prod(low.shape))
            return owner.attrs[name]

    def _need_short_texts(self, owner: Any, name: str, count: int) -> None:
        lengths = text_lengths(self._stream, self._h5py.h5o.get_info(owner.id).addr, name, count)
        if len(lengths) < count or sum(lengths) > min(self._size, _LONGEST_ATTRIBUTE):
            raise self.damaged(Hdf5Damage.ATTRIBUTE_ELSEWHERE(name=name))

    def _folder(self, group: Any, place: tuple[str, ...]) -> Folder:
        if len(place) > _DEEPEST:
            raise self.damaged(Hdf5Damage.GROUPS_TOO_DEEP())
        entries: dict[str, Entry] = {}
        for name in group:
            if len(name) > _LONGEST_NAME:
                raise self.damaged(FileDamage.NAME_TOO_LONG())
            if not place and name in self._skipped:
                continue
            entries[name] = self._entry(group, name, (*place, name))
        return Folder(place, entries, group)

    def _entry(self, group: Any, name: str, place: tuple[str, ...]) -> Entry:
        link = group.get(name, getlink=True)
        if not isinstance(link, self._h5py.HardLink):
            raise self._unsafe(Hdf5Link, place)
        info = self._h5py.h5o.get_info(group.id, name.encode())
        if info.addr in self._seen:
            raise self._unsafe(Hdf5SecondName, place)
        self._seen.add(info.addr)
        if len(self._seen) > _MOST_OBJECTS:
            raise self.damaged(Hdf5Damage.TOO_MANY_OBJECTS(most=_MOST_OBJECTS))
        if info.type == self._h5py.h5o.TYPE_GROUP:
            return self._folder(group[name], place)
        if info.type != self._h5py.h5o.TYPE_DATASET:
            raise self.damaged(Hdf5Damage.NO_GROUP_NO_ARRAY(place="/".join(place)))
        return self._array(group[name], place, info.addr)

    def _array(self, dataset: Any, place: tuple[str, ...], address: int) -> Array:
        low = dataset.id
        plan, shape = low.get_create_plist(), self._shape(low, place)
        self._need_plain(plan, place)
        element, size = self._element(low, dataset, place), low.get_type().get_size()
        nbytes, stored = math.prod(shape) * size, low.get_storage_size()
        # Blocks at the edges are whole ones, so what is not packed is never smaller than its numbers.
        grown = stored * (_MOST_GROWTH if plan.get_nfilters() else 1)
        if nbytes > grown or stored > self._size:
            name, facts = "/".join(place), {"shape": str(list(shape)), "wanted": nbytes, "stored": stored}
            raise self.damaged(Hdf5Damage.FEWER_NUMBERS_THAN_SHAPE(place=name, **facts))
        is_in_blocks = plan.get_layout() == self._h5py.h5d.CHUNKED
        if is_in_blocks and math.prod(plan.get_chunk()) * size > max(_LARGEST_BLOCK, 2 * nbytes):
            raise self.damaged(Hdf5Damage.BLOCKS_TOO_LARGE(place="/".join(place)))
        return Array(place, shape, element, address, dataset)

    def _shape(self, low: Any, place: tuple[str, ...]) -> tuple[int, ...]:
        space, h5s = low.get_space(), self._h5py.h5s
        kind = space.get_simple_extent_type()
        if kind == h5s.SCALAR:
            return ()
        shape = tuple(map(int, space.get_simple_extent_dims())) if kind == h5s.SIMPLE else None
        if shape is None or len(shape) > _MOST_AXES:
            raise self.damaged(Hdf5Damage.NO_USABLE_SHAPE(place="/".join(place)))
        return shape

    def _need_plain(self, plan: Any, place: tuple[str, ...]) -> None:
        """The numbers lie in the file itself, packed by gzip at most."""
        h5d, h5z = self._h5py.h5d, self._h5py.h5z
        if plan.get_layout() == h5d.VIRTUAL:
            raise self._unsafe(Hdf5VirtualDataset, place)
        if plan.get_external_count():
            raise self._unsafe(Hdf5ExternalStorage, place)
        known = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32)
        for index in range(plan.get_nfilters()):
            code = plan.get_filter(index)[0]
            if code not in known:
                raise self._unsafe(Hdf5Filter, place, filter=code)

    def _element(self, low: Any, dataset: Any, place: tuple[str, ...]) -> str:
        """The element type, which must be one of numbers: reading others can follow references."""
        h5t, kind = self._h5py.h5t, low.get_type()
        if kind.get_class() == h5t.OPAQUE:
            return self._opaque(low, dataset, place)
        if kind.get_class() not in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM) and not _is_complex(kind, h5t):
            raise self.damaged(Hdf5Damage.HOLDS_NO_NUMBERS(place="/".join(place)))
        dtype = dataset.dtype
        if dtype.kind not in "biufc":
            raise self.damaged(Hdf5Damage.HOLDS_NO_NUMBERS(place="/".join(place)))
        return dtype.newbyteorder("=").name

    def _opaque(self, low: Any, dataset: Any, place: tuple[str, ...]) -> str:
        """Keras says of bfloat16 in an attribute that it is; HDF5 knows no such type."""
        size = low.get_type().get_size()
        declared = self.text(Array(place, (), "", 0, dataset), "dtype")
        if size == 2 and declared == "bfloat16":
            return declared
        raise self.damaged(Hdf5Damage.HOLDS_NO_NUMBERS(place="/".join(place)))

    def _unsafe(self, kind: type[UnsafeHdf5], place: tuple[str, ...], **facts: Any) -> DotnnError:
        return DotnnError(kind(path=str(self._path), place="/".join(place), **facts))


def _is_complex(kind: Any, h5t: ModuleType) -> bool:
    return kind.get_class() == h5t.COMPOUND and kind.get_nmembers() == 2 and kind.get_size() in (8, 16)


def _library(path: Path) -> ModuleType:
    try:
        import h5py
    except ImportError:
        raise DotnnError(MissingLibrary(path=str(path), library="h5py", extra="keras")) from None
    return h5py
