"""Layers that bring features to a common scale: ``batch_norm`` and ``local_response_norm``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from ..graph.dims import DimExpr
from ..graph.tensors import Fan, Initializer, Role
from ..graph.types import DType, TensorType
from ..records import record
from ..weights import initializers
from .attributes import HIGHEST_RANK, Flag, InitializerKind, Integer, Real, attribute
from .base import NO_DOUBLE_ON_CPU, Emitter, Layer, Operand, Sample, Site, WeightSpec
from .reach import Along, Reach
from .rules import moved, need_float, need_known, need_rank, required
from .weighted import Weighted

if TYPE_CHECKING:
    import numpy as np


@final
@dataclass(frozen=True)
class Increased:
    """A tensor with a number added to every element."""

    by: float

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        """``array + by``."""
        return arrays[0] + self.by


@final
@record
class BatchNorm(Weighted):
    """Brings every channel to mean 0 and variance 1, then to a learned scale and shift.

    Reads `[N, C, *spatial]` or `[N, C]` and normalizes along axis 1; shape as the input's. Built and run, it
    uses its running statistics `running_mean` and `running_var`, which are no parameters. When training it
    uses those of the batch and moves the running ones by `momentum`, the weight of the new value, as in
    PyTorch: Keras's 0.99 and ONNX's 0.9 weigh the old one. `eps` is PyTorch's and ONNX's 1e-5; Keras has
    1e-3.
    """

    kind: ClassVar[str] = "batch_norm"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "`[N, C, *spatial]` or `[N, C]`"),)
    formula: ClassVar[str] = "y = weight * (x - running_mean) / sqrt(running_var + eps) + bias"
    foreign_names: ClassVar[tuple[str, ...]] = ("bn", "batchnorm1d", "batchnorm2d", "batchnorm3d", "batchnormalization")
    source: ClassVar[str] = "Ioffe and Szegedy, Batch Normalization (2015); PyTorch BatchNorm"
    literal_weights: ClassVar[tuple[str, ...]] = ("weight", "bias", "running_mean", "running_var")
    default_init: ClassVar[Initializer] = initializers.Ones()
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(
            "batch_norm",
            {"x": "float32[N, 3, H, W]"},
            ({"N": 1, "H": 1, "W": 4}, {"N": 2, "H": 5, "W": 3}, {"N": 3, "H": 4, "W": 2}),
        ),
        Sample(
            "batch_norm(eps=1e-3, momentum=0.01, running_mean=[1, -2], running_var=[4, 0.25], "
            "weight=[2, 3], bias=[0.5, -1])",
            {"x": "float32[N, 2]"},
            ({"N": 1}, {"N": 2}, {"N": 5}),
        ),
        Sample(
            "batch_norm(scale=false, running_mean=[1, -2], running_var=[4, 0.25])",
            {"x": "float32[N, 2, L]"},
            ({"N": 1, "L": 2}, {"N": 2, "L": 1}, {"N": 3, "L": 6}),
        ),
        Sample("batch_norm(bias=false, init=constant(0.5))", {"x": "float32[2, 3, 2, 4, 5]"}),
        Sample("batch_norm(scale=false, bias=false)", {"x": "float32[2, 3, 4, 5]"}),
        Sample("batch_norm(bias_init=constant(0.25))", {"x": "float32[2, 3, 4, 5]"}),
    )

    eps: float = attribute(Real(0.0), 1e-5, doc="What is added to the variance, so that nothing is divided by 0.")
    momentum: float = attribute(
        Real(0.0, 1.0), 0.1, doc="The weight of the new value in the running statistics when training."
    )
    scale: bool = attribute(Flag(), True, doc="Whether each channel has a learned factor, `weight`.")
    bias: bool = attribute(Flag(), True, doc="Whether each channel has a learned shift, `bias`.")
    init: Initializer | None = attribute(InitializerKind(), None, doc="How the factor starts.", shown="ones")

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The type of the operand."""
        x = required(operands, 0)
        need_rank(site, 0, x, 2, HIGHEST_RANK, "[N, C, *spatial] or [N, C]")
        need_float(site, 0, x)
        need_known(site, 0, x.shape[1], "the number of channels", x)
        return (x,)

    def weights(self, operands: Sequence[TensorType | None]) -> tuple[WeightSpec, ...]:
        """``weight``, ``bias``, ``running_mean``, ``running_var``, each ``[C]``."""
        shape = (_channels(operands),)
        fan = Fan.of(shape)
        learned = {"weight": self.weight_initializer()} if self.scale else {}
        if self.bias:
            learned["bias"] = self.bias_initializer()
        return (
            *(WeightSpec(name, shape, initializer, fan) for name, initializer in learned.items()),
            WeightSpec("running_mean", shape, initializers.Zeros(), fan, Role.STATISTIC),
            WeightSpec("running_var", shape, initializers.Ones(), fan, Role.STATISTIC),
        )

    def explain_params(self, operands: Sequence[TensorType | None]) -> str:
        """``2*C``."""
        learned = self.scale + self.bias
        return f"{learned}*{_channels(operands)}" if learned else ""

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The formula, with the statistics along axis 1."""
        import numpy as np

        x = np.asarray(operands[0])
        shape = (1, -1) + (1,) * (x.ndim - 2)
        factor = 1 / np.sqrt(weights["running_var"].reshape(shape) + self.eps)
        if self.scale:
            factor = factor * weights["weight"].reshape(shape)
        y = (x - weights["running_mean"].reshape(shape)) * factor
        if self.bias:
            y = y + weights["bias"].reshape(shape)
        return (y.astype(x.dtype, copy=False),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``BatchNormalization``, constants standing for a factor or shift that is left out."""
        x = required(e.operand_types, 0)
        channels = _channels(e.operand_types)
        scale = e.weight("weight") if self.scale else e.constant([1.0] * channels, x.dtype)
        bias = e.weight("bias") if self.bias else e.constant([0.0] * channels, x.dtype)
        mean, variance, eps = e.weight("running_mean"), e.weight("running_var"), self.eps
        if x.dtype is DType.FLOAT64:
            # The operator has `epsilon` in float32, which is not exact enough here.
            variance, eps = e.derived(["running_var"], "with_eps", (channels,), Increased(self.eps)), 0.0
        # Momentum matters while training only; ONNX weighs the old value where we weigh the new one.
        return (
            e.op(
                "BatchNormalization",
                e.operands[0],
                scale,
                bias,
                mean,
                variance,
                epsilon=eps,
                momentum=1 - self.momentum,
            ),
        )


def _channels(operands: Sequence[TensorType | None]) -> int:
    channels = required(operands, 0).shape[1]
    if isinstance(channels, DimExpr):
        raise ValueError("`infer` lets no symbolic number of channels pass")
    return channels


#: The widest window of channels; onnxruntime loses itself in much wider ones.
MOST_CHANNELS = 65_535


@final
@record
class LocalResponseNorm(Layer):
    """Divides every element by a power of the mean square of its neighbours among the channels (AlexNet).

    Reads `[N, C, *spatial]` with one to three spatial axes; shape as the input's. The window reaches `size //
    2` channels down and `(size - 1) // 2` up, as in PyTorch; beyond the ends are zeros. `alpha` is divided by
    `size`, as in PyTorch, ONNX and Caffe. TensorFlow does not divide, nor does the AlexNet paper, whose
    `alpha` of 1e-4 with `n = 5` is 5e-4 here.
    """

    kind: ClassVar[str] = "local_response_norm"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "`[N, C, *spatial]`"),)
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU
    formula: ClassVar[str] = "y = x / (k + alpha / size * sum of x^2 over the window)^beta"
    foreign_names: ClassVar[tuple[str, ...]] = ("lrn", "localresponsenormalization")
    source: ClassVar[str] = (
        "Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep CNNs (2012), section 3.3"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(
            "local_response_norm(5)",
            {"x": "float32[N, C, H, W]"},
            (
                {"N": 1, "C": 1, "H": 1, "W": 2},
                {"N": 2, "C": 7, "H": 3, "W": 4},
                {"N": 3, "C": 4, "H": 2, "W": 5},
            ),
        ),
        Sample("local_response_norm(size=3, alpha=0.5, beta=0.5, k=2.0)", {"x": "float32[2, 6, 4, 5]"}),
        Sample(
            "local_response_norm(4, alpha=1.0)",
            {"x": "float32[N, C, H, W]"},
            (
                {"N": 1, "C": 1, "H": 1, "W": 2},
                {"N": 2, "C": 7, "H": 3, "W": 4},
                {"N": 3, "C": 4, "H": 2, "W": 5},
            ),
        ),
        Sample("local_response_norm(5, alpha=1.0)", {"x": "float32[2, 6, 4]"}),
        Sample("local_response_norm(2, alpha=1.0)", {"x": "float32[2, 6, 4]"}),
        Sample("local_response_norm(3, alpha=1.0)", {"x": "float32[2, 6, 4, 2, 3]"}),
    )

    size: int = attribute(Integer(1, MOST_CHANNELS), doc="How many channels count.", positional=True)
    alpha: float = attribute(Real(0.0), 1e-4, doc="Factor of the mean square.")
    beta: float = attribute(Real(0.0), 0.75, doc="The power.")
    k: float = attribute(Real(0.0, above=True), 1.0, doc="What is added to the mean square.")

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The type of the operand."""
        x = required(operands, 0)
        need_rank(site, 0, x, 3, 5, "[N, C, *spatial] with one to three spatial axes")
        need_float(site, 0, x)
        return (x,)

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """A window of channels at every position of the other axes."""
        ranks = range(required(operands, 0).rank)
        return tuple(Along(axis, kernel=self.size, shift=-self._below) if axis == 1 else Along(axis) for axis in ranks)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The formula, the window's sum made of the shifted squares."""
        import numpy as np

        x = np.asarray(operands[0])
        channels = x.shape[1]
        squares = x * x
        total = np.zeros_like(x)
        for offset in range(-min(self._below, channels - 1), min(self._above, channels - 1) + 1):
            # Channel c reads channel c + offset where there is one.
            low, high = max(0, -offset), min(channels, channels - offset)
            total[:, low:high] += squares[:, low + offset : high + offset]
        scale = (self.k + self.alpha / self.size * total) ** self.beta
        return ((x / scale).astype(x.dtype, copy=False),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``LRN`` where onnxruntime has it, else the formula.

        It refuses an even size, other ranks than 4, and an ``alpha`` or ``beta`` of 0. The mean over channels is then
        an average pooling along the last axis, to which the channels are moved; in float32 at the least, as the
        operator does it, because squares leave float16 soon.
        """
        x = required(e.operand_types, 0)
        value = str(e.operands[0])
        if self.size % 2 == 1 and x.rank == 4 and self.alpha > 0 and self.beta > 0:
            return (e.op("LRN", value, size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k),)
        if x.dtype is not DType.FLOAT16:
            return (self._formula(e, value, x),)
        wide = self._formula(e, e.op("Cast", value, to=DType.FLOAT32), TensorType(DType.FLOAT32, x.shape))
        return (e.op("Cast", wide, to=x.dtype),)

    def _formula(self, e: Emitter, value: str, x: TensorType) -> str:
        last = x.rank - 1
        flat = (0,) * (x.rank - 3)
        squares = e.op("Transpose", e.op("Mul", value, value), perm=moved(x.rank, 1, last))
        mean = e.op(
            "AveragePool",
            squares,
            kernel_shape=(1,) * len(flat) + (self.size,),
            pads=(*flat, self._below, *flat, self._above),
            count_include_pad=1,
        )
        mean = e.op("Transpose", mean, perm=moved(x.rank, last, 1))
        scaled = e.op("Mul", mean, e.constant(self.alpha, x.dtype))
        base = e.op("Add", scaled, e.constant(self.k, x.dtype))
        return e.op("Div", value, e.op("Pow", base, e.constant(self.beta, x.dtype)))

    @property
    def _below(self) -> int:
        return self.size // 2

    @property
    def _above(self) -> int:
        return (self.size - 1) // 2
