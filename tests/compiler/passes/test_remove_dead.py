"""What nothing reads is removed, but inputs."""

from __future__ import annotations

from dotnn.compiler import operators as ops
from dotnn.compiler.passes.remove_dead import remove_dead

from tests.helpers.graphs import float32
from tests.helpers.operator_graphs import N, Sketch


def test_dead_inputs_stay_and_dead_weights_go() -> None:
    s = Sketch()
    x, y = s.input("x", float32(N, 2)), s.input("y", float32(N, 2))
    s.weight("p", [1.0])
    s.layer("dead", ops.Add(), s.layer("unread", ops.Mul(), x, s.weight("w", [1.0, 2.0])), s.constant("c", 1.0))
    s.output("out", s.layer("relu", ops.Relu(), y))
    assert s.run(remove_dead)
    assert s.kinds() == ["input", "input", "Relu"]
    assert s.graph.weights() == ()
    assert [node.name for node in s.graph.inputs] == ["x", "y"]
