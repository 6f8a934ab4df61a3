"""The formats of weight files. Each is one module, which is loaded when such a file is read or written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeAlias

from ..records import positional_record

if TYPE_CHECKING:
    import numpy as np

    from ..graph.tensors import Weight
    from .weight_file import WeightFile

Writer: TypeAlias = Callable[
    [Callable[[bytes | memoryview], None], "Iterable[Weight]", "Callable[[Weight], np.ndarray]"], None
]
"""Takes a function for the file's bytes, piece by piece, the weights, and a function that gives their values."""


@positional_record
class _Listed:
    """A format as it is known before its module is loaded: that says the rest in its ``FORMAT``."""

    module: str
    endings: tuple[str, ...]
    written: bool = False


#: All formats, in the order in which they are offered.
_LISTED: Final = (
    _Listed("safetensors_file", (".safetensors",), written=True),
    _Listed("safetensors_index", (".safetensors.index.json",)),
    _Listed("npz_file", (".npz",), written=True),
    _Listed("onnx_file", (".onnx",)),
    _Listed("keras_archive", (".keras",)),
    _Listed("keras_hdf5", (".weights.h5", ".h5", ".hdf5")),
    _Listed("torch_file", (".pt", ".pth", ".bin"), written=True),
    _Listed("torch_index", (".bin.index.json",)),
)
#: The modules by the endings of files.
_MODULES: Final = {ending: listed.module for listed in _LISTED for ending in listed.endings}


def _words(endings: Iterable[str]) -> str:
    *others, last = endings
    return f"{', '.join(others)} or {last}"


#: The endings of files that are read, and of those that are written, as words: ".safetensors, .npz or .pt".
ENDINGS: Final = _words(_MODULES)
WRITTEN_ENDINGS: Final = _words(ending for listed in _LISTED if listed.written for ending in listed.endings)


@positional_record
class WeightFormat:
    """How weights are kept in a file.

    Attributes:
        suffix: the ending of the names of its files.
        kind: what such a file is called in messages.
        open: reads the layout of an open file; the tensors are read when they are asked for.
        write: writes weights, the same bytes for the same ones; None where files of this format are only read.
        unwritable: names that it cannot give a tensor.
        keeps_stream: whether tensors are read from the file that ``open`` is given, and what it returns closes it.
        recognize: whether an open file, whatever its name, looks like one of this format.
    """

    suffix: str
    kind: str
    open: Callable[[IO[bytes], Path], WeightFile]
    write: Writer | None = None
    unwritable: frozenset[str] = frozenset()
    keeps_stream: bool = False
    recognize: Callable[[IO[bytes]], bool] = lambda _: False


def ending_of(path: Path) -> str | None:
    """The longest ending of a file's name that is one of a format; None where there is none."""
    name = path.name.lower()
    fitting = (ending for ending in _MODULES if name.endswith(ending) and name != ending)
    return max(fitting, key=len, default=None)


def format_of(path: Path) -> WeightFormat | None:
    """The format of the files that are named so; None where there is none."""
    ending = ending_of(path)
    return None if ending is None else _load(_MODULES[ending])


def all_formats() -> Iterator[WeightFormat]:
    """All formats, each loaded when it is its turn."""
    for listed in _LISTED:
        yield _load(listed.module)


def _load(module: str) -> WeightFormat:
    return import_module(f".{module}", __package__).FORMAT
