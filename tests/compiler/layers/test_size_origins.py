"""How layers explain the sizes of their results: for every axis of every sample, by a formula that gives the size."""

from __future__ import annotations

import math

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.dims import Dim, format_dim
from dotnn.compiler.graph.graph import Graph, Node
from dotnn.compiler.layers.base import Layer
from dotnn.compiler.layers.size_origins import size_origin
from dotnn.compiler.layers.sizes import Size

from tests.helpers.samples import CASES, Case, compiled

#: Layers that add axes which nothing else says the size of: of 1, or as many as there are operands.
ADDING = ("unsqueeze", "stack")

#: What symbols stand for, so that sizes can be compared: multiples of what samples divide them by.
_SIZES = {"N": 2, "C": 7, "T": 12, "L": 24, "D": 36, "H": 48, "W": 60, "S": 13}


def number(text: str | Dim) -> object:
    """What a formula, or the text of a dimension, gives for some sizes."""
    text = text if isinstance(text, str) else format_dim(text)
    return eval(text, {"ceil": math.ceil, "floor": math.floor, "max": max, "min": min}, _SIZES)


def check_size(graph: Graph, node: Node, size: Size, dim: Dim) -> None:
    """Hold an explanation against the size."""
    if "=" in size.formula:
        name, _, written = size.formula.partition("=")
        assert name in {one.name for one in type(node.op).attributes()}  # pyright: ignore[reportAttributeAccessIssue]
        assert format_dim(dim) in written.strip("[]").split(", ")
    elif size.formula:
        assert number(size.formula) == number(dim)
    elif size.axes:
        place, axis = size.axes[0]
        kind = graph.operand_types(node)[place]
        assert kind is not None
        assert kind.shape[axis] == dim
    else:
        assert node.kind in ADDING


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_size_of_a_sample_is_explained(case: Case):
    graph = compiled(case).graph
    for node in graph.nodes():
        if not isinstance(node.op, Layer):
            continue
        for index, result in enumerate(node.results):
            for axis, dim in enumerate(result.shape):
                size = size_origin(node.op, graph.operand_types(node), node.results, axis, index)
                check_size(graph, node, size, dim)


FORMULAS = {
    "x -> conv2d(8, kernel=3)": ["", "filters=8", "28 - 3 + 1", "20 - 3 + 1"],
    "x -> conv2d(3, kernel=3, padding=1)": ["", "filters=3", "28 + 2*1 - 3 + 1", "20 + 2*1 - 3 + 1"],
    "x -> conv2d(3, kernel=3, stride=2, padding=1)": [
        "",
        "filters=3",
        "floor((28 + 2*1 - 3) / 2) + 1",
        "floor((20 + 2*1 - 3) / 2) + 1",
    ],
    "x -> conv2d(3, kernel=3, dilation=2)": ["", "filters=3", "28 - 2*(3 - 1)", "20 - 2*(3 - 1)"],
    'x -> conv2d(3, kernel=3, padding="same", stride=2)': ["", "filters=3", "ceil(28 / 2)", "ceil(20 / 2)"],
    "x -> max_pool2d(2)": ["", "", "(28 - 2)/2 + 1", "(20 - 2)/2 + 1"],
    "x -> max_pool2d(3, ceil=true)": ["", "", "ceil(28 / 3)", "ceil(20 / 3)"],
    "x -> flatten": ["", "3*28*20"],
    "x -> flatten -> dense(28)": ["", "units=28"],
    "x -> reshape([N, 3, -1])": ["", "", "1680*N/(N*3)"],
    "x -> upsample(2)": ["", "", "28*2", "20*2"],
    "x -> conv_transpose2d(4, kernel=3, stride=2, padding=1, output_padding=1)": [
        "",
        "filters=4",
        "(28 - 1)*2 + 3 - 2*1 + 1",
        "(20 - 1)*2 + 3 - 2*1 + 1",
    ],
    "concat(x, x, x)": ["", "3*3", "", ""],
    "x -> global_avg_pool2d": ["", "", "1", "1"],
    "x -> pad([[1, 2], 3])": ["", "", "28 + 1 + 2", "20 + 2*3"],
    "x[:, :, 2:-1, -5:]": ["", "", "(28 - 1) - 2", "20 - (20 - 5)"],
    "x -> depthwise_conv2d(kernel=1, multiplier=2)": ["", "3*2", "", ""],
    "x -> group_norm(3)": ["", "", "", ""],
    "x -> softmax(axis=1)": ["", "", "", ""],
}


@pytest.mark.parametrize("expression", FORMULAS)
def test_formulas_are_those_of_the_documentation(expression: str):
    graph = compile_source(f"model net {{ input x: float32[N, 3, 28, 20]\n output y = {expression} }}").graph
    node = graph.producer(graph.outputs["y"])
    assert isinstance(node.op, Layer)
    found = [
        size_origin(node.op, graph.operand_types(node), node.results, axis).formula
        for axis in range(node.results[0].rank)
    ]
    assert found == FORMULAS[expression]


def test_parts_are_explained_by_what_is_divided():
    """Also the last part, which there is none of with fewer parts, and where a part is even itself."""
    graph = compile_source(
        "model net { input x: float32[N, 116, 20, 20]\n a, b = x -> split(2, axis=1)\n output y = a + b }"
    ).graph
    node = next(node for node in graph.nodes() if node.kind == "split")
    assert isinstance(node.op, Layer)
    found = [size_origin(node.op, graph.operand_types(node), node.results, 1, index).formula for index in (0, 1)]
    assert found == ["116/2", "116/2"]
