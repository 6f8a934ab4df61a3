"""Operators that keep all elements in their order and give them other axes, and the one that tells the axes."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from ..dims import Dim, decide_equal, decide_less, exact_div, format_dim
from ..graph.types import DType, TensorType, format_shape
from ..lazy_imports import np
from ..records import record
from .base import (
    ANY,
    INT64,
    Content,
    InvalidOperands,
    Known,
    Numbers,
    Operand,
    Operator,
    Result,
    Shape,
    Types,
)
from .shape_rules import broadcast, content_of, ints_of, resolve_axes

_WITH_INTS: Mapping[str, frozenset[DType]] = {"T": ANY, "I": INT64}


@record
class Layout(Operator, ABC):
    """Base of operators that take any elements and keep their order: a content stays as it is."""

    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": ANY}
    keeps_values: ClassVar[bool] = True

    def content(self, data: Known, *others: Known | None) -> Content | None:
        """The operand's."""
        return data.content

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The data, where they keep their shape."""
        return 0


@final
@record
class Reshape(Layout):
    """The elements with another shape.

    One -1 in it is what the others leave; a 0 is the dimension that the operand has there, or, with ``allowzero``, 0.
    """

    kind: ClassVar[str] = "Reshape"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("data"), Operand("shape", "I"))
    results: ClassVar[tuple[Result, ...]] = (Result("reshaped"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = _WITH_INTS
    source: ClassVar[str] = "ONNX Reshape-21"

    allowzero: int = 0

    def shapes(self, data: Known, shape: Known) -> tuple[Shape, ...]:
        """The wanted shape with what 0 and -1 stand for."""
        wanted = self._with_copied(content_of(shape, "shape"), data.shape)
        if wanted.count(-1) > 1:
            raise InvalidOperands(f"more than one dimension of {format_shape(wanted)} is left open")
        if any(isinstance(dim, int) and dim < -1 for dim in wanted):
            raise InvalidOperands(f"{format_shape(wanted)} has a negative dimension")
        known = TensorType(data.dtype, tuple(dim for dim in wanted if dim != -1)).elements
        if -1 in wanted:
            rest = self._rest(data.type.elements, known)
            return (tuple(rest if dim == -1 else dim for dim in wanted),)
        if decide_equal(data.type.elements, known) is False:
            raise InvalidOperands(f"{format_shape(wanted)} has another number of elements")
        return (wanted,)

    def _with_copied(self, wanted: Content, shape: Shape) -> Shape:
        if self.allowzero:
            if 0 in wanted and -1 in wanted:
                raise InvalidOperands("with allowzero, a shape cannot have both 0 and -1")
            return wanted
        if any(dim == 0 for dim in wanted[len(shape) :]):
            raise InvalidOperands(f"a 0 in {format_shape(wanted)} stands for an axis that is not there")
        return tuple(shape[axis] if dim == 0 else dim for axis, dim in enumerate(wanted))

    def _rest(self, elements: Dim, known: Dim) -> Dim:
        rest = exact_div(elements, known)
        if rest is None:
            raise InvalidOperands(f"{format_dim(elements)} elements do not divide by {format_dim(known)} for certain")
        return rest

    def compute(self, data: np.ndarray, shape: np.ndarray) -> tuple[Any, ...]:
        """The array with the wanted shape."""
        wanted = shape.tolist()
        if not self.allowzero:
            wanted = [data.shape[axis] if dim == 0 else dim for axis, dim in enumerate(wanted)]
        if -1 in wanted:
            # numpy leaves no dimension open in an array without elements.
            wanted[wanted.index(-1)] = data.size // max(math.prod(dim for dim in wanted if dim != -1), 1)
        return (data.reshape(wanted),)


@final
@record
class Flatten(Layout):
    """A matrix: the axes before ``axis`` are its rows, the others its columns."""

    kind: ClassVar[str] = "Flatten"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("input"),)
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    source: ClassVar[str] = "ONNX Flatten-21"

    axis: int = 1

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """The two products."""
        if not -x.rank <= self.axis <= x.rank:
            raise InvalidOperands(f"there is no axis {self.axis} among {x.rank}, nor behind them")
        split = self.axis + x.rank if self.axis < 0 else self.axis
        rows, columns = x.type.with_shape(*x.shape[:split]), x.type.with_shape(*x.shape[split:])
        return ((rows.elements, columns.elements),)

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The matrix."""
        split = self.axis + x.ndim if self.axis < 0 else self.axis
        return (x.reshape(math.prod(x.shape[:split]), math.prod(x.shape[split:])),)


@final
@record
class Squeeze(Layout):
    """The elements without axes of size 1: those that are named, or all."""

    kind: ClassVar[str] = "Squeeze"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("data"), Operand("axes", "I", optional=True))
    results: ClassVar[tuple[Result, ...]] = (Result("squeezed"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = _WITH_INTS
    source: ClassVar[str] = "ONNX Squeeze-21"

    def shapes(self, data: Known, axes: Known | None) -> tuple[Shape, ...]:
        """The other dimensions."""
        dropped = _ones(data.shape) if axes is None else resolve_axes(ints_of(axes, "axes"), data.rank)
        for axis in dropped:
            if not decide_equal(data.shape[axis], 1):
                raise InvalidOperands(f"axis {axis} is not certainly 1")
        return (tuple(dim for axis, dim in enumerate(data.shape) if axis not in dropped),)

    def compute(self, data: np.ndarray, axes: np.ndarray | None) -> tuple[Any, ...]:
        """The array without these axes."""
        dropped = _ones(data.shape) if axes is None else resolve_axes(axes.tolist(), data.ndim)
        return (data.reshape([dim for axis, dim in enumerate(data.shape) if axis not in dropped]),)


def _ones(shape: Sequence[Dim]) -> tuple[int, ...]:
    """The axes of size 1."""
    answers = [decide_equal(dim, 1) for dim in shape]
    if None in answers:
        raise InvalidOperands("which axes are 1 is not certain")
    return tuple(axis for axis, is_one in enumerate(answers) if is_one)


@final
@record
class Unsqueeze(Layout):
    """The elements with further axes of size 1, at these places in the result."""

    kind: ClassVar[str] = "Unsqueeze"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("data"), Operand("axes", "I"))
    results: ClassVar[tuple[Result, ...]] = (Result("expanded"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = _WITH_INTS
    source: ClassVar[str] = "ONNX Unsqueeze-21"

    def shapes(self, data: Known, axes: Known) -> tuple[Shape, ...]:
        """The dimensions with 1 at these places."""
        added = ints_of(axes, "axes")
        return (_with_ones(data.shape, added),)

    def compute(self, data: np.ndarray, axes: np.ndarray) -> tuple[Any, ...]:
        """The array with these axes."""
        return (data.reshape(_with_ones(data.shape, axes.tolist())),)


def _with_ones(shape: Sequence[Any], added: Sequence[int]) -> tuple[Any, ...]:
    rank = len(shape) + len(added)
    places = resolve_axes(added, rank)
    others = iter(shape)
    return tuple(1 if axis in places else next(others) for axis in range(rank))


@final
@record
class Transpose(Operator):
    """The elements with their axes in another order; reversed, where none is given."""

    kind: ClassVar[str] = "Transpose"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("data"),)
    results: ClassVar[tuple[Result, ...]] = (Result("transposed"),)
    source: ClassVar[str] = "ONNX Transpose-21"
    keeps_values: ClassVar[bool] = True

    perm: tuple[int, ...] | None = None

    def shapes(self, data: Known) -> tuple[Shape, ...]:
        """The dimensions in that order."""
        order = self._order(data.rank)
        if sorted(order) != list(range(data.rank)):
            raise InvalidOperands(f"{list(order)} is no order of {data.rank} axes")
        return (tuple(data.shape[axis] for axis in order),)

    def content(self, data: Known) -> Content | None:
        """The operand's, which has one axis at most."""
        return data.content

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The data, where no axis goes elsewhere."""
        rank = results[0].rank
        return 0 if self._order(rank) == tuple(range(rank)) else None

    def compute(self, data: np.ndarray) -> tuple[Any, ...]:
        """The array with its axes in that order."""
        return (np.moveaxis(data, self._order(data.ndim), tuple(range(data.ndim))),)

    def _order(self, rank: int) -> tuple[int, ...]:
        return tuple(reversed(range(rank))) if self.perm is None else self.perm


@final
@record
class ShapeOf(Operator):
    """The dimensions from ``start`` up to, not including, ``end``; bounds count and are clamped as in Python."""

    kind: ClassVar[str] = "Shape"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("data"),)
    results: ClassVar[tuple[Result, ...]] = (Result("shape", "T1"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": ANY, "T1": INT64}
    source: ClassVar[str] = "ONNX Shape-21"

    start: int = 0
    end: int | None = None

    def shapes(self, data: Known) -> tuple[Shape, ...]:
        """How many dimensions that are."""
        return ((len(data.shape[self.start : self.end]),),)

    def content(self, data: Known) -> Content:
        """The dimensions."""
        return data.shape[self.start : self.end]

    def compute(self, data: np.ndarray) -> tuple[Any, ...]:
        """The dimensions."""
        return (np.array(data.shape[self.start : self.end], dtype="int64"),)


@final
@record
class Expand(Operator):
    """The tensor repeated, so that it has the shape that it and the wanted one broadcast to."""

    kind: ClassVar[str] = "Expand"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("input"), Operand("shape", "I"))
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = _WITH_INTS
    source: ClassVar[str] = "ONNX Expand-13"
    keeps_values: ClassVar[bool] = True

    def shapes(self, x: Known, shape: Known) -> tuple[Shape, ...]:
        """The broadcast shape."""
        wanted = content_of(shape, "shape")
        if any(decide_less(dim, 0) for dim in wanted):
            raise InvalidOperands(f"{format_shape(wanted)} has a negative dimension")
        return (broadcast(x.shape, wanted),)

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The operand, where it has the wanted shape already."""
        return 0

    def compute(self, x: np.ndarray, shape: np.ndarray) -> tuple[Any, ...]:
        """The repeated array."""
        return (np.array(np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape.tolist())))),)
