"""What every open weight file is, whatever its format."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from .values import WeightSource


class WeightFile(WeightSource, AbstractContextManager["WeightFile"], Protocol):
    """The tensors of an open file; as a context manager, it closes the file.

    A file of Keras has a further attribute, ``keras``: a `KerasModel`.
    """

    @property
    def path(self) -> str:
        """The file's path, as the user wrote it."""
        ...

    def element_type(self, name: str) -> str:
        """The name in numpy of a tensor's element type, such as ``float32``."""
        ...

    def close(self) -> None:
        """Give the file back."""
        ...
