"""Outputs get their names, as files want them."""

from __future__ import annotations

import dataclasses

from ..graph.graph import Graph, Node, Value
from ..graph.value_names import is_stored
from ..operators.elementwise import Identity
from ..operators.graph_builder import Assembly, Builder, layer_name
from .contract import PassContext, Property, graph_pass


@graph_pass(ensures=[Property.OUTPUTS_NAMED], spoils=[Property.IDENTITIES_REMOVED])
def name_outputs(graph: Graph, context: PassContext) -> bool:
    """Give every value that is an output the output's name.

    A value that is fed or stored, and one that has another output's name already, is passed on under the name.
    """
    before = {name: _name(graph, value) for name, value in graph.outputs.items()}
    wanted = [name for name, found in before.items() if name != found]
    assembly = Assembly(graph, graph.outputs) if wanted else None
    for name in wanted:
        value = graph.outputs[name]
        node = graph.producer(value)
        if not is_stored(node) and _name(graph, value) not in graph.outputs:
            _rename(graph, node, value, name)
        elif assembly is not None:
            graph.outputs[name] = _passed_on(assembly, node, value, name)
    return bool(wanted)


def _name(graph: Graph, value: Value) -> str:
    return graph.producer(value).value_names[value.index]


def _rename(graph: Graph, node: Node, value: Value, name: str) -> None:
    names = list(node.value_names)
    names[value.index] = name
    graph.relabel(node.id, value_names=tuple(names))


def _passed_on(assembly: Assembly, node: Node, value: Value, name: str) -> Value:
    builder = Builder(assembly, layer_name(node), {}, node.origins[:1])
    source = dataclasses.replace(assembly.tensor(value), stored=False)
    made = builder.op(Identity(), source, name=f"{name}/Identity").value
    assembly.graph.relabel(made.node, value_names=(name,))
    return made
