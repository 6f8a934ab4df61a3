"""What a model stores: weights, and what is computed of them alone, evaluated while a file is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import final

import numpy as np

from ..dims import DimExpr
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant, Parameter
from ..graph.types import TensorType
from ..operators.arranging import Gather
from ..operators.base import Operator
from ..passes.fold_constants import BUDGET, LARGEST_RESULT, folding_cost
from ..weights.weight_values import WeightValues
from .evaluation import Evaluation
from .evaluation_plan import reads_by_blocks

#: Elements read and written altogether for each element of a parameter, beside what constants may cost: a large model
#: is worth more work, and no small text makes a build of hours.
WORK_PER_ELEMENT = 16


@final
class Stored:
    """The values that a model stores, and their numbers.

    Args:
        graph: an operator graph.
        values: where the values of weights come from.
        as_written: whether every layer stays in the model, be it one of parameters alone.

    Attributes:
        evaluated: nodes that are computed while a file is written, and that it therefore does not have.
        initializers: the values that what a file has reads, in the order of first use; then unread parameters.
    """

    def __init__(self, graph: Graph, values: WeightValues, *, as_written: bool = False) -> None:
        nodes = list(_evaluated(graph, as_written))
        self.evaluated = frozenset(node.id for node in nodes)
        self.initializers = tuple(_initializers(graph, self.evaluated))
        self._evaluation = Evaluation(graph, nodes, self.initializers, values)
        self._graph, self._rounding = graph, values.rounding

    def array(self, value: Value) -> np.ndarray:
        """The numbers of an initializer, in its element type; the caller must not change them.

        Any may be asked for at any time. Everything is computed once if each is asked for once, and memory stays near
        the size of one tensor if that is in their order.

        Raises:
            ValueError: an array has another shape than the type of its value says.
        """
        array = self._evaluation.array(value)
        if self._rounding is not None and value.node in self.evaluated:
            self._rounding.look_at(self._graph.producer(value).value_names[value.index], array)
        return array


def _evaluated(graph: Graph, as_written: bool) -> Iterator[Node]:
    """The nodes that depend on parameters, and else on constants alone; as far as the work is worth it.

    What depends on constants alone is the business of a pass. A node whose results nothing reads stays, and as written
    every layer does: what an unoptimized build leaves out is for its author to say. Layers' own tensors come first:
    what authors compute of parameters has a budget of its own, and may not make the file larger.
    """
    parameters = [node.op.weight for node in graph.unordered() if isinstance(node.op, Parameter)]
    work = WORK_PER_ELEMENT * sum(weight.elements for weight in parameters) + BUDGET
    left, growth = {True: work, False: work}, LARGEST_RESULT
    uses = graph.uses()
    outputs = {value.node for value in graph.outputs.values()}
    found: dict[int, int] = {}
    for node in graph.nodes():
        if node.id in outputs or (as_written and not node.stored) or not _depends_on_parameters(graph, node, found):
            continue
        if not any(uses[node.value(index)] for index in range(len(node.results))):
            continue
        cost, more = _work(graph, node, found), 0 if node.stored else _growth(graph, node, uses)
        if cost is None or cost > left[node.stored] or more > growth:
            continue
        left[node.stored] -= cost
        growth -= more
        found[node.id] = cost
        yield node


def _growth(graph: Graph, node: Node, uses: Mapping[Value, int]) -> int:
    """By how many elements a file grows that has the results instead of what nothing else reads."""
    freed = {value for value in node.operands if value is not None and uses[value] == node.operands.count(value)}
    return max(0, sum(map(_elements, node.results)) - sum(_elements(graph.type_of(value)) for value in freed))


def _depends_on_parameters(graph: Graph, node: Node, evaluated: Collection[int]) -> bool:
    """Whether a node that may be evaluated reads what parameters and constants alone make, and some parameter does."""
    if not isinstance(node.op, Operator) or not node.op.folds or not _indices_exist(graph, node):
        return False
    sources = [graph.producer(value) for value in node.operands if value is not None]
    made = [isinstance(one.op, Parameter) or one.id in evaluated for one in sources]
    return any(made) and all(
        is_made or isinstance(one.op, Constant) for is_made, one in zip(made, sources, strict=True)
    )


def _indices_exist(graph: Graph, node: Node) -> bool:
    """Whether a node reads no index that there is not: such a model can be written, and fails when it is run."""
    if not isinstance(node.op, Gather):
        return True
    data, indices = map(graph.producer, filter(None, node.operands))
    length = data.results[0].shape[node.op.axis]
    if not isinstance(indices.op, Constant) or isinstance(length, DimExpr):
        return False
    return all(-length <= index < length for index in indices.op.value.elements)


def _work(graph: Graph, node: Node, evaluated: Mapping[int, int]) -> int | None:
    """Elements that the evaluation of a node reads and writes; None where its results are not worth it."""
    cost = folding_cost(graph, node)
    if cost is None:
        return None
    # What is computed by blocks is there nowhere, and therefore computed anew for each of its readers.
    inside = {value.node for value in node.operands if value is not None and reads_by_blocks(graph, node, value)}
    return cost + sum(evaluated.get(node_id, 0) for node_id in inside)


def _elements(found: TensorType) -> int:
    elements = found.elements
    return elements if isinstance(elements, int) else 0


def _initializers(graph: Graph, evaluated: frozenset[int]) -> Iterator[Value]:
    found: set[Value] = set()
    inside: set[Value | None] = set()
    for node in graph.nodes():
        if node.id in evaluated:
            inside.update(node.operands)
            continue
        for value in node.operands:
            if value is not None and value not in found and _is_stored(graph.producer(value), evaluated):
                found.add(value)
                yield value
    for node in graph.nodes():
        if isinstance(node.op, Parameter) and node.value() not in found and node.value() not in inside:
            yield node.value()


def _is_stored(node: Node, evaluated: frozenset[int]) -> bool:
    return node.id in evaluated or isinstance(node.op, Constant | Parameter)
