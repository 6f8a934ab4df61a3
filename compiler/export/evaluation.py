"""The numbers of what a model stores, computed by the operators' references, one tensor at a time.

Arithmetic is done in float64, and its results are rounded once, when they are stored. What only moves elements stays in
its own type, and so do the parameters: they become float64 where arithmetic reads them. Large results of operators that
compute every element by itself are computed by blocks, whole expressions at once, and are never there in float64.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import final

import numpy as np

from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant, Parameter
from ..graph.tensors import Literal, numpy_name
from ..graph.types import DType

# Loaded here rather than by the first weight: loading numpy's random module can swallow an interrupt, and by then a
# file is being written.
from ..initializers import random_streams  # noqa: F401
from ..weights.weight_values import WeightValues
from .evaluation_plan import Member, Step, known_shape, operator_of, plan_steps
from .float64_rounding import as_float64, round_into, rounded, widened

#: Elements of a block: its float64 numbers, and those that it is computed from, stay in the processor's cache.
BLOCK = 2**16


@final
class Evaluation:
    """Computes stored values when they are asked for.

    What a later value needs is kept until the last one that needs it is done; parameters are asked for anew each time.
    So everything is computed once if every value is asked for once, in whatever order.

    Args:
        graph: the graph.
        nodes: those that are evaluated, operands before readers.
        initializers: the values that will be asked for.
        values: where the values of weights come from.
    """

    def __init__(
        self, graph: Graph, nodes: Sequence[Node], initializers: Sequence[Value], values: WeightValues
    ) -> None:
        self._graph = graph
        self._values = values
        self._steps = plan_steps(graph, nodes, initializers)
        #: How many steps and stored values, that are not done, need each value.
        self._pending = Counter(value for step in self._steps.values() for value in step.reads)
        self._pending.update(initializers)
        self._kept: dict[Value, np.ndarray] = {}
        self._done: set[int] = set()
        self._unasked = set(initializers)

    def array(self, value: Value) -> np.ndarray:
        """The numbers of a parameter, a constant, or one of the initializers, in its element type.

        The caller must not change them.

        Raises:
            ValueError: a reference gives an array of another shape than its node says.
        """
        dtype = self._graph.type_of(value).dtype
        if value.node not in self._steps:
            return rounded(self._given(value), dtype)
        if value not in self._kept:
            self._compute(value)
        array = self._kept[value]
        if value in self._unasked:
            self._unasked.remove(value)
            self._pending[value] -= 1
        if self._pending[value] <= 0:
            del self._kept[value]
        return rounded(array, dtype)

    def _compute(self, wanted: Value) -> None:
        """Take the steps that a value needs, as far as what they give is not there."""
        steps = self._needed(wanted)
        uses = Counter(value for step in steps for value in step.reads)
        uses[wanted] += 1
        for step in steps:
            for value, array in self._results(step):
                if uses[value] or self._pending[value] > 0:
                    self._kept[value] = array
            uses.subtract(step.reads)
            if step.place not in self._done:
                self._done.add(step.place)
                self._pending.subtract(step.reads)
            for value in step.reads:
                if not uses[value] and self._pending[value] <= 0:
                    self._kept.pop(value, None)

    def _needed(self, wanted: Value) -> list[Step]:
        found: dict[int, Step] = {}
        open_values = [wanted]
        while open_values:
            step = self._steps[open_values.pop().node]
            if step.place not in found:
                found[step.place] = step
                open_values.extend(value for value in step.reads if value not in self._kept)
        return [found[place] for place in sorted(found)]

    def _results(self, step: Step) -> Iterator[tuple[Value, np.ndarray]]:
        node = step.node
        if step.tree:
            yield node.value(), self._by_blocks(step, known_shape(node.results[0]))
            return
        operands = [None if value is None else self._operand(value, step) for value in node.operands]
        arrays = _reference(node, operands, step.reads_wide)
        del operands
        for index, (array, declared) in enumerate(zip(arrays, node.results, strict=True)):
            _check_shape(node, array, known_shape(declared))
            yield node.value(index), _formed(array, declared.dtype, step.wide)

    def _operand(self, value: Value, step: Step) -> np.ndarray:
        array = self._given(value)
        return widened(array) if step.reads_wide else rounded(array, self._graph.type_of(value).dtype)

    def _given(self, value: Value) -> np.ndarray:
        """The numbers of a value that is there, exactly, or as they were kept."""
        node = self._graph.producer(value)
        match node.op:
            case Parameter(weight):
                array = self._values.values(weight)
                _check_shape(node, array, known_shape(node.results[0]))
                return array
            case Constant(literal, exact):
                return _written(literal, node.results[0].dtype, exact)
            case _:
                return self._kept[value]

    def _by_blocks(self, step: Step, shape: tuple[int, ...]) -> np.ndarray:
        dtype = DType.FLOAT64 if step.wide else step.node.results[0].dtype
        inside = {member.node.value() for member in step.tree}
        read = (value for member in step.tree for value in member.node.operands)
        outside = {value: self._given(value) for value in read if value is not None and value not in inside}
        for array in outside.values():
            _check_broadcasts(step.node, array, shape)
        result = np.empty(shape, numpy_name(dtype))
        # Blocks are many: what holds for all of them is done once.
        with np.errstate(all="ignore"):
            for block in blocks(shape, BLOCK):
                part = result[block]
                round_into(part, _block(step.tree, outside, block, part.shape), dtype)
        return result


def blocks(shape: tuple[int, ...], most: int) -> Iterator[tuple[slice, ...]]:
    """The parts of an array, in order, each of at most ``most`` elements and mostly of more than half of it."""
    axis, inner = len(shape), 1
    while axis and inner * shape[axis - 1] <= most:
        axis -= 1
        inner *= shape[axis]
    whole = (slice(None),) * (len(shape) - axis)
    if not axis:
        yield whole
        return
    length = shape[axis - 1]
    step = most // inner
    for outer in np.ndindex(*shape[: axis - 1]):
        for start in range(0, length, step):
            yield (*(slice(index, index + 1) for index in outer), slice(start, min(start + step, length)), *whole)


def _block(
    tree: Sequence[Member], outside: Mapping[Value, np.ndarray], block: tuple[slice, ...], shape: tuple[int, ...]
) -> np.ndarray:
    """A block of the result of an expression, exactly.

    No operand has 16 bits here, which is all that references take care of beside computing.
    """
    inside: dict[Value, np.ndarray] = {}
    for member in tree:
        node = member.node
        operands = [
            None if one is None else inside[one] if one in inside else as_float64(_part(outside[one], block))
            for one in node.operands
        ]
        (array,) = operator_of(node).compute(*operands)
        _check_shape(node, array, shape)
        inside[node.value()] = as_float64(array)
        for value in member.spent:
            del inside[value]
    return inside[tree[-1].node.value()]


def _part(array: np.ndarray, block: tuple[slice, ...]) -> np.ndarray:
    """What a block needs of an array that broadcasts to the whole."""
    aligned = zip(array.shape, block[len(block) - array.ndim :], strict=True)
    return array[(..., *(slice(None) if size == 1 else one for size, one in aligned))]


def _reference(node: Node, operands: Sequence[np.ndarray | None], wide: bool) -> tuple[np.ndarray, ...]:
    operator = operator_of(node)
    if not wide or len(operands) < len(operator.operands):
        return operator.reference(*operands)
    # No operand has 16 bits, which is all that references take care of beside computing.
    with np.errstate(all="ignore"):
        return tuple(map(np.asarray, operator.compute(*operands)))


def _formed(array: np.ndarray, dtype: DType, wide: bool) -> np.ndarray:
    """What a reference gave, in the form in which it is kept."""
    return widened(array) if wide and dtype.is_float else rounded(array, dtype)


def _written(literal: Literal, dtype: DType, exact: bool) -> np.ndarray:
    """The numbers of a constant: rounded to its element type, as they are when a model computes, or exactly."""
    # What is too large becomes an infinity, as in any arithmetic.
    with np.errstate(all="ignore"):
        return literal.array(DType.FLOAT64 if exact and dtype.is_float else dtype)


def _check_shape(node: Node, array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{node.name}: an array of shape {list(array.shape)} for one of {list(shape)}")


def _check_broadcasts(node: Node, array: np.ndarray, shape: tuple[int, ...]) -> None:
    aligned = zip(reversed(array.shape), reversed(shape), strict=False)
    if array.ndim > len(shape) or any(size not in (1, whole) for size, whole in aligned):
        raise ValueError(f"{node.name}: an array of shape {list(array.shape)} does not broadcast to {list(shape)}")
