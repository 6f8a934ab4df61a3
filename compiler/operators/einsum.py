"""Sums of products, written with a letter for every axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from ..dims import Dim, decide_equal
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .base import NUMBERS, InvalidOperands, Known, Operand, Operator, Result, Shape


@final
@record
class Einsum(Operator):
    """The products of elements, summed over every letter that the result does not have: ``bij,bjk->bik``.

    Every axis has a letter, and no operand has one twice. The result is always written. There are no dots, which stand
    for axes that broadcast: the shape inference of ONNX takes those of the first operand for the result's.
    """

    kind: ClassVar[str] = "Einsum"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("Inputs", variadic=True),)
    results: ClassVar[tuple[Result, ...]] = (Result("Output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": NUMBERS - {DType.BFLOAT16}}
    source: ClassVar[str] = "ONNX Einsum-12"

    equation: str

    def shapes(self, *inputs: Known) -> tuple[Shape, ...]:
        """What the letters of the result stand for."""
        sizes, result = self._sizes([one.shape for one in inputs])
        if not set(result) <= set(sizes):
            raise InvalidOperands(f"{self.equation} makes a letter of nothing")
        return (tuple(sizes[letter] for letter in result),)

    def _sizes(self, shapes: Sequence[Shape]) -> tuple[dict[str, Dim], str]:
        """What every letter stands for, and the letters of the result."""
        written, _, result = self.equation.partition("->")
        terms, sizes = written.split(","), dict[str, Dim]()
        if [len(term) for term in terms] != [len(shape) for shape in shapes]:
            raise InvalidOperands(f"{self.equation} has not the axes of the operands")
        for term, shape in zip(terms, shapes, strict=True):
            for letter, dim in zip(term, shape, strict=True):
                if not decide_equal(sizes.setdefault(letter, dim), dim):
                    raise InvalidOperands(f"{letter} of {self.equation} stands for unequal dimensions")
        return sizes, result

    def work(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> Dim:
        """The multiplications, too: as many as all letters together have places."""
        sizes, _ = self._sizes([one.shape for one in operands if one is not None])
        return super().work(operands, results) + math.prod(sizes.values())

    def compute(self, *inputs: np.ndarray) -> tuple[Any, ...]:
        """The sum of products, in the element type of the operands."""
        return (np.einsum(self.equation, *inputs),)
