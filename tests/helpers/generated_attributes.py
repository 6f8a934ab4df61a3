"""Values for the attributes of a layer, drawn by the kind of the attribute; a layer itself says what it takes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from dotnn.compiler.dims import Dim
from dotnn.compiler.layers.attributes import (
    Choice,
    DimensionList,
    Flag,
    InitializerKind,
    Integer,
    IntegerList,
    Margins,
    Padding,
    Parts,
    PerAxis,
    Real,
    Sizes,
)
from dotnn.compiler.layers.base import Layer

#: Numbers for ``Real``; its bounds take their part of them.
REALS = (0.0, 1e-6, 1e-3, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 6.0, -0.3, -1.0, -2.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Drawing:
    """What a value is drawn by.

    Attributes:
        layer: the class that has the attribute.
        shape: of the first operand.
        known: values that the attribute has in the samples.
    """

    draw: Random
    layer: type[Layer]
    shape: tuple[Dim, ...]
    known: Sequence[Any]

    @property
    def rank(self) -> int:
        return len(self.shape)

    def size(self) -> int:
        """One of the sizes of the operand, or a divisor of it; 1 where there is none."""
        sizes = [dim for dim in self.shape if isinstance(dim, int)]
        size = self.draw.choice(sizes) if sizes else 1
        return self.draw.choice([one for one in range(1, size + 1) if size % one == 0])


def new_value(kind: Any, drawing: Drawing) -> Any:
    """A value as it may be written, which the attribute or the layer may refuse; that of a sample for other kinds."""
    make = _BY_KIND.get(type(kind))
    return drawing.draw.choice(drawing.known) if make is None else make(kind, drawing)


def new_items(drawing: Drawing) -> tuple[Any, ...]:
    """What indexing takes: an int or the bounds of a slice for some of the axes."""
    draw = drawing.draw
    return tuple(_item(draw) for _ in range(draw.randint(0, drawing.rank)))


def _item(draw: Random) -> Any:
    if draw.random() < 0.4:
        return draw.randint(-3, 2)
    return draw.choice((None, 0, 1, 2, -2, -1)), draw.choice((None, None, 1, 2, 3, 9, -1))


def _flag(kind: Flag, drawing: Drawing) -> bool:
    return drawing.draw.random() < 0.5


def _choice(kind: Choice, drawing: Drawing) -> str:
    return drawing.draw.choice(kind.words)


def _integer(kind: Integer, drawing: Drawing) -> int:
    draw = drawing.draw
    if kind.minimum is None:
        return draw.randint(-drawing.rank, drawing.rank)
    return draw.choice((kind.minimum, kind.minimum + draw.randint(0, 5), drawing.size()))


def _real(kind: Real, drawing: Drawing) -> float:
    low, high = kind.minimum, kind.maximum
    inside = [one for one in (*REALS, low, high) if low <= one <= high and math.isfinite(one)]
    return drawing.draw.choice(inside)


def _per_axis(kind: PerAxis, drawing: Drawing) -> Any:
    draw, rank = drawing.draw, _spatial_rank(drawing)
    each = tuple(draw.choice((1, 1, 2, 3, 4, 5)) for _ in range(rank))
    return draw.choice((draw.randint(1, 4), each))


def _padding(kind: Padding, drawing: Drawing) -> Any:
    draw, rank = drawing.draw, _spatial_rank(drawing)
    pairs = tuple((draw.randint(0, 3), draw.randint(0, 2)) for _ in range(rank))
    each = tuple(draw.randint(0, 2) for _ in range(rank))
    return draw.choice(("same", draw.randint(0, 2), each, pairs, pairs))


def _sizes(kind: Sizes, drawing: Drawing) -> Any:
    draw = drawing.draw
    each = tuple(draw.choice((1, 2, 3, 4, 7)) for _ in range(_spatial_rank(drawing)))
    return draw.choice((draw.randint(1, 9), each))


def _margins(kind: Margins, drawing: Drawing) -> Any:
    draw, rank = drawing.draw, _spatial_rank(drawing)
    pairs = tuple((draw.randint(0, 3), draw.randint(0, 2)) for _ in range(rank))
    return draw.choice((draw.randint(0, 2), pairs, pairs))


def _spatial_rank(drawing: Drawing) -> int:
    return getattr(drawing.layer, "spatial_rank", max(drawing.rank - 2, 1))


def _integers(kind: IntegerList, drawing: Drawing) -> Any:
    """A permutation, some axes, or one, some of them counted from the end."""
    draw, rank = drawing.draw, drawing.rank
    axes = [draw.choice((axis, axis - rank)) for axis in range(rank)]
    if draw.random() < 0.4:
        return tuple(draw.sample(axes, rank))
    if draw.random() < 0.3:
        return draw.randint(-rank - 1, rank)
    return tuple(draw.sample(axes, draw.randint(0, rank)))


def _parts(kind: Parts, drawing: Drawing) -> Any:
    """A count, or sizes that are together one of the dimensions."""
    draw = drawing.draw
    left = max((dim for dim in drawing.shape if isinstance(dim, int)), default=1)
    sizes: list[int] = []
    while left:
        sizes.append(draw.randint(1, left))
        left -= sizes[-1]
    return draw.choice((drawing.size(), tuple(sizes)))


def _dimensions(kind: DimensionList, drawing: Drawing) -> tuple[Dim, ...]:
    """The dimensions of the operand: moved, multiplied and divided where that keeps the count, or broadcast."""
    draw, dims = drawing.draw, list(drawing.shape)
    changes = (_merge, _divide, _move) if kind.rest else (_broadcast, _prepend)
    for _ in range(draw.randint(0, 3)):
        draw.choice(changes)(draw, dims)
    if kind.rest and dims and draw.random() < 0.4:
        dims[draw.randrange(len(dims))] = -1
    return tuple(dims)


def _merge(draw: Random, dims: list[Dim]) -> None:
    if len(dims) > 1:
        place = draw.randrange(len(dims) - 1)
        dims[place : place + 2] = [dims[place] * dims[place + 1]]


def _divide(draw: Random, dims: list[Dim]) -> None:
    places = [place for place, dim in enumerate(dims) if isinstance(dim, int)]
    if not places:
        dims.append(1)
        return
    place = draw.choice(places)
    size = dims[place]
    assert isinstance(size, int)
    factor = draw.choice([one for one in range(1, size + 1) if size % one == 0])
    dims[place : place + 1] = [factor, size // factor]


def _move(draw: Random, dims: list[Dim]) -> None:
    draw.shuffle(dims)


def _broadcast(draw: Random, dims: list[Dim]) -> None:
    dims[:] = [draw.randint(1, 4) if dim == 1 else dim for dim in dims]


def _prepend(draw: Random, dims: list[Dim]) -> None:
    dims.insert(0, draw.randint(1, 3))


def _initializer(kind: InitializerKind, drawing: Drawing) -> Any:
    """What the samples have: initializers have tests of their own, and weights are drawn otherwise here."""
    return drawing.draw.choice(drawing.known)


_BY_KIND: dict[type, Callable[[Any, Drawing], Any]] = {
    Flag: _flag,
    Choice: _choice,
    Integer: _integer,
    Real: _real,
    PerAxis: _per_axis,
    Sizes: _sizes,
    Margins: _margins,
    Padding: _padding,
    IntegerList: _integers,
    Parts: _parts,
    DimensionList: _dimensions,
    InitializerKind: _initializer,
}
