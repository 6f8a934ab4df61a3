"""Blocks, models and their arguments; conditions."""

from __future__ import annotations

from typing import Any

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError

from tests.helpers.language import (
    compiled,
    faults,
    faults_of,
    layer_names,
    model,
    names,
    places,
    shape,
    type_of,
    weights,
)

BLOCK = "block f({formals}) {{ {body} }}"


def block(formals: str, body: str = "return x -> dense(3)") -> str:
    return BLOCK.format(formals=formals, body=body)


# --- arguments of blocks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        "x -> f(x, 4, 0.5)",
        "f(x, x, 4, 0.5)",
        "x -> f(x, rate=0.5, width=4)",
        "f(rate=0.5, width=4, a=x, b=x)",
        "x -> f(b=x, width=4, rate=0.5)",
        "x -> f(width=4, b=x)",
    ],
)
def test_arguments_go_in_order_or_by_name(call: str) -> None:
    head = block("a, b, width: int, rate: float = 0.5", "return a + b -> dense(width) -> dropout(rate)")
    assert shape(f"output y = {call}", head=head) == "[N, 4]"


@pytest.mark.parametrize(
    ("formals", "call", "expected"),
    [
        ("x, k: int", "f", ("E303", "f")),
        ("x, y", "f", ("E303", "f")),
        ("x, k: int", "f(1, 2)", ("E304", "2")),
        ("x", "f(x)", ("E304", "x")),
        ("x, k: int", "f(1, k=2)", ("E305", "k")),
        ("x, k: int", "f(1, x=x)", ("E305", "x")),
        ("x, k: int", "f(k=1, k=2)", ("E305", "k")),
        ("x, width: int", "f(widht=3)", ("E204", "widht")),
        ("x, k: int", "f(1.5)", ("E314", "1.5")),
        ("x, k: int", "f(true)", ("E314", "true")),
        ("x, k: int", "f(x)", ("E314", "x")),
        ("x, k: bool", "f(1)", ("E314", "1")),
        ("x, k: string", "f(float32)", ("E314", "float32")),
        ("x, k: list", "f(1)", ("E314", "1")),
        ("x, k: float", 'f("a")', ("E314", '"a"')),
        # An argument without a type is a tensor.
        ("x, k", "f(3)", ("E307", "3")),
        ("x, k", "f([x])", ("E307", "[x]")),
        ("x, k = 3", "f", ("E307", "3")),
        # Types that are none.
        ("x: foo", "f", ("E315", "foo")),
        ("x: float32", "f", ("E315", "float32")),
        ("x, k: tensor", "f(1)", ("E315", "tensor")),
        ("x, k: int[3]", "f(1)", ("E315", "int[3]")),
    ],
)
def test_wrong_arguments(formals: str, call: str, expected: tuple[str, str]) -> None:
    assert faults(f"output y = x -> {call}", head=block(formals)) == [expected]


def test_what_is_given_wrongly_is_the_fault_of_the_caller() -> None:
    """No trace leads to a call that is itself the place."""
    for call in ("f", "f(x)", "f(1.5)"):
        (found,) = faults_of(model(f"output y = x -> {call}", head=block("x, k: int")))
        assert found.trace == ()


def test_a_wrong_default_is_the_fault_of_the_block() -> None:
    (found,) = faults_of(model("output y = x -> f", head=block("x, k: int = 1.5")))
    assert (found.code, found.span and found.span.text) == ("E314", "1.5")
    assert [label.span.text for label in found.trace] == ["f"]


@pytest.mark.parametrize(
    ("formals", "call", "expected"),
    [
        ("x, k: int = 3", "f", "[N, 3]"),
        ("x, k: int = 3", "f(5)", "[N, 5]"),
        ("x, a: int = 2, k: int = 3 * a", "f", "[N, 6]"),
        ("x, a: int = 2, k: int = 3 * a", "f(4)", "[N, 12]"),
        ("x, a: int = 2, k: int = 3 * a", "f(k=1)", "[N, 1]"),
        ("x, k: int = x.channels // 2", "f", "[N, 4]"),
        ("x, k: int = len(WIDTHS)", "f", "[N, 2]"),
        ("x: float32[N, C], k: int = 2 * C", "f", "[N, 16]"),
    ],
)
def test_defaults_may_use_the_arguments_before_them(formals: str, call: str, expected: str) -> None:
    head = "const WIDTHS = [1, 2]\n" + block(formals, "return x -> dense(k)")
    assert shape(f"output y = x -> {call}", head=head) == expected


def test_a_default_may_not_use_what_comes_after_it() -> None:
    assert faults("output y = x -> f", head=block("x, k: int = later, later: int = 3"))[0] == ("E201", "later")


def test_a_float_takes_an_int() -> None:
    assert names("output y = x -> f(0)", head=block("x, rate: float", "return x -> dropout(rate / 2)")) == ["f"]


# --- tensor types of arguments ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formals", "call", "expected"),
    [
        ("x: float32[B, C]", "f", "[N, 8]"),
        ("x: float32[N, 8]", "f", "[N, 8]"),
        ("x: float32[B, 8]", "f", "[N, 8]"),
        ("x: float32[B, 2 * 4]", "f", "[N, 8]"),
        ("x: float32[B, C], y: float32[B, C]", "f(x)", "[N, 8]"),
        ("x: float32[B, C], y: float32[B, 2 * C]", "f(x -> dense(16))", "[N, 8]"),
        # Arguments after it may be spoken of as well.
        ("x: float32[B, width], width: int", "f(8)", "[N, 8]"),
        ("x: float32[B, width], width: int = 8", "f", "[N, 8]"),
        ("x: float32[B, C], C: int", "f(8)", "[N, 8]"),
        # What the file defines is not free.
        ("x: float32[B, EIGHT]", "f", "[N, 8]"),
    ],
)
def test_types_of_tensor_arguments(formals: str, call: str, expected: str) -> None:
    head = "const EIGHT = 8\nconst NINE = 9\n" + block(formals, "return x")
    assert shape(f"output y = x -> {call}", head=head) == expected


def test_free_dimensions_are_bound_in_the_block() -> None:
    head = block("x: float32[B, C, L]", "return x -> reshape([B, C * L]) -> dense(C)")
    assert shape("output y = x -> f", head=head, image="float32[N, 3, 5]") == "[N, 3]"


@pytest.mark.parametrize(
    ("formals", "call", "place"),
    [
        ("x: float32[B]", "f", "x"),
        ("x: float16[B, C]", "f", "x"),
        ("x: float32[B, 9]", "f", "x"),
        ("x: float32[B, NINE]", "f", "x"),
        ("x: float32[B, C], y: float32[B, C]", "f(x -> dense(9))", "x -> dense(9)"),
        ("x: float32[C, C]", "f", "x"),
        ("x: float32[B, width], width: int = 9", "f", "x"),
        ("x: float32[B, C], C: int = 9", "f", "x"),
        ("x: float32[N, 8], k: float32[2]", "f(3)", "3"),
    ],
)
def test_types_that_do_not_hold(formals: str, call: str, place: str) -> None:
    """One message, though the block goes on with dimensions that nothing is known of."""
    head = "const NINE = 9\n" + block(formals, "return x -> dense(C)" if "C" in formals else "return x -> dense(3)")
    assert faults(f"output y = x -> {call}", head=head) == [("E314", place)]


def test_a_block_sees_the_dimensions_of_the_model() -> None:
    assert shape("output y = x -> f", head=block("x", "return x -> reshape([4 * N, 2])")) == "[4*N, 2]"


def test_a_block_does_not_see_the_bindings_of_its_caller() -> None:
    assert faults("k = 3\n output y = x -> dense(k) -> f", head=block("x", "return x -> dense(k)")) == [("E201", "k")]


# --- results ----------------------------------------------------------------------------------------------------------

SEVERAL = """
block three(x) { return x -> dense(1), x -> dense(2), x -> dense(3) }
block parts(x) { return x -> split(2, axis=1) }
block values(x) { return x.channels, [1, 2] }
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a, b, c = x -> three\n output y = concat(a, b, c)", "[N, 6]"),
        ("a, b = x -> three\n output y = concat(a, b)", "[N, 3]"),
        ("_, b = x -> three\n output y = b", "[N, 2]"),
        ("_, _, c = x -> three\n output y = c", "[N, 3]"),
        ("a = x -> three\n output y = a", "[N, 1]"),
        ("output y = x -> three", "[N, 1]"),
        ("output y = x -> three -> dense(7)", "[N, 7]"),
        ("output y = concat(x -> three, x -> three)", "[N, 2]"),
        ("output y = (x -> three) + x", "[N, 8]"),
        ("output y = x -> { three }", "[N, 1]"),
        ("_, b = x -> { three }\n output y = b", "[N, 2]"),
        ("_, b = x -> repeat(2) { three }\n output y = b", "[N, 2]"),
        ("_, b = if x.rank == 2 { x -> three } else { x }\n output y = b", "[N, 2]"),
        ("a, b = x -> parts\n output y = a * b", "[N, 4]"),
        ("_, b = x -> parts\n output y = b", "[N, 4]"),
        ("n, l = x -> values\n output y = x -> dense(n * l[1])", "[N, 16]"),
    ],
)
def test_several_results(body: str, expected: str) -> None:
    assert shape(body, head=SEVERAL) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a, b, c, d = x -> three\n output y = a", ("E318", "x -> three")),
        ("a, b = x\n output y = a", ("E318", "x")),
        ("a, b = [1, 2]\n output y = x -> dense(a)", ("E318", "[1, 2]")),
        ("output y = x -> parts", ("E319", "x -> parts")),
        ("a = x -> parts\n output y = a", ("E319", "x -> parts")),
        ("output y = x -> parts -> relu", ("E319", "parts")),
        ("output y = concat(x -> parts, x)", ("E319", "x -> parts")),
        ("output y = (x -> parts) + 1", ("E319", "x -> parts")),
        ("a, b = x -> split(3, axis=1)\n output y = a", ("E319", "x -> split(3, axis=1)")),
    ],
)
def test_wrong_numbers_of_results(body: str, expected: tuple[str, str]) -> None:
    image = "float32[N, 9]" if "split(3" in body else "float32[N, 8]"
    assert faults(body, head=SEVERAL, image=image) == [expected]


# --- statements of blocks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("y = x -> relu", [("E321", "f")]),
        ("", [("E321", "f")]),
        ("input z: float32[N, 8] return x + z", [("E320", "input z: float32[N, 8]")]),
        ("output z = x -> relu return x + z", [("E320", "output z = x -> relu")]),
        ("freeze a return x", [("E320", "freeze a")]),
    ],
)
@pytest.mark.parametrize("called", [True, False])
def test_statements_of_blocks(body: str, expected: list[tuple[str, str]], called: bool) -> None:
    """What they bind is bound nevertheless; and it is an error whether or not the block is called."""
    assert faults("output y = x -> " + ("f" if called else "relu"), head=block("x", body)) == expected


def test_return_stands_in_blocks_only() -> None:
    assert faults("output y = x\n return x") == [("E320", "return x")]


def test_a_model_needs_an_output() -> None:
    assert faults("z = x -> relu") == [("E321", "net")]


def test_what_stands_after_a_return() -> None:
    found = compiled("output y = x -> f", head=block("x", "return x -> relu y = x -> dense(3)"))
    assert places(found.warnings) == [("W301", "y = x -> dense(3)")]
    assert layer_names(found) == ["f"]


def test_blocks_call_blocks_that_stand_later() -> None:
    head = "block f(x) { return x -> g -> dense(K) }\nblock g(x) { return x -> relu }\nconst K = 2 + J\nconst J = 1"
    assert weights("output y = x -> f", head=head) == ["f.dense.weight", "f.dense.bias"]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("block f(x) { return x -> f }", "f"),
        ("block f(x) { return x -> g }\nblock g(x) { return x -> f }", "f"),
        ("block f(x) { return if x.rank == 2 { x -> { f } } else { x } }", "f"),
    ],
)
def test_blocks_do_not_call_themselves(head: str, name: str) -> None:
    assert faults("output y = x -> f", head=head) == [("E212", name)]


def test_a_block_is_no_value() -> None:
    assert faults("output y = x -> dense(f)", head=block("x")) == [("E320", "f")]


def test_a_const_is_no_layer() -> None:
    assert faults("output y = x -> WIDTH", head="const WIDTH = 3") == [("E320", "WIDTH")]
    assert faults("w = 3\n output y = x -> w") == [("E320", "w")]


# --- arguments of models ----------------------------------------------------------------------------------------------

MODEL = """
model net(classes: int = 10, rate: float = 0.5, widths: list = [4, 4], deep: bool = false, act: string = "relu") {
    input x: float32[N, 8]
    h = x -> for w in widths { dense(w) } -> dropout(rate)
    a = if act == "relu" { h -> relu } else { h -> tanh }
    output y = (if deep { a -> dense(64) } else { a }) -> dense(classes)
}
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["dense", "dense_1", "dropout", "relu", "dense_2"]),
        ({"classes": 3}, ["dense", "dense_1", "dropout", "relu", "dense_2"]),
        ({"widths": [2]}, ["dense", "dropout", "relu", "dense_1"]),
        ({"widths": ()}, ["dropout", "relu", "dense"]),
        ({"deep": True, "act": "tanh"}, ["dense", "dense_1", "dropout", "tanh", "dense_2", "dense_3"]),
        ({"rate": 0}, ["dense", "dense_1", "dropout", "relu", "dense_2"]),
    ],
)
def test_model_arguments(given: dict[str, Any], expected: list[str]) -> None:
    found = compile_source(MODEL, arguments=given)
    assert layer_names(found) == expected
    assert type_of(found) == f"float32[N, {given.get('classes', 10)}]"


@pytest.mark.parametrize(
    "given",
    [
        {"classes": 1.5},
        {"classes": "a"},
        {"classes": True},
        {"deep": 1},
        {"widths": 3},
        {"act": ["relu"]},
        {"clases": 3},
    ],
)
def test_wrong_model_arguments(given: dict[str, Any]) -> None:
    (found,) = faults_of(MODEL, arguments=given)
    assert found.code == "E606"
    assert next(iter(given)) in found.headline()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("k", [("E606", "k")]),
        ("k = 3", [("E606", "k = 3")]),
        ("k: float32[3]", [("E606", "k: float32[3]")]),
        ("k: int", [("E606", "k: int")]),
        ("k: int = 1.5", [("E314", "1.5")]),
        ("k: int = j", [("E201", "j")]),
        ("a: int = b, b: int = 3", [("E201", "b")]),
    ],
)
def test_wrong_heads_of_models(arguments: str, expected: list[tuple[str, str]]) -> None:
    assert faults("output y = x -> relu", arguments=arguments) == expected


def test_defaults_of_models_may_use_the_arguments_before_them() -> None:
    text = model("output y = x -> dense(b)", arguments="a: int = 2, b: int = 3 * a")
    assert type_of(compile_source(text)) == "float32[N, 6]"
    assert type_of(compile_source(text, arguments={"a": 5})) == "float32[N, 15]"


def test_arguments_stand_in_the_types_of_inputs() -> None:
    text = "model net(size: int = 4, N: int = 2) { input x: float32[N, 2 * size] output y = x -> relu }"
    assert type_of(compile_source(text)) == "float32[2, 8]"
    assert type_of(compile_source(text, arguments={"size": 1, "N": 7})) == "float32[7, 2]"


def test_several_models() -> None:
    text = "model a { input x: float32[N] output y = x -> relu } model b() { input x: float32[N] output y = x -> step }"
    assert layer_names(compile_source(text, model="b")) == ["step"]
    with pytest.raises(DotnnError) as caught:
        compile_source(text)
    assert [one.code for one in caught.value.diagnostics] == ["E605"]
    with pytest.raises(DotnnError) as caught:
        compile_source(text, model="c")
    assert "`a`, `b`" in str(caught.value)


# --- conditions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("true", "relu"),
        ("false", "tanh"),
        ("x.rank == 2", "relu"),
        ("x.channels != 8", "tanh"),
        ("x.channels > 4 and x.channels <= 8", "relu"),
        ("not x.channels == 8 or x.rank == 3", "tanh"),
        ("x.shape == [N, 8]", "relu"),
        ("x.shape[0] == N", "relu"),
        ("N >= 1", "relu"),
        ("N + 1 > N", "relu"),
        ("N == N + 1", "tanh"),
        ("x.dtype == float32", "relu"),
        ("false and 1 // 0 == 1", "tanh"),
        ("true or x.shape[9] == 1", "relu"),
    ],
)
def test_conditions(condition: str, expected: str) -> None:
    body = f"output y = if {condition} {{ x -> relu }} else {{ x -> tanh }}"
    assert names(body) == [expected]


@pytest.mark.parametrize("condition", ["N > 3", "N == 4", "x.shape == [4, 8]", "N % 2 == 0", "N == M"])
def test_conditions_on_open_dimensions(condition: str) -> None:
    body = f"input z: float32[M]\n output w = z\n output y = if {condition} {{ x -> relu }} else {{ x }}"
    (found,) = faults_of(model(body))
    assert (found.code, found.span and found.span.text) == ("E310", condition)
    assert "`N`" in found.advice()


@pytest.mark.parametrize("condition", ["1", "x", '"a"', "x.shape", "N", "[true]"])
def test_a_condition_is_a_bool(condition: str) -> None:
    assert faults(f"output y = if {condition} {{ x }} else {{ x }}") == [("E308", condition)]


def test_else_if() -> None:
    text = model(
        "output y = if k == 1 { x -> relu } else if k == 2 { x -> tanh } else if k == 3 { x -> step } else { x }",
        arguments="k: int = 1",
    )
    found = [layer_names(compile_source(text, arguments={"k": k})) for k in (1, 2, 3, 4)]
    assert found == [["relu"], ["tanh"], ["step"], []]


def test_a_branch_that_is_not_taken_makes_nothing() -> None:
    """It may even have shapes that do not fit, and labels that are taken."""
    body = """
        a = x -> l: dense(8)
        output y = if x.rank == 4 { a -> l: conv2d(8, kernel=3) -> reshape([1, 2, 3]) } else { a -> m: relu }
    """
    assert names(body) == ["l", "m"]


def test_an_if_is_a_value_too() -> None:
    assert shape("k = if x.rank == 2 { 3 } else { 4 }\n output y = x -> dense(k)") == "[N, 3]"
    assert shape("output y = x -> dense((if x.rank == 2 { 3 } else { 4 }) + 1)") == "[N, 4]"
