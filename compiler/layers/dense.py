"""Layers that look up or combine features with one weight matrix: ``dense`` and ``embedding``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from ..graph.dims import Dim, DimExpr
from ..graph.tensors import Initializer
from ..graph.types import DType, TensorType
from ..records import positional_record, record
from ..weights import initializers
from .attributes import Flag, InitializerKind, Integer, attribute
from .base import Emitter, Operand, Sample, Site, WeightSpec
from .reach import Along, Reach, aligned
from .rules import axis_or_last, counted, moved, need_float, need_integer, need_known, product_text, required
from .weighted import Weighted

if TYPE_CHECKING:
    import numpy as np


@final
@positional_record
class Transposed:
    """A matrix with rows and columns exchanged."""

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        """``[b, a]`` of one matrix ``[a, b]``."""
        return arrays[0].T.copy()


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
        Sample("dense(7)", {"x": "float32[N, 10]"}, ({"N": 1}, {"N": 3}, {"N": 8})),
        Sample("dense(7, bias=false)", {"x": "float32[N, 10]"}, ({"N": 1}, {"N": 2}, {"N": 5})),
        Sample(
            "dense(units=4)",
            {"x": "float32[N, T, 6]"},
            ({"N": 1, "T": 1}, {"N": 2, "T": 5}, {"N": 3, "T": 2}),
        ),
        Sample(
            "dense(4, axis=1)",
            {"x": "float32[N, 6, H, W]"},
            ({"N": 1, "H": 1, "W": 4}, {"N": 2, "H": 3, "W": 5}, {"N": 3, "H": 4, "W": 2}),
        ),
        Sample("dense(4, axis=-1, bias=false)", {"x": "float32[N, 2, 3, 5]"}, ({"N": 1}, {"N": 2}, {"N": 4})),
        Sample("dense(3, axis=0)", {"x": "float32[5, N]"}, ({"N": 1}, {"N": 2}, {"N": 4})),
        Sample(
            "dense(5, init=he_normal, bias_init=uniform(low=-1.0, high=1.0))",
            {"x": "float32[N, 4]"},
            ({"N": 1}, {"N": 2}, {"N": 3}),
        ),
        Sample("dense(2, weight=[[1, -1, 0.5], [0, 2, 1]], bias=[0.25, -1])", {"x": "float32[2, 3]"}),
    )

    units: int = attribute(Integer(1), doc="How many outputs.", positional=True)
    axis: int | None = attribute(
        Integer(), None, doc="The axis of the features; it must be written from rank 4 on.", shown="-1"
    )
    bias: bool = attribute(Flag(), True, doc="Whether a bias is added.")

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """``[..., C, ...]`` to ``[..., units, ...]``."""
        x = required(operands, 0)
        need_float(site, 0, x)
        axis = axis_or_last(site, self.axis, x)
        need_known(site, 0, x.shape[axis], "the number of features", x)
        return (x.with_shape(*x.shape[:axis], self.units, *x.shape[axis + 1 :]),)

    def weights(self, operands: Sequence[TensorType | None]) -> tuple[WeightSpec, ...]:
        """``weight`` of ``[units, C]``, and ``bias``."""
        return self.weight_and_bias((self.units, self._features(required(operands, 0))), self.bias)

    def macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> Dim:
        """``C`` for every element of the result."""
        return results[0].elements * self._features(required(operands, 0))

    def explain_params(self, operands: Sequence[TensorType | None]) -> str:
        """``(C+1)*units``."""
        features = self._features(required(operands, 0))
        return f"({features}+1)*{self.units}" if self.bias else f"{features}*{self.units}"

    def explain_macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> str:
        """``C*units``, times the other axes."""
        x = required(operands, 0)
        axis = self.axis_of(x)
        others = counted((*x.shape[:axis], *x.shape[axis + 1 :]))
        return product_text((x.shape[axis], self.units, *others))

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """The whole axis of the features at every position of the others."""
        x = required(operands, 0)
        return aligned(x.shape, x.shape, whole=(self.axis_of(x),))

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The product with the transposed weight along the axis."""
        import numpy as np

        x = np.moveaxis(np.asarray(operands[0]), -1 if self.axis is None else self.axis, -1)
        y = x @ weights["weight"].T
        if self.bias:
            y = y + weights["bias"]
        return (np.moveaxis(y, -1, -1 if self.axis is None else self.axis),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Gemm`` for a matrix, else a product of matrices along the last axis, where the features are moved to."""
        x = required(e.operand_types, 0)
        value = str(e.operands[0])
        axis = self.axis_of(x)
        last = x.rank - 1
        if x.rank == 2 and axis == last:
            return (self._gemm(e, value),)
        if axis != last:
            value = e.op("Transpose", value, perm=moved(x.rank, axis, last))
        value = self._along_last(e, value, x.with_shape(*(x.shape[one] for one in moved(x.rank, axis, last))))
        if axis != last:
            value = e.op("Transpose", value, perm=moved(x.rank, last, axis))
        return (value,)

    def _along_last(self, e: Emitter, value: str, x: TensorType) -> str:
        """``MatMul`` with the transposed weight; but of other elements than float32, ``Gemm`` of one tall matrix.

        The optimizer of onnxruntime draws a ``Transpose`` before a ``MatMul``, be it that of another layer, into one
        operator. There it crashes on float16 with symbolic dimensions (1.32), and has no float64 kernel (1.21).
        """
        if x.dtype is DType.FLOAT32:
            shape = (_known(x.shape[-1]), self.units)
            product = e.op("MatMul", value, e.derived(["weight"], "transposed", shape, Transposed()))
            return e.op("Add", product, e.weight("bias")) if self.bias else product
        rows = e.op("Reshape", value, e.constant([-1, _known(x.shape[-1])], DType.INT64))
        return e.reshape(self._gemm(e, rows), (*x.shape[:-1], self.units))

    def _gemm(self, e: Emitter, rows: str) -> str:
        bias = [e.weight("bias")] if self.bias else []
        return e.op("Gemm", rows, e.weight("weight"), *bias, transB=1)

    def axis_of(self, x: TensorType) -> int:
        """The axis of the features of an operand or result, counted from 0."""
        return x.rank - 1 if self.axis is None else self.axis % x.rank

    def _features(self, x: TensorType) -> int:
        return _known(x.shape[self.axis_of(x)])


def _known(features: Dim) -> int:
    if isinstance(features, DimExpr):
        raise ValueError("`infer` lets no symbolic number of features pass")
    return features


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
    cpu_floats: ClassVar[frozenset[DType]] = frozenset({DType.FLOAT32})
    default_init: ClassVar[Initializer] = initializers.Uniform(low=-0.05, high=0.05)
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample(
            "embedding(20, dim=5)",
            {"ids": "int64[N, T]"},
            ({"N": 1, "T": 1}, {"N": 2, "T": 7}, {"N": 3, "T": 4}),
            ranges={"ids": (0, 20)},
        ),
        Sample(
            "embedding(vocabulary=9, dim=4, init=normal(std=1.0))",
            {"ids": "int32[N]"},
            ({"N": 1}, {"N": 3}, {"N": 6}),
            ranges={"ids": (0, 9)},
        ),
        Sample(
            "embedding(3, dim=2, weight=[[1, 2], [3, 4], [5, 6]])",
            {"ids": "int64[4]"},
            ranges={"ids": (0, 3)},
        ),
    )

    vocabulary: int = attribute(Integer(1), doc="How many different ids there are.", positional=True)
    dim: int = attribute(Integer(1), doc="How many numbers stand for one id.")
    init: Initializer | None = attribute(
        InitializerKind(), None, doc="How the weight starts.", shown="uniform(low=-0.05, high=0.05)"
    )

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes; there is no bias that ``bias_init`` could start."""
        return tuple(one for one in super().attributes() if one.name != "bias_init")

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """``[...]`` to ``[..., dim]`` of float32."""
        ids = required(operands, 0)
        need_integer(site, 0, ids)
        return (TensorType(DType.FLOAT32, (*ids.shape, self.dim)),)

    def operand_range(self, index: int, operands: Sequence[TensorType | None]) -> tuple[int, Dim]:
        """The rows of the table."""
        return 0, self.vocabulary - 1

    def weights(self, operands: Sequence[TensorType | None]) -> tuple[WeightSpec, ...]:
        """``weight`` of ``[vocabulary, dim]``."""
        return self.weight_and_bias((self.vocabulary, self.dim), bias=False)

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """Every id by itself; its vector lies along a further axis."""
        return tuple(Along(axis) for axis in range(required(operands, 0).rank))

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The rows of the table."""
        import numpy as np

        return (np.take(weights["weight"], np.asarray(operands[0]), axis=0),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Gather`` from the table."""
        return (e.op("Gather", e.weight("weight"), e.operands[0], axis=0),)
