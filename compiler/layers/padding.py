"""Padding as a layer of its own: ``pad``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.resizing import ArgumentWithoutUse, NotOnePerAxis, PaddingAsInPyTorch, PaddingExceedsInput
from ..dims import format_dim
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .any_spatial import ANY_SPATIAL, need_any_spatial, need_one_per_axis
from .attributes import Choice, Margins, Pads, Real, attribute
from .base import MOVED_ON_CPU, Layer, Operand, Read, Sample, Site
from .reach import WHOLE, Along, Reach
from .shape_rules import need_element
from .sizes import Asked, Size, around
from .windows import onnx_pads

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

#: How many positions of the input must stay when so many are reflected, or wrapped, at one end.
_SPARED = {"reflect": 1, "wrap": 0}


@final
@record
class Pad(Layer):
    """Puts positions around the spatial axes: `[N, C, H, W]` becomes `[N, C, H + 2, W + 2]` with `pad(1)`.

    What is put there is `value`, or what the input has: `reflect` mirrors it without repeating the edge, `edge` repeats
    the edge, and `wrap` goes on at the other end. PyTorch calls the last two `replicate` and `circular`, and lists the
    last axis first; Keras's `ZeroPadding2D` lists axes as here. Nothing is taken away: that is a slice, `x[:, :, 1:]`.
    """

    kind: ClassVar[str] = "pad"
    operands: ClassVar[tuple[Operand, ...]] = (ANY_SPATIAL,)
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    formula: ClassVar[str] = "y[n, c, i] = x[n, c, i - before], and what the mode says beyond the ends"
    foreign_names: ClassVar[tuple[str, ...]] = (
        *(f"zeropad{rank}d" for rank in (1, 2, 3)),
        *(f"zeropadding{rank}d" for rank in (1, 2, 3)),
        *(f"{mode}pad{rank}d" for mode in ("constant", "reflection", "replication", "circular") for rank in (1, 2, 3)),
    )
    source: ClassVar[str] = "numpy.pad; ONNX Pad"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("pad(1)", {"x": "float32[N, 2, H, W]"}),
        Sample("pad([[2, 0]], value=-1.5)", {"x": "float32[N, 2, L]"}),
        Sample('pad([1, [0, 2]], mode="reflect")', {"x": "float32[N, 2, H, W]"}, {"H": (2, 3, 5), "W": (4, 3, 6)}),
        Sample('pad([0, 3], mode="edge")', {"x": "float32[N, 2, H, W]"}),
        Sample('pad([[1, 2], 0, 1], mode="wrap")', {"x": "float32[N, 1, D, H, W]"}, {"D": (2, 3, 4)}),
        Sample("pad(1, value=7)", {"x": "int64[2, 3, 4]"}),
        Sample("pad(1, value=1)", {"x": "bool[2, 3, 4]"}),
    )

    padding: int | Pads = attribute(Margins(), doc="Positions put before and after each spatial axis.", positional=True)
    mode: str = attribute(
        Choice("constant", "reflect", "edge", "wrap", replicate="edge", circular="wrap", zeros="constant"),
        "constant",
        doc="What stands at these positions.",
    )
    value: float = attribute(Real(), 0.0, doc="What the mode `constant` puts there.")

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The spatial axes with what is put around them."""
        need_any_spatial(site, x)
        written = _of_pytorch(self.padding, x.rank - 2)
        fault = partial(PaddingAsInPyTorch, written=written) if written else NotOnePerAxis
        need_one_per_axis(site, "padding", self.padding, x, fault)
        self._need_fitting_value(site, x)
        pads = self._pads(x.rank)
        for axis, pair in enumerate(pads, start=2):
            _need_positions(site, x, self.mode, axis, max(pair))
        return x.with_shape(*x.shape[:2], *(dim + sum(pair) for dim, pair in zip(x.shape[2:], pads, strict=True)))

    def _need_fitting_value(self, site: Site, x: TensorType) -> None:
        if self.mode != "constant" and self.value != 0:
            span = site.argument("value")
            fault = ArgumentWithoutUse(
                span=span, kind=site.kind, argument="value", mode=self.mode, modes='`mode="constant"`'
            )
            raise DotnnError(fault)
        need_element(site, "value", self.value, x)

    def _element(self, dtype: DType) -> float:
        """The value as an element of this type."""
        return self.value if dtype.is_float else bool(self.value) if dtype is DType.BOOL else int(self.value)

    def _pads(self, rank: int) -> Pads:
        """(before, after) of each spatial axis."""
        if isinstance(self.padding, tuple):
            return self.padding
        return ((self.padding, self.padding),) * (rank - 2)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Position by position, moved; of what comes from the input twice, it is not known from where."""
        return (Along(0), Along(1), *(self._along(axis, *pair) for axis, pair in enumerate(self._pads(x.rank), 2)))

    def size_of(self, asked: Asked, x: TensorType) -> Size | None:
        """A spatial axis with what is put at its ends."""
        if asked.axis < 2 or not sum(self._pads(x.rank)[asked.axis - 2]):
            return None
        return Size(
            f"{format_dim(x.shape[asked.axis])}{around(self._pads(x.rank)[asked.axis - 2])}", ((0, asked.axis),)
        )

    def _along(self, axis: int, before: int, after: int) -> Along:
        if self.mode == "constant" or not before + after:
            return Along(axis, shift=-before)
        # Where the axis begins anew, neighbours are far apart.
        return WHOLE if self.mode == "wrap" else Along(axis, shift=None)

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The padded array."""
        around = ((0, 0), (0, 0), *self._pads(x.ndim))
        if self.mode != "constant":
            return np.pad(x, around, mode=self.mode)  # pyright: ignore[reportCallIssue, reportArgumentType]
        return np.pad(x, around, constant_values=self.value)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Pad``."""
        fill = b.constant(self._element(x.dtype), x.dtype) if self.value else None
        pads = b.ints(*onnx_pads(((0, 0), (0, 0), *self._pads(x.rank))))
        return b.op(ops.Pad(mode=self.mode), x, pads, fill)  # pyright: ignore[reportArgumentType]


def _of_pytorch(padding: int | Pads, axes: int) -> str:
    """A list that PyTorch would take, before and after, one behind the other, the last axis first, as it is here."""
    pairs = padding if isinstance(padding, tuple) else ()
    if len(pairs) != 2 * axes or any(before != after for before, after in pairs):
        return ""
    if axes > 1 and not any(map(sum, pairs[:2])):
        # It may as well be a list that begins with `[N, C]`, as numpy's.
        return ""
    amounts = [before for before, _ in pairs]
    each = [amounts[place : place + 2] for place in range(0, len(amounts), 2)]
    return str(each[::-1])


def _need_positions(site: Site, x: TensorType, mode: str, axis: int, amount: int) -> None:
    """Demand that there is what is reflected or wrapped."""
    if amount == 0 or mode not in _SPARED:
        return
    least = amount + _SPARED[mode]
    facts = {**site.about_argument("padding", x), "mode": mode, "axis": axis, "amount": amount, "least": least}
    otherwise = PaddingExceedsInput(**facts, size=format_dim(x.shape[axis]))
    site.at_least(x.shape[axis], least, otherwise)
