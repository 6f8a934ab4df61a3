"""What changes nothing is removed, and its names are handed on."""

from __future__ import annotations

import numpy as np
from dotnn.compiler import operators as ops
from dotnn.compiler.graph.graph import Value
from dotnn.compiler.passes.pass_pipeline import run_verified
from dotnn.compiler.passes.remove_identities import remove_identities

from tests.helpers.graphs import float32, run
from tests.helpers.operator_graphs import N, Sketch, context


def test_a_layer_that_gives_its_operand_goes_with_its_name() -> None:
    s = Sketch()
    x = s.input("x", float32(N, 4))
    relu = s.layer("relu", ops.Relu(), x)
    dropped = s.layer("dropout_1", ops.Identity(), s.layer("dropout", ops.Identity(), relu))
    s.output("y", s.layer("tanh", ops.Tanh(), dropped))
    s.output("z", dropped)
    assert s.run(remove_identities)
    assert s.computed() == {"relu": "relu", "tanh": "tanh"}
    assert s.graph.outputs["z"] == relu.value


def test_the_end_of_a_layer_hands_its_names_on_to_what_is_inside() -> None:
    s = Sketch()
    b = s.inside("layer")
    exp = b.op(ops.Exp(), s.input("x", float32(N, 4)))
    same = b.reshape(b.op(ops.Transpose(perm=(0, 1)), exp), (N, 4))
    end = s.layer("layer", ops.Mul(), same, s.constant("one", 1.0), value="y")
    s.output("y", end)
    s.output("z", s.layer("after", ops.Relu(), s.layer("dropout", ops.Identity(), end)))
    assert s.run(remove_identities)
    assert s.computed() == {"layer": "y", "after": "after"}


def test_names_of_several_results_are_handed_on_one_by_one() -> None:
    s = Sketch()
    b = s.inside("layer")
    first, second = b.ops(ops.Split(num_outputs=2, axis=1), s.input("x", float32(N, 4)))
    s.output("y", s.layer("layer", ops.Identity(), first))
    s.output("z", b.op(ops.Identity(), second))
    last = s.graph.outputs["z"]
    s.graph.relabel(last.node, value_names=("layer.1",))
    assert run_verified(remove_identities, s.graph, context())
    (node,) = [node for node in s.graph.nodes() if node.kind == "Split"]
    assert (node.name, node.value_names) == ("layer", ("layer", "layer.1"))
    assert list(s.graph.outputs.values()) == [Value(node.id, 0), Value(node.id, 1)]


def test_what_is_fed_or_stored_keeps_its_name_and_is_passed_on() -> None:
    s = Sketch()
    sources = s.input("x", float32(2)), s.constant("a", [1.0, 2.0]), s.weight("p", [3.0, 4.0])
    for name, source in zip("yzw", sources, strict=True):
        s.output(name, s.layer(f"dropout_{name}", ops.Identity(), source, value=name))
    assert s.run(remove_identities)
    assert s.computed() == {}
    assert [s.graph.producer(value).value_names for value in s.graph.outputs.values()] == [("x",), ("a",), ("p",)]
    found = run(s.model(), {"x": np.array([5, 6], np.float32)})
    assert {name: array.tolist() for name, array in found.items()} == {"y": [5, 6], "z": [1, 2], "w": [3, 4]}


def test_what_is_made_of_a_weight_may_be_the_weight() -> None:
    s = Sketch()
    b, p = s.inside("fc"), s.weight("fc.weight", [[3.0, 4.0]])
    same = b.op(ops.Transpose(perm=(0, 1)), p, name="fc.weight:same")
    s.output("y", s.layer("fc", ops.MatMul(), s.input("x", float32(N, 1)), same))
    assert s.run(remove_identities)
    assert s.node(p).value_names == ("fc.weight",)
    assert s.graph.producer(s.graph.outputs["y"]).operands[1] == p.value


def test_neutral_numbers_behind_identities_are_seen_at_once() -> None:
    s = Sketch()
    one = s.layer("dropout", ops.Identity(), s.constant("one", 1.0))
    x = s.input("x", float32(N, 4))
    s.output("y", s.layer("relu", ops.Relu(), s.layer("div", ops.Div(), s.layer("mul", ops.Mul(), one, x), one)))
    assert s.run(remove_identities)
    assert s.computed() == {"relu": "relu"}


def test_near_misses_stay() -> None:
    """One of each kind; the rules themselves are the operators', and tested with them."""
    s = Sketch()
    x, square = s.input("x", float32(N, 4)), s.input("square", float32(4, 4))
    b = s.inside("inside")
    s.output("a", s.layer("plus_zero", ops.Add(), x, s.constant("zero", 0.0)))
    s.output("b", s.layer("minus_zero", ops.Sub(), x, s.constant("negative_zero", -0.0)))
    s.output("c", s.layer("wider", ops.Mul(), s.input("narrow", float32(N, 1)), s.constant("ones", [1.0] * 4)))
    s.output("d", s.layer("turned", ops.Transpose(), square))
    s.output("e", s.layer("flipped", ops.Slice(), square, b.ints(-1), b.ints(-9), b.ints(0), b.ints(-1)))
    s.output("f", s.layer("other", ops.Reshape(), square, b.ints(2, 8)))
    s.output("g", s.layer("times", ops.Mul(), x, s.weight("p", [1.0] * 4)))
    assert not s.run(remove_identities)
