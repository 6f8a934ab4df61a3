"""Operators that bring elements to a common scale."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from ..dims import Dim
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .base import FLOATS, InvalidOperands, Known, Operand, Operator, Result, Shape, Types
from .shape_rules import need_rank, need_shape, resolve_axis


@record
class AlongAxis(Operator, ABC):
    """Base of softmax and its logarithm."""

    operands: ClassVar[tuple[Operand, ...]] = (Operand("input"),)
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}

    axis: int = -1

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """The operand's."""
        resolve_axis(self.axis, x.rank)
        return (x.shape,)

    def _shifted(self, x: np.ndarray) -> np.ndarray:
        """The operand less its greatest element along the axis, so that no power overflows."""
        return x - np.amax(x, axis=self.axis, keepdims=True, initial=-np.inf)


@final
@record
class Softmax(AlongAxis):
    """``exp(x) / sum(exp(x))`` along the axis."""

    kind: ClassVar[str] = "Softmax"
    source: ClassVar[str] = "ONNX Softmax-13"

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The powers over their sum."""
        powers = np.exp(self._shifted(x))
        return (powers / np.sum(powers, axis=self.axis, keepdims=True),)


@final
@record
class LogSoftmax(AlongAxis):
    """``x - log(sum(exp(x)))`` along the axis."""

    kind: ClassVar[str] = "LogSoftmax"
    source: ClassVar[str] = "ONNX LogSoftmax-13"

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The logarithm of softmax."""
        shifted = self._shifted(x)
        return (shifted - np.log(np.sum(np.exp(shifted), axis=self.axis, keepdims=True)),)


@final
@record
class BatchNormalization(Operator):
    """Every channel, the axis 1, less its mean over the root of its variance, times ``scale``, plus ``B``.

    The statistics are given. Those of a batch (``training_mode``) have no attribute and no results: onnxruntime's CUDA
    provider fails there, and they are composed of other operators.
    """

    kind: ClassVar[str] = "BatchNormalization"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("X"),
        Operand("scale", "T1"),
        Operand("B", "T1"),
        Operand("input_mean", "T2"),
        Operand("input_var", "T2"),
    )
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS, "T1": FLOATS, "T2": FLOATS}
    source: ClassVar[str] = "ONNX BatchNormalization-15"

    epsilon: float = 1e-5
    momentum: float = 0.9

    def shapes(self, x: Known, scale: Known, b: Known, input_mean: Known, input_var: Known) -> tuple[Shape, ...]:
        """The operand's."""
        need_rank(x, "X", 2)
        for name, one in (("scale", scale), ("B", b), ("input_mean", input_mean), ("input_var", input_var)):
            need_shape(one, name, x.shape[1])
        return (x.shape,)

    def compute(
        self, x: np.ndarray, scale: np.ndarray, b: np.ndarray, input_mean: np.ndarray, input_var: np.ndarray
    ) -> tuple[Any, ...]:
        """The formula, with the channels last."""
        channels_last = np.moveaxis(x, 1, -1)
        normal = (channels_last - input_mean) / np.sqrt(input_var + self.epsilon)
        return (np.moveaxis(normal * scale + b, -1, 1),)


@record
class _Standardizing(Operator, ABC):
    """Base of the normalizations that take their statistics from what they read."""

    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}

    epsilon: float = 1e-5

    def _standardized(self, x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        """Mean 0 and variance 1 over the axes."""
        variance = np.var(x, axis=axes, keepdims=True)
        return (x - np.mean(x, axis=axes, keepdims=True)) / np.sqrt(variance + self.epsilon)


@final
@record
class LayerNormalization(_Standardizing):
    """The axes from ``axis`` on together brought to mean 0 and variance 1, times ``Scale``, plus ``B``.

    ONNX lets ``Scale`` and ``B`` broadcast; onnxruntime wants the shape of these axes, and so do we. Mean and deviation
    are no results, and ``stash_type``, in which they are computed, is float32: no layer wants anything else.
    """

    kind: ClassVar[str] = "LayerNormalization"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("X"), Operand("Scale"), Operand("B", optional=True))
    source: ClassVar[str] = "ONNX LayerNormalization-17"

    axis: int = -1

    def shapes(self, x: Known, scale: Known, b: Known | None) -> tuple[Shape, ...]:
        """The operand's."""
        normalized = x.shape[resolve_axis(self.axis, x.rank) :]
        need_shape(scale, "Scale", *normalized)
        need_shape(b, "B", *normalized)
        return (x.shape,)

    def compute(self, x: np.ndarray, scale: np.ndarray, b: np.ndarray | None) -> tuple[Any, ...]:
        """The formula."""
        y = self._standardized(x, tuple(range(self.axis % x.ndim, x.ndim))) * scale
        return (y if b is None else y + b,)


@final
@record
class InstanceNormalization(_Standardizing):
    """Every channel of every example brought to mean 0 and variance 1, times ``scale``, plus ``B``."""

    kind: ClassVar[str] = "InstanceNormalization"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("input"), Operand("scale"), Operand("B"))
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    source: ClassVar[str] = "ONNX InstanceNormalization-22"

    def shapes(self, x: Known, scale: Known, b: Known) -> tuple[Shape, ...]:
        """The operand's."""
        need_rank(x, "input", 3)
        need_shape(scale, "scale", x.shape[1])
        need_shape(b, "B", x.shape[1])
        return (x.shape,)

    def compute(self, x: np.ndarray, scale: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """The formula, with the channels last."""
        y = np.moveaxis(self._standardized(x, tuple(range(2, x.ndim))), 1, -1)
        return (np.moveaxis(y * scale + b, -1, 1),)


@final
@record
class LRN(Operator):
    """Every element over a power of the mean square of its neighbours among the channels.

    The window reaches ``(size - 1) // 2`` channels down and ``size // 2`` up; beyond the ends are zeros.
    """

    kind: ClassVar[str] = "LRN"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}
    source: ClassVar[str] = "ONNX LRN-13"

    size: int
    alpha: float = 1e-4
    beta: float = 0.75
    bias: float = 1.0

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """The operand's."""
        need_rank(x, "X", 3)
        if self.size < 1:
            raise InvalidOperands(f"a window of {self.size} channels")
        return (x.shape,)

    def work(self, operands: Types, results: Sequence[TensorType]) -> Dim:
        """Every pair of channels at every position, too."""
        return super().work(operands, results) + results[0].elements * results[0].shape[1]

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The formula, the sums over windows as a product with a band matrix."""
        own, other = np.indices((x.shape[1],) * 2)
        reach = other - own
        band = ((reach >= -((self.size - 1) // 2)) & (reach <= self.size // 2)).astype(x.dtype)
        sums = np.moveaxis(np.tensordot(band, x * x, axes=(1, 1)), 0, 1)
        return (x / (self.bias + self.alpha / self.size * sums) ** self.beta,)
