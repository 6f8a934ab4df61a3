"""Layers that look up or combine features with one weight matrix: ``dense`` and ``embedding``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from .. import initializers
from .. import operators as ops
from ..diagnostics.shapes import UndecidedFeatures
from ..graph.tensors import Initializer
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import Flag, InitializerKind, Integer, attribute
from .base import MOVED_ON_CPU, KerasTensor, Layer, Operand, Read, Sample, Site, WeightSpec
from .cost import Cost, product
from .reach import Along, Reach, aligned
from .shape_rules import axis_or_last, known, moved, need_float, need_integer, need_known
from .weight_attributes import Weighted

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@final
@record
class Dense(Weighted):
    """A fully connected layer: every output is a weighted sum of all inputs along one axis, plus a bias.

    `[N, C]` becomes `[N, units]`. With more axes the same weights are applied at every position of the
    others, as Keras's `Dense` and PyTorch's `Linear` do: `[N, T, C]` becomes `[N, T, units]`. From rank 4 on
    the axis must be written, since the last axis of an image is its width; `axis=1` mixes its channels like a
    convolution with kernel 1. An image is flattened first where every pixel shall count: `flatten ->
    dense(10)`.

    The weight is `[units, C]`, PyTorch's layout; Keras's kernel is its transpose.
    """

    kind: ClassVar[str] = "dense"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "features along one axis, of floating point elements"),)
    formula: ClassVar[str] = "y = x W^T + b"
    foreign_names: ClassVar[tuple[str, ...]] = ("linear", "fc", "fullyconnected", "innerproduct", "gemm", "mlp")
    source: ClassVar[str] = "Keras Dense; PyTorch Linear; ONNX Gemm and MatMul"
    literal_weights: ClassVar[tuple[str, ...]] = ("weight", "bias")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("dense(7)", {"x": "float32[N, 10]"}),
        Sample("dense(7, bias=false)", {"x": "float32[N, 10]"}),
        Sample("dense(units=4)", {"x": "float32[N, T, 6]"}),
        Sample("dense(4, axis=1)", {"x": "float32[N, 6, H, W]"}),
        Sample("dense(4, axis=-1, bias=false)", {"x": "float32[N, 2, 3, 5]"}),
        Sample("dense(3, axis=0)", {"x": "float32[5, N]"}),
        Sample("dense(5, init=he_normal, bias_init=uniform(low=-1.0, high=1.0))", {"x": "float32[N, 4]"}),
        Sample("dense(2, weight=[[1, -1, 0.5], [0, 2, 1]], bias=[0.25, -1])", {"x": "float32[2, 3]"}),
    )

    units: int = attribute(Integer(1), doc="How many outputs.", positional=True)
    axis: int | None = attribute(
        Integer(), None, doc="The axis of the features; it must be written from rank 4 on.", shown="-1"
    )
    bias: bool = attribute(Flag(), True, doc="Whether a bias is added.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[..., C, ...]`` to ``[..., units, ...]``."""
        need_float(site, 0, x)
        axis = axis_or_last(site, self.axis, x)
        need_known(site, 0, x.shape[axis], x, UndecidedFeatures)
        return x.with_shape(*x.shape[:axis], self.units, *x.shape[axis + 1 :])

    def specs(self, x: TensorType) -> Iterable[WeightSpec]:
        """``weight`` of ``[units, C]``, and ``bias``."""
        return self.weight_and_bias((self.units, known(x.shape[self.axis_of(x)])), self.bias)

    def cost(self, results: tuple[TensorType, ...], x: TensorType) -> Cost:
        """``C*units``, times the other axes."""
        axis = self.axis_of(x)
        return product((x.shape[axis], self.units), (*x.shape[:axis], *x.shape[axis + 1 :]))

    def positions(self, read: Read, x: TensorType) -> Reach:
        """The whole axis of the features at every position of the others."""
        return aligned(x.shape, x.shape, whole=(self.axis_of(x),))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The product with the transposed weight along the axis."""
        axis = -1 if self.axis is None else self.axis
        y = np.moveaxis(x, axis, -1) @ weights["weight"].T
        return np.moveaxis(y + weights["bias"] if self.bias else y, -1, axis)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Gemm`` for a matrix, else a product of matrices along the last axis, where the features are moved to."""
        axis, last = self.axis_of(x.type), x.rank - 1
        if axis == last:
            return _gemm(b, x, b.weight("weight"), b.weight_or_none("bias")) if x.rank == 2 else self._along_last(b, x)
        ahead = b.op(ops.Transpose(perm=moved(x.rank, axis, last)), x)
        return b.op(ops.Transpose(perm=moved(x.rank, last, axis)), self._along_last(b, ahead))

    def _along_last(self, b: Builder, x: Tensor) -> Tensor:
        name = b.weight_name("weight", "transposed")
        return linear(b, x, b.weight("weight"), b.weight_or_none("bias"), name)

    def axis_of(self, x: TensorType) -> int:
        """The axis of the features of an operand or result, counted from 0."""
        return x.rank - 1 if self.axis is None else self.axis % x.rank


def linear(b: Builder, x: Tensor, weight: Tensor, bias: Tensor | None, transposed: str) -> Tensor:
    """``x W^T + b`` along the last axis: ``MatMul``; but of other elements than float32, ``Gemm`` of one tall matrix.

    The optimizer of onnxruntime draws a ``Transpose`` before a ``MatMul``, be it that of another layer, into one
    operator. There it crashes on float16 with symbolic dimensions (1.32), and has no float64 kernel (1.21).

    Args:
        b: what it builds with.
        x: ``[..., inputs]``.
        weight: ``[outputs, inputs]``.
        bias: ``[outputs]``.
        transposed: what the transposed weight is called.
    """
    if x.dtype is DType.FLOAT32:
        y = b.op(ops.MatMul(), x, b.op(ops.Transpose(perm=(1, 0)), weight, name=transposed))
        return y if bias is None else b.op(ops.Add(), y, bias)
    rows = b.op(ops.Reshape(), x, b.ints(-1, known(x.shape[-1])))
    return b.reshape(_gemm(b, rows, weight, bias), (*x.shape[:-1], weight.shape[0]))


def _gemm(b: Builder, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return b.op(ops.Gemm(transB=1), rows, weight, bias)


@final
@record
class Embedding(Weighted):
    """A table of vectors, one for every word of a vocabulary; each id is replaced by its vector.

    Ids are int32 or int64, of any shape, from 0 to `vocabulary - 1`: `[N, T]` becomes `[N, T, dim]`. The
    weight is `[vocabulary, dim]`, as in PyTorch and Keras. It starts uniformly between -0.05 and 0.05, as in
    Keras; PyTorch draws from a normal distribution of standard deviation 1.
    """

    kind: ClassVar[str] = "embedding"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("ids", "indices into the table, int32 or int64"),)
    formula: ClassVar[str] = "y[..., :] = weight[ids[...], :]"
    source: ClassVar[str] = "Keras Embedding; PyTorch Embedding; ONNX Gather"
    literal_weights: ClassVar[tuple[str, ...]] = ("weight",)
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    default_init: ClassVar[Initializer] = initializers.Uniform(low=-0.05, high=0.05)
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("embedding(20, dim=5)", {"ids": "int64[N, T]"}),
        Sample("embedding(vocabulary=9, dim=4, init=normal(std=1.0))", {"ids": "int32[N]"}),
        Sample("embedding(3, dim=2, weight=[[1, 2], [3, 4], [5, 6]])", {"ids": "int64[4]"}),
    )

    vocabulary: int = attribute(Integer(1), doc="How many different ids there are.", positional=True)
    dim: int = attribute(Integer(1), doc="How many numbers stand for one id.")
    init: Initializer | None = attribute(
        InitializerKind(), None, doc="How the weight starts.", shown="uniform(low=-0.05, high=0.05)"
    )
    #: The element type of the table, which no call says.
    floats: DType = DType.FLOAT32

    def in_floats(self, operands: Sequence[TensorType | None], floats: DType) -> Layer:
        """Ids do not tell the model's type."""
        return dataclasses.replace(self, floats=floats)

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes; there is no bias that ``bias_init`` could start."""
        return tuple(one for one in super().attributes() if one.name != "bias_init")

    def types(self, site: Site, ids: TensorType) -> TensorType:
        """``[...]`` to ``[..., dim]`` of float32."""
        need_integer(site, 0, ids)
        return TensorType(self.floats, (*ids.shape, self.dim))

    def range_of(self, index: int, ids: TensorType) -> tuple[int, int]:
        """The rows of the table."""
        return 0, self.vocabulary - 1

    def specs(self, ids: TensorType) -> Iterable[WeightSpec]:
        """``weight`` of ``[vocabulary, dim]``."""
        return (self.weight_spec((self.vocabulary, self.dim)),)

    def keras_weight(self, shape: tuple[int, ...]) -> KerasTensor:
        """``embeddings``, in the same layout."""
        return KerasTensor("embeddings", shape, (0, 1))

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """``vocabulary*dim``."""
        return f"{self.vocabulary}*{self.dim}"

    def positions(self, read: Read, ids: TensorType) -> Reach:
        """Every id by itself; its vector lies along a further axis."""
        return tuple(Along(axis) for axis in range(ids.rank))

    def compute(self, weights: Mapping[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
        """The rows of the table."""
        return np.take(weights["weight"], ids, axis=0)

    def lower(self, b: Builder, ids: Tensor) -> Tensor:
        """``Gather`` from the table."""
        return b.op(ops.Gather(axis=0), b.weight("weight"), ids)
