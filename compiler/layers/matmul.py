"""The product of matrices, and of stacks of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_letters
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.operands import BroadcastUndecided, CannotBroadcast
from ..diagnostics.products import CannotMultiply, NotAMatrix, ProductUndecided
from ..dims import Dim, decide_equal, format_dim
from ..dims.formatting import format_forms
from ..dims.linear import equalizing_forms
from ..graph.broadcasting import broadcasts
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .base import Layer, Operand, Read, Sample, Site
from .cost import Cost, product
from .reach import WHOLE, Along, Reach
from .shape_rules import last_swapped, need_fit, need_number, need_same_elements

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@final
@record
class MatMul(Layer):
    """The product of two matrices: `a @ b`, or `matmul(a, b)`.

    `[N, C]` and `[C, units]` become `[N, units]`. Axes before the last two are a stack of matrices, and broadcast as
    those of the tensor operators: `[N, T, C]` and `[C, units]` become `[N, T, units]`. A tensor of rank 1 is a row on
    the left and a column on the right, whose axis of size 1 the result does not have: `[N, C]` and `[C]` become `[N]`.
    All this is as in numpy and PyTorch. The columns of the left side must certainly be as many as the rows of the right
    one. Both have one element type, integers too.
    """

    kind: ClassVar[str] = "matmul"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("a", "a matrix or a stack of matrices `[..., rows, inner]`, or a row `[inner]`"),
        Operand("b", "a matrix or a stack of matrices `[..., inner, columns]`, or a column `[inner]`"),
    )
    formula: ClassVar[str] = "y[..., i, k] = sum over j of a[..., i, j] * b[..., j, k]"
    foreign_names: ClassVar[tuple[str, ...]] = ("mm", "bmm")
    source: ClassVar[str] = "numpy.matmul; PyTorch matmul; ONNX MatMul"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("a @ b", {"a": "float32[N, 5]", "b": "float32[5, 3]"}),
        Sample("matmul(a, b)", {"a": "float32[N, T, 5]", "b": "float32[5, 3]"}),
        Sample("a @ b", {"a": "float32[N, 1, T, 4]", "b": "float32[3, 4, C]"}),
        Sample("matmul(a, b)", {"a": "float32[N, T, C]", "b": "float32[N, C, T]"}),
        Sample("a @ b", {"a": "float32[N, C]", "b": "float32[C]"}),
        Sample("matmul(a, b)", {"a": "float32[C]", "b": "float32[N, C, 2]"}),
        Sample("a @ a", {"a": "float32[4]"}),
        Sample("a @ b", {"a": "int64[N, 2, 3]", "b": "int64[3, 2]"}),
        Sample("a @ b", {"a": "float64[N, 1, T, 4]", "b": "float64[3, 4, 2]"}),
    )

    def types(self, site: Site, a: TensorType, b: TensorType) -> TensorType:
        """The leading axes broadcast, then the rows of ``a`` and the columns of ``b``."""
        for index, one in enumerate((a, b)):
            need_number(site, index, one)
            if not one.rank:
                raise DotnnError(NotAMatrix(**site.about_operand(index, one)))
        need_same_elements(site, 1, a, b)
        _need_inner(site, a, b)
        rows, columns = a.shape[-2:-1], b.shape[-1:] if b.rank > 1 else ()
        return a.with_shape(*_stack(site, a, b), *rows, *columns)

    def cost(self, results: tuple[TensorType, ...], a: TensorType, b: TensorType) -> Cost:
        """The inner dimension, times the elements of the result."""
        return product((a.shape[-1],), results[0].shape)

    def positions(self, read: Read, a: TensorType, b: TensorType) -> Reach:
        """The whole row or column at every row or column of the result, matrix by matrix."""
        operand, result = read.operand.shape, read.result.shape
        own = -2 if read.place == 0 else -1
        if len(operand) == 1:
            return (WHOLE,)
        lacking = (a.rank == 1) + (b.rank == 1)
        shift = len(result) + lacking - len(operand)
        # The result has the rows of `a` and, behind them, the columns of `b`, where there are such.
        place = len(result) - (2 if read.place == 0 and b.rank > 1 else 1)
        matrix = [WHOLE, WHOLE]
        matrix[own] = Along(place)
        stack = (
            Along(None if dim == 1 and result[axis + shift] != 1 else axis + shift)
            for axis, dim in enumerate(operand[:-2])
        )
        return (*stack, *matrix)

    def compute(self, weights: Mapping[str, np.ndarray], a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The product."""
        return np.asarray(np.matmul(a, b))

    def lower(self, b: Builder, left: Tensor, right: Tensor) -> Tensor:
        """``MatMul``; of float16 and float64 ``Gemm``, and of stacks of matrices and of vectors ``Einsum``.

        The optimizer of onnxruntime draws a ``Transpose`` before a ``MatMul``, be it that of another layer, into one
        operator. There it crashes on float16 with symbolic dimensions (1.32), and has no float64 kernel (1.21).
        """
        if left.dtype not in (DType.FLOAT16, DType.FLOAT64):
            return b.op(ops.MatMul(), left, right)
        if left.rank == right.rank == 2:
            return b.op(ops.Gemm(), left, right)
        result = self.types(Site.nowhere(self.kind), left.type, right.type)
        stack = result.shape[: result.rank - (left.rank > 1) - (right.rank > 1)]
        pairs = [_lettered(b, one, stack, matrix) for one, matrix in ((left, "ij"), (right, "jk"))]
        written = "".join(letters for _, letters in pairs)
        letters = "".join(letter for letter in (*_letters(len(stack)), "i", "k") if letter in written)
        equation = f"{','.join(letters for _, letters in pairs)}->{letters}"
        return b.op(ops.Einsum(equation=equation), *(one for one, _ in pairs))


def _letters(count: int) -> str:
    """Letters for axes, beside those of matrices."""
    return "".join(letter for letter in ascii_letters if letter not in "ijk")[:count]


def _lettered(b: Builder, x: Tensor, stack: Sequence[Dim], matrix: str) -> tuple[Tensor, str]:
    """An operand and the letters of its axes, without those of size 1 that would broadcast.

    The shape inference of ONNX takes the result of ``...ij,...jk->...ik`` to be of size 1 where its first operand is.
    """
    if x.rank < 3:
        return x, matrix if x.rank == 2 else "j"
    own = stack[len(stack) + 2 - x.rank :]
    letters = _letters(len(stack))[len(stack) - len(own) :]
    ones = [axis for axis, (dim, wanted) in enumerate(zip(x.shape, own, strict=False)) if dim == 1 != wanted]
    left = "".join(letter for axis, letter in enumerate(letters) if axis not in ones)
    return b.op(ops.Squeeze(), x, b.ints(*ones)) if ones else x, left + matrix


def _need_inner(site: Site, a: TensorType, b: TensorType) -> None:
    """Demand that the columns of ``a`` are certainly as many as the rows of ``b``."""
    columns, rows = a.shape[-1], b.shape[max(b.rank - 2, 0)]
    equal = decide_equal(columns, rows)
    if equal:
        return
    facts = {
        "span": site.operand(1),
        "kind": site.kind,
        "left": str(a),
        "right": str(b),
        "columns": format_dim(columns),
        "rows": format_dim(rows),
        "order": _transposing(columns, b),
        "faulty_axes": ((0, -1), (1, -min(b.rank, 2))),
    }
    if equal is None:
        forms = format_forms(equalizing_forms([(columns, rows)]))
        raise DotnnError(ProductUndecided(**facts, forms=forms))
    raise DotnnError(CannotMultiply(**facts))


def _stack(site: Site, a: TensorType, b: TensorType) -> tuple[Dim, ...]:
    """The axes before the last two, broadcast."""
    rank = max(a.rank, b.rank, 2) - 2
    shapes = ((1,) * (rank - len(one.shape[:-2])) + one.shape[:-2] for one in (a, b))
    axes = [(one, other, broadcasts(one, other)) for one, other in zip(*shapes, strict=True)]
    need_fit(site, 1, axes, CannotBroadcast, BroadcastUndecided, left=str(a), right=str(b))
    return tuple(other if one == 1 else one for one, other, _ in axes)


def _transposing(columns: Dim, b: TensorType) -> str:
    """The order of axes with which the right side fits; empty if it fits in neither."""
    if b.rank < 2 or not decide_equal(columns, b.shape[-1]):
        return ""
    return last_swapped(b.rank)
