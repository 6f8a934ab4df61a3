"""Whether a target can run every layer on its elements: known before a model is built, not when it is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics import DotnnError
from ..diagnostics.writing import NoKernel
from ..graph.graph import Graph, Node
from ..graph.types import DType
from ..layers.base import Layer
from ..operators.base import Operator
from .targets import FEATURES, Target


def require_kernels(graph: Graph, lowered: Graph, target: Target) -> None:
    """Refuse a graph with layers that the target has no kernels for.

    Args:
        graph: the layers.
        lowered: their operators as they are built; a layer of which none is left needs no kernel.
        target: what the model is built for.

    Raises:
        DotnnError: one diagnostic for each element type, at the first of its layers.
    """
    lacking = lacking_kernels(graph, lowered) if FEATURES[target].cpu else {}
    if lacking:
        raise DotnnError(*(_fault(dtype, nodes, target) for dtype, nodes in lacking.items()))


def lacking_kernels(graph: Graph, lowered: Graph) -> dict[DType, list[Node]]:
    """The layers that onnxruntime's CPU provider has no kernels for, by element types; see ``require_kernels``."""
    lacking: dict[DType, list[Node]] = {}
    operators = (node for node in lowered.unordered() if isinstance(node.op, Operator))
    built = {origin.path for node in operators for origin in node.origins}
    for node in graph.nodes():
        if built.isdisjoint(origin.path for origin in node.origins):
            continue
        for dtype in _without_kernel(graph, node):
            lacking.setdefault(dtype, []).append(node)
    return lacking


def _without_kernel(graph: Graph, node: Node) -> Iterator[DType]:
    """The floating point types that the node reads or gives and its layer does not run on."""
    if not isinstance(node.op, Layer):
        return
    types = (*graph.operand_types(node), *node.results)
    floats = dict.fromkeys(found.dtype for found in types if found is not None and found.dtype.is_float)
    yield from (dtype for dtype in floats if dtype not in node.op.cpu_floats)


def _fault(dtype: DType, nodes: list[Node], target: Target) -> NoKernel:
    first = nodes[0]
    origin = first.origins[0] if first.origins else None
    return NoKernel(
        span=None if origin is None else origin.place,
        kind=first.kind,
        element=str(dtype),
        target=target,
        others=tuple(dict.fromkeys(node.name for node in nodes[1:])),
    )
