"""Lowering: every layer builds the operators that it consists of.

The layer graph stays as it is. A value of a layer keeps its name, and its type: a layer knows what is demanded of the
dimensions, and what operators can tell of them may be less.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from ..graph.graph import Graph, Node, Value, walk_back
from ..graph.operations import Constant, Input, Parameter
from ..graph.types import TensorType
from ..graph.value_names import value_names
from ..layers.base import Layer
from ..operators.base import Known
from ..operators.elementwise import Identity
from ..operators.graph_builder import Assembly, Builder, Purpose, Tensor


def lower(graph: Graph, purpose: Purpose = Purpose.INFERENCE) -> Graph:
    """The operator graph of a layer graph, with the same inputs, outputs and demands.

    What a layer reads counts as computed, be it a parameter: only what is made of its own weights alone is built once
    for all who want the same.
    """
    lowered = Graph(graph.name, graph.doc)
    lowered.output_docs = dict(graph.output_docs)
    lowered.demands = list(graph.demands)
    names = value_names(graph)
    reserved = {*names.values(), *graph.outputs, *(weight.name for weight in graph.weights())}
    assembly = Assembly(lowered, reserved)
    found: dict[Value, Tensor] = {}
    for node in graph.nodes():
        results = enumerate(_lowered(node, assembly, found, names, purpose))
        found.update((node.value(index), tensor) for index, tensor in results)
    for name, value in graph.outputs.items():
        lowered.outputs[name] = found[value].value
    _drop_unread(lowered, graph, found)
    return lowered


def _lowered(
    node: Node, assembly: Assembly, found: dict[Value, Tensor], names: dict[Value, str], purpose: Purpose
) -> Iterator[Tensor]:
    match node.op:
        case Input() | Constant():
            yield _copied(node, assembly.graph, names[node.value()])
        case Parameter(weight):
            yield dataclasses.replace(assembly.parameter(weight, node.origins, node.doc), stored=False)
        case Layer() as layer:
            builder = Builder(assembly, node.name, node.weights, node.origins, purpose=purpose)
            operands = [None if value is None else found[value] for value in node.operands]
            results = layer.lower(builder, *operands)
            results = results if isinstance(results, tuple) else (results,)
            wanted = tuple(names[node.value(index)] for index in range(len(node.results)))
            yield from _finished(node, builder, assembly.graph, results, wanted)
        case other:
            raise TypeError(f"{node.name}: {type(other).__name__} cannot be lowered")


def _copied(node: Node, graph: Graph, name: str) -> Tensor:
    """An input or a constant as it is."""
    copy = graph.add(node.op, (), node.results, name=node.name, origins=node.origins, doc=node.doc, value_names=(name,))
    if isinstance(node.op, Constant):
        return Tensor(copy.value(), Known.of_literal(node.op.value, node.results[0].dtype))
    return Tensor(copy.value(), Known(node.results[0]))


def _finished(
    node: Node, builder: Builder, graph: Graph, results: tuple[Tensor, ...], names: tuple[str, ...]
) -> Iterator[Tensor]:
    """The results of a layer under their final names and types; its first operator has the name of the layer.

    Raises:
        ValueError: there are not as many as the layer has.
    """
    if len(results) != len(node.results):
        raise ValueError(f"{node.name}: lowered to {len(results)} of {len(node.results)} results")
    done: set[Value] = set()
    for index, (one, name, declared) in enumerate(zip(results, names, node.results, strict=True)):
        if one.value.node not in builder.own or one.value in done:
            one = builder.op(Identity(), dataclasses.replace(one, stored=False))
        done.add(one.value)
        called = {"name": node.name, "doc": node.doc} if index == 0 else {}
        _relabel(graph, one.value, name, declared, called)
        yield Tensor(one.value, Known(declared, one.known.content))


def _relabel(graph: Graph, value: Value, name: str, declared: TensorType, called: Mapping[str, str]) -> None:
    """Give a value its final name and type, and its node what it is called."""
    made = graph.producer(value)
    names, results = list(made.value_names), list(made.results)
    names[value.index], results[value.index] = name, declared
    graph.relabel(made.id, value_names=tuple(names), results=tuple(results), **called)


def _drop_unread(lowered: Graph, graph: Graph, found: Mapping[Value, Tensor]) -> None:
    """Drop the operators that only make results which nothing reads, such as the final state of an ``lstm``.

    A layer none of whose results is read stays: what an unoptimized build leaves out is for its author to say.
    """
    read = set(graph.outputs.values()).union(*(node.operands for node in graph.unordered()))
    layers = (node for node in graph.nodes() if isinstance(node.op, Layer))
    dead = (node for node in layers if read.isdisjoint(map(node.value, range(len(node.results)))))
    wanted = (*lowered.outputs.values(), *(found[node.value()].value for node in dead))
    kept = {node.id for node in walk_back(lowered, wanted)}
    interface = (Input, Parameter)
    lowered.remove_all(
        [node.id for node in lowered.unordered() if node.id not in kept and not isinstance(node.op, interface)]
    )
