"""Calls of blocks: arguments, types of tensors, results, and the bodies of blocks."""

from __future__ import annotations

import pytest

from tests.helpers.language import (
    compiled,
    faults,
    faults_of,
    layer_names,
    model,
    names,
    shape,
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
    ("call", "sentence", "remedy"),
    [
        (
            "x -> f",
            "`f` needs the arguments `b` (a tensor), `width` (int) and `rate` (float)",
            "write `f(b=…, width=…, rate=…)`",
        ),
        ("f(x, x, rate=0.5)", "`f` needs the argument `width` (int)", "write `f(x, x, rate=0.5, width=…)`"),
        (
            "x -> l: f( b=x, )",
            "`f` needs the arguments `width` (int) and `rate` (float)",
            "write `f( b=x, width=…, rate=…)`",
        ),
        (
            "x -> f(\n b=x)",
            "`f` needs the arguments `width` (int) and `rate` (float)",
            "write `width=…, rate=…`",
        ),
        (
            "x -> conv2d(bias=true)",
            "`conv2d` needs `filters` (a positive int) and `kernel` "
            "(a positive int, or a list with one per spatial axis)",
            "write `conv2d(…, kernel=…)`",
        ),
        ("x -> clip", "`clip` needs `low` (a number) and `high` (a number)", "write `clip(low=…, high=…)`"),
        ("x -> clip(low=0)", "`clip` needs `high`, a number", "write `clip(low=0, high=…)`"),
        ("x -> dense", "`dense` needs `units`, a positive int", "write `dense(…)`"),
    ],
)
def test_all_that_is_missing_is_said_at_once(call: str, sentence: str, remedy: str) -> None:
    head = block("a, b, width: int, rate: float, more: int = 3", "return a + b -> dense(width) -> dropout(rate)")
    (found,) = faults_of(model(f"output y = {call}", head=head))
    assert (found.code, found.headline(), found.advice()) == ("E303", sentence, remedy)


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
        ("x, k: int", "f(x)", ("E304", "x")),
        ("x, k: int", "f(k=x)", ("E314", "x")),
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
