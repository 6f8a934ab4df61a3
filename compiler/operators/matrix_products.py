"""Products of matrices."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from ..dims import Dim
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .base import FLOATS, WORDS, InvalidOperands, Known, Operand, Operator, Shape
from .shape_rules import broadcast, matrix_product, need_rank


@final
@record
class MatMul(Operator):
    """The product of two matrices, or of stacks of them that broadcast, as ``numpy.matmul``."""

    kind: ClassVar[str] = "MatMul"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("A"), Operand("B"))
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS | WORDS}
    source: ClassVar[str] = "ONNX MatMul-13"

    def shapes(self, a: Known, b: Known) -> tuple[Shape, ...]:
        """``[..., rows, columns]``."""
        return (matrix_product(a.shape, b.shape),)

    def work(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> Dim:
        """The multiplications, too."""
        inner = operands[0].shape[-1] if operands[0] is not None else 0
        return super().work(operands, results) + results[0].elements * inner

    def compute(self, a: np.ndarray, b: np.ndarray) -> tuple[Any, ...]:
        """The product."""
        return (np.matmul(a, b),)


@record
class GeneralProduct(Operator, ABC):
    """Base of ``alpha * A B + beta * C``, of matrices that may be transposed; ``C`` broadcasts to the product."""

    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}

    alpha: float = 1.0
    beta: float = 1.0
    transA: int = 0
    transB: int = 0

    def shapes(self, a: Known, b: Known, c: Known | None) -> tuple[Shape, ...]:
        """``[rows of A, columns of B]``."""
        need_rank(a, "A", 2, 2)
        need_rank(b, "B", 2, 2)
        left, right = a.shape[::-1] if self.transA else a.shape, b.shape[::-1] if self.transB else b.shape
        product = matrix_product(left, right)
        if c is not None and broadcast(product, c.shape) != product:
            raise InvalidOperands("C has other axes than the product")
        return (product,)

    def work(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> Dim:
        """The multiplications, too."""
        inner = operands[0].shape[0 if self.transA else 1] if operands[0] is not None else 0
        return super().work(operands, results) + results[0].elements * inner

    def product(self, a: np.ndarray, b: np.ndarray, c: np.ndarray | None) -> np.ndarray:
        """The product, and the sum."""
        y = np.matmul(a.T if self.transA else a, b.T if self.transB else b) * a.dtype.type(self.alpha)
        return y if c is None else y + c * c.dtype.type(self.beta)


@final
@record
class Gemm(GeneralProduct):
    """``alpha * A B + beta * C``, of floats: nothing says what fractions of ints would be, and no runtime has them."""

    kind: ClassVar[str] = "Gemm"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("A"), Operand("B"), Operand("C", optional=True))
    source: ClassVar[str] = "ONNX Gemm-13"

    def compute(self, a: np.ndarray, b: np.ndarray, c: np.ndarray | None) -> tuple[Any, ...]:
        """The product, and the sum."""
        return (self.product(a, b, c),)
