"""Layers that join, divide and reduce tensors: ``concat split maximum mean``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from ..diagnostics import DotnnError
from ..diagnostics.operands import (
    CannotConcatenate,
    ConcatenationUndecided,
    RanksDiffer,
    SplitNotEven,
    SplitSizes,
    SplitUndecided,
)
from ..graph.broadcasting import misfit
from ..graph.dims import Dim, DimExpr, decide_equal, exact_div, format_dim, symbols
from ..graph.dims_linear import dividing_forms, equalizing_forms
from ..graph.types import DType, TensorType
from ..records import record
from .attributes import Flag, Integer, IntegerList, Parts, attribute
from .base import MOVED_ON_CPU, Emitter, Layer, Operand, Sample, Site
from .reach import Along, Reach, aligned, kept
from .rules import (
    alternative,
    axis_or_channels,
    broadcast,
    declare_otherwise,
    need_float,
    need_number,
    need_same_elements,
    required,
    resolve_axes,
)

if TYPE_CHECKING:
    import numpy as np

_IMAGES = ({"N": 1, "H": 1, "W": 4}, {"N": 2, "H": 3, "W": 5}, {"N": 3, "H": 4, "W": 2})
_SEQUENCES = ({"N": 1, "T": 1}, {"N": 2, "T": 3}, {"N": 3, "T": 4})


@final
@record
class Concat(Layer):
    """Lays two or more tensors one behind the other along an axis.

    Without `axis=` that is axis 1, the channels: `[N, 16, H, W]` and `[N, 32, H, W]` become `[N, 48, H, W]`.
    On rank 3 the axis must be written, since axis 1 may be time. All other axes must certainly be equal: where one
    was halved and doubled again, the input declares that it divides, `2 * H`.
    """

    kind: ClassVar[str] = "concat"
    keeps_values: ClassVar[bool] = True
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    operands: ClassVar[tuple[Operand, ...]] = (Operand("parts", "two or more tensors of one rank", variadic=True),)
    formula: ClassVar[str] = "y = [a; b; ...] along the axis"
    source: ClassVar[str] = "numpy.concatenate; ONNX Concat"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("concat(a, b)", {"a": "float32[N, 2, H, W]", "b": "float32[N, 3, H, W]"}, _IMAGES, call_form=True),
        Sample(
            "concat(a, b, a, axis=-2)",
            {"a": "float32[N, T, 4]", "b": "float32[N, 2, 4]"},
            _SEQUENCES,
            call_form=True,
        ),
        Sample(
            "concat(a, b, axis=0)",
            {"a": "int64[N, 2]", "b": "int64[T, 2]"},
            _SEQUENCES,
            ranges={"a": (0, 9), "b": (0, 9)},
            call_form=True,
        ),
        Sample("concat(x, x)", {"x": "float32[N, 3]"}, ({"N": 1}, {"N": 2}, {"N": 4}), call_form=True),
    )

    axis: int | None = attribute(
        Integer(), None, doc="The axis along which they are laid; it must be written on rank 3.", shown="1"
    )

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The sum along the axis; all others as they are."""
        first = required(operands, 0)
        parts = tuple(required(operands, index) for index in range(len(operands)))
        for index, part in enumerate(parts):
            need_same_elements(site, index, first, part)
            if part.rank != first.rank:
                span = site.operand(index)
                raise DotnnError(RanksDiffer(span=span, kind=site.kind, left=str(first), right=str(part)))
        along = axis_or_channels(site, self.axis, first)
        for index, part in enumerate(parts):
            _need_joinable(site, index, along, first, part)
        total: Dim = 0
        for part in parts:
            total = total + part.shape[along]
        return (first.with_shape(*first.shape[:along], total, *first.shape[along + 1 :]),)

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """Position by position; along the axis, a neighbour may be one of another part, so the most is assumed."""
        part = required(operands, operand)
        along = (1 if self.axis is None else self.axis) % part.rank
        return aligned(part.shape, part.shape, whole=(along,))

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The joined array."""
        import numpy as np

        parts = [np.asarray(part) for part in operands]
        return (np.concatenate(parts, axis=1 if self.axis is None else self.axis),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Concat``."""
        return (e.op("Concat", *e.operands, axis=1 if self.axis is None else self.axis),)


def _need_joinable(site: Site, operand: int, along: int, first: TensorType, part: TensorType) -> None:
    """Demand that all axes but one are certainly equal."""
    pairs = list(zip(first.shape, part.shape, strict=True))
    wrong = misfit([axis == along or decide_equal(*pair) for axis, pair in enumerate(pairs)])
    if wrong is None:
        return
    axis, certain = wrong
    facts: dict[str, Any] = {
        "span": site.operand(operand),
        "kind": site.kind,
        "along": along,
        "left": str(first),
        "right": str(part),
        "left_dim": format_dim(pairs[axis][0]),
        "right_dim": format_dim(pairs[axis][1]),
        "axis": axis,
    }
    if certain:
        raise DotnnError(CannotConcatenate(**facts))
    others = [pair for number, pair in enumerate(pairs) if number != along]
    raise DotnnError(ConcatenationUndecided(**facts, hint=declare_otherwise(equalizing_forms(others))))


@final
@record
class Split(Layer):
    """Divides a tensor along an axis into a count of equal parts, or into parts of given sizes.

    `a, b = x -> split(2)` halves axis 1, the channels; `a, b = x -> split([16, 48])` gives sizes. On rank 3
    the axis must be written, since axis 1 may be time. A count must certainly divide the dimension, and sizes
    must add up to it. All parts are taken; `_` skips one.
    """

    kind: ClassVar[str] = "split"
    keeps_values: ClassVar[bool] = True
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "any shape and element type"),)
    result_names: ClassVar[tuple[str, ...]] = ("part",)
    take_all_results: ClassVar[bool] = True
    formula: ClassVar[str] = "concat(split(x)) = x"
    source: ClassVar[str] = "numpy.split; ONNX Split"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("split(2)", {"x": "float32[N, 6, H, W]"}, _IMAGES),
        Sample("split([1, 3, 2])", {"x": "float32[N, 6, H, W]"}, _IMAGES),
        Sample("split(parts=3, axis=-1)", {"x": "float32[N, T, 6]"}, _SEQUENCES),
        Sample("split([2, 2], axis=0)", {"x": "int64[4]"}, ranges={"x": (0, 9)}),
        Sample("split(1)", {"x": "float32[N, 3]"}, ({"N": 1}, {"N": 2}, {"N": 4})),
    )

    parts: int | tuple[int, ...] = attribute(Parts(), doc="How many equal parts, or their sizes.", positional=True)
    axis: int | None = attribute(
        Integer(), None, doc="The axis that is divided; it must be written on rank 3.", shown="1"
    )

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """One type for every part."""
        x = required(operands, 0)
        axis = axis_or_channels(site, self.axis, x)
        sizes = self._sizes(site, axis, x)
        return tuple(x.with_shape(*x.shape[:axis], size, *x.shape[axis + 1 :]) for size in sizes)

    def _sizes(self, site: Site, axis: int, x: TensorType) -> tuple[Dim, ...]:
        dim = x.shape[axis]
        span = site.argument("parts")
        if isinstance(self.parts, int):
            size = exact_div(dim, self.parts)
            if size is not None:
                return (size,) * self.parts
            if not isinstance(dim, DimExpr):
                raise DotnnError(SplitNotEven(span=span, parts=self.parts, axis=axis, found=str(x), dim=dim))
        elif not isinstance(dim, DimExpr):
            if sum(self.parts) == dim:
                return self.parts
            sizes, total = _written(self.parts), sum(self.parts)
            raise DotnnError(SplitSizes(span=span, sizes=sizes, total=total, axis=axis, found=str(x), dim=dim))
        symbol = min(symbols(dim))
        parts = f"{self.parts} parts" if isinstance(self.parts, int) else _written(self.parts)
        hint = alternative(declare_otherwise(dividing_forms(dim, self.parts))) if isinstance(self.parts, int) else ""
        facts: dict[str, Any] = {"span": span, "parts": parts, "axis": axis, "found": str(x), "hint": hint}
        raise DotnnError(SplitUndecided(dim=format_dim(dim), symbol=symbol, **facts))

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """Position by position; along the axis a part begins where those before it end."""
        x = required(operands, 0)
        along = (1 if self.axis is None else self.axis) % x.rank
        start: Dim = 0
        for before in results[:result]:
            start = start + before.shape[along]
        shift = None if isinstance(start, DimExpr) else start
        return tuple(Along(axis, shift=shift if axis == along else 0) for axis in range(x.rank))

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The parts."""
        import numpy as np

        places = self.parts if isinstance(self.parts, int) else np.cumsum(self.parts)[:-1]
        return tuple(np.split(np.asarray(operands[0]), places, axis=1 if self.axis is None else self.axis))

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Split``, by count or by sizes."""
        axis = 1 if self.axis is None else self.axis
        if isinstance(self.parts, int):
            return e.ops("Split", e.operands[0], outputs=self.parts, axis=axis, num_outputs=self.parts)
        sizes = e.constant(self.parts, DType.INT64)
        return e.ops("Split", e.operands[0], sizes, outputs=len(self.parts), axis=axis)


def _written(sizes: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, sizes))}]"


@final
@record
class Maximum(Layer):
    """The greater of two tensors, element by element (maxout).

    Shapes broadcast as with the tensor operators.
    """

    kind: ClassVar[str] = "maximum"
    keeps_values: ClassVar[bool] = True
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("a", "numbers of any shape"),
        Operand("b", "numbers of any shape"),
    )
    formula: ClassVar[str] = "y = max(a, b)"
    source: ClassVar[str] = "numpy.maximum; Keras Maximum; ONNX Max"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("maximum(a, b)", {"a": "float32[N, 3, H, W]", "b": "float32[N, 3, H, W]"}, _IMAGES, call_form=True),
        Sample("maximum(a, b)", {"a": "float32[N, 1, W]", "b": "float32[H, 1]"}, _IMAGES, call_form=True),
        Sample(
            "maximum(a, b)",
            {"a": "int64[2, 3]", "b": "int64[3]"},
            ranges={"a": (-5, 5), "b": (-5, 5)},
            call_form=True,
        ),
    )

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The broadcast shape."""
        a, b = required(operands, 0), required(operands, 1)
        need_number(site, 0, a)
        return (broadcast(site, a, b),)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The greater elements."""
        import numpy as np

        return (np.asarray(np.maximum(np.asarray(operands[0]), np.asarray(operands[1]))),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``Max``."""
        return (e.op("Max", *e.operands),)


@final
@record
class Mean(Layer):
    """The mean over one or more axes.

    The axes vanish, or stay with size 1 with `keepdims=true`: `[N, T, C]` becomes `[N, C]` with `axis=1`.
    """

    kind: ClassVar[str] = "mean"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "any shape, of floating point elements"),)
    formula: ClassVar[str] = "y = sum(x) / n over the axes"
    source: ClassVar[str] = "numpy.mean; ONNX ReduceMean"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("mean(axis=1)", {"x": "float32[N, T, 5]"}, _SEQUENCES),
        Sample("mean(axis=[2, -1], keepdims=true)", {"x": "float32[N, 3, H, W]"}, _IMAGES),
        Sample("mean(axis=[-1, 0])", {"x": "float32[N, 3, H, W]"}, _IMAGES),
        Sample("mean(axis=0)", {"x": "float32[4]"}),
    )

    axis: tuple[int, ...] = attribute(IntegerList(single=True), doc="The axis, or a list of axes, to average over.")
    keepdims: bool = attribute(Flag(), False, doc="Whether the axes stay, with size 1.")

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The shape without the axes, or with 1 in their place."""
        x = required(operands, 0)
        need_float(site, 0, x)
        axes = resolve_axes(site, self.axis, x)
        kept = [1 if axis in axes else dim for axis, dim in enumerate(x.shape) if self.keepdims or axis not in axes]
        return (x.with_shape(*kept),)

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """The whole of the axes at every position of the others."""
        x = required(operands, 0)
        axes = {axis % x.rank for axis in self.axis}
        return aligned(x.shape, x.shape, whole=axes) if self.keepdims else kept(x.rank, axes, reduced=True)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The mean."""
        import numpy as np

        return (np.asarray(np.mean(np.asarray(operands[0]), axis=self.axis, keepdims=self.keepdims)),)

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``ReduceMean``."""
        axes = e.constant(self.axis, DType.INT64)
        return (e.op("ReduceMean", e.operands[0], axes, keepdims=int(self.keepdims)),)
