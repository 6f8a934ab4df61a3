"""Weight files: opened by the ending of their names, read one tensor at a time, and never unpickled."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Final, Protocol

from ..diagnostics import DotnnError
from ..diagnostics.suggest import near_names
from ..diagnostics.weights import DamagedWeightFile, WeightFileUnreadable, WeightFormatNotRead
from .npz_file import NpzFile
from .safetensors_file import SafetensorsFile
from .values import WeightSource


class WeightFile(WeightSource, AbstractContextManager["WeightFile"], Protocol):
    """The tensors of an open file; as a context manager, it closes the file."""

    @property
    def path(self) -> str:
        """The file's path, as the user wrote it."""
        ...

    def element_type(self, name: str) -> str:
        """numpy's name of a tensor's element type, such as ``float32``."""
        ...

    def close(self) -> None:
        """Give the file back."""
        ...
