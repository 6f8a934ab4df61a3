"""Folding of constants: what depends on no input and no weight is computed once, when the model is built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..dims import DimExpr
from ..graph.graph import Graph, Node, Value
from ..graph.operations import Constant
from ..graph.tensors import Literal, numpy_name
from ..graph.types import DType, TensorType
from ..graph.value_names import unique_name
from ..lazy_imports import np
from ..operators.base import InvalidOperands, Operator
from .contract import PassContext, Property, graph_pass

#: A larger result, unless its operands are as large, would cost more in the file than computing it costs at run time.
LARGEST_RESULT = 2**20
#: Elements that one run reads and writes altogether (``Operator.work``), so that no small text makes a build of hours.
BUDGET = 2**22


@dataclass(frozen=True, slots=True)
class _Known:
    """The value of a constant operand."""

    literal: Literal
    dtype: DType

    def array(self) -> np.ndarray:
        """The numbers, floating point ones as float64."""
        array = self.literal.array(self.dtype)
        return array.astype("float64") if self.dtype.is_float else array


@graph_pass(ensures=[Property.CONSTANTS_FOLDED], spoils=[Property.DEAD_REMOVED])
def fold_constants(graph: Graph, context: PassContext) -> bool:
    """Replace operators whose operands are all constants by their results.

    What reads a weight stays, and so does what gives several results, or one of symbolic size, and what takes long
    (``Operator.folds`` and ``Operator.work``). Numbers are computed by the operator's reference in float64 and rounded
    to the element type once: for sums, products and quotients that is what the arithmetic of the type gives, for other
    functions the nearest number that it has. A result keeps its name, but for that of an output, which only a computed
    value has.
    """
    left = BUDGET
    folded: list[int] = []
    for node in graph.nodes():
        operands = _known_operands(graph, node)
        cost = None if operands is None else folding_cost(graph, node)
        if operands is None or cost is None or cost > left:
            continue
        result = _result(node, operands)
        if result is None:
            continue
        left -= cost
        graph.replace(node, Constant(result), operands=())
        folded.append(node.id)
    _leave_output_names(graph, folded)
    return bool(folded)


def _known_operands(graph: Graph, node: Node) -> list[_Known | None] | None:
    """The operands of a node that can be folded, None for absent ones; None if it cannot."""
    if not isinstance(node.op, Operator) or not node.op.folds or len(node.results) != 1:
        return None
    found: list[_Known | None] = []
    for value in node.operands:
        known = None if value is None else _known(graph, value)
        if value is not None and known is None:
            return None
        found.append(known)
    return found if any(found) else None


def _known(graph: Graph, value: Value) -> _Known | None:
    op = graph.producer(value).op
    return _Known(op.value, graph.type_of(value).dtype) if isinstance(op, Constant) else None


def folding_cost(graph: Graph, node: Node) -> int | None:
    """About how many elements computing a node reads and writes; None if that is not worth it, or its sizes not known.

    What is computed while a model is built is stored in it, so it may be larger than all that it is computed from only
    as long as it is small.
    """
    if not isinstance(node.op, Operator):
        return None
    types = graph.operand_types(node)
    cost = node.op.work(types, node.results)
    if isinstance(cost, DimExpr):
        return None
    read = sum(_known_size(one) for one in types if one is not None)
    return cost if sum(map(_known_size, node.results)) <= max(read, LARGEST_RESULT) else None


def _known_size(found: TensorType) -> int:
    elements = found.elements
    return elements if isinstance(elements, int) else 0


def _result(node: Node, operands: list[_Known | None]) -> Literal | None:
    """The numbers; None where there are none, because an index does not exist."""
    if not isinstance(node.op, Operator):
        raise TypeError(f"{node.name} is no operator")
    found = node.results[0]
    try:
        (array,) = node.op.reference(*(None if one is None else one.array() for one in operands))
    except InvalidOperands:
        return None
    with np.errstate(all="ignore"):
        rounded = array.astype(numpy_name(found.dtype))
    # bfloat16 is no type of numpy's own: its elements do not become Python's floats by themselves.
    exact = rounded.astype("float64") if found.dtype.is_float else rounded
    return Literal(tuple(array.shape), tuple(exact.ravel().tolist()))


def _leave_output_names(graph: Graph, folded: Iterable[int]) -> None:
    """Name what is an output, and is no longer computed, as its node: under the output's name it is passed on."""
    named = [one for one in map(graph.node, folded) if not graph.outputs.keys().isdisjoint(one.value_names)]
    taken = {name for node in graph.unordered() for name in node.value_names} if named else set()
    taken.update(graph.outputs)
    for node in named:
        name = unique_name(node.name, taken)
        taken.add(name)
        graph.relabel(node.id, value_names=(name,))
