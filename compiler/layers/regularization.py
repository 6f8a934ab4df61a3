"""Layers that do something while training only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from ..graph.types import DType, TensorType
from ..records import record
from .attributes import Real, attribute
from .base import MOVED_ON_CPU, Emitter, Layer, Operand, Sample, Site
from .rules import need_float, required

if TYPE_CHECKING:
    import numpy as np


@final
@record
class Dropout(Layer):
    """Sets a random part of the elements to 0 while training and scales the others up; the identity
    otherwise.

    Built and run, it does nothing, and an optimized model does not hold it. The rate is the part that is set
    to 0, as in PyTorch, Keras and ONNX. Shape as the input's.
    """

    kind: ClassVar[str] = "dropout"
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "any shape, of floating point elements"),)
    formula: ClassVar[str] = "y = x (training: x * m / (1 - rate), m = 0 with probability rate, else 1)"
    source: ClassVar[str] = (
        "Srivastava and others, Dropout: A Simple Way to Prevent Neural Networks from Overfitting (2014)"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("dropout(0.5)", {"x": "float32[N, 6]"}, ({"N": 1}, {"N": 2}, {"N": 4})),
        Sample("dropout(rate=0.0)", {"x": "float32[2, 3, 4]"}),
    )

    rate: float = attribute(
        Real(0.0, 1.0, below=True), doc="The probability of an element to become 0.", positional=True
    )

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The type of the operand."""
        x = required(operands, 0)
        need_float(site, 0, x)
        return (x,)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The operand itself."""
        import numpy as np

        return (np.asarray(operands[0]),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Identity``."""
        return (e.op("Identity", e.operands[0]),)
