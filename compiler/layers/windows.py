"""Sliding windows: how many fit, what is padded, and views of arrays as windows.

Everything that convolutions and poolings share. Along an axis of ``n`` positions with ``before`` and
``after`` padded ones, a window reads ``kernel`` positions, ``dilation`` apart, and moves by ``stride``.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from ..diagnostics import DotnnError
from ..diagnostics.shapes import SpatialRank
from ..diagnostics.windows import SamePaddingUndecided, WindowTooLarge
from ..dims import Dim, DimExpr, ceil_div, evaluate, format_dim, substitute, symbols
from ..dims.formatting import format_forms
from ..dims.linear import dividing_forms
from ..graph.types import BATCH, TensorType
from ..graph.window_arithmetic import AxisWindow
from ..lazy_imports import np
from ..records import record
from ..written import value_text
from .attributes import Pads
from .base import LAYERS, Read, Site, Window
from .channels import channels_first_order, need_channels_first
from .reach import Along, Reach
from .shape_rules import known, need_float
from .sizes import Asked, Size, around, factor
from .spatial_families import WORDS, Spatial


@record
class Sliding(Spatial, ABC):
    """Base of layers that slide a window; kernel, stride, padding and, in most, dilation are their attributes.

    Class attributes:
        channels: what one position of the result reads along the channels.
        moves_by_kernel: whether the stride is the kernel where it is not written, or else 1.
        spreads: whether a window is added to the result around each position, rather than read around it.
    """

    channels: ClassVar[Along]
    moves_by_kernel: ClassVar[bool] = False
    spreads: ClassVar[bool] = False
    if TYPE_CHECKING:
        kernel: tuple[int, ...]
        stride: tuple[int, ...] | None
        padding: Pads | str | None

    @property
    def window(self) -> Window:
        """The window with its defaults filled in."""
        ones = (1,) * self.spatial_rank
        stride = self.stride or (self.kernel if self.moves_by_kernel else ones)
        return Window(self.kernel, stride, getattr(self, "dilation", None) or ones)

    @property
    def declared_padding(self) -> Pads | str:
        """The padding with its default filled in."""
        return ((0, 0),) * self.spatial_rank if self.padding is None else self.padding

    def pads(self, sizes: Sequence[Dim]) -> Pads:
        """(before, after) of each spatial axis for sizes accepted by ``slide``; ``"same"`` puts the odd one last."""
        padding = self.declared_padding
        if isinstance(padding, tuple):
            return padding
        axes = zip(axis_windows(self.window), sizes, strict=True)
        totals = (known(axis.same_total(size)) for axis, size in axes)
        return tuple((total // 2, total - total // 2) for total in totals)

    def positions(self, read: Read, x: TensorType) -> Reach:
        """Its window along the spatial axes."""
        axes = enumerate(zip(axis_windows(self.window), self.pads(x.shape[2:]), strict=True), start=2)
        spatial = (
            Along(axis, one.kernel, one.stride, one.dilation, shift=-before) for axis, (one, (before, _)) in axes
        )
        return (Along(0), self.channels, *spatial)

    def size_of(self, asked: Asked, x: TensorType) -> Size | None:
        """How many windows fit along a spatial axis."""
        if asked.axis < 2:
            return None
        place, size, padding = asked.axis - 2, x.shape[asked.axis], self.declared_padding
        one = axis_windows(self.window)[place]
        if isinstance(padding, str):
            text = f"ceil({factor(size)} / {one.stride})" if one.stride > 1 else ""
        else:
            text = count_text(one, size, padding[place], getattr(self, "ceil", False))
        is_alone = one.extent == one.stride == 1 and asked.dim == size
        return Size("" if is_alone else text, ((0, asked.axis),))


def axis_windows(window: Window) -> tuple[AxisWindow, ...]:
    """The window taken apart by axes."""
    parts = zip(window.kernel, window.stride, window.dilation, strict=True)
    return tuple(AxisWindow(*part) for part in parts)


def count_text(axis: AxisWindow, size: Dim, pad: tuple[int, int], ceil: bool = False) -> str:
    """How many windows there are, with numbers, as ``AxisWindow.output_size`` counts them."""
    before, after = pad
    if ceil and axis.stride + after >= axis.extent:
        started = f"({format_dim(size)} + {before})" if before else factor(size)
        return f"ceil({started} / {axis.stride})"
    window = f"{axis.kernel}" if axis.dilation == 1 else f"{axis.dilation}*({axis.kernel} - 1) - 1"
    moved = f"{format_dim(size)}{around(pad)} - {window}"
    if axis.stride == 1:
        return f"{moved} + 1" if axis.dilation == 1 else moved.removesuffix(" - 1")
    room = size + (before + after - axis.extent)
    if isinstance(room, int) and room % axis.stride == 0:
        return f"({moved})/{axis.stride} + 1"
    return f"{'ceil' if ceil else 'floor'}(({moved}) / {axis.stride}) + 1"


def need_spatial(site: Site, found: TensorType, spatial_rank: int) -> None:
    """Demand floating point elements in the form ``[N, C, *spatial]``."""
    rank = spatial_rank + 2
    if found.rank != rank:
        sibling = f"{site.kind[:-2]}{found.rank - 2}d"
        raise DotnnError(
            SpatialRank(
                **site.about_reader(0, found),
                expected=_form(rank),
                lacks_channels=found.rank == rank - 1,
                batch=_with_examples(found) if found.rank == rank - 1 else "",
                sibling=sibling if sibling in LAYERS else "",
                sibling_form=_form(found.rank) if sibling in LAYERS else "",
            )
        )
    need_float(site, 0, found)
    need_channels_first(site, found)


def _with_examples(found: TensorType) -> str:
    """The type with an axis for the examples before its own; empty where the first one is symbolic, and may be that."""
    if not all(isinstance(dim, int) for dim in found.shape):
        return ""
    return f"{found.dtype}[{', '.join((BATCH, *map(str, found.shape)))}]"


def _form(rank: int) -> str:
    """What layers of windows read that have so many axes: ``[N, C, H, W]``."""
    return f"[N, C, {WORDS['axes'][rank - 3]}]"


def slide(site: Site, found: TensorType, window: Window, padding: Pads | str, ceil: bool = False) -> tuple[Dim, ...]:
    """The spatial sizes of the output.

    Raises:
        DotnnError: no window fits, or ``"same"`` needs a size that is undecided.
    """
    sizes, axes = found.shape[2:], axis_windows(window)
    if isinstance(padding, str):
        _need_decided_totals(site, found, axes)
        return tuple(ceil_div(size, axis.stride) for size, axis in zip(sizes, axes, strict=True))
    for number, (axis, pad) in enumerate(zip(axes, padding, strict=True), start=2):
        _need_room(site, found, number, axis, pad, ceil)
    triples = zip(axes, sizes, padding, strict=True)
    return tuple(axis.output_size(size, pad, ceil) for axis, size, pad in triples)


def _need_decided_totals(site: Site, found: TensorType, axes: Sequence[AxisWindow]) -> None:
    for number, axis in enumerate(axes, start=2):
        dim = found.shape[number]
        total = axis.same_total(dim)
        if not isinstance(total, DimExpr):
            continue
        fault = SamePaddingUndecided(
            **site.about_argument("padding", found),
            axis=number,
            stride=axis.stride,
            dim=format_dim(dim),
            symbol=min(symbols(dim)),
            total=format_dim(total),
            example=value_text([(one.extent - 1) // 2 for one in axes]),
            forms=format_forms(_deciding_totals(found, axes)),
            operand=site.operand(0),
        )
        raise DotnnError(fault)


def _deciding_totals(found: TensorType, axes: Sequence[AxisWindow]) -> dict[str, Dim]:
    """What to write for the symbols so that it is known how much to pad each axis: multiples of the stride."""
    forms: dict[str, Dim] = {}
    for size, axis in zip(found.shape[2:], axes, strict=True):
        forms |= dividing_forms(size, axis.stride)
    totals = (axis.same_total(substitute(size, forms)) for size, axis in zip(found.shape[2:], axes, strict=True))
    return {} if any(isinstance(total, DimExpr) for total in totals) else forms


def _need_room(site: Site, found: TensorType, number: int, axis: AxisWindow, pad: tuple[int, int], ceil: bool) -> None:
    least, size = axis.least_size(pad, ceil), found.shape[number]
    if least <= 1:
        return
    otherwise = WindowTooLarge(
        **site.about_argument("kernel", found),
        axis=number,
        kernel=axis.kernel,
        dilation=axis.dilation,
        stride=axis.stride,
        before=pad[0],
        after=pad[1],
        size=format_dim(size),
        padded=format_dim(size + sum(pad)),
        ceil=ceil,
        order=_order_if_channels_last(found, number),
        operand=site.operand(0),
        faulty_axes=((0, number),),
    )
    site.at_least(size, least, otherwise)


def _order_if_channels_last(found: TensorType, number: int) -> str:
    """The transposition to propose where the last axis alone is too short, as channels would be."""
    first, last = found.shape[1], found.shape[-1]
    if number != found.rank - 1 or not isinstance(last, int):
        return ""
    longer = isinstance(first, int) and first > last
    return channels_first_order(found.rank) if longer else ""


def onnx_pads(pads: Pads) -> tuple[int, ...]:
    """ONNX's order: all the begins, then all the ends."""
    return (*(before for before, _ in pads), *(after for _, after in pads))


def sliding_view(x: np.ndarray, window: Window, pads: Pads, fill: float, ceil: bool = False) -> np.ndarray:
    """All windows of ``x``, ``[..., *spatial]``, as a read-only view ``[..., *kernel, *outputs]``.

    Positions outside the input, a last window's overhang included, hold ``fill``.
    """
    axes = axis_windows(window)
    lead = x.ndim - len(axes)
    triples = tuple(zip(axes, x.shape[lead:], pads, strict=True))
    outputs = [evaluate(axis.output_size(size, pad, ceil), {}) for axis, size, pad in triples]
    around = [(0, 0)] * lead
    for (axis, size, (before, _)), count in zip(triples, outputs, strict=True):
        after = (count - 1) * axis.stride + axis.extent - before - size
        around.append((before, max(after, 0)))
    padded = np.pad(x, around, constant_values=fill) if np.any(around) else x
    spatial = padded.strides[lead:]
    steps = [step * axis.dilation for step, axis in zip(spatial, axes, strict=True)]
    moves = [step * axis.stride for step, axis in zip(spatial, axes, strict=True)]
    return np.lib.stride_tricks.as_strided(
        padded,
        shape=(*x.shape[:lead], *window.kernel, *outputs),
        strides=(*padded.strides[:lead], *steps, *moves),
        writeable=False,
    )
