"""In which order the features stand that weights are indexed by, where Keras has them in another one.

A walk over the layers follows how every tensor stands to the same tensor in Keras (``feature_layouts``). Behind
``flatten`` the features of an image come channel by channel here and position by position in Keras; they keep that
order through whatever works element by element, until a layer mixes them with weights: those are permuted. The other
way round, features that a ``dense`` gives and a ``reshape`` makes an image of must leave it in another order, so its
rows are permuted; the walk then begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..graph.graph import Graph, Node, Value
from ..graph.operations import Input, Parameter
from ..graph.types import TensorType
from ..layers.base import Layer
from ..lazy_imports import np
from ..source import Span
from .feature_kinds import (
    ATTENTION,
    CHANNELS_FIRST,
    DEPTHWISE,
    ELEMENTWISE,
    INDEPENDENT_CHANNELS,
    JOINING,
    RECURRENT,
    REDUCING,
    REFOLDING,
)
from .feature_layouts import (
    Layout,
    Order,
    channels_to_back,
    channels_to_front,
    joined,
    refolded,
    same_order,
    transposed,
    unknown,
)

if TYPE_CHECKING:
    import numpy

#: The walk begins anew for each `dense` before an image that stands behind another such image, but no further.
_MOST_ROWS: Final = 64


@dataclass(frozen=True, eq=False)
class FeatureOrders:
    """The orders of the axes of weights.

    Attributes:
        orders: by the names of weights, and by axis: which entry of Keras's each entry is.
        unknown: weights for which that cannot be told, with the call of the layer.
    """

    orders: Mapping[str, Mapping[int, numpy.ndarray]]
    unknown: Mapping[str, Span | None]

    def of(self, name: str) -> Mapping[int, numpy.ndarray]:
        """The orders of the axes of a weight; those that are as in Keras are left out."""
        return self.orders.get(name, {})


def feature_orders(graph: Graph) -> FeatureOrders:
    """Follow the features of a model, whose tensors come from Keras, to all weights that are indexed by them."""
    rows: dict[int, Order] = {}
    walk = _Walk(graph, {})
    walk.run()
    while len(rows) < _MOST_ROWS and not walk.demanded.keys() <= rows.keys():
        rows = {**walk.demanded, **rows}
        walk = _Walk(graph, rows)
        walk.run()
    orders = {
        name: {axis: order for axis, order in axes.items() if order is not None} for name, axes in walk.weights.items()
    }
    unsure = {name for name, axes in walk.weights.items() if any(order is None for order in axes.values())}
    spans = {weight.name: weight.span for weight in graph.weights()}
    return FeatureOrders(
        {name: found for name, found in orders.items() if found and name not in unsure},
        {name: spans[name] for name in spans if name in unsure},
    )


@dataclass(eq=False)
class _Walk:
    """One walk over the layers.

    Attributes:
        graph: of layers.
        rows: in which order the results of some `dense` are to leave them, by node.
        demanded: which further ones are to leave theirs in which order.
        weights: the orders of the axes of weights; None where it cannot be told.
    """

    graph: Graph
    rows: Mapping[int, Order]
    demanded: dict[int, Order] = field(default_factory=dict)
    weights: dict[str, dict[int, Order]] = field(default_factory=dict)
    _layouts: dict[Value, Layout] = field(default_factory=dict)
    _wanted: dict[Value, int | None] = field(default_factory=dict)
    _node_weights: dict[str, dict[int, Order]] = field(default_factory=dict)

    def run(self) -> None:
        """Find the layouts of all tensors, and the orders of all weights."""
        nodes = self.graph.nodes()
        for node in reversed(nodes):
            self._note_wishes(node)
        for node in nodes:
            self._node_weights = {weight.name: {} for weight in node.weights.values()}
            for index, layout in enumerate(self._results(node)):
                self._layouts[node.value(index)] = layout
            self._keep_weights()

    def _keep_weights(self) -> None:
        """What a layer that is reused says of its weights must be the same wherever it stands."""
        for name, axes in self._node_weights.items():
            before = self.weights.setdefault(name, axes)
            if before is axes:
                continue
            differing = [one for one in {*before, *axes} if not _agree(before, axes, one)]
            before |= dict.fromkeys(differing)

    # What readers want ------------------------------------------------------------------------------------------------

    def _note_wishes(self, node: Node) -> None:
        """How a layer takes the axes of what it reads; the first reader that says so is believed."""
        for place, value in enumerate(node.operands):
            if value is None:
                continue
            wish = self._wish(node, place, self.graph.type_of(value))
            if wish is not None or value not in self._wanted:
                self._wanted[value] = wish

    def _wish(self, node: Node, place: int, found: TensorType) -> int | None:
        kind, op = node.kind, node.op
        if found.rank <= 2 or kind in RECURRENT or kind in ATTENTION or kind == "embedding":
            return 0
        if kind in CHANNELS_FIRST:
            return 1 if place == 0 else None
        after = self._wanted.get(node.value())
        if kind in ELEMENTWISE or kind == "concat" or (kind in JOINING and node.results[0].rank == found.rank):
            return after
        if kind in ("dense", "layer_norm", "rms_norm"):
            axes = {axis % found.rank for axis in _axes_of(op)}
            return 0 if found.rank - 1 in axes and 1 not in axes else 1 if axes == {1} else after
        if kind == "transpose":
            order = _order_of(op)
            if order == channels_to_back(found.rank) and after == 0:
                return 1
            return 0 if order == channels_to_front(found.rank) and after == 1 else None
        return None

    # Layouts ----------------------------------------------------------------------------------------------------------

    def _results(self, node: Node) -> Iterator[Layout]:
        op, types = node.op, node.results
        if not isinstance(op, Layer):
            yield self._source(node)
            return
        layouts = [None if value is None else self._layouts[value] for value in node.operands]
        handler: Callable[[Node, list[Any]], Layout | None] | None = getattr(self, f"_on_{op.kind}", None)
        handler = handler or next((one for kinds, one in self._families() if op.kind in kinds), None)
        found = handler(node, layouts) if handler is not None else None
        if found is None:
            yield from self._unheard_of(node, layouts)
            return
        for index, kind in enumerate(types):
            yield found if index == 0 or len(types) == 1 or op.kind == "split" else Layout(0 if kind.rank else None)

    def _families(self) -> Iterator[tuple[frozenset[str], Callable[[Node, list[Any]], Layout | None]]]:
        yield ELEMENTWISE, self._passed_on
        yield JOINING, self._combined
        yield REFOLDING, self._refolding
        yield RECURRENT, self._recurrent
        yield REDUCING, self._reduced
        yield DEPTHWISE, self._channel_by_channel
        yield CHANNELS_FIRST, self._channels_first

    def _source(self, node: Node) -> Layout:
        """What is fed or written; matrices and sequences are the same in Keras unless a reader says otherwise."""
        rank, wanted = node.results[0].rank, self._wanted.get(node.value())
        if rank <= 2 or not isinstance(node.op, Input):
            return Layout(0 if rank <= 2 else wanted)
        return Layout(0 if wanted is None and rank == 3 else wanted)

    def _unheard_of(self, node: Node, layouts: Sequence[Layout | None]) -> Iterator[Layout]:
        """What a layer makes of which nothing is known here: where all is plain nothing happens to orders."""
        plain = all(layout is None or layout.is_plain for layout in layouts)
        if not plain:
            self._give_up_weights(node)
        for index, kind in enumerate(node.results):
            wanted = self._wanted.get(node.value(index))
            yield Layout(0 if kind.rank <= 2 else wanted) if plain else unknown(kind.rank)

    def _give_up_weights(self, node: Node) -> None:
        for weight in node.weights.values():
            self._node_weights[weight.name] = dict.fromkeys(range(len(weight.shape)))

    def _note(self, node: Node, local: str, axis: int, layout: Layout, at: int) -> None:
        """An axis of a weight is indexed as an axis of a tensor."""
        if at in layout.orders:
            self._note_order(node, local, axis, layout.orders[at])

    def _note_order(self, node: Node, local: str, axis: int, order: Order) -> None:
        weight = node.weights.get(local)
        if weight is not None and weight.shape[axis] > 1:
            self._node_weights[weight.name][axis] = order

    # Kinds ------------------------------------------------------------------------------------------------------------

    def _passed_on(self, node: Node, layouts: list[Any]) -> Layout:
        layout: Layout = layouts[0]
        if node.kind == "prelu":
            self._note(node, "weight", 0, layout, 1)
        return layout

    def _combined(self, node: Node, layouts: list[Any]) -> Layout:
        rank = node.results[0].rank
        given = [
            (value, layout, self.graph.type_of(value).shape)
            for value, layout in zip(node.operands, layouts, strict=True)
            if value is not None
        ]
        tensors = [one for one in given if isinstance(self.graph.producer(one[0]).op, Layer | Input)]
        found = joined([(layout, shape) for _, layout, shape in tensors or given], rank)
        for value, _, shape in given:
            self._note_parameter(self.graph.producer(value), found, rank - len(shape))
        return found

    def _note_parameter(self, producer: Node, layout: Layout, shift: int) -> None:
        """A parameter of the source beside a tensor is indexed by its axes."""
        if not isinstance(producer.op, Parameter):
            return
        weight = producer.op.weight
        axes = {axis: layout.orders[axis + shift] for axis in range(len(weight.shape)) if axis + shift in layout.orders}
        axes = {axis: order for axis, order in axes.items() if weight.shape[axis] > 1}
        before = self.weights.setdefault(weight.name, axes)
        if before is not axes:
            before |= {
                axis: order for axis, order in axes.items() if not _agree(before, axes, axis) for order in [None]
            }

    def _refolding(self, node: Node, layouts: list[Any]) -> Layout:
        value = node.operands[0]
        if value is None:
            return layouts[0]
        shape, result = self.graph.type_of(value).shape, node.results[0].shape
        found = refolded(layouts[0], shape, result, self._wanted.get(node.value()))
        if found.demanded is not None:
            axis, order = found.demanded
            self._demand(value, axis, order)
        return found.layout

    def _demand(self, value: Value, axis: int, order: Order) -> None:
        """Let the `dense` that gives these features give them in an order, if there is one."""
        node = self.graph.producer(value)
        while node.kind in ELEMENTWISE or (node.kind == "batch_norm" and node.results[0].rank == 2):
            first = node.operands[0]
            if first is None:
                return
            node = self.graph.producer(first)
        rank = node.results[0].rank
        if node.kind == "dense" and order is not None and _axes_of(node.op)[0] % rank == axis:
            self.demanded[node.id] = order

    def _on_transpose(self, node: Node, layouts: list[Any]) -> Layout:
        return transposed(layouts[0], _order_of(node.op), self._wanted.get(node.value()))

    def _on_dense(self, node: Node, layouts: list[Any]) -> Layout:
        layout: Layout = layouts[0]
        axis = _axes_of(node.op)[0] % node.results[0].rank
        self._note(node, "weight", 1, layout, axis)
        found = layout.without(axis)
        if node.id not in self.rows:
            return found
        order = self.rows[node.id]
        self._note_order(node, "weight", 0, order)
        self._note_order(node, "bias", 0, order)
        return found.with_order(axis, order)

    def _on_embedding(self, node: Node, layouts: list[Any]) -> Layout:
        return Layout(0, layouts[0].orders)

    def _on_one_hot(self, node: Node, layouts: list[Any]) -> Layout:
        return Layout(0, layouts[0].orders)

    def _on_layer_norm(self, node: Node, layouts: list[Any]) -> Layout:
        layout: Layout = layouts[0]
        axes = sorted(axis % node.results[0].rank for axis in _axes_of(node.op))
        for place, axis in enumerate(axes):
            for local in ("weight", "bias"):
                self._note(node, local, place, layout, axis)
        return layout

    _on_rms_norm = _on_layer_norm

    def _on_batch_norm(self, node: Node, layouts: list[Any]) -> Layout:
        layout: Layout = layouts[0]
        for local in node.weights:
            self._note(node, local, 0, layout, 1)
        return Layout(1 if node.results[0].rank > 2 else 0, layout.orders)

    _on_instance_norm = _on_batch_norm

    def _on_group_norm(self, node: Node, layouts: list[Any]) -> Layout | None:
        return Layout(1 if node.results[0].rank > 2 else 0) if 1 not in layouts[0].orders else None

    def _recurrent(self, node: Node, layouts: list[Any]) -> Layout | None:
        layout: Layout = layouts[0]
        states = [one for one in layouts[1:] if one is not None and not one.is_plain]
        if states or set(layout.orders) - {2}:
            return None
        for local in node.weights:
            if local.startswith("weight_ih_l0"):
                self._note(node, local, 1, layout, 2)
        return Layout(0)

    def _on_multi_head_attention(self, node: Node, layouts: list[Any]) -> Layout | None:
        read = [one for one in layouts[:3] if one is not None]
        orders = [one.orders.get(2) for one in read if 2 in one.orders]
        apart = any(set(one.orders) - {2} for one in read) or (orders and len(orders) < len(read))
        if apart or not all(same_order(one, orders[0]) for one in orders):
            return None
        if orders:
            self._note_order(node, "in_proj_weight", 1, orders[0])
        return Layout(0)

    def _on_attention(self, node: Node, layouts: list[Any]) -> Layout | None:
        if all(one is None or one.is_plain for one in layouts):
            return Layout(0 if node.results[0].rank <= 3 else layouts[0].channels)
        return None

    def _channels_first(self, node: Node, layouts: list[Any]) -> Layout | None:
        """Windows over positions; the channels are mixed by a convolution, else each keeps its place."""
        layout: Layout = layouts[0]
        if set(layout.orders) - {1}:
            # Positions in another order are neighbours of others.
            return None
        rank = node.results[0].rank
        result = Layout(1 if rank > 2 else 0)
        if node.kind in INDEPENDENT_CHANNELS:
            return Layout(result.channels, layout.orders)
        if 1 not in layout.orders:
            return result
        axis = 0 if node.kind.startswith("conv_transpose") else 1
        if not node.kind.startswith("conv") or getattr(node.op, "groups", 1) != 1:
            return None
        self._note(node, "weight", axis, layout, 1)
        return result

    def _channel_by_channel(self, node: Node, layouts: list[Any]) -> Layout | None:
        """Depthwise convolutions, and separable ones, which mix the channels afterwards."""
        layout: Layout = layouts[0]
        if set(layout.orders) - {1}:
            return None
        order, multiplier = layout.orders.get(1), getattr(node.op, "multiplier", 1)
        if 1 not in layout.orders:
            return Layout(1)
        copies = None if order is None else (np.asarray(order)[:, None] * multiplier + np.arange(multiplier)).ravel()
        if node.kind.startswith("separable"):
            self._note_order(node, "depthwise.weight", 0, copies)
            self._note_order(node, "pointwise.weight", 1, copies)
            return Layout(1)
        self._note_order(node, "weight", 0, copies)
        self._note_order(node, "bias", 0, copies)
        return Layout(1, {1: copies})

    def _on_concat(self, node: Node, layouts: list[Any]) -> Layout:
        rank, axis = node.results[0].rank, getattr(node.op, "axis", None)
        along = (1 if axis is None else axis) % rank
        sizes = [self.graph.type_of(value).shape[along] for value in node.operands if value is not None]
        known = {one.channels for one in layouts} - {None}
        orders: dict[int, Order] = {}
        for place in {place for one in layouts for place in one.orders}:
            if place == along:
                orders[place] = _concatenated([one.orders.get(place, ...) for one in layouts], sizes)
            else:
                first = layouts[0].orders.get(place)
                fits = all(place in one.orders and same_order(one.orders[place], first) for one in layouts)
                orders[place] = first if fits else None
        channels = known.pop() if len(known) == 1 else None
        return Layout(channels if rank > 2 else 0, orders)

    def _on_split(self, node: Node, layouts: list[Any]) -> Layout:
        layout: Layout = layouts[0]
        axis = getattr(node.op, "axis", None)
        along = (1 if axis is None else axis) % node.results[0].rank
        return layout.with_order(along, None) if along in layout.orders else layout

    def _on_stack(self, node: Node, layouts: list[Any]) -> Layout | None:
        rank = node.results[0].rank
        if not all(one.is_plain for one in layouts):
            return None
        return Layout(0 if rank <= 2 or all(one.channels == 0 for one in layouts) else self._wanted.get(node.value()))

    def _on_index(self, node: Node, layouts: list[Any]) -> Layout:
        items = getattr(node.op, "items", ())
        gone = {axis for axis, item in enumerate(items) if isinstance(item, int)}
        cut = {axis for axis, item in enumerate(items) if not isinstance(item, int) and item != (None, None)}
        return _without_axes(layouts[0], gone, cut, node, self.graph)

    def _reduced(self, node: Node, layouts: list[Any]) -> Layout:
        layout: Layout = layouts[0]
        value = node.operands[0]
        rank = 0 if value is None else self.graph.type_of(value).rank
        axes = {axis % rank for axis in _axes_of(node.op)}
        left = Layout(layout.channels, {axis: order for axis, order in layout.orders.items() if axis not in axes})
        if node.kind == "argmax" and axes & layout.orders.keys():
            left = unknown(rank)
        return left if getattr(node.op, "keepdims", False) else _without_axes(left, axes, set(), node, self.graph)

    def _on_flip(self, node: Node, layouts: list[Any]) -> Layout:
        layout: Layout = layouts[0]
        axes = {axis % node.results[0].rank for axis in _axes_of(node.op)}
        orders = {axis: None if axis in axes else order for axis, order in layout.orders.items()}
        return Layout(layout.channels, orders)

    def _on_expand(self, node: Node, layouts: list[Any]) -> Layout:
        value = node.operands[0]
        shape = () if value is None else self.graph.type_of(value).shape
        found = joined([(layouts[0], shape)], node.results[0].rank)
        return found if found.channels is not None else Layout(self._wanted.get(node.value()), found.orders)

    def _on_sinusoidal_position(self, node: Node, layouts: list[Any]) -> Layout | None:
        return Layout(0) if layouts[0].is_plain else None

    def _on_matmul(self, node: Node, layouts: list[Any]) -> Layout | None:
        if not all(one.is_plain for one in layouts):
            return None
        rank = node.results[0].rank
        known = {one.channels for one in layouts}
        return Layout(0 if rank <= 2 or known == {0} else self._wanted.get(node.value()))


def _agree(one: Mapping[int, Order], other: Mapping[int, Order], axis: int) -> bool:
    if (axis in one) != (axis in other):
        return False
    return axis not in one or same_order(one[axis], other[axis])


def _axes_of(op: object) -> tuple[int, ...]:
    """The axis, or the axes, that a layer is given; the last one if none is written."""
    axis = getattr(op, "axis", None)
    return (-1,) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def _order_of(op: object) -> tuple[int, ...]:
    order: tuple[int, ...] = getattr(op, "order", ())
    return tuple(axis % len(order) for axis in order)


def _concatenated(orders: Sequence[Any], sizes: Sequence[Any]) -> Order:
    """The orders of parts one behind the other; ``...`` stands for one that is as in Keras."""
    if any(order is None for order in orders) or not all(isinstance(size, int) for size in sizes):
        return None
    starts = np.cumsum([0, *sizes[:-1]])
    parts = [np.arange(size) if order is ... else order for order, size in zip(orders, sizes, strict=True)]
    return np.concatenate([part + start for part, start in zip(parts, starts, strict=True)])


def _without_axes(layout: Layout, gone: set[int], cut: set[int], node: Node, graph: Graph) -> Layout:
    """That of a tensor some axes of which are taken away, and others cut."""
    value = node.operands[0]
    rank = 0 if value is None else graph.type_of(value).rank
    left = [axis for axis in range(rank) if axis not in gone]
    orders = {
        place: None if axis in cut else layout.orders[axis] for place, axis in enumerate(left) if axis in layout.orders
    }
    if len(left) <= 2:
        return Layout(0, orders)
    channels = layout.channels
    if channels:
        channels = None if 0 in gone else sum(1 <= axis <= channels for axis in left)
        channels = 0 if channels == len(left) - 1 else channels
    return Layout(channels, orders)
