"""Pooling into a given number of windows: maxima and means, in one, two and three dimensions."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.resizing import AdaptiveWindowsUndecided
from ..dims import Dim, DimExpr, exact_div, format_dim, substitute, symbols
from ..dims.formatting import format_forms
from ..dims.linear import dividing_forms
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .attributes import PerAxis, attribute
from .base import Read, Sample, Site
from .reach import WHOLE, Along, Reach
from .resizing_lowering import column, taken
from .shape_rules import known
from .spatial_families import Spatial, family, sample
from .windows import need_spatial, onnx_pads

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@record
class AdaptivePooling(Spatial, ABC):
    """Base of the poolings into a number of windows.

    Of ``n`` positions, window ``i`` of ``m`` reads those from ``floor(i * n / m)`` up to ``ceil((i + 1) * n / m)``.

    Class attributes:
        function: the name of numpy's method.
        overall: the name of the operator for a single window.
        windowed: the name of the operator for windows of one size.
        reduction: the name of the operator that reduces axes.
    """

    function: ClassVar[str]
    overall: ClassVar[str]
    windowed: ClassVar[str]
    reduction: ClassVar[str]

    size: tuple[int, ...] = attribute(
        PerAxis(), doc="How many windows there are, and so the size of the result.", positional=True
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """``[N, C, *size]``; how the windows lie must be known."""
        need_spatial(site, x, self.spatial_rank)
        for axis, (dim, count) in enumerate(zip(x.shape[2:], self.size, strict=True), start=2):
            if _is_undecided(dim, count):
                forms = format_forms(_deciding(x.shape[2:], self.size))
                facts = {"axis": axis, "size": count, "dim": format_dim(dim), "symbol": min(symbols(dim))}
                raise DotnnError(AdaptiveWindowsUndecided(**site.about_argument("size", x), **facts, forms=forms))
        return x.with_shape(*x.shape[:2], *self.size)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Its windows; of those that differ, the widest, and the longest way to the next."""
        pairs = zip(x.shape[2:], self.size, strict=True)
        return (Along(0), Along(1), *(_along(axis, *pair) for axis, pair in enumerate(pairs, start=2)))

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The greatest number or the mean of each window, axis by axis."""
        for axis, count in enumerate(self.size, start=2):
            size = x.shape[axis]
            bounds = ((number * size // count, -(-(number + 1) * size // count)) for number in range(count))
            windows = (np.take(x, range(*ends), axis) for ends in bounds)
            x = np.stack([getattr(one, self.function)(axis=axis) for one in windows], axis)
        return x

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """Axes whose windows differ one by one, then the others: a pooling, or a reduction where sizes are symbolic."""
        y = x
        for axis, count in enumerate(self.size, start=2):
            if exact_div(x.shape[axis], count) is None:
                y = self.uneven(b, y, axis, count)
        if y.shape[2:] == self.size:
            return b.op(ops.Identity(), x) if y is x else y
        pairs = zip(y.shape[2:], self.size, strict=True)
        kernel = tuple(each for each in (exact_div(*pair) for pair in pairs) if each is not None)
        # onnxruntime has no kernel of average poolings of float64.
        if x.dtype is not DType.FLOAT64 and set(self.size) == {1}:
            return b.op(getattr(ops, self.overall)(), y)
        if x.dtype is DType.FLOAT64 or any(isinstance(one, DimExpr) for one in kernel):
            pairs = zip(self.size, kernel, strict=True)
            windows = b.reshape(y, (*y.shape[:2], *(dim for pair in pairs for dim in pair)))
            return self.reduced(b, windows, *range(3, windows.rank, 2))
        return b.op(getattr(ops, self.windowed)(kernel_shape=kernel, strides=kernel), y)

    def reduced(self, b: Builder, windows: Tensor, *axes: int) -> Tensor:
        """The reduction of windows along the axes of the positions in them."""
        return b.op(getattr(ops, self.reduction)(keepdims=0), windows, b.ints(*axes))

    @abstractmethod
    def uneven(self, b: Builder, x: Tensor, axis: int, count: int) -> Tensor:
        """The pooling along an axis whose windows differ in size or overlap."""


def _is_undecided(dim: Dim, count: int) -> bool:
    return isinstance(dim, DimExpr) and exact_div(dim, count) is None


def _deciding(dims: Sequence[Dim], counts: Sequence[int]) -> dict[str, Dim]:
    """What to write for the symbols so that it is known how the windows of all axes lie."""
    pairs = [pair for pair in zip(dims, counts, strict=True) if _is_undecided(*pair)]
    forms: dict[str, Dim] = {}
    for dim, count in pairs:
        forms |= dividing_forms(dim, count)
    return {} if any(_is_undecided(substitute(dim, forms), count) for dim, count in pairs) else forms


def _widest(size: int, count: int) -> int:
    """Positions of the widest window; the remainders at which windows begin are multiples of the common divisor."""
    return 1 - (math.gcd(size, count) - size) // count


def _along(axis: int, size: Dim, count: int) -> Along:
    if size == count:
        return Along(axis)
    if isinstance(size, DimExpr) or count == 1:
        return WHOLE
    if size % count == 0:
        return Along(axis, size // count, size // count)
    return Along(axis, _widest(size, count), -(-size // count), shift=None)


def _bounds(b: Builder, size: int, count: int) -> tuple[Tensor, Tensor]:
    """The first position of each window, and the one behind its last, as columns."""
    numbers, divisor = column(b, count), b.ints(count)
    starts = b.op(ops.Mul(), numbers, b.ints(size))
    ends = b.op(ops.Add(), starts, b.ints(size + count - 1))
    return b.op(ops.Div(), starts, divisor), b.op(ops.Div(), ends, divisor)


def _places(b: Builder, first: Tensor, width: int) -> Tensor:
    """As many positions from the first one of each window, in its row."""
    offsets = b.op(ops.Transpose(perm=(1, 0)), column(b, width))
    return b.op(ops.Add(), first, offsets)


@record
class AdaptiveMaxPooling(AdaptivePooling, ABC):
    """Divides {inputs} into windows and takes the greatest number of each: `[N, C, {axes}]` becomes `[N, C, *size]`.

    Of `n` positions, window `i` of `m` reads those from `floor(i * n / m)` up to, not including, `ceil((i + 1) * n /
    m)`, as in PyTorch: windows may overlap and differ in size, and repeat positions where `m` is larger. The input's
    size must be a number, or certainly a multiple of `m`.
    """

    function: ClassVar[str] = "max"
    overall: ClassVar[str] = "GlobalMaxPool"
    windowed: ClassVar[str] = "MaxPool"
    reduction: ClassVar[str] = "ReduceMax"
    formula: ClassVar[str] = "y[n, c, i] = max of x[n, c, floor(i * n / m)] up to x[n, c, ceil((i + 1) * n / m) - 1]"
    foreign_names: ClassVar[tuple[str, ...]] = ("adaptivemaxpool", "adaptivemaxpooling", "adaptivemaxpooling{rank}d")
    source: ClassVar[str] = "PyTorch, torch.nn.AdaptiveMaxPool2d"

    def uneven(self, b: Builder, x: Tensor, axis: int, count: int) -> Tensor:
        """``Gather`` of the windows, short ones with their last position again, and ``ReduceMax``."""
        size = known(x.shape[axis])
        first, end = _bounds(b, size, count)
        last = b.op(ops.Sub(), end, b.ints(1))
        places = b.op(ops.Min(), _places(b, first, _widest(size, count)), last)
        return self.reduced(b, taken(b, x, axis, places), axis + 1)


@record
class AdaptiveAveragePooling(AdaptivePooling, ABC):
    """Divides {inputs} into windows and takes the mean of each: `[N, C, {axes}]` becomes `[N, C, *size]`.

    Of `n` positions, window `i` of `m` reads those from `floor(i * n / m)` up to, not including, `ceil((i + 1) * n /
    m)`, as in PyTorch: windows may overlap and differ in size, and repeat positions where `m` is larger. The input's
    size must be a number, or certainly a multiple of `m`.
    """

    function: ClassVar[str] = "mean"
    overall: ClassVar[str] = "GlobalAveragePool"
    windowed: ClassVar[str] = "AveragePool"
    reduction: ClassVar[str] = "ReduceMean"
    formula: ClassVar[str] = "y[n, c, i] = mean of x[n, c, floor(i * n / m)] up to x[n, c, ceil((i + 1) * n / m) - 1]"
    foreign_names: ClassVar[tuple[str, ...]] = (
        "adaptiveavgpool",
        "adaptiveaveragepool",
        "adaptiveaveragepool{rank}d",
        "adaptiveaveragepooling",
        "adaptiveaveragepooling{rank}d",
    )
    source: ClassVar[str] = "PyTorch, torch.nn.AdaptiveAvgPool2d"

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """As of all adaptive poolings; of 16 bits in float32 where windows differ, since each axis would round."""
        pairs = zip(x.shape[2:], self.size, strict=True)
        if x.dtype not in (DType.FLOAT16, DType.BFLOAT16) or all(exact_div(*pair) is not None for pair in pairs):
            return super().lower(b, x)
        return b.op(ops.Cast(to=x.dtype), super().lower(b, b.op(ops.Cast(to=DType.FLOAT32), x)))

    def uneven(self, b: Builder, x: Tensor, axis: int, count: int) -> Tensor:
        """``Gather`` of the windows, short ones filled up with zeros, ``ReduceMean``, and what corrects for the zeros.

        A product with a matrix of shares would be shorter, and spread what is no number over all windows.
        """
        size = known(x.shape[axis])
        mean = self.reduced(b, _filled(b, x, axis, count), axis + 1)
        if not _differ(size, count):
            return mean
        share = _share(b, size, count, x.dtype)
        return b.op(ops.Mul(), mean, b.reshape(share, (count, *(1,) * (x.rank - axis - 1))))


def _differ(size: int, count: int) -> bool:
    """Whether some windows are wider than others."""
    return _widest(size, count) > -(-size // count)


def _filled(b: Builder, x: Tensor, axis: int, count: int) -> Tensor:
    """An axis as two, the number of the window and the position in it; zeros stand behind short windows."""
    size = known(x.shape[axis])
    first, end = _bounds(b, size, count)
    places = _places(b, first, _widest(size, count))
    if _differ(size, count):
        pads = tuple((0, int(one == axis)) for one in range(x.rank))
        x = b.op(ops.Pad(), x, b.ints(*onnx_pads(pads)))
        places = b.op(ops.Where(), b.op(ops.Less(), places, end), places, b.ints(size))
    return taken(b, x, axis, places)


def _share(b: Builder, size: int, count: int, dtype: DType) -> Tensor:
    """How often the positions of each window go into those of the widest, as a column."""
    first, end = _bounds(b, size, count)
    length = b.op(ops.Cast(to=dtype), b.op(ops.Sub(), end, first))
    return b.op(ops.Div(), b.constant(float(_widest(size, count)), dtype), length)


def _samples(kind: str) -> tuple[Sample, ...]:
    """Windows that are alike, overlap, repeat positions, and have symbolic sizes; of one, two and three axes."""
    return (
        sample(f"{kind}1d(1)", (7,), (3,), (10,)),
        Sample(f"{kind}1d(3)", {"x": "float32[N, 2, 7]"}),
        Sample(f"{kind}1d(5)", {"x": "float32[N, 2, 3]"}),
        Sample(f"{kind}1d(3)", {"x": "float32[N, 2, 3 * L]"}, {"L": (1, 2, 3)}),
        sample(f"{kind}2d(1)"),
        Sample(f"{kind}2d([3, 2])", {"x": "float32[N, 2, 6, 8]"}),
        Sample(f"{kind}2d([3, 4])", {"x": "float32[N, 2, 5, 6]"}),
        Sample(f"{kind}2d([2, 7])", {"x": "float32[N, 2, 5, 7 * W]"}, {"W": (2, 1, 3)}),
        sample(f"{kind}3d(1)"),
        Sample(f"{kind}3d([2, 1, 3])", {"x": "float32[N, 2, 3, H, 5]"}),
        Sample(f"{kind}3d([2, 3, 1])", {"x": "float32[N, 2, 2 * D, 6, W]"}, {"D": (1, 2, 3)}),
    )


AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d = family(
    AdaptiveMaxPooling, "adaptive_max_pool", *_samples("adaptive_max_pool")
)
AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d = family(
    AdaptiveAveragePooling, "adaptive_avg_pool", *_samples("adaptive_avg_pool")
)
