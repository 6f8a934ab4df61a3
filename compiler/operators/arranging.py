"""Operators that put tensors together and take parts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, ClassVar, Literal, TypeVar, final

from ..dims import Dim, ceil_div, decide_equal, decide_less, exact_div, format_dim
from ..graph.types import DType, TensorType, format_shape
from ..lazy_imports import np
from ..records import record
from .base import (
    ANY,
    INT64,
    WORDS,
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
from .shape_rules import content_of, ints_of, known_ints, need_rank, numbers, resolve_axes, resolve_axis, sliced

_T = TypeVar("_T")


@final
@record
class Concat(Operator):
    """Tensors one behind the other along an axis."""

    kind: ClassVar[str] = "Concat"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("inputs", variadic=True),)
    results: ClassVar[tuple[Result, ...]] = (Result("concat_result"),)
    source: ClassVar[str] = "ONNX Concat-13"
    keeps_values: ClassVar[bool] = True

    axis: int

    def shapes(self, *inputs: Known) -> tuple[Shape, ...]:
        """The dimensions along the axis added."""
        first = inputs[0]
        along = resolve_axis(self.axis, first.rank)
        for one in inputs:
            others = zip(_without(one.shape, along), _without(first.shape, along), strict=False)
            if one.rank != first.rank or not all(decide_equal(*pair) for pair in others):
                raise InvalidOperands("the other axes are not certainly equal")
        total: Dim = 0
        for one in inputs:
            total = total + one.shape[along]
        return ((*first.shape[:along], total, *first.shape[along + 1 :]),)

    def content(self, *inputs: Known) -> Content | None:
        """The contents one behind the other."""
        contents = [one.content for one in inputs if one.content is not None]
        return sum(contents, ()) if len(contents) == len(inputs) else None

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The only input, where there is one."""
        return 0 if len(operands) == 1 else None

    def compute(self, *inputs: np.ndarray) -> tuple[Any, ...]:
        """The arrays joined."""
        return (np.concatenate(inputs, axis=self.axis),)


def _without(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], *shape[axis + 1 :])


@final
@record
class Split(Operator):
    """A tensor divided along an axis: into parts of these sizes, or into ``num_outputs`` parts of one size.

    Of a number that does not divide evenly the last part is smaller. Either the sizes or the number must be given.
    """

    kind: ClassVar[str] = "Split"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("input"), Operand("split", "I", optional=True))
    results: ClassVar[tuple[Result, ...]] = (Result("outputs", variadic=True),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": ANY, "I": INT64}
    source: ClassVar[str] = "ONNX Split-18"
    keeps_values: ClassVar[bool] = True

    axis: int = 0
    num_outputs: int | None = None

    def shapes(self, x: Known, split: Known | None) -> tuple[Shape, ...]:
        """One shape for every part."""
        axis = resolve_axis(self.axis, x.rank)
        parts = self._parts(x.shape[axis], None if split is None else content_of(split, "split"))
        return tuple((*x.shape[:axis], part, *x.shape[axis + 1 :]) for part in parts)

    def _parts(self, dim: Dim, sizes: Content | None) -> tuple[Dim, ...]:
        if (sizes is None) == (self.num_outputs is None):
            raise InvalidOperands("either the sizes of the parts or their number must be given")
        if sizes is None:
            return _even_parts(dim, self.num_outputs or 0)
        total: Dim = 0
        for size in sizes:
            total = total + size
        if any(decide_less(size, 0) for size in sizes) or not decide_equal(total, dim):
            raise InvalidOperands(f"{format_shape(sizes)} does not certainly add up to {format_dim(dim)}")
        return sizes

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The tensor, where there is one part."""
        return 0 if len(results) == 1 else None

    def compute(self, x: np.ndarray, split: np.ndarray | None) -> tuple[Any, ...]:
        """The parts."""
        parts = self._parts(x.shape[self.axis], None if split is None else tuple(split.tolist()))
        places = pairwise(accumulate(numbers(parts, "an array"), initial=0))
        return tuple(np.take(x, range(*ends), axis=self.axis) for ends in places)


def _even_parts(dim: Dim, count: int) -> tuple[Dim, ...]:
    if count < 1:
        raise InvalidOperands(f"there cannot be {count} parts")
    size = exact_div(dim, count)
    if size is not None:
        return (size,) * count
    size = ceil_div(dim, count)
    last = dim - size * (count - 1)
    if decide_less(last, 0) is not False:
        raise InvalidOperands(f"{format_dim(dim)} does not certainly divide into {count} parts")
    return (*(size,) * (count - 1), last)


@final
@record
class Slice(Operator):
    """Every ``steps``-th element from ``starts`` up to, not including, ``ends``, along each of the axes.

    Negative bounds count from the end; all are clamped to the axis. Unlike in numpy, a step back that starts before
    the first element starts at it.
    """

    kind: ClassVar[str] = "Slice"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("data"),
        Operand("starts", "Tind"),
        Operand("ends", "Tind"),
        Operand("axes", "Tind", optional=True),
        Operand("steps", "Tind", optional=True),
    )
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": ANY, "Tind": WORDS}
    source: ClassVar[str] = "ONNX Slice-13"
    keeps_values: ClassVar[bool] = True

    def shapes(
        self, data: Known, starts: Known, ends: Known, axes: Known | None, steps: Known | None
    ) -> tuple[Shape, ...]:
        """The dimensions with the lengths of the slices."""
        shape = list(data.shape)
        first, stop = content_of(starts, "starts"), content_of(ends, "ends")
        along, moves = _axes_and_steps(axes, steps, len(first), data.rank)
        if not len(first) == len(stop) == len(along) == len(moves):
            raise InvalidOperands("starts, ends, axes and steps are not of one length")
        for axis, start, end, step in zip(along, first, stop, moves, strict=True):
            shape[axis] = sliced(shape[axis], start, end, step)
        return (tuple(shape),)

    def content(
        self, data: Known, starts: Known, ends: Known, axes: Known | None, steps: Known | None
    ) -> Content | None:
        """The slice of the content."""
        bounds = (known_ints(starts), known_ints(ends), known_ints(steps, (1,)))
        if data.content is None or None in bounds:
            return None
        elements = data.content
        for bound in zip(*(one or () for one in bounds), strict=False):
            elements = tuple(elements[index] for index in _chosen(len(elements), *bound))
        return elements

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The data, where all are taken, and of no axis backwards but of those of size 1."""
        data, axes, steps = (_at(operands, place) for place in (0, 3, 4))
        along, moves = _at(constants, 3), _at(constants, 4)
        if steps is None:
            return 0
        if data is None or moves is None or (along is None and axes is not None):
            return None
        places = range(len(moves.elements)) if along is None else map(int, along.elements)
        backward = (axis for axis, step in zip(places, moves.elements, strict=True) if step < 0)
        return 0 if all(data.shape[axis] == 1 for axis in backward) else None

    def compute(
        self,
        data: np.ndarray,
        starts: np.ndarray,
        ends: np.ndarray,
        axes: np.ndarray | None,
        steps: np.ndarray | None,
    ) -> tuple[Any, ...]:
        """The part of the array."""
        along = range(len(starts)) if axes is None else resolve_axes(axes.tolist(), data.ndim)
        moves = [1] * len(starts) if steps is None else steps.tolist()
        for axis, start, end, step in zip(along, starts.tolist(), ends.tolist(), moves, strict=True):
            data = np.take(data, list(_chosen(data.shape[axis], start, end, step)), axis=axis)
        return (data,)


def _axes_and_steps(
    axes: Known | None, steps: Known | None, count: int, rank: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    along = resolve_axes(tuple(range(count)) if axes is None else ints_of(axes, "axes"), rank)
    return along, (1,) * count if steps is None else ints_of(steps, "steps")


def _at(given: Sequence[_T | None], place: int) -> _T | None:
    """An operand, or what is known of it; None for an absent one."""
    return given[place] if place < len(given) else None


def _chosen(length: int, start: int, end: int, step: int) -> range:
    """The indices that a slice takes of an axis."""
    start, end = (bound + length if bound < 0 else bound for bound in (start, end))
    if step > 0:
        return range(max(start, 0), min(end, length), step)
    return range(min(max(start, 0), length - 1), max(end, -1), step)


@final
@record
class Gather(Operator):
    """The elements with these indices along an axis; the axes of the indices take the place of it."""

    kind: ClassVar[str] = "Gather"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("data"), Operand("indices", "Tind"))
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": ANY, "Tind": WORDS}
    source: ClassVar[str] = "ONNX Gather-13"
    keeps_values: ClassVar[bool] = True

    axis: int = 0

    def shapes(self, data: Known, indices: Known) -> tuple[Shape, ...]:
        """The dimensions with those of the indices in the place of the axis."""
        axis = resolve_axis(self.axis, data.rank)
        return ((*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :]),)

    def content(self, data: Known, indices: Known) -> Content | None:
        """The chosen elements of the content."""
        chosen = known_ints(indices)
        if data.content is None or chosen is None:
            return None
        _need_indices(chosen, len(data.content))
        return tuple(data.content[index] for index in chosen)

    def compute(self, data: np.ndarray, indices: np.ndarray) -> tuple[Any, ...]:
        """The chosen elements."""
        length = data.shape[self.axis]
        _need_indices(indices, length)
        return (np.take(data, np.where(indices < 0, indices + length, indices), axis=self.axis),)


def _need_indices(indices: Any, length: int) -> None:
    if not np.all((np.asarray(indices) >= -length) & (np.asarray(indices) < length)):
        raise InvalidOperands(f"Gather: an index is not among {length}")


@final
@record
class Pad(Operator):
    """Elements put before and behind each axis; a negative number takes elements away.

    ``pads`` are all the begins, then all the ends, of these axes, or of all. What is put there is a constant, 0 unless
    given, or, by the mode, what the tensor has inside, at its edge, or at its other end.
    """

    kind: ClassVar[str] = "Pad"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("data"),
        Operand("pads", "I"),
        Operand("constant_value", optional=True),
        Operand("axes", "Tind", optional=True),
    )
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": ANY, "I": INT64, "Tind": WORDS}
    source: ClassVar[str] = "ONNX Pad-21"

    mode: Literal["constant", "reflect", "edge", "wrap"] = "constant"

    def shapes(self, data: Known, pads: Known, constant_value: Known | None, axes: Known | None) -> tuple[Shape, ...]:
        """The dimensions with what is put before and behind."""
        if constant_value is not None:
            need_rank(constant_value, "constant_value", 0, 0)
        along = range(data.rank) if axes is None else ints_of(axes, "axes")
        shape = list(data.shape)
        for axis, (before, after) in _pads(content_of(pads, "pads"), along, data.rank).items():
            shape[axis] = shape[axis] + before + after
            if decide_less(shape[axis], 0):
                raise InvalidOperands(f"{format_shape(data.shape)} has not as many elements as are taken away")
        return (tuple(shape),)

    def passed_on(self, operands: Types, constants: Numbers, results: Sequence[TensorType]) -> int | None:
        """The data, where nothing is put anywhere."""
        pads = constants[1]
        return None if pads is None or any(pads.elements) else 0

    def compute(
        self, data: np.ndarray, pads: np.ndarray, constant_value: np.ndarray | None, axes: np.ndarray | None
    ) -> tuple[Any, ...]:
        """The padded array."""
        along = range(data.ndim) if axes is None else axes.tolist()
        for axis, (before, after) in _pads(pads.tolist(), along, data.ndim).items():
            # Elements are taken away first, so that what is put there comes from those that stay.
            kept = range(max(-before, 0), data.shape[axis] + min(after, 0))
            data = np.take(data, kept, axis=axis)
            around = [(0, 0)] * data.ndim
            around[axis] = (max(before, 0), max(after, 0))
            if self.mode != "constant":
                data = np.pad(data, around, mode=self.mode)
            else:
                data = np.pad(data, around, constant_values=0 if constant_value is None else constant_value)
        return (data,)


def _pads(pads: Sequence[Any], axes: Sequence[int], rank: int) -> dict[int, tuple[Any, Any]]:
    """(before, after) by axis."""
    resolved = resolve_axes(axes, rank)
    if len(pads) != 2 * len(resolved):
        raise InvalidOperands(f"{len(pads)} pads are not two for each of {len(resolved)} axes")
    return dict(zip(resolved, zip(pads[: len(resolved)], pads[len(resolved) :], strict=True), strict=True))
