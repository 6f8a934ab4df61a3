"""Pooling over sliding windows, and over all positions."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from ..dims import Dim
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .base import BYTES, FLOATS, Known, Operator, Shape, Types
from .convolution import padded_for_windows, window_places
from .shape_rules import need_rank, slid, spatial_defaults


@record
class WindowPooling(Operator, ABC):
    """Base of poolings over windows.

    With ``ceil_mode`` a last window may overhang the end, but must start inside, or in the padding before. Pads are
    explicit, see ``Convolving``.
    """

    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}

    kernel_shape: tuple[int, ...]
    strides: tuple[int, ...] | None = None
    dilations: tuple[int, ...] | None = None
    pads: tuple[int, ...] | None = None
    ceil_mode: int = 0

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """``[N, C, *spatial]``."""
        need_rank(x, "X", 3)
        ceil = bool(self.ceil_mode)
        outputs = slid(x.shape[2:], self.kernel_shape, self.strides, self.dilations, self.pads, ceil)
        return ((*x.shape[:2], *outputs),)

    def work(self, operands: Types, results: Sequence[TensorType]) -> Dim:
        """Every element of every window, too."""
        return super().work(operands, results) + results[0].elements * math.prod(self.kernel_shape)

    def reduced(self, x: np.ndarray, combine: np.ufunc, fill: Any, pads: tuple[int, ...] | None) -> np.ndarray:
        """All windows, their places combined one by one; beyond the array there is ``fill``."""
        strides, dilations, around = spatial_defaults(x.ndim - 2, self.strides, self.dilations, pads)
        window = (self.kernel_shape, strides, dilations)
        padded, outputs = padded_for_windows(x, *window, around, bool(self.ceil_mode), fill)
        result = np.full((*x.shape[:2], *outputs), fill, x.dtype)
        for _, view in window_places(outputs, *window):
            combine(result, padded[(slice(None), slice(None), *view)], out=result)
        return result


@final
@record
class MaxPool(WindowPooling):
    """The greatest element of each window; padding never is.

    The second result of ONNX, indices, is left out: runtimes disagree about it. So is ``storage_order``, which matters
    to it alone.
    """

    kind: ClassVar[str] = "MaxPool"
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS | BYTES}
    source: ClassVar[str] = "ONNX MaxPool-22"

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The greatest elements."""
        least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        return (self.reduced(x, np.maximum, least, self.pads),)


@final
@record
class AveragePool(WindowPooling):
    """The mean of each window.

    Padding counts only with ``count_include_pad``, as zeros, and what a window overhangs beyond the padding never does.
    """

    kind: ClassVar[str] = "AveragePool"
    source: ClassVar[str] = "ONNX AveragePool-22"

    count_include_pad: int = 0

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The sum of each window over the number of its places that count."""
        return (self.reduced(x, np.add, 0, self.pads) / self._counts(x),)

    def _counts(self, x: np.ndarray) -> np.ndarray:
        """How many places of each window count: the sum of the windows over ones where a place counts."""
        pads = self.pads or (0,) * (2 * (x.ndim - 2))
        places = np.ones((1, 1, *x.shape[2:]), x.dtype)
        if not self.count_include_pad:
            return self.reduced(places, np.add, 0, pads)
        rank = x.ndim - 2
        around = [(0, 0), (0, 0), *zip(pads[:rank], pads[rank:], strict=True)]
        padded = np.pad(places, around, constant_values=1)
        counts = self.reduced(padded, np.add, 0, None)
        # Padding that belongs to the array itself lets a last window start in it.
        wanted = _outputs(self, x)
        return counts[(..., *(slice(count) for count in wanted))]


def _outputs(pool: WindowPooling, x: np.ndarray) -> Shape:
    return slid(x.shape[2:], pool.kernel_shape, pool.strides, pool.dilations, pool.pads, bool(pool.ceil_mode))


@record
class GlobalPooling(Operator, ABC):
    """Base of poolings over all positions; the spatial axes stay, with size 1."""

    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS}

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """``[N, C, 1, ...]``."""
        need_rank(x, "X", 3)
        return ((*x.shape[:2], *(1,) * (x.rank - 2)),)


@final
@record
class GlobalMaxPool(GlobalPooling):
    """The greatest element of each channel."""

    kind: ClassVar[str] = "GlobalMaxPool"
    source: ClassVar[str] = "ONNX GlobalMaxPool-22"
    keeps_values: ClassVar[bool] = True

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The greatest elements."""
        return (np.maximum.reduce(x, axis=tuple(range(2, x.ndim)), keepdims=True),)


@final
@record
class GlobalAveragePool(GlobalPooling):
    """The mean of each channel."""

    kind: ClassVar[str] = "GlobalAveragePool"
    source: ClassVar[str] = "ONNX GlobalAveragePool-22"

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The sum of each channel over the number of its positions."""
        total = np.sum(x, axis=tuple(range(2, x.ndim)), keepdims=True)
        return (total / math.prod(x.shape[2:]),)
