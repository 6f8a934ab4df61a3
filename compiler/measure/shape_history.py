"""How the size of an axis came about: the way back through the layers to the input or attribute where it begins."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.shape_ways import Background, Step, Way
from ..dims import Dim, DimTooComplex, decide_equal, format_dim
from ..graph.graph import Graph, Node, Value, WrittenCall, place_of
from ..graph.operations import Operation
from ..graph.types import TensorType
from ..layers.base import Layer
from ..layers.size_origins import size_origin
from ..layers.sizes import Size
from ..records import positional_record
from ..source import Span


class Made(Protocol):
    """A node, or what is to become one."""

    @property
    def op(self) -> Operation | None:
        """None for a parameter."""
        ...

    @property
    def name(self) -> str:
        """Its full name; empty where that is not known yet."""
        ...

    @property
    def operands(self) -> tuple[Value | None, ...]:
        """What it reads."""
        ...

    @property
    def results(self) -> tuple[TensorType, ...]:
        """The types of what it gives."""
        ...

    @property
    def call(self) -> WrittenCall | None:
        """Where it is written."""
        ...

    @property
    def calls(self) -> tuple[Span, ...]:
        """The calls of blocks around, innermost first."""
        ...


@positional_record
class _MadeNode:
    op: Operation | None
    name: str
    operands: tuple[Value | None, ...]
    results: tuple[TensorType, ...]
    call: WrittenCall | None
    calls: tuple[Span, ...]


#: What finds a node by its number.
Find = Callable[[int], Made]


def finder(graph: Graph) -> Find:
    """What finds the nodes of a graph."""

    def find(number: int) -> Made:
        node: Node = graph.node(number)
        return _MadeNode(node.op, node.name, node.operands, node.results, node.origin.call, node.origin.calls)

    return find


@positional_record
class Passed:
    """A layer, or an input, on the way of an axis.

    Attributes:
        value: the result that the axis is of.
        axis: which one, counted from 0.
        made: what made it.
        step: what it did to the size.
    """

    value: Value
    axis: int
    made: Made
    step: Step


def passed(find: Find, value: Value, axis: int) -> list[Passed]:
    """The way of an axis of a value, from where its size begins to what made the value, one after the other.

    Where a size is made of several, as by ``flatten`` or ``concat``, the first of them is followed.
    """
    found: list[Passed] = []
    while True:
        made = find(value.node)
        dim = made.results[value.index].shape[axis]
        types = [None if one is None else find(one.node).results[one.index] for one in made.operands]
        formula, before = "", None
        if isinstance(made.op, Layer):
            size = _origin(made.op, types, made, value.index, axis)
            formula, before = size.formula, size.axes[0] if size.axes else None
        found.append(Passed(value, axis, made, _step(made, _before(types, before), dim, formula)))
        operand = None if before is None else made.operands[before[0]]
        if before is None or operand is None:
            return found[::-1]
        value, axis = operand, before[1]


def _origin(layer: Layer, types: Sequence[TensorType | None], made: Made, index: int, axis: int) -> Size:
    try:
        return size_origin(layer, types, made.results, axis, index)
    except DimTooComplex:
        return Size()


def _before(types: Sequence[TensorType | None], place: tuple[int, int] | None) -> Dim | None:
    found = None if place is None else types[place[0]]
    return None if place is None or found is None else found.shape[place[1]]


def _step(made: Made, before: Dim | None, after: Dim, formula: str) -> Step:
    kind = "parameter" if made.op is None else made.op.kind
    label = None if made.call is None else made.call.label
    place = None if made.call is None else place_of(made.call.label or made.call.function or made.call.span, made.calls)
    size = "" if before is None else format_dim(before)
    # Labels that are numbers only tell apart the layers of a group.
    name = kind if label is None or label.text.isdigit() else label.text
    if made.call is not None and place is not None and place.source is not made.call.span.source:
        # What its author sees is the block.
        name = f"{re.split('[^A-Za-z0-9_]', place.text, maxsplit=1)[0]}.{name}"
    return Step(made.name or name, kind, place, size, format_dim(after), formula)


def changes(way: Sequence[Passed]) -> list[Passed]:
    """The beginning of a way and what changed the size behind it."""
    return [one for number, one in enumerate(way) if number == 0 or not one.step.keeps]


@positional_record
class ShapeHistory(Background):
    """What can be told of a layer that its operands do not fit.

    Attributes:
        find: finds what was made before it.
        operands: what it reads.
        layer: the layer; None where a value is held against a declared type.
        call: where that is written.
    """

    find: Find
    operands: tuple[Value | None, ...]
    layer: Layer | None = None
    call: WrittenCall | None = None

    def ways(self, axes: Sequence[tuple[int, int]]) -> tuple[Way, ...]:
        """See ``Background``; of two, the part before they part is left out, and nothing is told of inputs alone."""
        found = [changes(way) for way in parted([self.passed(*one) for one in axes])]
        told: list[Way] = []
        for axis, way in zip(axes, found, strict=True):
            one = self._way(axis, way)
            if told and (told[-1].found, told[-1].steps) == (one.found, one.steps):
                one = Way((*told.pop().axes, *one.axes), one.found, one.steps)
            told.append(one)
        return () if all(way.is_written for way in told) else tuple(told)

    def _way(self, axis: tuple[int, int], way: Sequence[Passed]) -> Way:
        kind = self.type_of(axis[0])
        first, *others = (one.step for one in way)
        # Before the first step lies what both ways have in common.
        if first.before:
            first = dataclasses.replace(first, before="", formula="")
        return Way((axis[1] % kind.rank,), str(kind), (first, *others))

    def passed(self, operand: int, axis: int) -> list[Passed]:
        """The way of an axis of an operand, which is there; negative axes count from the end."""
        return passed(self.find, self.value(operand), axis % self.type_of(operand).rank)

    def value(self, operand: int) -> Value:
        """An operand, which is there."""
        value = self.operands[operand]
        if value is None:
            raise ValueError("this operand is absent")
        return value

    def type_of(self, operand: int) -> TensorType:
        """The type of an operand, which is there."""
        value = self.value(operand)
        return self.find(value.node).results[value.index]

    def maker(self, operand: int) -> Step | None:
        """See ``Background``."""
        made = self.find(self.value(operand).node)
        return _step(made, None, 1, "")


def ways_of(graph: Graph, value: Value) -> tuple[Way, ...]:
    """How each size of a tensor came about, layer by layer, those that keep it included; axes alike are told once."""
    find, kind = finder(graph), graph.type_of(value)
    found: dict[tuple[Step, ...], list[int]] = {}
    for axis in range(kind.rank):
        steps = tuple(one.step for one in passed(find, value, axis))
        found.setdefault(steps, []).append(axis)
    return tuple(Way(tuple(axes), str(kind), steps) for steps, axes in found.items())


def parted(ways: Sequence[list[Passed]]) -> list[list[Passed]]:
    """Two ways from the last value that they have in common on; any other number as it is."""
    if len(ways) != 2:
        return list(ways)
    shared = 0
    for one, other in zip(*ways, strict=False):
        if (one.value, one.axis) != (other.value, other.axis):
            break
        shared += 1
    return [way[max(shared - 1, 0) :] for way in ways]


def with_history(error: DotnnError, history: ShapeHistory) -> DotnnError:
    """The error with what is known of the layers before it, for those that tell of it."""
    return DotnnError(*(dataclasses.replace(one, background=history) for one in error.diagnostics))


def against(fault: Diagnostic, find: Find, value: Value, declared: TensorType) -> Diagnostic:
    """What is wrong with the type of a value, with the ways of those sizes that are not the declared ones."""
    found = find(value.node).results[value.index]
    pairs = zip(found.shape, declared.shape, strict=False)
    wrong = [axis for axis, pair in enumerate(pairs) if decide_equal(*pair) is not True]
    # Rows and columns mostly came about alike.
    axes = tuple((0, axis) for axis in wrong[:2]) if found.rank == declared.rank else ()
    return dataclasses.replace(fault, faulty_axes=axes, background=ShapeHistory(find, (value,)))
