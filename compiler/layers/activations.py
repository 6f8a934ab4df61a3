"""Activations: functions of one tensor that keep its shape and have no weights."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from ..graph.types import DType, TensorType
from ..records import record
from .attributes import Integer, Real, attribute
from .base import Emitter, Layer, Operand, Sample, Site
from .reach import Reach, aligned
from .rules import axis_or_last, need_float, required

if TYPE_CHECKING:
    import numpy as np

_OPERANDS = (Operand("x", "any shape, of floating point elements"),)
_SIZES = ({"N": 1, "C": 3, "H": 2}, {"N": 2, "C": 1, "H": 5}, {"N": 3, "C": 4, "H": 1})
_INPUTS = {"x": "float32[N, C, H]"}


@record
class Elementwise(Layer, ABC):
    """Base of functions that act on every element by itself."""

    operands: ClassVar[tuple[Operand, ...]] = _OPERANDS

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The type of the operand."""
        x = required(operands, 0)
        need_float(site, 0, x)
        return (x,)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The function of every element."""
        import numpy as np

        x = np.asarray(operands[0])
        return (np.asarray(self.of(x), dtype=x.dtype),)

    @abstractmethod
    def of(self, x: np.ndarray) -> np.ndarray:
        """The function of every element of an array."""


@final
@record
class Relu(Elementwise):
    """The rectified linear unit: negative numbers become 0. Shape as the input's."""

    kind: ClassVar[str] = "relu"
    formula: ClassVar[str] = "y = max(x, 0)"
    source: ClassVar[str] = "Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines (2010)"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("relu", _INPUTS, _SIZES),
        Sample("relu", {"x": "float32[2, 3, 4, 5]"}),
    )

    def of(self, x: np.ndarray) -> np.ndarray:
        """``max(x, 0)``."""
        import numpy as np

        return np.maximum(x, 0)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Relu``."""
        return (e.op("Relu", e.operands[0]),)


@final
@record
class LeakyRelu(Elementwise):
    """A ReLU that lets a little of negative numbers through. Shape as the input's.

    The slope is 0.01 as in PyTorch and ONNX. Keras's layer has 0.3, its function 0.2, and darknet 0.1.
    """

    kind: ClassVar[str] = "leaky_relu"
    formula: ClassVar[str] = "y = x where x >= 0, else slope * x"
    source: ClassVar[str] = (
        "Maas, Hannun and Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013)"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("leaky_relu", _INPUTS, _SIZES),
        Sample("leaky_relu(slope=0.2)", _INPUTS, _SIZES),
    )

    slope: float = attribute(Real(), 0.01, doc="Factor of negative numbers.")

    def of(self, x: np.ndarray) -> np.ndarray:
        """``x`` or ``slope * x``."""
        import numpy as np

        return np.where(x >= 0, x, x * self.slope)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``LeakyRelu``; for float64, which onnxruntime lacks it for, a choice between ``x`` and ``slope * x``."""
        x, dtype = e.operands[0], required(e.operand_types, 0).dtype
        if dtype is not DType.FLOAT64:
            return (e.op("LeakyRelu", x, alpha=self.slope),)
        scaled = e.op("Mul", x, e.constant(self.slope, dtype))
        return (e.op("Where", e.op("GreaterOrEqual", x, e.constant(0, dtype)), x, scaled),)


@final
@record
class Sigmoid(Elementwise):
    """The logistic function, which maps every number between 0 and 1. Shape as the input's."""

    kind: ClassVar[str] = "sigmoid"
    formula: ClassVar[str] = "y = 1 / (1 + exp(-x))"
    source: ClassVar[str] = "ONNX Sigmoid; PyTorch Sigmoid"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("sigmoid", _INPUTS, _SIZES),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``1 / (1 + exp(-x))`` in a form that does not overflow."""
        import numpy as np

        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1, small) / (1 + small)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Sigmoid``."""
        return (e.op("Sigmoid", e.operands[0]),)


@final
@record
class Tanh(Elementwise):
    """The hyperbolic tangent, which maps every number between -1 and 1. Shape as the input's."""

    kind: ClassVar[str] = "tanh"
    formula: ClassVar[str] = "y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))"
    source: ClassVar[str] = "ONNX Tanh; PyTorch Tanh"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("tanh", _INPUTS, _SIZES),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``tanh(x)``."""
        import numpy as np

        return np.tanh(x)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Tanh``."""
        return (e.op("Tanh", e.operands[0]),)


@final
@record
class Step(Elementwise):
    """The threshold of the first neurons: 1 from 0 on, 0 below. Shape as the input's.

    `step(0)` is 1. Its derivative is 0 everywhere, so nothing before it learns by gradients.
    """

    kind: ClassVar[str] = "step"
    formula: ClassVar[str] = "y = 1 where x >= 0, else 0"
    source: ClassVar[str] = "McCulloch and Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity (1943)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("step", _INPUTS, _SIZES),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """Whether each element is at least 0, as a number."""
        return (x >= 0).astype(x.dtype)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``GreaterOrEqual`` with 0, and a choice between two constants."""
        dtype = required(e.operand_types, 0).dtype
        one, zero = e.constant(1, dtype), e.constant(0, dtype)
        return (e.op("Where", e.op("GreaterOrEqual", e.operands[0], zero), one, zero),)


@record
class _AlongAxis(Layer, ABC):
    """Base of softmax and its logarithm."""

    operands: ClassVar[tuple[Operand, ...]] = _OPERANDS
    op_type: ClassVar[str]

    axis: int | None = attribute(
        Integer(), None, doc="The axis that is normalized; it must be written from rank 4 on.", shown="-1"
    )

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The type of the operand."""
        x = required(operands, 0)
        need_float(site, 0, x)
        axis_or_last(site, self.axis, x)
        return (x,)

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """The whole axis at every position of the others."""
        x = required(operands, 0)
        axis = (-1 if self.axis is None else self.axis) % x.rank
        return aligned(x.shape, x.shape, whole=(axis,))

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """The operator of that name."""
        return (e.op(self.op_type, e.operands[0], axis=-1 if self.axis is None else self.axis),)

    def _shifted(self, operands: Sequence[np.ndarray | None]) -> tuple[np.ndarray, int]:
        """The operand less its greatest element along the axis, so that no power overflows; and the axis."""
        import numpy as np

        x = np.asarray(operands[0])
        axis = -1 if self.axis is None else self.axis
        return x - x.max(axis=axis, keepdims=True), axis


@final
@record
class Softmax(_AlongAxis):
    """Turns scores into probabilities: positive numbers that add up to 1 along the axis. Shape as the
    input's.

    The axis is the last one. Of an image `[N, C, H, W]` it must be written, and `axis=1` is meant: a choice
    among channels at every pixel.
    """

    kind: ClassVar[str] = "softmax"
    op_type: ClassVar[str] = "Softmax"
    formula: ClassVar[str] = "y = exp(x) / sum(exp(x))"
    source: ClassVar[str] = "ONNX Softmax (13 and later); PyTorch Softmax"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("softmax", {"x": "float32[N, 10]"}, ({"N": 1}, {"N": 2}, {"N": 5})),
        Sample("softmax(axis=1)", _INPUTS, _SIZES),
        Sample("softmax", _INPUTS, _SIZES),
        Sample("softmax(axis=-3)", {"x": "float32[2, 3, 4, 5]"}),
    )

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The powers over their sum."""
        import numpy as np

        shifted, axis = self._shifted(operands)
        powers = np.exp(shifted)
        return (powers / powers.sum(axis=axis, keepdims=True),)


@final
@record
class LogSoftmax(_AlongAxis):
    """The logarithm of softmax, computed without its rounding errors. Shape as the input's.

    The axis is chosen as for `softmax`.
    """

    kind: ClassVar[str] = "log_softmax"
    op_type: ClassVar[str] = "LogSoftmax"
    formula: ClassVar[str] = "y = x - log(sum(exp(x)))"
    source: ClassVar[str] = "ONNX LogSoftmax (13 and later); PyTorch LogSoftmax"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("log_softmax", {"x": "float32[N, 10]"}, ({"N": 1}, {"N": 2}, {"N": 5})),
        Sample("log_softmax(axis=1)", _INPUTS, _SIZES),
        Sample("log_softmax(axis=1)", {"x": "float32[2, 3, 4, 5]"}),
    )

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The logarithm of softmax."""
        import numpy as np

        shifted, axis = self._shifted(operands)
        return (shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)),)
