"""Layers that do something while training only."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..graph.types import DType
from ..records import record
from .activations import Elementwise
from .attributes import Real, attribute
from .base import MOVED_ON_CPU, Sample

if TYPE_CHECKING:
    import numpy as np

    from ..operators.building import Builder, Tensor


@final
@record
class Dropout(Elementwise):
    """Sets a random part of the elements to 0 while training and scales the others up; the identity
    otherwise.

    Built and run, it does nothing, and an optimized model does not hold it. The rate is the part that is set
    to 0, as in PyTorch, Keras and ONNX. Shape as the input's.
    """

    kind: ClassVar[str] = "dropout"
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    formula: ClassVar[str] = "y = x (training: x * m / (1 - rate), m = 0 with probability rate, else 1)"
    source: ClassVar[str] = (
        "Srivastava and others, Dropout: A Simple Way to Prevent Neural Networks from Overfitting (2014)"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("dropout(0.5)", {"x": "float32[N, 6]"}),
        Sample("dropout(rate=0.0)", {"x": "float32[2, 3, 4]"}),
    )

    rate: float = attribute(
        Real(0.0, 1.0, below=True), doc="The probability of an element to become 0.", positional=True
    )

    def of(self, x: np.ndarray) -> np.ndarray:
        """The operand itself."""
        return x

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Identity``, which it is in inference, the only purpose that there is."""
        return b.op(ops.Identity(), x)
