"""The operator of our own: symbolic dimensions as a tensor."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, final

from ..dims import Dim, evaluate
from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .base import INT64, Content, Operand, Operator, Result, Shape
from .shape_rules import numbers


@final
@record
class Dims(Operator):
    """The dimensions as an int64 tensor ``[k]``.

    It stands for the arithmetic on the shapes of inputs that computes them, and is read by ``Reshape``, ``Expand``,
    ``Slice``, ``Split`` and ``Pad`` while types are inferred. No file has it.
    """

    kind: ClassVar[str] = "Dims"
    domain: ClassVar[str] = "dotnn"
    operands: ClassVar[tuple[Operand, ...]] = ()
    results: ClassVar[tuple[Result, ...]] = (Result("shape", "I"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"I": INT64}
    source: ClassVar[str] = "dotnn; TensorFlow tf.shape, without a tensor to ask"

    dims: tuple[Dim, ...]

    def bind(self, sizes: Mapping[str, int]) -> Dims:
        """The dimensions in numbers."""
        return dataclasses.replace(self, dims=tuple(evaluate(dim, sizes) for dim in self.dims))

    def shapes(self) -> tuple[Shape, ...]:
        """How many dimensions there are."""
        return ((len(self.dims),),)

    def content(self) -> Content:
        """The dimensions."""
        return self.dims

    def compute(self) -> tuple[Any, ...]:
        """The dimensions, to which ``bind`` must have given numbers."""
        return (np.array(numbers(self.dims, "an array"), dtype="int64"),)
