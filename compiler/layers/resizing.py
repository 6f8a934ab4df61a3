"""Layers that sample their input at more or fewer positions: ``upsample resize``."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.resizing import ArgumentWithoutUse, EntriesOfWholeShape, ModeOfOtherRank, NotOnePerAxis
from ..dims import Dim, decide_less_equal, evaluate, exact_div
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .any_spatial import ANY_SPATIAL, FORMS, need_any_spatial, need_one_per_axis, one_per_axis
from .attributes import Choice, Flag, Sizes, attribute
from .base import Layer, Operand, Read, Sample, Site
from .reach import WHOLE, Along, Reach
from .resizing_lowering import blended, chosen, resized
from .shape_rules import known, need_float

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

#: The rank that a mode is for; nearest is for all.
_RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
#: Of the cubic kind, how much it overshoots, as in PyTorch and by default in ONNX.
_A = -0.75


def _mode() -> Any:
    """The attribute that says how positions are made."""
    kind = Choice("nearest", *_RANKS, cubic="bicubic")
    return attribute(kind, "nearest", doc="How a position is made of those of the input around it.")


@record
class Resampling(Layer, ABC):
    """Base of layers that give the spatial axes other sizes.

    Class attributes:
        counted: the name of the attribute that says the sizes.
    """

    operands: ClassVar[tuple[Operand, ...]] = (ANY_SPATIAL,)
    counted: ClassVar[str]
    source: ClassVar[str] = "PyTorch, torch.nn.functional.interpolate; ONNX Resize"

    if TYPE_CHECKING:
        mode: str

    @property
    def aligned(self) -> bool:
        """Whether the corners of both tensors lie upon each other."""
        return False

    @abstractmethod
    def sizes(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """The new spatial sizes, for the shape of the input."""

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The spatial axes with their new sizes."""
        need_any_spatial(site, x)
        if self.mode != "nearest":
            need_float(site, 0, x)
        rank = _RANKS.get(self.mode, x.rank)
        if rank != x.rank:
            facts, expected = site.about_argument("mode", x), FORMS[rank - 3]
            fitting = (*(mode for mode in _RANKS if _RANKS[mode] == x.rank), "nearest")
            modes = " or ".join(f'`mode="{mode}"`' for mode in fitting)
            raise DotnnError(ModeOfOtherRank(**facts, mode=self.mode, expected=expected, modes=modes))
        counts = getattr(self, self.counted)
        is_whole_shape = isinstance(counts, tuple) and len(counts) == x.rank
        need_one_per_axis(site, self.counted, counts, x, EntriesOfWholeShape if is_whole_shape else NotOnePerAxis)
        return x.with_shape(*x.shape[:2], *self.sizes(x.shape))

    def positions(self, read: Read, x: TensorType) -> Reach:
        """As many neighbours as the mode reads; how far they move is bounded where that can be said."""
        pairs = zip(x.shape[2:], read.result.shape[2:], strict=True)
        return (Along(0), Along(1), *(self._along(axis, *pair) for axis, pair in enumerate(pairs, 2)))

    def _along(self, axis: int, old: Dim, new: Dim) -> Along:
        if old == new:
            return Along(axis)
        move = self._move(old, new)
        if move is None:
            return WHOLE
        taps = 1 if self.mode == "nearest" else 4 if self.mode == "bicubic" else 2
        return Along(axis, min(taps, old) if isinstance(old, int) else taps, move, shift=None)

    def _move(self, old: Dim, new: Dim) -> int | None:
        """At most so far a step to the next position moves in the input; None where that depends on symbols."""
        if decide_less_equal(old, new):
            return 1
        if isinstance(old, int) and isinstance(new, int):
            return -(-(old - 1) // max(new - 1, 1)) if self.aligned else -(-old // new)
        ratio = None if self.aligned else exact_div(old, new)
        return ratio if isinstance(ratio, int) else None

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """Axis by axis, of those that change, the weighted sum of the positions around each place; none beyond ends."""
        for axis, size in enumerate(map(known, self.sizes(x.shape)), start=2):
            if size != x.shape[axis]:
                x = self._sampled(x, axis, size)
        return x

    def _sampled(self, x: np.ndarray, axis: int, new: int) -> np.ndarray:
        old, numbers = x.shape[axis], np.arange(new)
        if self.mode == "nearest":
            return np.take(x, numbers * old // new, axis)
        places = numbers * (old - 1) / max(new - 1, 1) if self.aligned else (2 * numbers + 1) * old / (2 * new) - 0.5
        if self.mode != "bicubic":
            places = np.maximum(places, 0)
        first = np.floor(places).astype(int)
        total = np.zeros((), x.dtype)
        for offset, weight in self._weights(places - first):
            part = np.take(x, np.clip(first + offset, 0, old - 1), axis)
            total = total + part * weight.astype(x.dtype).reshape(-1, *(1,) * (x.ndim - axis - 1))
        return total

    def _weights(self, t: np.ndarray) -> tuple[tuple[int, np.ndarray], ...]:
        """How much each neighbour counts at a place that lies by ``t`` behind the first one."""
        if self.mode != "bicubic":
            return (0, 1 - t), (1, t)
        far, near = _far(1 + t), _near(t)
        return (-1, far), (0, near), (1, _near(1 - t)), (2, _far(2 - t))

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Resize``; of float64, which onnxruntime lacks it for, the sum of weighted ``Gather``."""
        sizes = self.sizes(x.shape)
        if sizes == x.shape[2:]:
            return b.op(ops.Identity(), x)
        if self.mode == "nearest":
            return self.nearest(b, x, sizes)
        if x.dtype is DType.FLOAT64:
            return blended(b, x, sizes, None if self.mode != "bicubic" else _A, self.aligned)
        transformation = "align_corners" if self.aligned else "half_pixel"
        kind = "cubic" if self.mode == "bicubic" else "linear"
        return resized(b, x, sizes, ops.Resize(mode=kind, coordinate_transformation_mode=transformation))

    def nearest(self, b: Builder, x: Tensor, sizes: tuple[Dim, ...]) -> Tensor:
        """``Resize`` to multiples of the sizes, else ``Gather``, as of elements that onnxruntime lacks ``Resize`` for.

        To sizes that are no multiples its ``Resize`` takes other positions, as 7 of 14.
        """
        multiples = all(exact_div(new, old) is not None for old, new in zip(x.shape[2:], sizes, strict=True))
        if not multiples or x.dtype not in (DType.FLOAT32, DType.FLOAT16):
            return chosen(b, x, sizes)
        asked = ops.Resize(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        return resized(b, x, sizes, asked)


def _near(distance: np.ndarray) -> np.ndarray:
    """The weight of a neighbour at a distance of at most 1."""
    return ((_A + 2) * distance - (_A + 3)) * distance * distance + 1


def _far(distance: np.ndarray) -> np.ndarray:
    """The weight of a neighbour at a distance from 1 to 2."""
    return ((distance - 5) * distance + 8) * distance * _A - 4 * _A


@final
@record
class Upsample(Resampling):
    """Makes the spatial axes larger by whole factors: `[N, C, H, W]` becomes `[N, C, 2*H, 2*W]` with `upsample(2)`.

    `nearest` repeats every position; the other modes blend neighbours, their pixels centred, `linear` on sequences,
    `bilinear` and `bicubic` on images, `trilinear` on volumes. These are PyTorch's numbers with `align_corners=False`;
    Keras's bicubic ones differ. To a size that is no multiple leads `resize`.
    """

    kind: ClassVar[str] = "upsample"
    counted: ClassVar[str] = "factor"
    formula: ClassVar[str] = "y[n, c, i] = x[n, c, floor(i / factor)], or between x around (i + 1/2) / factor - 1/2"
    foreign_names: ClassVar[tuple[str, ...]] = (
        *(f"upsampling{rank}d" for rank in (1, 2, 3)),
        "upsamplingnearest2d",
        "upsamplingbilinear2d",
        "upscale",
        "interpolate",
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("upsample(2)", {"x": "float32[N, 2, H, W]"}),
        Sample("upsample([1, 3])", {"x": "float32[N, 2, H, W]"}),
        Sample('upsample(2, mode="linear")', {"x": "float32[N, 2, L]"}),
        Sample('upsample([3, 2], mode="bilinear")', {"x": "float32[N, 2, H, W]"}),
        Sample('upsample(2, mode="bicubic")', {"x": "float32[N, 2, H, W]"}),
        Sample('upsample(2, mode="trilinear")', {"x": "float32[N, 1, D, H, W]"}),
        Sample("upsample(3)", {"x": "int64[2, 3, 4]"}),
    )

    factor: int | tuple[int, ...] = attribute(
        Sizes(), doc="How often as large the spatial axes become.", positional=True
    )
    mode: str = _mode()

    def sizes(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """The multiples."""
        factors = one_per_axis(self.factor, len(shape) - 2)
        return tuple(dim * factor for dim, factor in zip(shape[2:], factors, strict=True))


@final
@record
class Resize(Resampling):
    """Gives the spatial axes these sizes: `[N, C, H, W]` becomes `[N, C, 64, 48]` with `resize([64, 48])`.

    A size may be that of another tensor: `resize(skip.shape[2:])`. `nearest` takes the position at `floor(i * n / m)`,
    as PyTorch does, but for sizes where its float32 is off by one; Keras and PyTorch's `nearest-exact` take others. The
    other modes blend neighbours, `linear` on sequences, `bilinear` and `bicubic` on images, `trilinear` on volumes;
    pixels are centred, or with `align_corners=true` the first and the last ones lie upon each other. Nothing is
    smoothed where sizes become smaller.
    """

    kind: ClassVar[str] = "resize"
    counted: ClassVar[str] = "size"
    formula: ClassVar[str] = "y[n, c, i] = x[n, c, floor(i * n / m)], or between x around (i + 1/2) * n / m - 1/2"
    foreign_names: ClassVar[tuple[str, ...]] = ("resizing", "interpolate")
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("resize([7, 5])", {"x": "float32[N, 2, H, W]"}, {"H": (14, 3, 9), "W": (2, 5, 8)}),
        Sample("resize(7)", {"x": "float32[N, 2, 14]"}),
        Sample("resize([2*H, 3])", {"x": "float32[N, 2, H, W]"}),
        Sample("resize(like.shape[2:])", {"x": "int64[N, 2, H, W]", "like": "int64[N, 3, L, T]"}),
        Sample('resize(5, mode="linear")', {"x": "float32[N, 2, L]"}),
        Sample('resize(4, mode="linear", align_corners=true)', {"x": "float32[N, 2, L]"}, {"L": (1, 6, 9)}),
        Sample('resize([7, 3], mode="bilinear")', {"x": "float32[N, 2, 4, W]"}),
        Sample('resize([L, T], mode="bilinear")', {"x": "float32[N, 2, H, W]", "like": "float32[N, 3, L, T]"}),
        Sample('resize([1, 6], mode="bilinear", align_corners=true)', {"x": "float32[N, 2, 4, 3]"}),
        Sample('resize([7, 3], mode="bicubic")', {"x": "float32[N, 2, H, 5]"}),
        Sample('resize([H, 6], mode="bicubic", align_corners=true)', {"x": "float32[N, 2, H, W]"}),
        Sample('resize([2, 6, 1], mode="trilinear")', {"x": "float32[N, 1, D, H, W]"}),
    )

    size: Dim | tuple[Dim, ...] = attribute(
        Sizes(symbolic=True), doc="The size of the spatial axes, one for all or one for each.", positional=True
    )
    mode: str = _mode()
    align_corners: bool = attribute(
        Flag(), False, doc="Whether the first and last positions of the modes that blend are those of the input."
    )

    @property
    def aligned(self) -> bool:
        """As it was written."""
        return self.align_corners

    def bind(self, sizes: Mapping[str, int]) -> Self:
        """The size in numbers."""
        each = self.size if isinstance(self.size, tuple) else (self.size,)
        bound = tuple(evaluate(dim, sizes) for dim in each)
        return dataclasses.replace(self, size=bound if isinstance(self.size, tuple) else bound[0])

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The spatial axes with the sizes."""
        result = super().types(site, x)
        if self.mode != "nearest" or not self.align_corners:
            return result
        modes = " or ".join(f'`mode="{mode}"`' for mode in _RANKS if _RANKS[mode] == x.rank)
        fault = ArgumentWithoutUse(
            span=site.argument("align_corners"), kind=site.kind, argument="align_corners", mode=self.mode, modes=modes
        )
        raise DotnnError(fault)

    def sizes(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """As they were written."""
        return one_per_axis(self.size, len(shape) - 2)
