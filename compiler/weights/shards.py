"""Weights in several files, with an index that says which tensor is in which of them.

Format: Hugging Face's ``model.safetensors.index.json`` and ``pytorch_model.bin.index.json``, an object with a
``weight_map`` from the names of tensors to those of files beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, final

import numpy as np

from ..diagnostics import DotnnError
from ..diagnostics.damage import FileDamage, SafetensorsDamage
from ..diagnostics.phrases import Phrase
from ..diagnostics.weight_formats import ShardsDoNotFit
from ..diagnostics.weights import DamagedWeightFile, WeightFileUnreadable
from ..regular_files import read_bounded, why_not
from .bounded_json import LONGEST, BadJson, parse_json
from .formats import WeightFormat
from .readers import head_of, open_stream
from .shard_names import shard_of
from .sibling_files import beside
from .weight_file import WeightFile

#: Every file that is open takes one of the system's handles, of which a process mostly has 1,024.
_MOST_FILES = 512
_KIND = "index of weights in several files"


@final
class ShardedFile(WeightFile):
    """The tensors of several files, under one roof.

    Args:
        stream: the open index, which may be closed afterwards.
        path: of the index, as the user wrote it.
        shards: the format of the files that it names.

    Raises:
        DotnnError: the index or a file is damaged, or they do not fit each other.
    """

    def __init__(self, stream: IO[bytes], path: Path, shards: WeightFormat) -> None:
        self.path = str(path)
        wanted = self._read_index(stream)
        with ExitStack() as opened:
            files = self._open_all(path, tuple(dict.fromkeys(wanted.values())), shards, opened)
            faults = (*_unnamed_parts(files), *_misplaced(wanted, files))
            if faults:
                raise DotnnError(ShardsDoNotFit(path=self.path, faults=faults))
            self._files = {name: files[shard] for name, shard in wanted.items()}
            self._opened = opened.pop_all()

    @property
    def parts(self) -> tuple[str, ...]:
        """The paths of the files."""
        return tuple(dict.fromkeys(file.path for file in self._files.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tensors, in the order of the index."""
        return tuple(self._files)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return self._files[name].shape(name)

    def element_type(self, name: str) -> str:
        """The name in numpy of a tensor's element type."""
        return self._files[name].element_type(name)

    def load(self, name: str) -> np.ndarray:
        """A tensor, as the reader of its file gives it."""
        return self._files[name].load(name)

    def close(self) -> None:
        """Give all files back."""
        self._opened.close()

    def _read_index(self, stream: IO[bytes]) -> dict[str, str]:
        """In which file each tensor is."""
        stream.seek(0)
        try:
            index = parse_json(read_bounded(stream, LONGEST))  # pyright: ignore[reportArgumentType]
        except BadJson as error:
            raise self._damaged(FileDamage.WHOLE_IS_BAD(fault=str(error))) from error
        places = index.get("weight_map") if isinstance(index, dict) else None
        if not isinstance(places, dict) or not all(isinstance(place, str) for place in places.values()):
            raise self._damaged(SafetensorsDamage.NO_WEIGHT_MAP())
        if len(set(places.values())) > _MOST_FILES:
            raise self._damaged(SafetensorsDamage.TOO_MANY_FILES(found=len(set(places.values())), most=_MOST_FILES))
        return places

    def _open_all(
        self, path: Path, names: tuple[str, ...], shards: WeightFormat, opened: ExitStack
    ) -> dict[str, WeightFile]:
        places = {name: beside(path, name) for name in names}
        missing = tuple(name for name, place in places.items() if not os.path.exists(place))
        if missing:
            faults = tuple(SafetensorsDamage.SHARD_MISSING(shard=name) for name in missing)
            raise DotnnError(ShardsDoNotFit(path=self.path, faults=faults))
        return {name: opened.enter_context(_open(place, shards)) for name, place in places.items()}

    def _damaged(self, reason: Phrase) -> DotnnError:
        return DotnnError(DamagedWeightFile(path=self.path, kind=_KIND, reason=reason))


def _open(path: Path, shards: WeightFormat) -> WeightFile:
    try:
        with ExitStack() as opened:
            file = shards.open(opened.enter_context(open_stream(path)), path)
            if shards.keeps_stream:
                opened.pop_all()
            return file
    except OSError as error:
        raise DotnnError(WeightFileUnreadable(path=str(path), reason=why_not(error))) from error


def _unnamed_parts(names: Iterable[str]) -> Iterator[Phrase]:
    """What is to be said where files say that there are more of them than the index names."""
    numbers: dict[tuple[Path, int], set[int]] = {}
    for name in names:
        shard = shard_of(Path(name))
        if shard is not None:
            numbers.setdefault((shard.index, shard.total), set()).add(shard.number)
    for (_, total), found in numbers.items():
        if len(found) < total:
            yield SafetensorsDamage.SHARDS_UNNAMED(total=total, named=len(found))


def _misplaced(wanted: dict[str, str], files: dict[str, WeightFile]) -> Iterator[Phrase]:
    """The tensors that are not where the index says, and those of which it says nothing."""
    held = {shard: frozenset(file.names) for shard, file in files.items()}
    for name, shard in wanted.items():
        if name not in held[shard]:
            other = next((other for other, names in held.items() if name in names), None)
            missing = SafetensorsDamage.TENSOR_MISSING(name=name, shard=shard)
            yield missing if other is None else SafetensorsDamage.TENSOR_ELSEWHERE(name=name, shard=shard, other=other)
    for shard, file in files.items():
        for name in file.names:
            if name not in wanted:
                yield SafetensorsDamage.TENSOR_UNNAMED(name=name, shard=shard)
            elif wanted[name] != shard and name in held[wanted[name]]:
                yield SafetensorsDamage.TENSOR_IN_TWO_FILES(name=name, shard=shard, other=wanted[name])


def index_format(suffix: str, shards: WeightFormat) -> WeightFormat:
    """The format of the index of files of another format."""

    def opened(stream: IO[bytes], path: Path) -> ShardedFile:
        return ShardedFile(stream, path, shards)

    return WeightFormat(suffix, _KIND, opened, recognize=_names_files(shards.suffix))


def _names_files(ending: str) -> Callable[[IO[bytes]], bool]:
    def recognize(stream: IO[bytes]) -> bool:
        head = head_of(stream, 1 << 16)
        return head.lstrip()[:1] == b"{" and b'"weight_map"' in head and f'{ending}"'.encode() in head

    return recognize
