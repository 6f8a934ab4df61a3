"""What every open weight file is, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from ..diagnostics.phrases import Phrase
from ..reprs import quantity, quoted, short_repr

if TYPE_CHECKING:
    import numpy as np

    from .keras_model import KerasModel


class WeightFile(ABC):
    """The tensors of an open file, or what a caller in Python gives in place of one; a block closes it.

    Attributes:
        path: as the user wrote it; for what is no file, what to call it in messages.
        holder: what it is in messages.
        keras: the layers that its tensors belong to, where it is of Keras.
        unusable: why entries cannot be weights, by their names.
    """

    path: str
    holder: ClassVar[str] = "file"
    keras: KerasModel | None = None
    unusable: Mapping[str, Phrase] = {}

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The names of the tensors, in the order of the file."""

    @abstractmethod
    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""

    @abstractmethod
    def element_type(self, name: str) -> str:
        """The name in numpy of a tensor's element type, such as ``float32``."""

    @abstractmethod
    def load(self, name: str) -> np.ndarray:
        """The values of a tensor, which must not be changed; raises DotnnError where it cannot be read."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The paths of further files that hold its numbers."""
        return ()

    @abstractmethod
    def close(self) -> None:
        """Give the file back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        path = (quoted(self.path),) if self.holder == "file" else ()
        return short_repr(self, *path, quantity(len(self.names), "tensor"))
