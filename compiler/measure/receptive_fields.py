"""Receptive fields: how many positions of the inputs one position of a tensor depends on.

They are followed along each spatial axis of the inputs, those from axis 2 on, through whatever the layers do to axes:
see ``layers.reach``. A field may come out too large where a layer cannot say what it reads, and never too small for
inputs that are channels first. Of others, axis 2 and those behind it are followed all the same, whatever they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from ..dims import Dim, DimTooComplex, dim_min
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Input
from ..graph.types import TensorType
from ..layers.base import Layer
from ..layers.reach import Along


@dataclass(frozen=True, slots=True)
class Trace:
    """What the positions of a tensor read along one spatial axis of the inputs.

    Position ``i`` of the tensor's ``axis`` reads ``size`` neighbouring positions, the first one at ``jump * i + start``
    (the last one, if ``jump`` is negative).

    Attributes:
        axis: None where every position of the tensor reads the same ones.
        start: None where that is not known.
        extent: the size of that axis of the inputs; None where no expression can say it.
        whole: all of it may be read.
    """

    axis: int | None
    extent: Dim | None
    size: int = 1
    jump: int = 1
    start: int | None = 0
    whole: bool = False


#: Said of a tensor every position of which sees all of the input.
WHOLE: Final = "whole"

#: A trace for every spatial axis of the inputs that a tensor depends on; none where those have no spatial axes.
Field: TypeAlias = tuple[Trace, ...]


def receptive_field(value: Value, fields: Mapping[Value, Field]) -> Dim | None:
    """Input positions that one position of a tensor depends on, the smallest over the spatial axes.

    ``fields`` are the ``receptive_fields`` of the graph.

    Araujo, Norris, Sim 2019: every window adds ``(kernel - 1) * dilation * jump``, every stride multiplies the jump.
    None where no input that it depends on has spatial axes. Where a layer mixes all positions of an axis (a flatten, a
    recurrent layer), it is the size of the input there.

    Raises:
        DimTooComplex: it is the size of the input, and no expression can say that.
    """
    found = fields[value]
    if not found:
        return None
    least = _least(trace.extent if trace.whole else trace.size for trace in found)
    if least is None:
        raise DimTooComplex("the smallest of too many different sizes of inputs")
    return least


def seen_before_collapse(graph: Graph) -> int | Literal["whole"] | None:
    """How far one position sees of the input, where an output is made of positions for the last time.

    The scores of a classifier depend on the whole image, so that their field says nothing of the network. That of the
    last feature maps does: those that a pooling over all positions, or a flatten, turns into numbers without a place.
    An output that has positions itself, such as a mask, is taken as it is.

    Returns:
        The smallest size over the axes of which not all is seen, and the largest over the outputs and over the tensors
        that are collapsed. ``WHOLE`` where a position sees all of the input, as behind attention, and where none sees
        its neighbours before all are mixed. None where no output depends on an input with spatial axes.
    """
    fields = receptive_fields(graph)
    outputs = [value for value in graph.outputs.values() if fields[value]]
    seen = [_seen(fields[value]) for value in last_with_positions(graph, fields)]
    if None in seen:
        return WHOLE
    largest = max((size for size in seen if size is not None), default=None)
    are_collapsed = not any(_has_positions(graph.type_of(value)) for value in outputs)
    return WHOLE if largest == 1 and are_collapsed else largest


def _seen(field: Field) -> int | None:
    """What a position sees along the axis along which it sees least; None if it sees all along every axis."""
    return min((trace.size for trace in field if not trace.whole), default=None)


def last_with_positions(graph: Graph, fields: Mapping[Value, Field]) -> Iterator[Value]:
    """The values with positions that outputs are made of through values without, or the outputs themselves.

    ``fields`` are the ``receptive_fields`` of the graph; an output without a field does not count.
    """
    pending = [value for value in graph.outputs.values() if fields[value]]
    found = set(pending)
    while pending:
        value = pending.pop()
        node = graph.producer(value)
        if isinstance(node.op, Input) or _has_positions(graph.type_of(value)):
            yield value
            continue
        before = {one for one in node.operands if one is not None and fields[one]} - found
        found |= before
        pending += before


def _has_positions(kind: TensorType) -> bool:
    """Whether a tensor has more than one position along the axes where images and sequences of features have them."""
    return any(dim != 1 for dim in kind.shape[2:])


def receptive_fields(graph: Graph) -> dict[Value, Field]:
    """The field of every value of the graph."""
    fields: dict[Value, Field] = {}
    for node in graph.nodes():
        for index, found in enumerate(node.results):
            fields[node.value(index)] = _field(graph, node, index, found, fields)
    return fields


def _field(graph: Graph, node: Node, index: int, found: TensorType, fields: Mapping[Value, Field]) -> Field:
    if isinstance(node.op, Input):
        return tuple(Trace(axis, dim) for axis, dim in enumerate(found.shape) if axis >= 2)
    if not isinstance(node.op, Layer):
        return ()
    return _merged(list(_through_operands(graph, node, node.op, index, fields)))


def _through_operands(
    graph: Graph, node: Node, layer: Layer, index: int, fields: Mapping[Value, Field]
) -> Iterator[Field]:
    types, shape = graph.operand_types(node), node.results[index].shape
    is_aligned = type(layer).positions is Layer.positions
    for number, (value, kind) in enumerate(zip(node.operands, types, strict=True)):
        if value is None or kind is None or not fields[value]:
            continue
        if is_aligned and kind.shape == shape:
            # Position by position, as most layers read: the field stays as it is.
            yield fields[value]
            continue
        reach = layer.reach(types, node.results, number, index)
        yield tuple(_through(trace, reach, kind) for trace in fields[value])


def _through(trace: Trace, reach: Sequence[Along], kind: TensorType) -> Trace:
    """What a position of a result reads by reading an operand of this type."""
    if trace.whole or trace.axis is None:
        return trace
    along = reach[trace.axis]
    if along.whole:
        # An axis with a single position is no more than that position.
        single = kind.shape[trace.axis] == 1
        return replace(trace, axis=None, jump=0) if single else replace(trace, axis=None, whole=True)
    size = trace.size + (along.kernel - 1) * along.dilation * abs(trace.jump)
    start = None if trace.start is None or along.shift is None else trace.start + trace.jump * along.shift
    jump = trace.jump * along.stride if along.axis is not None else 0
    return Trace(along.axis, trace.extent, size, jump, start)


def _merged(fields: Sequence[Field]) -> Field:
    """What is read by reading several operands."""
    if len(fields) < 2:
        return fields[0] if fields else ()
    if len({len(field) for field in fields}) > 1:
        # Inputs with different numbers of spatial axes have no axes in common.
        return (Trace(None, _least(trace.extent for field in fields for trace in field), whole=True),)
    return tuple(_union(traces) for traces in zip(*fields, strict=True))


def _union(traces: Sequence[Trace]) -> Trace:
    """All that is read along one axis: the positions from the first to the last one, if they stay together."""
    if len(traces) == 1:
        return traces[0]
    extent = _least(trace.extent for trace in traces)
    first = replace(traces[0], extent=extent)
    if all(replace(trace, extent=extent) == first for trace in traces) and _is_certain(first):
        return first
    starts = [trace.start for trace in traces if trace.start is not None]
    together = len({(trace.axis, trace.jump, trace.whole) for trace in traces}) == 1
    if len(starts) < len(traces) or not together or first.whole:
        return replace(first, axis=None, whole=True)
    end = max(start + trace.size for start, trace in zip(starts, traces, strict=True))
    return replace(first, start=min(starts), size=end - min(starts))


def _is_certain(trace: Trace) -> bool:
    return trace.whole or trace.start is not None


def _least(dims: Iterable[Dim | None]) -> Dim | None:
    """The smallest of some sizes; None where one is not known, or no expression can say it."""
    distinct = dict.fromkeys(dims)
    if None in distinct:
        return None
    try:
        return dim_min(*(dim for dim in distinct if dim is not None))
    except DimTooComplex:
        return None
