"""Folding of constants: what depends on no input and no weight is computed once, when the model is built."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..graph.dims import DimExpr
from ..graph.graph import Graph, Node
from ..graph.operations import Constant
from ..graph.tensors import Literal, numpy_name
from ..graph.types import TensorType
from ..layers.base import Layer
from .contract import PassContext, Property, graph_pass

if TYPE_CHECKING:
    import numpy as np

#: A larger result would cost more in the file than computing it costs at run time.
LARGEST_RESULT = 2**20
#: Elements that one run reads and writes altogether, so that a small text cannot make a build of hours.
BUDGET = 2**22


@dataclass(slots=True)
class _Budget:
    left: int = BUDGET

    def covers(self, elements: int) -> bool:
        """Take the elements if that many are left."""
        if elements > self.left:
            return False
        self.left -= elements
        return True


@graph_pass(ensures=[Property.CONSTANTS_FOLDED], spoils=[Property.DEAD_REMOVED])
def fold_constants(graph: Graph, context: PassContext) -> bool:
    """Replace layers whose operands are all constants by their results.

    Layers with weights stay, whatever they read, and so does a result of symbolic size. Numbers are computed by
    the layer's reference in float64 and rounded to the element type once, which is what the arithmetic of that
    type gives, and for other functions the nearest number that it has.
    """
    budget = _Budget()
    changed = False
    for node in graph.nodes():
        operands = _constants(graph, node)
        if operands is None or not _worthwhile(node, operands, budget):
            continue
        literal = _literal(_result(node, operands), node.results[0])
        graph.replace(node, Constant(literal), operands=())
        changed = True
    return changed


def _constants(graph: Graph, node: Node) -> list[Node | None] | None:
    """The constants that a node computes with, None for operands that are absent; None if it is not to be folded."""
    if not isinstance(node.op, Layer) or node.weights or len(node.results) != 1:
        return None
    operands = [None if value is None else graph.producer(value) for value in node.operands]
    present = [operand for operand in operands if operand is not None]
    if not present or not all(isinstance(operand.op, Constant) for operand in present):
        return None
    return operands


def _worthwhile(node: Node, operands: list[Node | None], budget: _Budget) -> bool:
    written = node.results[0].elements
    if isinstance(written, DimExpr) or written > LARGEST_RESULT:
        return False
    read = sum(math.prod(operand.op.value.shape) for operand in operands if operand and isinstance(operand.op, Constant))
    return budget.covers(read + written)


def _result(node: Node, operands: list[Node | None]) -> np.ndarray:
    import numpy as np

    if not isinstance(node.op, Layer):
        raise TypeError(f"{node.name} is no layer")
    # Infinities and what is no number are results like others.
    with np.errstate(all="ignore"):
        return node.op.reference([None if operand is None else _array(operand) for operand in operands], {})[0]


def _array(node: Node) -> np.ndarray:
    if not isinstance(node.op, Constant):
        raise TypeError(f"{node.name} is no constant")
    dtype = node.results[0].dtype
    array = node.op.value.array(dtype)
    return array.astype("float64") if dtype.is_float else array


def _literal(array: np.ndarray, found: TensorType) -> Literal:
    import numpy as np

    with np.errstate(over="ignore", under="ignore"):
        rounded = array.astype(numpy_name(found.dtype))
    # bfloat16 is no type of numpy's own, and its elements would not become Python's floats by themselves.
    exact = rounded.astype("float64") if found.dtype.is_float else rounded
    return Literal(tuple(array.shape), tuple(exact.ravel().tolist()))
