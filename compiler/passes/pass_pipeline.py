"""The passes over operators in their order, and the runner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..graph.graph import Graph
from ..graph.graph_text import format_graph
from ..graph.verify import InvalidGraph, verify_graph
from ..lowering import lower
from ..reprs import short_repr
from .contract import Pass, PassContext, check_order
from .expand_dims import expand_dims
from .fold_batch_norm import fold_batch_norm
from .fold_constants import fold_constants
from .fusion.fuse import fuse
from .fusion.fusion_report import FusionReport
from .infer_types import infer_types
from .merge_common import merge_common
from .name_outputs import name_outputs
from .remove_dead import remove_dead
from .remove_identities import remove_identities
from .targets import DEFAULT_TARGET, Target

#: What reads a value decides what may be fused, so dead readers go before; merging makes two readers one.
OPTIMIZATIONS: tuple[Pass, ...] = (
    remove_dead,
    fold_constants,
    remove_identities,
    merge_common,
    remove_dead,
    fold_batch_norm,
    fuse,
)
#: What every build needs, optimized or not: only operators that files have, and names that outputs have.
COMPLETION: tuple[Pass, ...] = (expand_dims, name_outputs)
PASSES: tuple[Pass, ...] = (*OPTIMIZATIONS, *COMPLETION)


@dataclass(frozen=True, slots=True)
class Optimized:
    """The outcome of the passes.

    Attributes:
        graph: the operators that a file has.
        fusions: what was fused and folded, and why the rest was not.
    """

    graph: Graph
    fusions: FusionReport

    def __repr__(self) -> str:
        return short_repr(self, repr(self.graph), repr(self.fusions))


class BrokenPass(Exception):
    """A pass that broke its contract; the message names it."""


def optimize(graph: Graph, target: Target = DEFAULT_TARGET, *, verify: bool = False) -> Optimized:
    """Lower a layer graph and run all passes for a target.

    Args:
        graph: a graph as elaboration makes it; it stays as it is.
        target: what the model is built for.
        verify: whether to check the graphs, and that of the operators before and after every pass, as tests do.

    Raises:
        BrokenPass: only with ``verify``: the first pass that leaves the graph in a state that no pass may.
        InvalidGraph: only with ``verify``: the given graph, or what it is lowered to, is in such a state.
    """
    return _run(graph, PASSES, target, verify)


def complete(graph: Graph, *, verify: bool = False) -> Graph:
    """Lower a layer graph to the operators that a file has, for any target and without optimizing; see ``optimize``."""
    return _run(graph, COMPLETION, DEFAULT_TARGET, verify).graph


def stages(graph: Graph, target: Target = DEFAULT_TARGET) -> Iterator[tuple[str, str]]:
    """The text of the graph of the layers, of the operators, and after every pass, each under its name."""
    yield "layers", format_graph(graph)
    work, context = lower(graph), PassContext(target, FusionReport(), graph)
    yield "lower", format_graph(work)
    for one in PASSES:
        one(work, context)
        yield one.name, format_graph(work)


def _run(graph: Graph, passes: tuple[Pass, ...], target: Target, verify: bool) -> Optimized:
    if verify:
        _verify(graph)
    work = lower(graph)
    context = PassContext(target, FusionReport(), graph)
    if not verify:
        for one in passes:
            one(work, context)
        return Optimized(work, context.report)
    check_order(passes)
    _verify(work)
    for one in passes:
        run_verified(one, work, context)
    return Optimized(work, context.report)


def run_verified(one: Pass, graph: Graph, context: PassContext) -> bool:
    """Run a pass and check what it leaves: the structure, all types, and the interface; and that it tells the truth.

    Raises:
        BrokenPass: with the name of the pass and what is wrong.
    """
    interface, before = _interface(graph), _everything(graph)
    changed = one(graph, context)
    try:
        _verify(graph)
    except InvalidGraph as error:
        raise BrokenPass(f"{one.name}: {error}") from error
    if _interface(graph) != interface:
        raise BrokenPass(f"{one.name}: it changes inputs, outputs or demands")
    if changed != (_everything(graph) != before):
        raise BrokenPass(f"{one.name}: it says that it {'changed' if changed else 'left'} the graph, which is not so")
    return changed


def _verify(graph: Graph) -> None:
    verify_graph(graph)
    infer_types(graph)


def _everything(graph: Graph) -> object:
    return format_graph(graph), [node.value_names for node in graph.nodes()]


def _interface(graph: Graph) -> object:
    """What no pass may change: inputs and outputs in order, with their types, and the demands."""
    return (
        [(node.id, node.name, node.results) for node in graph.inputs],
        [(name, graph.type_of(value)) for name, value in graph.outputs.items()],
        list(graph.demands),
    )
