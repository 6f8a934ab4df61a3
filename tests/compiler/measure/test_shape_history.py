"""The ways of dimensions: in every example each begins where a size arises, and goes on without a gap."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics.shape_ways import step_lines
from dotnn.compiler.dims import format_dim
from dotnn.compiler.driver import compile_models
from dotnn.compiler.layers.base import Layer
from dotnn.compiler.measure.shape_history import changes, finder, passed

from tests.helpers.language import faults_of
from tests.helpers.paths import EXAMPLES

#: Layers that add axes which no attribute says the size of.
ADDING = ("unsqueeze", "stack")

FILES = sorted(path for path in EXAMPLES.rglob("*.nn"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_way_of_an_example_has_no_gap(path: Path):
    _, models = compile_models(path)
    assert models
    for model in models:
        graph = model.graph
        find = finder(graph)
        # The last layers have the longest ways, of which those of all others are parts.
        for value in graph.outputs.values():
            kind = graph.type_of(value)
            for axis, dim in enumerate(kind.shape):
                way = passed(find, value, axis)
                assert way[-1].step.after == format_dim(dim)
                for before, one in itertools.pairwise(way):
                    assert one.step.before == before.step.after
                    assert before.value in one.made.operands
                assert way[0].step.before == ""
                first = way[0]
                assert first.step.formula or not isinstance(first.made.op, Layer) or first.made.op.kind in ADDING


def lines(text: str, axis: int, output: str = "y") -> list[str]:
    found = compile_source(text)
    value = found.graph.outputs[output]
    way = changes(passed(finder(found.graph), value, axis))
    assert way[0].step.place is not None
    return step_lines([one.step for one in way], way[0].step.place.source)


NET = """model net {
    input image: float32[N, 1, 28, W]
    h = image -> first: conv2d(32, kernel=3) -> relu -> max_pool2d(2)
        -> conv2d(64, kernel=3, padding=1) -> batch_norm -> relu -> flatten(start=2)
    output y = h
}"""


def test_a_way_goes_from_the_input_to_the_layer():
    assert lines(NET, 2) == [
        "image       line 2  W",
        "first       line 3  W -> W - 2                                W - 3 + 1 = W - 2",
        "max_pool2d  line 3  W - 2 -> floor(W / 2) - 1                 floor((W - 2 - 2) / 2) + 1 = floor(W / 2) - 1",
        "flatten     line 4  floor(W / 2) - 1 -> 13*floor(W / 2) - 13  13*(floor(W / 2) - 1) = 13*floor(W / 2) - 13",
    ]
    assert lines(NET, 1) == ["conv2d  line 4  64  filters=64"]
    assert lines(NET, 0) == ["image  line 2  N"]


def test_a_long_way_is_shown_by_its_ends():
    text = "model net { input x: float32[N, 1, 99]\n output y = x -> repeat(30) { conv1d(1, kernel=3) } }"
    assert lines(text, 2) == [
        "x          line 1  99",
        "conv1d     line 2  99 -> 97  99 - 3 + 1 = 97",
        "conv1d_1   line 2  97 -> 95  97 - 3 + 1 = 95",
        "… 24 more layers …",
        "conv1d_26  line 2  47 -> 45  47 - 3 + 1 = 45",
        "conv1d_27  line 2  45 -> 43  45 - 3 + 1 = 43",
        "conv1d_28  line 2  43 -> 41  43 - 3 + 1 = 41",
        "conv1d_29  line 2  41 -> 39  41 - 3 + 1 = 39",
    ]


def test_layers_of_the_library_are_told_at_the_call():
    text = """import basic from "dotnn/residual"
model net {
    input x: float32[N, 32, 28, 28]
    output y = x -> basic(64, stride=2)
}"""
    found = compile_source(text)
    way = passed(finder(found.graph), found.graph.outputs["y"], 2)
    assert {one.step.place.line for one in way if one.step.place is not None} == {3, 4}


def history(text: str) -> list[str]:
    (fault,) = faults_of(text)
    return [line for note in fault.history() for line in note.splitlines()]


def test_two_sides_are_told_from_where_they_part():
    text = """model net {
    input x: float32[N, 3, 56, 56]
    stem = x -> conv2d(64, kernel=3)
    h = stem -> conv2d(64, kernel=3, stride=2, padding=1) -> relu
    output y = stem + h
}"""
    assert history(text) == [
        "axis 2 of float32[N, 64, 54, 54] is 54 since `conv2d` in line 3",
        "how axis 2 of float32[N, 64, 27, 27] came about:",
        "  conv2d  line 3  54",
        "  conv2d  line 4  54 -> 27  floor((54 + 2*1 - 3) / 2) + 1 = 27",
    ]


def test_nothing_is_told_of_inputs():
    assert history("model net { input a: float32[N, 3]\n input b: float32[N, 4]\n output y = a + b }") == []
    assert history("model net { input a: float32[N, 3, 2, 2]\n output y = a -> conv2d(3, kernel=3) }") == []


def test_a_window_that_does_not_fit_tells_what_made_the_image_so_small():
    text = "model net { input x: float32[N, 1, 6, 6]\n output y = x -> repeat(3) { conv2d(1, kernel=3) } }"
    assert history(text) == [
        "how axis 2 of float32[N, 1, 2, 2] came about:",
        "  x       line 1  6",
        "  conv2d  line 2  6 -> 4  6 - 3 + 1 = 4",
        "  conv2d  line 2  4 -> 2  4 - 3 + 1 = 2",
    ]
