"""What other languages write that is read on behind, and what is kept of it in the tree."""

from __future__ import annotations

import pytest
from dotnn.compiler.diagnostics.fixes import apply_fix
from dotnn.compiler.syntax import tree

from tests.helpers.trees import parsed


def body(text: str) -> str:
    return f"block b(x) {{\n    {text}\n    last = 1\n}}\n"


def value_of(text: str) -> tree.Expression:
    """What the first statement binds, of a text in which the parser finds nothing wrong."""
    file, report = parsed(body(text))
    assert report.diagnostics == ()
    (block,) = file.items
    assert isinstance(block, tree.Block)
    binding = block.body[0]
    assert isinstance(binding, tree.Binding)
    return binding.value


@pytest.mark.parametrize(
    ("text", "code", "place", "mended"),
    [
        ("y = f(x, k=(3, 5))", "E142", "(3, 5)", "y = f(x, k=[3, 5])"),
        ("y = (784,)", "E142", "(784,)", "y = [784,]"),
        ("y = (1, 2)\n    z = 3", "E142", "(1, 2)", "y = [1, 2]\n    z = 3"),
        ("return (x, 2)", "E142", "(x, 2)", "return x, 2"),
        ('y = x -> "conv1": f(2)', "E144", '"conv1"', "y = x -> conv1: f(2)"),
        ('y = x -> for i in z { f"conv{i}": f(2) }', "E144", 'f"conv{i}"', "y = x -> for i in z { conv{i}: f(2) }"),
    ],
)
def test_it_is_said_once_and_the_rest_is_read(text: str, code: str, place: str, mended: str) -> None:
    file, report = parsed(body(text))
    (found,) = report.diagnostics
    assert (found.code, found.span.text if found.span else "") == (code, place)
    fix = found.fix()
    assert fix is not None
    assert apply_fix(fix.source.text, fix) == body(mended)
    (block,) = file.items
    assert isinstance(block, tree.Block)
    assert not [one for one in block.body if isinstance(one, tree.Broken)]
    assert block.body[-1].span.text == "last = 1"


def test_tuples_in_tuples() -> None:
    file, report = parsed("const a = ((1, 2), (3, (4, 5)))")
    assert [one.code for one in report.diagnostics] == ["E142"] * 4
    (item,) = file.items
    assert isinstance(item, tree.Const)
    assert isinstance(item.value, tree.ListExpression)
    assert len(item.value.items) == 2


def test_a_type_of_a_result_is_left_out() -> None:
    file, report = parsed("block f(x, width: int) -> Tensor[N, 3] {\n    return x\n}")
    (found,) = report.diagnostics
    assert (found.code, found.span.text if found.span else "") == ("E143", "-> Tensor[N, 3]")
    (block,) = file.items
    assert isinstance(block, tree.Block)
    assert (len(block.body), block.broken) == (1, None)


@pytest.mark.parametrize(
    ("text", "function", "callee"),
    [
        ("x.view(2, k=3)", "view", "x.view"),
        ("a.b.c(2)", "c", "a.b.c"),
        ("f(2)(x)", "", "f(2)"),
        ("f(2)(x)(3)", "", "f(2)(x)"),
        ("g(x, 2).relu()", "relu", "g(x, 2).relu"),
        ("(x + 1).relu()", "relu", "(x + 1).relu"),
        ("x[0].relu()", "relu", "x[0].relu"),
    ],
)
def test_a_value_is_called(text: str, function: str, callee: str) -> None:
    """What is wrong with it is said by whoever knows the layers."""
    call = value_of(f"y = {text}")
    assert isinstance(call, tree.Call)
    assert (call.function, call.span.text) == (function, text)
    assert call.callee is not None
    assert call.callee.span.text == callee


@pytest.mark.parametrize(
    ("text", "functions"),
    [
        ("x -> nn.Conv2d(3, k=2) -> relu", ["nn.Conv2d", "relu"]),
        ("x -> a: nn.ReLU -> torch.nn.Flatten()", ["nn.ReLU", "torch.nn.Flatten"]),
        ("x -> f(2).relu() -> g", ["f", ".relu", "g"]),
    ],
)
def test_a_stage_has_a_dot(text: str, functions: list[str]) -> None:
    pipeline = value_of(f"y = {text}")
    assert isinstance(pipeline, tree.Pipeline)
    calls = [one.operation for one in pipeline.stages if isinstance(one.operation, tree.Call)]
    assert [one.function for one in calls] == functions


def test_a_name_that_is_bound_has_a_dot() -> None:
    file, report = parsed(body("self.conv1 = f(2)"))
    assert report.diagnostics == ()
    (block,) = file.items
    assert isinstance(block, tree.Block)
    binding = block.body[0]
    assert isinstance(binding, tree.Binding)
    assert [one.name for one in binding.targets] == ["self.conv1"]


@pytest.mark.parametrize("text", ["y = f" + "(1)" * 150, "y = x" + ".f(1)" * 90, "y = " + "(" * 90 + "1" + ", 2)" * 90])
def test_deep_ones_are_read(text: str) -> None:
    _, report = parsed(body(text))
    assert {one.code for one in report.diagnostics} <= {"E142"}
