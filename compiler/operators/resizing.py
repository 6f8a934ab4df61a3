"""Operators that give axes another size: sampling between elements, and channels laid out as positions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, final

from ..dims import exact_div, format_dim
from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .base import ANY, FLOATS, INT64, InvalidOperands, Known, Operand, Operator, Result, Shape
from .shape_rules import content_of, need_rank


@final
@record
class Resize(Operator):
    """A tensor sampled at as many places of each axis as ``sizes`` say.

    Sizes must be given. Scales have no meaning here, since a type cannot be told from numbers that are no ints; nor
    have crops and antialiasing. Between elements only floats are sampled: no runtime rounds ints alike.
    """

    kind: ClassVar[str] = "Resize"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("X", "T1"),
        Operand("roi", "T2", optional=True),
        Operand("scales", "tensor(float)", optional=True),
        Operand("sizes", "tensor(int64)", optional=True),
    )
    results: ClassVar[tuple[Result, ...]] = (Result("Y", "T1"),)
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {
        "T1": ANY,
        "T2": FLOATS - {DType.BFLOAT16},
        "tensor(float)": frozenset({DType.FLOAT32}),
        "tensor(int64)": INT64,
    }
    source: ClassVar[str] = "ONNX Resize-19"

    mode: Literal["nearest", "linear", "cubic"] = "nearest"
    coordinate_transformation_mode: Literal["half_pixel", "asymmetric", "align_corners"] = "half_pixel"
    nearest_mode: Literal["round_prefer_floor", "floor"] = "round_prefer_floor"
    cubic_coeff_a: float = -0.75

    def shapes(self, x: Known, roi: Known | None, scales: Known | None, sizes: Known | None) -> tuple[Shape, ...]:
        """The sizes."""
        if roi is not None or scales is not None or sizes is None:
            raise InvalidOperands("the sizes must be given, and nothing else")
        wanted = content_of(sizes, "sizes")
        if len(wanted) != x.rank:
            raise InvalidOperands(f"{len(wanted)} sizes are not one for each of {x.rank} axes")
        if self.mode != "nearest" and not x.dtype.is_float:
            raise InvalidOperands("only floats are sampled between elements")
        return (wanted,)

    def compute(self, x: np.ndarray, roi: Any, scales: Any, sizes: np.ndarray) -> tuple[Any, ...]:
        """The samples, axis by axis, of those that change."""
        for axis, size in enumerate(sizes.tolist()):
            if size != x.shape[axis]:
                x = self._sampled(x, axis, self._places(x.shape[axis], size))
        return (x,)

    def _places(self, old: int, new: int) -> np.ndarray:
        """Where the new elements lie among the old ones."""
        numbers = np.arange(new, dtype="float64")
        if self.coordinate_transformation_mode == "asymmetric":
            return numbers * old / new
        if self.coordinate_transformation_mode == "half_pixel":
            return (numbers + 0.5) * old / new - 0.5
        return np.linspace(0, old - 1, new) if new > 1 else np.zeros(1)

    def _sampled(self, x: np.ndarray, axis: int, places: np.ndarray) -> np.ndarray:
        last = x.shape[axis] - 1
        if self.mode == "nearest":
            whole = np.floor(places) if self.nearest_mode == "floor" else np.ceil(places - 0.5)
            return np.take(x, np.clip(whole, 0, last).astype("int64"), axis=axis)
        reach = 1 if self.mode == "linear" else 2
        result = None
        for offset in range(1 - reach, 1 + reach):
            taken = np.floor(places) + offset
            weights = self._weight(np.abs(places - taken)).astype(x.dtype)
            weights = weights.reshape(-1, *(1,) * (x.ndim - axis - 1))
            part = np.take(x, np.clip(taken, 0, last).astype("int64"), axis=axis) * weights
            result = part if result is None else result + part
        return np.asarray(result)

    def _weight(self, distance: np.ndarray) -> np.ndarray:
        """How much an element counts at a distance; of the cubic kind, Keys's (1981) kernel."""
        if self.mode == "linear":
            return np.maximum(1 - distance, 0)
        a, square, cube = self.cubic_coeff_a, distance**2, distance**3
        near = (a + 2) * cube - (a + 3) * square + 1
        far = a * (cube - 5 * square + 8 * distance - 4)
        return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


@final
@record
class DepthToSpace(Operator):
    """Channels laid out as blocks of positions: ``[N, C * b * b, H, W]`` becomes ``[N, C, H * b, W * b]``.

    With ``CRD`` the channels of one block lie together, as in PyTorch; with ``DCR`` those of one place in the blocks.
    """

    kind: ClassVar[str] = "DepthToSpace"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("input"),)
    results: ClassVar[tuple[Result, ...]] = (Result("output"),)
    source: ClassVar[str] = "ONNX DepthToSpace-13"
    keeps_values: ClassVar[bool] = True

    blocksize: int
    mode: Literal["DCR", "CRD"] = "DCR"

    def shapes(self, x: Known) -> tuple[Shape, ...]:
        """Fewer channels, and more positions."""
        need_rank(x, "input", 4, 4)
        batch, channels, height, width = x.shape
        size = self.blocksize
        left = exact_div(channels, size * size) if size > 0 else None
        if left is None:
            raise InvalidOperands(f"{format_dim(channels)} channels do not certainly divide into blocks of {size}")
        return ((batch, left, height * size, width * size),)

    def compute(self, x: np.ndarray) -> tuple[Any, ...]:
        """The array, filled place by place of the blocks."""
        size = self.blocksize
        batch, channels, height, width = x.shape
        left = channels // (size * size)
        result = np.empty((batch, left, height * size, width * size), x.dtype)
        for place in range(size * size):
            row, column = divmod(place, size)
            first, step = (place, size * size) if self.mode == "CRD" else (place * left, 1)
            result[:, :, row::size, column::size] = x[:, first : first + left * step : step]
        return (result,)
