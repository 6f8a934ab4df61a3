"""What a model costs: parameters, multiply-accumulates, bytes, depth, receptive fields.

Counts are exact and, where they depend on symbolic dimensions, expressions in them. They are measured on the graph as
written, before optimization, and a weight that several nodes share counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..graph.dims import Dim, DimTooComplex, dim_max, dim_min
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant, Input, Parameter
from ..graph.tensors import Role, Weight
from ..graph.types import TensorType, for_one_example
from ..layers.base import Layer, Mixing, Window
from ..records import positional_record


@positional_record
class Count:
    """Learned numbers by what happens to them: their sum is Keras's total."""

    trainable: int
    frozen: int
    statistics: int

    @property
    def params(self) -> int:
        """Learned numbers, frozen ones included, running statistics not."""
        return self.trainable + self.frozen

    @property
    def total(self) -> int:
        """All of them."""
        return self.params + self.statistics


def count(weights: Iterable[Weight]) -> Count:
    """Count the numbers of some weights."""
    trainable = frozen = statistics = 0
    for weight in weights:
        if weight.role is Role.STATISTIC:
            statistics += weight.elements
        elif weight.frozen:
            frozen += weight.elements
        else:
            trainable += weight.elements
    return Count(trainable, frozen, statistics)


def weights_bytes(graph: Graph) -> int:
    """Bytes of all weights, running statistics included."""
    return sum(weight.elements * weight.dtype.size for weight in graph.weights())


def node_macs(graph: Graph, node: Node) -> Dim:
    """Multiply-accumulates of one node."""
    if not isinstance(node.op, Layer):
        return 0
    return node.op.macs(graph.operand_types(node), node.results)


def macs(graph: Graph) -> Dim:
    """Multiply-accumulates of the convolution, dense, recurrent and attention layers, for one example."""
    total: Dim = 0
    for node in graph.nodes():
        total = total + for_one_example(node_macs(graph, node))
    return total


def bytes_of(kind: TensorType) -> Dim:
    """Bytes of a tensor, for one example."""
    return for_one_example(kind.elements) * kind.dtype.size


def peak_activation_bytes(graph: Graph) -> Dim:
    """The most bytes that are alive at once, for one example.

    Nodes run in graph order; a tensor is alive from the node that makes it to the last one that reads it, an
    output to the end. Weights and constants do not count.
    """
    nodes = graph.nodes()
    last = _last_reads(graph, nodes)
    alive: Dim = 0
    peak: Dim = 0
    dying: dict[int, list[Value]] = {}
    for value, step in last.items():
        dying.setdefault(step, []).append(value)
    for step, node in enumerate(nodes):
        if not _stored(node):
            for result in node.results:
                alive = alive + bytes_of(result)
        peak = dim_max(peak, alive)
        for value in dying.get(step, ()):
            if not _stored(graph.producer(value)):
                alive = alive - bytes_of(graph.type_of(value))
    return peak


def _stored(node: Node) -> bool:
    return isinstance(node.op, Constant | Parameter)


def _last_reads(graph: Graph, nodes: tuple[Node, ...]) -> dict[Value, int]:
    last: dict[Value, int] = {}
    for step, node in enumerate(nodes):
        for index in range(len(node.results)):
            last[node.value(index)] = step
        for operand in node.operands:
            if operand is not None:
                last[operand] = step
    for value in graph.outputs.values():
        last.pop(value, None)
    return last


def longest_path(graph: Graph) -> int:
    """How many layers and operators stand on the longest way from an input to an output."""
    depth: dict[int, int] = {}
    for node in graph.nodes():
        before = max((depth[operand.node] for operand in node.operands if operand is not None), default=0)
        depth[node.id] = before + isinstance(node.op, Layer)
    return max((depth[value.node] for value in graph.outputs.values()), default=0)


@positional_record
class Field:
    """The receptive field of a tensor: size and distance of neighbours on each spatial axis of the input.

    Attributes:
        extent: the smallest spatial size of the inputs that it depends on; None where no expression can say it.
        whole: a position may depend on every position of the input.
    """

    sizes: tuple[int, ...]
    jumps: tuple[int, ...]
    extent: Dim | None
    whole: bool = False


def receptive_field(value: Value, fields: Mapping[int, Field | None]) -> Dim | None:
    """Input positions that one position of a tensor depends on, the smallest over the spatial axes.

    ``fields`` are the ``receptive_fields`` of the graph.

    Araujo, Norris, Sim 2019: every window adds ``(kernel - 1) * dilation * jump``, every stride multiplies the jump.
    None where no input that it depends on has spatial axes. Where a layer mixes all positions (a flatten, a recurrent
    layer), it is the size of the input.

    Raises:
        DimTooComplex: it is the size of the input, and no expression can say that.
    """
    found = fields[value.node]
    if found is None or not found.sizes:
        return None
    if not found.whole:
        return min(found.sizes)
    if found.extent is None:
        raise DimTooComplex("the smallest of too many different sizes of inputs")
    return found.extent


def receptive_fields(graph: Graph) -> dict[int, Field | None]:
    """The field of every node's results, by the node's identity; None where it depends on no spatial axes."""
    fields: dict[int, Field | None] = {}
    for node in graph.nodes():
        fields[node.id] = _field(graph, node, fields)
    return fields


def _field(graph: Graph, node: Node, fields: dict[int, Field | None]) -> Field | None:
    if isinstance(node.op, Input):
        rank = max(node.results[0].rank - 2, 0)
        return Field((1,) * rank, (1,) * rank, _least(node.results[0].shape[2:])) if rank else None
    before = [fields[operand.node] for operand in node.operands if operand is not None]
    merged = _merge([field for field in before if field is not None])
    if merged is None or not isinstance(node.op, Layer):
        return merged
    reach = node.op.reach()
    if isinstance(reach, Window) and not merged.whole and len(reach.kernel) == len(merged.sizes):
        return _through(merged, reach)
    if isinstance(reach, Window) or reach is Mixing.ALL:
        return replace(merged, whole=True)
    return merged


def _through(field: Field, window: Window) -> Field:
    axes = zip(field.sizes, field.jumps, window.kernel, window.dilation, strict=True)
    sizes = tuple(size + (kernel - 1) * dilation * jump for size, jump, kernel, dilation in axes)
    jumps = tuple(jump * stride for jump, stride in zip(field.jumps, window.stride, strict=True))
    return Field(sizes, jumps, field.extent)


def _merge(fields: list[Field]) -> Field | None:
    if not fields:
        return None
    extent = _least([field.extent for field in fields])
    ranks = {len(field.sizes) for field in fields}
    if len(ranks) > 1 or any(field.whole for field in fields):
        return Field(fields[0].sizes, fields[0].jumps, extent, whole=True)
    sizes = tuple(max(axis) for axis in zip(*(field.sizes for field in fields), strict=True))
    jumps = tuple(max(axis) for axis in zip(*(field.jumps for field in fields), strict=True))
    return Field(sizes, jumps, extent)


def _least(dims: Iterable[Dim | None]) -> Dim | None:
    """The smallest of some sizes; None where one is not known, or no expression can say it."""
    distinct = dict.fromkeys(dims)
    if None in distinct:
        return None
    try:
        return dim_min(*(dim for dim in distinct if dim is not None))
    except DimTooComplex:
        return None
