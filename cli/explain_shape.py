"""``dotnn explain-shape``: how the sizes of a layer's result came about, layer by layer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import options
from .base import Argument, Command
from .streams import write, write_json

if TYPE_CHECKING:
    from ..compiler.diagnostics.shape_ways import Step, Way
    from ..compiler.graph.graph import Graph, Node

#: Lines of a way, which is what is asked for here.
_MOST_STEPS = 24


@click.command(cls=Command)
@options.source
@click.argument(
    "layer",
    cls=Argument,
    metavar="LAYER",
    about="A layer or an input, by the name that `dotnn summary` shows, or an output.",
)
@click.option("--axis", type=int, metavar="N", help="Only this axis; negative ones count from the end.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@options.compilation
def explain_shape(
    source: str,
    layer: str,
    axis: int | None,
    as_json: bool,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Show how every dimension of a layer's result came about: from the input or the argument where it begins, on."""
    graph = options.compile_model(source, model, settings, limits, root).graph
    node = _node(graph, layer)
    results = [_result(graph, node, index, axis) for index in range(len(node.results))]
    if as_json:
        write_json({"model": graph.name, "layer": node.name, "kind": node.kind, "results": results}, sys.stdout)
        return
    write("\n\n".join(_text(graph, node, index, axis) for index in range(len(node.results))), sys.stdout)


def _node(graph: Graph, name: str) -> Node:
    """The layer of a name, or the one that makes the output of it."""
    if name in graph.outputs:
        return graph.producer(graph.outputs[name])
    named = {node.name: node for node in graph.nodes()}
    if name in named:
        return named[name]
    from ..compiler.diagnostics.suggest import did_you_mean, near_names

    near = did_you_mean(near_names(name, list(named))) or "`dotnn summary` shows all names"
    raise options.wrong_call(f"there is no layer {name!r} in the model {graph.name}: {near}")


def _ways(graph: Graph, node: Node, index: int, axis: int | None) -> tuple[Way, ...]:
    from ..compiler.measure.shape_history import ways_of

    rank = node.results[index].rank
    if axis is not None and not -rank <= axis < rank:
        raise options.wrong_call(f"--axis {axis}: axes of {node.results[index]} are {-rank} to {rank - 1}")
    found = ways_of(graph, node.value(index))
    return found if axis is None else tuple(way for way in found if axis % rank in way.axes)


def _text(graph: Graph, node: Node, index: int, axis: int | None) -> str:
    """A result as text: its type, and below it each of its dimensions."""
    from ..compiler.diagnostics.shape_ways import step_lines

    place = node.origin.place
    head = f"{node.name}: {node.results[index]}"
    lines = [head if place is None else f"{head}, {place.source.name}:{place.line}"]
    for way in _ways(graph, node, index, axis):
        steps = step_lines(way.steps, None if place is None else place.source, _MOST_STEPS)
        lines += ["", f"{way.which}: {way.steps[-1].after}", *(f"  {line}" for line in steps)]
    return "\n".join(lines)


def _result(graph: Graph, node: Node, index: int, axis: int | None) -> dict[str, Any]:
    from ..compiler.dims import format_dim

    kind = node.results[index]
    dimensions = [
        {"axes": list(way.axes), "size": _size(way.steps[-1].after), "steps": [_step(step) for step in way.steps]}
        for way in _ways(graph, node, index, axis)
    ]
    shape = [_size(format_dim(dim)) for dim in kind.shape]
    return {"dtype": kind.dtype.value, "shape": shape, "dimensions": dimensions}


def _step(step: Step) -> dict[str, Any]:
    place = step.place
    return {
        "layer": step.name,
        "kind": step.kind,
        "before": _size(step.before) if step.before else None,
        "after": _size(step.after),
        "formula": step.formula,
        "file": None if place is None else place.source.name,
        "line": None if place is None else place.line,
    }


def _size(text: str) -> int | str:
    """A size as a number, or as an expression of symbols."""
    return int(text) if text.isdigit() else text
