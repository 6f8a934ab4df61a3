"""Activations made of straight lines between bounds: ``relu6 clip hard_sigmoid hard_swish``, and ``prelu``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from .. import initializers
from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.activations import BoundsChangedPlaces
from ..graph.tensors import Initializer
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from ..written import number_text
from .activations import Elementwise
from .attributes import HIGHEST_RANK, Flag, InitializerKind, Real, attribute
from .base import Difference, KerasTensor, Operand, Sample, Site, WeightSpec
from .channels import need_channels, need_channels_first
from .shape_rules import known, need_element, need_float, need_number, need_rank
from .smooth_activations import Gated
from .weight_attributes import Weighted

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

_INPUTS = {"x": "float32[N, C, H]"}


def _clipped(b: Builder, x: Tensor, low: float, high: float) -> Tensor:
    """``Clip``; for float64 two choices, since onnxruntime 1.32 fails to draw a ``Relu`` before it into one operator.

    Choices, because its ``Max`` and ``Min`` lose what is no number.
    """
    least, greatest = b.constant(low, x.dtype), b.constant(high, x.dtype)
    if x.dtype is not DType.FLOAT64:
        return b.op(ops.Clip(), x, least, greatest)
    raised = b.op(ops.Where(), b.op(ops.Less(), x, least), least, x)
    return b.op(ops.Where(), b.op(ops.Greater(), raised, greatest), greatest, raised)


@final
@record
class Relu6(Elementwise):
    """A ReLU that stays below 6, the activation of MobileNet. Shape as the input's."""

    kind: ClassVar[str] = "relu6"
    formula: ClassVar[str] = "y = min(max(x, 0), 6)"
    source: ClassVar[str] = "Krizhevsky, Convolutional Deep Belief Networks on CIFAR-10 (2010)"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("relu6", _INPUTS),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``min(max(x, 0), 6)``."""
        return np.minimum(np.maximum(x, 0), 6)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Clip``."""
        return _clipped(b, x, 0, 6)


@final
@record
class Clip(Elementwise):
    """Raises what is below `low` to it, and lowers what is above `high` to that. Shape as the input's.

    Both bounds are written; of a tensor of ints they are whole numbers. `clip(low=-1, high=1)` is PyTorch's
    `Hardtanh`.
    """

    kind: ClassVar[str] = "clip"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "numbers of any shape"),)
    formula: ClassVar[str] = "y = min(max(x, low), high)"
    foreign_names: ClassVar[tuple[str, ...]] = ("clamp", "clipbyvalue")
    source: ClassVar[str] = "numpy.clip; ONNX Clip"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("clip(low=-0.5, high=0.75)", _INPUTS),
        Sample("clip(low=1, high=3)", {"x": "int64[N, T]"}),
    )

    low: float = attribute(Real(), doc="The least number that stays.")
    high: float = attribute(Real(), doc="The greatest number that stays, at least `low`.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand, whose elements hold both bounds."""
        need_number(site, 0, x)
        for name, bound in (("low", self.low), ("high", self.high)):
            need_element(site, name, bound, x)
        if self.low > self.high:
            span, low, high = site.argument("low"), number_text(self.low), number_text(self.high)
            high_span = site.argument("high")
            raise DotnnError(BoundsChangedPlaces(span=span, kind=site.kind, low=low, high=high, high_span=high_span))
        return x

    def of(self, x: np.ndarray) -> np.ndarray:
        """``min(max(x, low), high)``."""
        return np.clip(x, *(np.asarray(bound).astype(x.dtype) for bound in (self.low, self.high)))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Clip``."""
        return _clipped(b, x, self.low, self.high)


# --- straight lines instead of a sigmoid ------------------------------------------------------------------------------


@final
@record
class HardSigmoid(Elementwise):
    """A sigmoid of three straight lines: 0 up to -3, 1 from 3 on. Shape as the input's.

    Its slope is 1/6, as in PyTorch and in Keras from version 3 on; before, and by default in ONNX, it was 0.2.
    """

    kind: ClassVar[str] = "hard_sigmoid"
    formula: ClassVar[str] = "y = min(max(x + 3, 0), 6) / 6"
    source: ClassVar[str] = "Howard and others, Searching for MobileNetV3 (2019), section 5.2"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("hard_sigmoid", _INPUTS),)

    def of(self, x: np.ndarray) -> np.ndarray:
        """``min(max(x + 3, 0), 6) / 6``."""
        return np.clip(x + 3, 0, 6) / 6

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``HardSigmoid``; for float64, in which its attributes are not exact, the formula."""
        if x.dtype is not DType.FLOAT64:
            return b.op(ops.HardSigmoid(alpha=1 / 6, beta=0.5), x)
        clipped = _clipped(b, b.op(ops.Add(), x, b.constant(3, x.dtype)), 0, 6)
        return b.op(ops.Div(), clipped, b.constant(6, x.dtype))


@final
@record
class HardSwish(Gated):
    """The number times its hard sigmoid, the activation of MobileNetV3. Shape as the input's."""

    kind: ClassVar[str] = "hard_swish"
    formula: ClassVar[str] = "y = x * min(max(x + 3, 0), 6) / 6"
    foreign_names: ClassVar[tuple[str, ...]] = ("hardsilu",)
    source: ClassVar[str] = "Howard and others, Searching for MobileNetV3 (2019), section 5.2"
    samples: ClassVar[tuple[Sample, ...]] = (Sample("hard_swish", _INPUTS),)

    def gate(self, x: np.ndarray) -> np.ndarray:
        """The hard sigmoid."""
        return HardSigmoid().of(x)

    def lower_gate(self, b: Builder, x: Tensor) -> Tensor:
        """Its operators."""
        return HardSigmoid().lower(b, x)


# --- a learned slope --------------------------------------------------------------------------------------------------


@final
@record
class Prelu(Weighted):
    """A ReLU that lets negative numbers through with a learned slope. Shape as the input's.

    There is one slope for all elements, or, with `per_channel=true`, one for every channel, axis 1. It starts
    at 0.25, as in PyTorch. Keras starts at 0 and has a slope for every element unless `shared_axes` says
    otherwise: `per_channel=true` is its layer with all axes but the channels shared.
    """

    kind: ClassVar[str] = "prelu"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("x", "any shape, of floating point elements; `[N, C, *spatial]` or `[N, C]` with a slope per channel"),
    )
    formula: ClassVar[str] = "y = x where x >= 0, else weight * x"
    foreign_names: ClassVar[tuple[str, ...]] = ("parametricrelu",)
    source: ClassVar[str] = "He, Zhang, Ren and Sun, Delving Deep into Rectifiers (2015)"
    literal_weights: ClassVar[tuple[str, ...]] = ("weight",)
    default_init: ClassVar[Initializer] = initializers.Constant(value=0.25)
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("prelu", {"x": "float32[N, C, H]"}),
        Sample("prelu(per_channel=true)", {"x": "float32[N, 3, H, W]"}),
        Sample("prelu(per_channel=true, weight=[0.5, -1.0, 2.0])", {"x": "float32[N, 3]"}),
        Sample("prelu(init=uniform(low=0.0, high=0.5))", {"x": "float32[2, 3, 4, 5]"}),
    )

    per_channel: bool = attribute(Flag(), False, doc="Whether each channel has a slope of its own.")
    init: Initializer | None = attribute(InitializerKind(), None, doc="How the slopes start.", shown="constant(0.25)")

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes; there is no bias that ``bias_init`` could start."""
        return tuple(one for one in super().attributes() if one.name != "bias_init")

    @classmethod
    def attribute_for(cls, difference: Difference) -> str:
        """Nothing: it has its slopes whatever is written."""
        return ""

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_float(site, 0, x)
        if self.per_channel:
            need_rank(site, 0, x, 2, HIGHEST_RANK, "[N, C, *spatial] or [N, C]")
            need_channels_first(site, x)
            need_channels(site, x)
        return x

    def specs(self, x: TensorType) -> Iterable[WeightSpec]:
        """``weight`` of ``[1]``, or ``[C]`` with ``per_channel=true``."""
        spec = self.weight_spec((known(x.shape[1]) if self.per_channel else 1,))
        # Keras has it with axes of size 1 for those that share it, channels last and without the batch.
        shape = (*(1,) * (x.rank - 2), *spec.shape)
        return (dataclasses.replace(spec, keras=(KerasTensor("alpha", shape, tuple(range(len(shape)))),)),)

    def keras_weight(self, shape: tuple[int, ...]) -> KerasTensor:
        """``alpha``, as of a matrix."""
        return KerasTensor("alpha", shape, (0,))

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """How many slopes."""
        return str(specs[0].elements)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """``x`` or ``weight * x``, the weight along axis 1."""
        shape = (-1, *(1,) * (x.ndim - 2)) if self.per_channel else ()
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(x >= 0, x, x * weights["weight"].reshape(shape))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``PRelu``; for float64, which onnxruntime lacks it for, a choice between ``x`` and ``weight * x``.

        Slopes broadcast from the last axis, so that those of channels get an axis for each of the spatial ones.
        """
        slope = b.weight("weight")
        shape = (known(x.shape[1]), *(1,) * (x.rank - 2)) if self.per_channel else (1,) * min(x.rank, 1)
        if shape != slope.shape:
            slope = b.op(ops.Reshape(), slope, b.ints(*shape), name=b.weight_name("weight", "reshaped"))
        if x.dtype is not DType.FLOAT64:
            return b.op(ops.PRelu(), x, slope)
        positive = b.op(ops.GreaterOrEqual(), x, b.constant(0, x.dtype))
        return b.op(ops.Where(), positive, x, b.op(ops.Mul(), x, slope))
