"""Bindings and consts."""

from __future__ import annotations

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.graph.operations import Constant

from tests.helpers.language import (
    compiled,
    faults,
    faults_of,
    layer_names,
    model,
    names,
    places,
    type_of,
)

IMAGE = "float32[N, 3, H, W]"


# --- bindings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "v: int = 3",
        "v: int = x.channels",
        "v: int = N",
        "v: float = 3",
        "v: float = 0.5",
        "v: bool = true",
        'v: string = "a"',
        "v: list = [1, x]",
        "v: float32[N, 8] = x",
        "v: float32[N, 4] = x -> dense(4)",
        "v: float32[2 * N, 4] = x -> reshape([2 * N, 4])",
        "v: int64[2] = CONST",
    ],
)
def test_bindings_with_types(statement: str) -> None:
    assert not faults(f"{statement}\n output y = x", head="const CONST: int64[2] = [1, 2]")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("v: int = 3.0", "a float"),
        ("v: int = true", "a bool"),
        ("v: float = N", "a symbolic dimension"),
        ("v: bool = 1", "an int"),
        ("v: string = float32", "an element type"),
        ("v: list = x", "a tensor"),
        ("v: float32[N, 9] = x", "float32[N, 8]"),
        ("v: float32[N] = x", "float32[N, 8]"),
        ("v: float16[N, 8] = x", "float32[N, 8]"),
        ("v: float32[8, 8] = x", "float32[N, 8]"),
        ("v: float32[1] = 3", "an int"),
        ("v: float32[2] = [1, 2]", "a list"),
        ("output v: float32[N, 9] = x", "float32[N, 8]"),
        ("v, w: float32[N, 3] = both(x)", "float32[N, 8]"),
    ],
)
def test_bindings_with_other_types(statement: str, found: str) -> None:
    """Both types are said, and where the type was declared."""
    head = "block both(x) { return x, x -> dense(3) }"
    errors = faults_of(model(f"{statement}\n output y = x", head=head))
    assert errors[0].code == "E314"
    assert errors[0].headline().endswith(f"the value is {found}")
    assert [label.span.text for label in errors[0].labels()] == [errors[0].labels()[0].span.text]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("v = 3\n v = 4", ("E206", "v")),
        ("v, v = x -> split(2, axis=1)", ("E206", "v")),
        ("x = 3", ("E206", "x")),
        ("input x: float32[N]", ("E206", "x")),
        ("output x = x", ("E206", "x")),
        ("v = x\n output v = x", ("E206", "v")),
        ("parameter x: float32[8] = zeros", ("E206", "x")),
        ("k = 3", ("E206", "k")),
        ("N = 3", ("E206", "N")),
        ("params = 3", ("E207", "params")),
        ("receptive_field = 3", ("E207", "receptive_field")),
    ],
)
def test_names_are_bound_once(body: str, expected: tuple[str, str]) -> None:
    found = faults_of(model(f"{body}\n output y = x -> dense(k)", arguments="k: int = 2"))
    assert places(found) == [expected]
    if expected[0] == "E206":
        assert len(found[0].labels()) == 1


def test_a_binding_may_have_the_name_of_a_layer() -> None:
    assert names("dropout = 0.5\n relu = x -> relu -> dropout(dropout)\n output y = relu") == ["relu", "dropout"]


# --- consts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consts", "use", "expected"),
    [
        ("const K = 3", "K", 3),
        ("const K: int = 3", "K", 3),
        ("const K = 2 * J\nconst J = len(L)\nconst L = [1, 2]", "K", 4),
        ("const K = if J > 2 { 5 } else { 6 }\nconst J = 3", "K", 5),
        ("const TABLE = [[1, 16], [6, 24]]", "TABLE[1][1]", 24),
    ],
)
def test_consts_are_visible_everywhere_in_the_file(consts: str, use: str, expected: int) -> None:
    head = "block f(x) { return x -> dense(" + use + ") }"
    text = head + model("output y = x -> f") + consts
    assert type_of(compile_source(text)) == f"float32[N, {expected}]"
    text = model(f"output y = x -> dense({use})") + consts
    assert type_of(compile_source(text)) == f"float32[N, {expected}]"


@pytest.mark.parametrize(
    ("consts", "expected"),
    [
        ("const A = A", [("E215", "A")]),
        ("const A = B + 1\nconst B = A", [("E215", "A")]),
        ("const A = C", [("E201", "C")]),
        ("const A = 1\nconst A = 2", [("E206", "A")]),
        ("const macs = 1", [("E207", "macs")]),
        ("const A: int = 1.5", [("E314", "1.5")]),
        ("const A: foo = 1", [("E315", "foo")]),
        ("const A = N", [("E201", "N")]),
        ("const A: float32[N] = 1", [("E201", "N")]),
        ("const A = relu", [("E201", "relu")]),
        ("const A = params", [("E320", "params")]),
        ("const A = B -> relu\nconst B: float32[2] = [1, 2]", [("E320", "relu")]),
        ("const A: float32[2] = B * 2\nconst B: float32[2] = [1, 2]", [("E320", "B * 2")]),
        ("const A: float32[2, 2] = [[1, 2], [3]]", [("E317", "[3]")]),
        ('const A: float32[1] = ["a"]', [("E317", '["a"]')]),
        ("const A: float32[0] = []", [("E316", "0")]),
        ("const A: float32[1] = []", [("E317", "[]")]),
        ("const A: float32[3] = [1, 2]", [("E314", "[1, 2]")]),
        ("const A: int64[2] = [1, 0.5]", [("E317", "[1, 0.5]")]),
        ("const A: uint8[2] = [1, 256]", [("E317", "[1, 256]")]),
        ("const A: int8[2] = [1, -129]", [("E317", "[1, -129]")]),
        ("const A: float16[2] = [1, 1e5]", [("E317", "[1, 1e5]")]),
        ("const A: bool[2] = [1, 0]", [("E317", "[1, 0]")]),
        ("const A: float32[2] = [true, 1]", [("E317", "[true, 1]")]),
    ],
)
@pytest.mark.parametrize("used", [True, False])
def test_wrong_consts(consts: str, expected: list[tuple[str, str]], used: bool) -> None:
    """They are wrong whether or not something uses them."""
    name = consts.split()[1].rstrip(":")
    body = f"output y = x -> dense({name})" if used else "output y = x"
    assert faults(body, head=consts) == expected


def test_const_tensors() -> None:
    head = """
        const MEAN: float32[3, 1, 1] = [[[0.5]], [[0.25]], [[1]]]
        const ONES: float32[3, 1, 1] = 1
        const FLAGS: bool[2] = [true, false]
        const BYTES: uint8[2] = [0, 255]
        const SCALAR: float32[] = 0.5
    """
    body = "output y = (x - MEAN) / ONES * SCALAR - MEAN\n output f = FLAGS\n output b = BYTES"
    found = compiled(body, head=head, image=IMAGE)
    constants = {node.name: node.op.value for node in found.graph.nodes() if isinstance(node.op, Constant)}
    assert {name: one.shape for name, one in constants.items()} == {
        "MEAN": (3, 1, 1),
        "ONES": (3, 1, 1),
        "SCALAR": (),
        "FLAGS": (2,),
        "BYTES": (2,),
    }
    assert constants["ONES"].elements == (1, 1, 1)
    assert layer_names(found) == ["sub", "div", "mul", "sub_1"]


def test_a_const_without_a_type_is_no_tensor() -> None:
    assert faults("output y = x * K", head="const K = [1, 2]") == [("E306", "K")]
    assert faults("output y = K", head="const K = 3") == [("E306", "K")]


def test_errors_of_arguments_from_python() -> None:
    with pytest.raises(DotnnError) as caught:
        compile_source(model("output y = x", arguments="k: int = 1"), arguments={"k": object()})
    assert [one.code for one in caught.value.diagnostics] == ["E606"]
