"""Normalizations by given statistics, and by those of neighbours: ``batch_norm`` and ``local_response_norm``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, final

from .. import initializers
from .. import operators as ops
from ..diagnostics.shapes import SpatialAxesOfChannels
from ..graph.tensors import Fan, Role
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import HIGHEST_RANK, Integer, Real, attribute
from .base import NO_DOUBLE_ON_CPU, KerasTensor, Layer, Operand, Read, Sample, Site, WeightSpec
from .channels import need_channels, need_channels_first
from .normalization_base import Normalizing
from .reach import Along, Reach
from .shape_rules import known, moved, need_float, need_rank

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@final
@record
class BatchNorm(Normalizing):
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
    foreign_names: ClassVar[tuple[str, ...]] = (
        *("bn", "batchnorm1d", "batchnorm2d", "batchnorm3d", "batchnormalization", "syncbatchnorm"),
    )
    source: ClassVar[str] = "Ioffe and Szegedy, Batch Normalization (2015); PyTorch BatchNorm"
    literal_weights: ClassVar[tuple[str, ...]] = ("weight", "bias", "running_mean", "running_var")
    known_by: ClassVar[tuple[str, ...]] = ("running_mean",)
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("batch_norm", {"x": "float32[N, 3, H, W]"}),
        Sample(
            "batch_norm(eps=1e-3, momentum=0.01, running_mean=[1, -2], running_var=[4, 0.25], "
            "weight=[2, 3], bias=[0.5, -1])",
            {"x": "float32[N, 2]"},
        ),
        Sample("batch_norm(scale=false, running_mean=[1, -2], running_var=[4, 0.25])", {"x": "float32[N, 2, L]"}),
        Sample("batch_norm(bias=false, init=constant(0.5))", {"x": "float32[2, 3, 2, 4, 5]"}),
        Sample("batch_norm(scale=false, bias=false)", {"x": "float32[2, 3, 4, 5]"}),
        Sample("batch_norm(bias_init=constant(0.25))", {"x": "float32[2, 3, 4, 5]"}),
    )

    eps: float = attribute(Real(0.0), 1e-5, doc="What is added to the variance, so that nothing is divided by 0.")
    momentum: float = attribute(
        Real(0.0, 1.0), 0.1, doc="The weight of the new value in the running statistics when training."
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_rank(site, 0, x, 2, HIGHEST_RANK, "[N, C, *spatial] or [N, C]")
        need_float(site, 0, x)
        need_channels_first(site, x)
        need_channels(site, x)
        return x

    def specs(self, x: TensorType) -> Iterator[WeightSpec]:
        """``weight``, ``bias``, ``running_mean``, ``running_var``, each ``[C]``."""
        shape = (known(x.shape[1]),)
        yield from self.scale_and_shift(shape)
        fan = Fan.of(shape)
        mean, variance = (KerasTensor(f"moving_{name}", shape, (0,)) for name in ("mean", "variance"))
        yield WeightSpec("running_mean", shape, initializers.Zeros(), fan, Role.STATISTIC, keras=(mean,))
        yield WeightSpec("running_var", shape, initializers.Ones(), fan, Role.STATISTIC, keras=(variance,))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The formula, with the statistics along axis 1."""
        of = {name: array.reshape(-1, *(1,) * (x.ndim - 2)) for name, array in weights.items()}
        factor = 1 / np.sqrt(of["running_var"] + self.eps)
        if self.scale:
            factor = factor * of["weight"]
        y = (x - of["running_mean"]) * factor
        if self.bias:
            y = y + of["bias"]
        return y.astype(x.dtype, copy=False)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``BatchNormalization``, constants standing for a factor or shift that is left out."""
        channels = known(x.shape[1])
        scale = b.weight("weight") if self.scale else b.constant([1.0] * channels, x.dtype)
        bias = b.weight("bias") if self.bias else b.constant([0.0] * channels, x.dtype)
        mean, variance, eps = b.weight("running_mean"), b.weight("running_var"), self.eps
        if x.dtype is DType.FLOAT64:
            # The operator has `epsilon` in float32, which is not exact enough here.
            name = b.weight_name("running_var", "with_eps")
            variance, eps = b.op(ops.Add(), variance, b.constant(eps, x.dtype), name=name), 0.0
        # Momentum matters while training only; ONNX weighs the old value where we weigh the new one.
        normal = ops.BatchNormalization(epsilon=eps, momentum=1 - self.momentum)
        return b.op(normal, x, scale, bias, mean, variance)


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
    foreign_names: ClassVar[tuple[str, ...]] = ("lrn", "localresponsenormalization", "crossmaplrn2d")
    source: ClassVar[str] = (
        "Krizhevsky, Sutskever and Hinton, ImageNet Classification with Deep CNNs (2012), section 3.3"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("local_response_norm(5)", {"x": "float32[N, C, H, W]"}),
        Sample("local_response_norm(size=3, alpha=0.5, beta=0.5, k=2.0)", {"x": "float32[2, 6, 4, 5]"}),
        Sample("local_response_norm(4, alpha=1.0)", {"x": "float32[N, C, H, W]"}),
        Sample("local_response_norm(5, alpha=1.0)", {"x": "float32[2, 6, 4]"}),
        Sample("local_response_norm(2, alpha=1.0)", {"x": "float32[2, 6, 4]"}),
        Sample("local_response_norm(3, alpha=1.0)", {"x": "float32[2, 6, 4, 2, 3]"}),
    )

    # onnxruntime loses itself in much wider windows.
    size: int = attribute(Integer(1, 65_535), doc="How many channels count.", positional=True)
    alpha: float = attribute(Real(0.0), 1e-4, doc="Factor of the mean square.")
    beta: float = attribute(Real(0.0), 0.75, doc="The power.")
    k: float = attribute(Real(0.0, above=True), 1.0, doc="What is added to the mean square.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        need_rank(site, 0, x, 3, 5, fault=SpatialAxesOfChannels)
        need_float(site, 0, x)
        need_channels_first(site, x)
        return x

    def positions(self, read: Read, x: TensorType) -> Reach:
        """A window of channels at every position of the other axes."""
        window = Along(1, kernel=self.size, shift=-self._sides[0])
        return tuple(window if axis == 1 else Along(axis) for axis in range(x.rank))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The formula, the window's sum made of the shifted squares."""
        squares, total, channels = x * x, np.zeros_like(x), x.shape[1]
        below, above = (min(side, channels - 1) for side in self._sides)
        for offset in range(-below, above + 1):
            # Channel c reads channel c + offset where there is one.
            low, high = max(0, -offset), min(channels, channels - offset)
            total[:, low:high] += squares[:, low + offset : high + offset]
        scale = (self.k + self.alpha / self.size * total) ** self.beta
        return (x / scale).astype(x.dtype, copy=False)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``LRN`` where onnxruntime has it, else the formula.

        It refuses an even size, other ranks than 4, and an ``alpha`` or ``beta`` of 0. The mean over channels is then
        an average pooling along the last axis, to which the channels are moved; in float32 at the least, as the
        operator does it, because squares leave float16 soon.
        """
        if self.size % 2 == 1 and x.rank == 4 and self.alpha > 0 and self.beta > 0:
            return b.op(ops.LRN(size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k), x)
        if x.dtype is not DType.FLOAT16:
            return self._formula(b, x)
        wide = self._formula(b, b.op(ops.Cast(to=DType.FLOAT32), x))
        return b.op(ops.Cast(to=x.dtype), wide)

    def _formula(self, b: Builder, x: Tensor) -> Tensor:
        last, (below, above) = x.rank - 1, self._sides
        ones, zeros = (1,) * (last - 2), (0,) * (last - 2)
        pads = (*zeros, below, *zeros, above)
        window = ops.AveragePool(kernel_shape=(*ones, self.size), pads=pads, count_include_pad=1)
        squares = b.op(ops.Transpose(perm=moved(x.rank, 1, last)), b.op(ops.Mul(), x, x))
        mean = b.op(ops.Transpose(perm=moved(x.rank, last, 1)), b.op(window, squares))
        scaled = b.op(ops.Mul(), mean, b.constant(self.alpha, x.dtype))
        base = b.op(ops.Add(), scaled, b.constant(self.k, x.dtype))
        return b.op(ops.Div(), x, b.op(ops.Pow(), base, b.constant(self.beta, x.dtype)))

    @property
    def _sides(self) -> tuple[int, int]:
        """How many channels the window reaches down and up."""
        return self.size // 2, (self.size - 1) // 2
