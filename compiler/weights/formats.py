"""The formats of weight files. Each is one module, which is loaded when such a file is read or written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from ..records import positional_record

if TYPE_CHECKING:
    import numpy as np

    from ..graph.tensors import Weight
    from .readers import WeightFile

#: The modules by the endings of files, in the order in which they are offered; each has a ``FORMAT``.
_MODULES: Final = {".safetensors": "safetensors_file", ".npz": "npz_file"}

#: The endings, as words: "`.safetensors` or `.npz`" without the quotes.
ENDINGS: Final = " or ".join(_MODULES)


@positional_record
class WeightFormat:
    """How weights are kept in a file.

    Attributes:
        suffix: the ending of the names of its files.
        kind: what such a file is called in messages.
        open: reads the layout of an open file; the tensors are read when they are asked for.
        write: writes weights, with a function that takes the file's bytes piece by piece and one that gives the values
            of a weight; the same bytes for the same weights.
        unwritable: names that it cannot give a tensor.
        keeps_stream: whether tensors are read from the file that ``open`` is given, and what it returns closes it.
    """

    suffix: str
    kind: str
    open: Callable[[IO[bytes], Path], WeightFile]
    write: Callable[[Callable[[bytes | memoryview], None], Iterable[Weight], Callable[[Weight], np.ndarray]], None]
    unwritable: frozenset[str] = frozenset()
    keeps_stream: bool = False


def format_of(path: Path) -> WeightFormat | None:
    """The format of the files that are named so; None where there is none."""
    module = _MODULES.get(path.suffix.lower())
    return None if module is None else import_module(f".{module}", __package__).FORMAT
