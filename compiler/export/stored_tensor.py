"""The tensors that a model stores: its initializers, before they have values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..graph.graph import Value
from ..graph.types import DType


@dataclass(frozen=True, slots=True, eq=False)
class StoredTensor:
    """An initializer: its name and type, and of which value of the graph it has the numbers."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    value: Value
    doc: str = ""

    @property
    def nbytes(self) -> int:
        """Bytes of its values."""
        return math.prod(self.shape) * self.dtype.size
