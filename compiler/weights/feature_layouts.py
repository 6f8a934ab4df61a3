"""How a tensor of ours stands to the same tensor in Keras: where its axes are, and in which order their entries.

Keras has the channels of images last, and everything else as it is here. So the axes of a tensor are, behind the batch,
some axes of channels and then those of positions, which Keras has the other way round; or they are as in Keras.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from ..dims import Dim
from ..lazy_imports import np

if TYPE_CHECKING:
    import numpy

Order: TypeAlias = "numpy.ndarray | None"
"""Entry ``i`` of an axis is entry ``order[i]`` in Keras; None where it cannot be told."""


@dataclass(frozen=True, eq=False)
class Layout:
    """A tensor of ours beside that of Keras.

    Attributes:
        channels: how many axes behind the batch stand last in Keras: 1 of images, 0 where all axes are as there; None
            where it cannot be told.
        orders: the orders of the entries of axes, by axis; those that are as in Keras are left out.
    """

    channels: int | None = 0
    orders: Mapping[int, Order] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether the entries of all axes are as in Keras."""
        return not self.orders

    def without(self, axis: int) -> Layout:
        """The same, but that the entries of an axis are as in Keras."""
        return Layout(self.channels, {one: order for one, order in self.orders.items() if one != axis})

    def with_order(self, axis: int, order: Order) -> Layout:
        """The same with an order of an axis."""
        return Layout(self.channels, {**self.orders, axis: order})


def unknown(rank: int) -> Layout:
    """That of a tensor of which nothing can be told but what its batch is."""
    return Layout(None, dict.fromkeys(range(1, rank)))


def same_order(one: Order, other: Order) -> bool:
    """Whether two orders are certainly the same."""
    return one is not None and other is not None and np.array_equal(one, other)


def joined(layouts: Sequence[tuple[Layout, Sequence[Dim]]], rank: int) -> Layout:
    """That of what is computed element by element of tensors that broadcast to this rank.

    Args:
        layouts: those of the tensors, with their shapes.
        rank: of the result.
    """
    whole = [(layout, shape) for layout, shape in layouts if len(shape) == rank]
    # Where no more than one axis has a length, axes may stand in either order.
    telling = [layout for layout, shape in whole if sum(size != 1 for size in shape[1:]) > 1]
    known = [one.channels for one in telling or [layout for layout, _ in whole] if one.channels is not None]
    channels = known[0] if known and all(one == known[0] for one in known) else None
    orders: dict[int, Order] = {}
    for axis in range(rank):
        found: list[tuple[bool, Order]] = []
        for layout, shape in layouts:
            own = axis - (rank - len(shape))
            if own >= 0 and shape[own] != 1:
                found.append((own in layout.orders, layout.orders.get(own)))
        if not any(has for has, _ in found):
            continue
        first = found[0][1]
        orders[axis] = first if all(has and same_order(one, first) for has, one in found) else None
    return Layout(channels if rank > 2 else 0, orders)


def transposed(layout: Layout, order: Sequence[int], wanted: int | None) -> Layout:
    """That of a tensor with its axes in another order.

    A transposition that brings the axes of an image from one convention into the other is one that Keras does without.
    Any other one Keras has, too.

    Args:
        layout: that of the operand.
        order: the axes of the operand in their new order.
        wanted: how those who read the result take its axes, as ``Layout.channels``.
    """
    orders = {place: layout.orders[axis] for place, axis in enumerate(order) if axis in layout.orders}
    return Layout(_transposed_channels(layout.channels, tuple(order), wanted), orders)


def _transposed_channels(channels: int | None, order: tuple[int, ...], wanted: int | None) -> int | None:
    rank = len(order)
    if rank <= 2:
        return 0
    if channels is None:
        return wanted
    if channels == 0:
        return 1 if order == channels_to_front(rank) and wanted == 1 else 0
    if order == (0, *range(channels + 1, rank), *range(1, channels + 1)):
        return 0
    stays = order[0] == 0 and set(order[1 : channels + 1]) == set(range(1, channels + 1))
    return channels if stays else None


def channels_to_front(rank: int) -> tuple[int, ...]:
    """The transposition that moves the last axis behind the batch."""
    return (0, rank - 1, *range(1, rank - 1))


def channels_to_back(rank: int) -> tuple[int, ...]:
    """The transposition that moves the axis behind the batch to the end."""
    return (0, *range(2, rank), 1)


# Folding ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Refolded:
    """What becomes of a tensor whose elements stay in order while its axes change.

    Attributes:
        layout: of the result.
        demanded: an axis of the operand and the order that its entries must have so that the result is as in Keras.
    """

    layout: Layout
    demanded: tuple[int, Order] | None = None


def refolded(layout: Layout, shape: Sequence[Dim], result: Sequence[Dim], wanted: int | None) -> Refolded:
    """That of ``flatten``, ``reshape``, ``squeeze`` and ``unsqueeze``.

    Args:
        layout: that of the operand.
        shape: of the operand.
        result: the shape of the result.
        wanted: how those who read the result take its axes, as ``Layout.channels``.
    """
    blocks = _blocks(layout.channels, shape)
    orders: dict[int, Order] = {}
    places: dict[int, str] = {}
    for before, after in _groups(shape, result):
        here = {blocks[axis] for axis in before}
        block = next(iter(here)) if len(here) == 1 else ""
        places |= dict.fromkeys(after, block)
        if len(before) == 1 and len(after) == 1:
            if before[0] in layout.orders:
                orders[after[0]] = layout.orders[before[0]]
            continue
        if len(after) == 1:
            order = _folded(layout, shape, before, blocks, all_of_them=_holds_all(before, shape))
            if not isinstance(order, _Plain):
                orders[after[0]] = order
            continue
        if len(before) == 1 and _becomes_image(before[0], after, shape, result, wanted):
            order = _image_order([result[axis] for axis in after], channels=result[1] != 1)
            if not _has(layout, before[0], order):
                return Refolded(unknown(len(result)), (before[0], None if isinstance(order, _Plain) else order))
            places |= dict.fromkeys(after, "image")
            continue
        if len(here) > 1 or any(axis in layout.orders for axis in before) or "unknown" in here:
            orders |= dict.fromkeys(after)
    return Refolded(Layout(_refolded_channels(layout, places, result, wanted), orders))


class _Plain:
    """Stands for the order of an axis that is as in Keras."""


_PLAIN = _Plain()


def _has(layout: Layout, axis: int, order: Order | _Plain) -> bool:
    """Whether the entries of an axis are certainly in an order."""
    if isinstance(order, _Plain):
        return axis not in layout.orders
    return axis in layout.orders and same_order(layout.orders[axis], order)


def _blocks(channels: int | None, shape: Sequence[Dim]) -> list[str]:
    """What each axis is: of the batch, of channels, of positions; ``same`` where all are as in Keras."""
    if channels == 0:
        return ["same"] * len(shape)
    if channels is None:
        # With one channel it makes no difference where that stands.
        one_channel = len(shape) > 2 and shape[1] == 1
        return ["batch", *["positions" if one_channel else "unknown"] * (len(shape) - 1)]
    return ["batch", *["channels"] * channels, *["positions"] * (len(shape) - 1 - channels)]


def _groups(shape: Sequence[Dim], result: Sequence[Dim]) -> Iterator[tuple[list[int], list[int]]]:
    """Axes of the operand and of the result that have the same elements; axes of size 1 belong to none."""
    before = [axis for axis, size in enumerate(shape) if size != 1]
    after = [axis for axis, size in enumerate(result) if size != 1]
    while before and after and shape[before[0]] == result[after[0]]:
        yield [before.pop(0)], [after.pop(0)]
    last: list[tuple[list[int], list[int]]] = []
    while before and after and shape[before[-1]] == result[after[-1]]:
        last.append(([before.pop()], [after.pop()]))
    yield from _inner_groups(shape, result, before, after)
    yield from reversed(last)


def _inner_groups(
    shape: Sequence[Dim], result: Sequence[Dim], before: list[int], after: list[int]
) -> Iterator[tuple[list[int], list[int]]]:
    sizes = _numbers(shape, before), _numbers(result, after)
    if len(sizes[0]) < len(before) or len(sizes[1]) < len(after):
        yield before, after
        return
    while before and after:
        group = [before.pop(0)], [after.pop(0)]
        products = [math.prod(one[axis] for axis in axes) for one, axes in zip(sizes, group, strict=True)]
        while products[0] != products[1] and (before if products[0] < products[1] else after):
            side = 0 if products[0] < products[1] else 1
            axis = (before, after)[side].pop(0)
            group[side].append(axis)
            products[side] *= sizes[side][axis]
        yield group


def _numbers(shape: Sequence[Dim], axes: Sequence[int]) -> dict[int, int]:
    """The sizes of axes that are known."""
    return {axis: size for axis in axes if isinstance(size := shape[axis], int)}


def _holds_all(axes: Sequence[int], shape: Sequence[Dim]) -> bool:
    """Whether these are all axes but the batch."""
    return set(axes) == {axis for axis in range(1, len(shape)) if shape[axis] != 1}


def _folded(
    layout: Layout, shape: Sequence[Dim], axes: Sequence[int], blocks: Sequence[str], *, all_of_them: bool
) -> Order | _Plain:
    """The order of several axes that become one."""
    here = {blocks[axis] for axis in axes}
    if "unknown" in here:
        return None
    if len(here) == 1:
        return _composed(layout, shape, axes, list(axes))
    if here != {"channels", "positions"} or not all_of_them:
        return None
    channels = [axis for axis in axes if blocks[axis] == "channels"]
    return _composed(layout, shape, axes, [*(axis for axis in axes if axis not in channels), *channels])


def _composed(layout: Layout, shape: Sequence[Dim], axes: Sequence[int], in_keras: Sequence[int]) -> Order | _Plain:
    """The order of axes that become one, given the order in which Keras has them."""
    if list(axes) == list(in_keras) and not any(axis in layout.orders for axis in axes):
        return _PLAIN
    sizes = list(_numbers(shape, in_keras).values())
    if len(sizes) < len(in_keras) or any(layout.orders.get(axis, _PLAIN) is None for axis in axes):
        return None
    there = np.arange(math.prod(sizes)).reshape(sizes).transpose([in_keras.index(axis) for axis in axes])
    for place, axis in enumerate(axes):
        order = layout.orders.get(axis)
        there = there if order is None else np.take(there, order, place)
    return _order(there)


def _order(there: numpy.ndarray) -> Order | _Plain:
    flat = there.ravel()
    return _PLAIN if np.array_equal(flat, np.arange(flat.size)) else flat


def _becomes_image(
    axis: int, after: Sequence[int], shape: Sequence[Dim], result: Sequence[Dim], wanted: int | None
) -> bool:
    """Whether features become an image that is read channels first."""
    is_features = len([size for size in shape[1:] if size != 1]) == 1 and axis > 0
    return wanted == 1 and is_features and _holds_all(after, result)


def _image_order(sizes: Sequence[Dim], *, channels: bool) -> Order | _Plain:
    """The order that features must have to become an image of these sizes; the first is that of the channels."""
    if not channels:
        return _PLAIN
    numbers = [size for size in sizes if isinstance(size, int)]
    if len(numbers) < len(sizes):
        return None
    last = len(numbers) - 1
    return _order(np.arange(math.prod(numbers)).reshape(*numbers[1:], numbers[0]).transpose(last, *range(last)))


def _refolded_channels(
    layout: Layout, places: Mapping[int, str], result: Sequence[Dim], wanted: int | None
) -> int | None:
    rank = len(result)
    if rank <= 2:
        return 0
    blocks = set(places.values()) - {"batch"}
    if sum(axis > 0 for axis in places) <= 1:
        return wanted or 0
    if "image" in blocks:
        return 1
    if layout.channels is None or "" in blocks:
        return wanted
    if blocks <= {"same"}:
        # An axis of size 1 that is read as channels may stand anywhere.
        return 1 if wanted == 1 and result[1] == 1 else 0
    if blocks == {"channels", "positions"}:
        return max(axis for axis, block in places.items() if block == "channels")
    return wanted or 0
