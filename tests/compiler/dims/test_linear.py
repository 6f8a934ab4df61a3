"""Axes such as `4 * H`, from which `H` follows: what introduces a dimension, what is inferred, which remedies apply."""

from __future__ import annotations

import itertools
import json
import re

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.dims import Dim, ceil_div, decide_equal, evaluate, format_dim, substitute, symbol
from dotnn.compiler.dims.linear import LinearForm, decide_divisible, equalizing_forms, linear_form
from dotnn.compiler.export import verify_model
from dotnn.compiler.reference_evaluation import evaluate as evaluate_graph
from dotnn.compiler.weights.weight_values import WeightValues
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.harness import AllValues, mismatches, random_feeds, wrong_shapes
from tests.helpers.language import compiled, faults_of, places, type_of

H, W, N = symbol("H"), symbol("W"), symbol("N")

DOUBLED = """
block doubled(x: float32[B, C, H, W]) {
    return x -> reshape([B, C, H, 1, W, 1]) -> expand([B, C, H, 2, W, 2]) -> reshape([B, C, 2 * H, 2 * W])
}
"""


def unet(height: str, width: str) -> str:
    """A network that goes down twice, by a pooling and by a stride, and up again, with skip connections."""
    return f"""{DOUBLED}
model unet {{
    input image: float32[N, 3, {height}, {width}]
    high = image -> conv2d(4, kernel=3, padding=1) -> relu
    middle = high -> max_pool2d(2) -> conv2d(4, kernel=3, padding="same") -> relu
    low = middle -> conv2d(4, kernel=3, stride=2, padding=1) -> relu
    up = concat(middle, low -> doubled) -> conv2d(4, kernel=3, padding=1) -> relu
    output mask = concat(high, up -> doubled) -> conv2d(1, kernel=1)
}}
"""


def input_type(shape: str, *, others: str = "") -> str:
    text = f"const K = 3\nmodel m(size: int = 2) {{ input x: float32[{shape}] {others} output y = x }}"
    return type_of(compile_source(text))


# What introduces ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("4 * H", "4*H"),
        ("H * 4", "4*H"),
        ("4 * H + 1", "4*H + 1"),
        ("1 + H * 4", "4*H + 1"),
        ("2 * (2 * H)", "4*H"),
        ("2 * (H + 1) - 2", "2*H"),
        ("H + 3", "H + 3"),
        ("H - 3", "H - 3"),
        ("-(-2 * H)", "2*H"),
        ("H + H", "2*H"),
        ("8 * H // 2", "4*H"),
        ("ceil(8 * H / 4)", "2*H"),
        ("size * H + K", "2*H + 3"),
        ("2 * H, H", "2*H, H"),
        ("H // 2, H", "floor(H / 2), H"),
        ("2 * H, 3 * H + 1, H % 2", "2*H, 3*H + 1, H - 2*floor(H / 2)"),
        ("4 * H, 4 * W", "4*H, 4*W"),
        ("H * W, 2 * H, W - 1", "H*W, 2*H, W - 1"),
    ],
)
def test_forms_that_introduce(written: str, expected: str) -> None:
    assert input_type(written) == f"float32[{expected}]"


def test_later_inputs_use_what_earlier_ones_introduce() -> None:
    found = compile_source(
        "model m { input a: float32[N, 4 * H] input b: float32[N, H // 3, H] input c: float32[2 * H] output y = b }"
    )
    assert [str(node.results[0]) for node in found.graph.inputs] == [
        "float32[N, 4*H]",
        "float32[N, floor(H / 3), H]",
        "float32[2*H]",
    ]


@pytest.mark.parametrize(
    ("written", "places_found"),
    [
        ("N, H // 2", ["H"]),
        ("N, H % 2", ["H"]),
        ("N, 10 - H", ["H"]),
        ("N, H * H", ["H"]),
        ("N, H * W", ["H", "W"]),
        ("N, H + W", ["H", "W"]),
        ("N, max(H, 3)", ["H"]),
        ("N, H - H + 3", ["H"]),
        ("N, N * H", ["H"]),
        ("N, N + H", ["H"]),
    ],
)
def test_what_tells_no_dimension_is_said_once(written: str, places_found: list[str]) -> None:
    """Nothing that uses the dimension later says so again."""
    body = "output y = x -> relu output z = x -> reshape([N, H, 3]) expect H == 3"
    found = faults_of(f"model m {{ input x: float32[{written}] {body} }}")
    assert places(found) == [("E217", name) for name in places_found]
    assert all("4 * " in one.advice() for one in found)


def test_an_input_cannot_use_what_a_later_one_introduces() -> None:
    found = faults_of("model m { input x: float32[H // 2] input z: float32[H] output y = x output w = z }")
    assert places(found) == [("E217", "H")]


def test_other_names_are_still_unknown() -> None:
    found = faults_of("model m { input x: float32[2 * n, 4 * H] output y = x -> reshape([M]) }")
    assert ("E201", "n") in places(found)
    found = faults_of("model m { input x: float32[4 * H] output y = x -> reshape([4 * M]) }")
    assert places(found) == [("E202", "M")]


def test_a_dimension_that_is_introduced_by_a_form_cannot_be_bound_again() -> None:
    found = faults_of("model m { input x: float32[4 * H] H = 3 output y = x -> reshape([H]) }")
    assert [one.code for one in found] == ["E206"]


def test_the_least_size_counts() -> None:
    assert [one.code for one in faults_of("model m { input x: float32[2 ** 50 * H] output y = x }")] == ["E316"]
    assert compile_source("model m { input x: float32[2 * H - 9] output y = x }").summary().demands == ("H >= 5",)


# What is inferred -----------------------------------------------------------------------------------------------------


def test_a_network_with_skip_connections_for_all_sizes_that_divide() -> None:
    found = compile_source(unet("4 * H", "4 * W"))
    shapes = {node.name: str(node.results[0]) for node in found.graph.nodes()}
    assert shapes["max_pool2d"] == "float32[N, 4, 2*H, 2*W]"
    assert shapes["conv2d_2"] == "float32[N, 4, H, W]"
    assert type_of(found, "mask") == "float32[N, 1, 4*H, 4*W]"
    assert found.summary().demands == ()
    assert format_dim(found.summary().macs or 0) == "3728*H*W"  # 1728 + 576 + 144 + 1152 + 128


@pytest.mark.parametrize("sizes", [{"N": 1, "H": 1, "W": 2}, {"N": 2, "H": 3, "W": 1}])
@pytest.mark.parametrize("forms", [("4 * H", "4 * W"), ("8 * H + 4", "4 * W - 4 + 4")])
def test_its_numbers_and_shapes_are_those_of_the_reference(forms: tuple[str, str], sizes: dict[str, int]) -> None:
    found = compile_source(unet(*forms))
    model = found.to_bytes(target="onnx")
    verify_model(model)
    feeds = random_feeds(found.graph, sizes)
    runner = AllValues(model)
    results = runner.run(feeds)
    assert wrong_shapes(results, runner.types, sizes) == []
    reference = evaluate_graph(found.graph, feeds, WeightValues(0), "float32")
    named = {name: reference[value] for name, value in found.graph.outputs.items()}
    assert mismatches(results, named) == {}


def test_same_padding_with_a_stride_is_decided() -> None:
    body = 'output y = x -> conv2d(8, kernel=3, stride=2, padding="same")'
    assert type_of(compiled(body, image="float32[N, 3, 4 * H, 2 * W + 1]")) == "float32[N, 8, 2*H, W + 1]"


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 6, 8, 12])
def test_floor_and_ceil_of_multiples_are_those_of_python(factor: int) -> None:
    """By brute force, and without a division left wherever the divisor divides the factor."""
    for offset, divisor, added in itertools.product(range(-5, 6), range(1, 9), (-2, 0, 3)):
        for function in (lambda a, b: a // b, ceil_div, lambda a, b: a % b):
            dim = function(factor * H + offset + added, divisor)
            for value in (1, 2, 3, 7, 10, 11, 24, 101):
                size = factor * value + offset + added
                assert evaluate(dim, {"H": value}) == evaluate(function(size, divisor), {})
            assert factor % divisor or "(" not in format_dim(dim)


@pytest.mark.parametrize("multiple", [2, 4, 8, 6, 12])
def test_windows_over_multiples_give_multiples(multiple: int) -> None:
    """Poolings, and strided convolutions that pad by the half of their kernel, divide exactly."""
    for stride in (one for one in (2, 3, 4) if multiple % one == 0):
        body = (
            f"output pooled = x -> max_pool2d({stride})\n"
            f"output strided = x -> conv2d(4, kernel={2 * stride - 1}, stride={stride}, padding={stride - 1})\n"
            f'output same = x -> conv2d(4, kernel=3, stride={stride}, padding="same")\n'
            "output kept = x -> conv2d(4, kernel=5, padding=2)"
        )
        found = compiled(body, image=f"float32[N, 3, {multiple} * H, {multiple} * W]")
        part, whole = multiple // stride, multiple
        expected = [format_dim(part * H), format_dim(part * W)]
        for name in ("pooled", "strided", "same"):
            assert type_of(found, name).strip("]").split(", ")[2:] == expected, (name, stride)
        assert type_of(found, "kept") == f"float32[N, 4, {format_dim(whole * H)}, {format_dim(whole * W)}]"


# Remedies -------------------------------------------------------------------------------------------------------------


def remedied(text: str) -> Compiled:
    """The model with what its only error proposes written into it."""
    (fault,) = faults_of(text)
    forms = {name: form for form, name in re.findall(r"`([^`]+)` for `([A-Z]+)`", fault.advice())}
    assert forms, fault.advice()
    blocks, net = text.split("model ")
    rewritten = re.sub(r"\b[A-Z]\b", lambda found: f"({forms.get(found.group(), found.group())})", net)
    return compile_source(f"{blocks}model {rewritten}")


@pytest.mark.parametrize(
    ("body", "image", "advice"),
    [
        ("output y = x -> reshape([N, 3, T // 2 * 2])", "float32[N, 3, T]", "`2*T` for `T`"),
        ("output y = x -> reshape([N, -1, 12])", "float32[N, T]", "`12*T` for `T`"),
        ("a, b, c = x -> split(3)\noutput y = a + b + c", "float32[N, T]", "`3*T` for `T`"),
        ("output y = x + (x -> conv1d(3, kernel=3, stride=2, padding=1) -> flatten)", "float32[N, 3, T]", None),
        (
            'output y = x -> conv2d(8, kernel=3, stride=[2, 4], padding="same")',
            "float32[N, 3, H, W]",
            "`2*H` for `H` and `4*W` for `W`",
        ),
        ("output y = if T % 6 == 0 { x } else { x -> relu }", "float32[N, T]", "`6*T` for `T`"),
        ("y = if (T + 1) % 4 == 0 { x } else { x -> relu }\noutput z = y", "float32[N, T]", "`4*T - 1` for `T`"),
        ("output y = x -> f", "float32[N, T]", "`2*T` for `T`"),
        ("output y = x -> f", "float32[N, 3 * T]", "`2*T` for `T`"),
        ("output y = x -> f", "float32[N, 3 * T + 1]", "`2*T - 1` for `T`"),
    ],
)
def test_the_remedy_is_what_to_declare(body: str, image: str, advice: str | None) -> None:
    head = "block f(x: float32[B, 2 * H]) { return x -> reshape([B, H, 2]) }"
    text = f"{head}\nmodel m {{\n    input x: {image}\n{body}\n}}"
    (fault,) = faults_of(text)
    if advice is None:
        assert "for `T`" not in fault.advice()
        return
    assert f"write {advice} in the types of the inputs and elsewhere in the model" in fault.advice()
    remedied(text)


@pytest.mark.parametrize(
    ("height", "width", "advice"),
    [
        ("H", "W", "write `4*H` for `H` and `4*W` for `W` in the types of the inputs and elsewhere in the model"),
        ("2 * H", "4 * W", "write `2*H` for `H` in the types of the inputs and elsewhere in the model"),
        ("6 * H", "W", "write `2*H` for `H` and `4*W` for `W` in the types of the inputs and elsewhere in the model"),
        ("4 * H", "2 * W + 2", "write `2*W - 1` for `W` in the types of the inputs and elsewhere in the model"),
    ],
)
def test_the_remedy_for_a_skip_connection_applies(height: str, width: str, advice: str) -> None:
    (fault,) = faults_of(unet(height, width))
    assert fault.code == "E435"
    assert fault.advice() == advice
    assert remedied(unet(height, width)).graph


def test_two_dimensions_of_their_own_want_one_name() -> None:
    (fault,) = faults_of("model m { input a: float32[N, T] input b: float32[N, S] output y = a + b }")
    assert fault.advice() == "give both dimensions the same name or number in the types of the inputs"


@settings(max_examples=150, deadline=None)
@given(
    divisors=st.lists(st.integers(2, 5), min_size=1, max_size=2),
    offset=st.integers(-3, 4),
    ceil=st.booleans(),
)
def test_forms_make_equal_what_they_should(divisors: list[int], offset: int, ceil: bool) -> None:
    reduced: Dim = H + offset
    for divisor in divisors:
        reduced = ceil_div(reduced, divisor) if ceil else reduced // divisor
    scale = int(np.prod(divisors))
    forms = equalizing_forms([(scale * reduced, H + offset)])
    assert forms
    assert decide_equal(substitute(scale * reduced, forms), substitute(H + offset, forms)) is True
    for value in range(1, 30):
        size = evaluate(forms["H"], {"H": value})
        assert scale * evaluate(reduced, {"H": size}) == size + offset


# Arguments of blocks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formal", "given_type", "bound", "others"),
    [
        ("float32[B, 2 * S]", "float32[N, 4 * K]", "2*K", "input k: float32[K]"),
        ("float32[B, 2 * S]", "float32[N, 224]", "112", "input k: float32[K]"),
        ("float32[B, S + 3]", "float32[N, K]", "K - 3", "input k: float32[K]"),
        ("float32[B, 2 * S + 1]", "float32[N, 6 * K - 3]", "3*K - 2", "input k: float32[K]"),
        ("float32[B, 3 * S]", "float32[N, 3 * (K // 2)]", "floor(K / 2)", "input k: float32[K]"),
        ("float32[B, 2 * S]", "float32[N, K * (K + 1)]", "floor((K**2 + K) / 2)", "input k: float32[K]"),
        ("float32[B, 2 * S, S]", "float32[N, 4 * K, 2 * K]", "2*K", "input k: float32[K]"),
        ("float32[B, S + B]", "float32[N, K]", "K - N", "input k: float32[K]"),
        ("float32[B, width * S]", "float32[N, 6 * K]", "2*K", "input k: float32[K]"),
    ],
)
def test_a_form_in_the_type_of_an_argument_is_solved(formal: str, given_type: str, bound: str, others: str) -> None:
    names = formal.split("[")[1].strip("]").split(", ")
    axes = ["S", *(f"x.shape[{axis}]" for axis in range(len(names)))]
    block = f"block f(x: {formal}, width: int = 3) {{ return x -> unsqueeze(axis=0) -> expand([{', '.join(axes)}]) }}"
    found = compile_source(f"{block}\nmodel m {{ {others} input x: {given_type} output y = x -> f }}")
    assert type_of(found).startswith(f"float32[{bound}, ")


def test_the_arguments_may_come_in_any_order() -> None:
    block = "block f(x: float32[B, width * H + C], width: int, z: float32[B, C]) {"
    block += " return x -> reshape([C + width * H, B]) }"
    body = "input z: float32[N, T] input x: float32[N, 6 * K] output y = concat(x, z) -> f(3, z)"
    assert type_of(compile_source(f"{block}\nmodel m {{ {body} }}")) == "float32[6*K + T, N]"


@pytest.mark.parametrize(
    ("formal", "given_type", "expected"),
    [
        ("float32[B, 2 * S]", "float32[N, K]", ["E326"]),
        ("float32[B, 2 * S]", "float32[N, 7]", ["E314"]),
        ("float32[B, 2 * S]", "float32[N, 2 * K + 1]", ["E314"]),
        ("float32[B, S + 3]", "float32[N, 3]", ["E314"]),
        ("float32[B, 2 * S, S]", "float32[N, 4, 3]", ["E314"]),
        ("float32[B, 2 * S, S]", "float32[N, K, 3]", ["E314"]),
        ("float32[B, S // 2]", "float32[N, K]", ["E217"]),
        ("float32[B, S * T]", "float32[N, K]", ["E217", "E217"]),
    ],
)
def test_what_does_not_fit_an_argument(formal: str, given_type: str, expected: list[str]) -> None:
    """One mistake, one message: nothing in the block that uses the dimension speaks of it again."""
    block = f"block f(x: {formal}) {{ return x -> flatten -> reshape([B, S, 2, 9]) }}"
    text = f"{block}\nmodel m {{ input x: {given_type} output y = x -> f }}"
    assert [one.code for one in faults_of(text)] == expected


def test_what_an_argument_needs_is_demanded() -> None:
    found = compile_source(
        "block f(x: float32[B, S + 3]) { return x }\nmodel m { input x: float32[N, K] output y = x -> f }"
    )
    assert found.summary().demands == ("K >= 4",)


def test_a_block_means_the_same_whatever_the_model_calls_its_dimensions() -> None:
    block = "block f(x: float32[N, 2 * H]) { return x -> reshape([N, H, 2]) }"
    found = compile_source(f"{block}\nmodel m {{ input x: float32[H, 4 * N] output y = x -> f }}")
    assert type_of(found) == "float32[H, 2*N, 2]"


# The algebra ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dim", "expected"),
    [
        (4 * H + 1, LinearForm("H", 4, 1)),
        (H, LinearForm("H", 1, 0)),
        (-H, None),
        (H * H, None),
        (H + W, None),
        (H + H // 2, None),
        (7, None),
    ],
)
def test_linear_forms(dim: Dim, expected: LinearForm | None) -> None:
    assert linear_form(dim) == expected


@pytest.mark.parametrize(
    ("dim", "divisor", "expected"),
    [(4 * H, 2, True), (H * (H + 1), 2, True), (2 * H + 1, 2, False), (H, 2, None), (6, 4, False), (8, 4, True)],
)
def test_divisibility(dim: Dim, divisor: int, expected: bool | None) -> None:
    assert decide_divisible(dim, divisor) is expected


# The file -------------------------------------------------------------------------------------------------------------


def test_the_file_carries_the_forms() -> None:
    import onnx

    text = "model m { input a: float32[N, 4 * H] input b: float32[2 * H - 1, W + 2] output y = a output z = b }"
    model = onnx.load_from_string(compile_source(text).to_bytes())
    keys = {one.key: one.value for one in model.metadata_props}
    assert keys["dotnn.format"] == "2"
    assert json.loads(keys["dotnn.symbols"]) == [
        {"symbol": "N", "input": "a", "axis": 0, "factor": 1, "offset": 0},
        {"symbol": "H", "input": "a", "axis": 1, "factor": 4, "offset": 0},
        {"symbol": "W", "input": "b", "axis": 1, "factor": 1, "offset": 2},
    ]
    shapes = [[one.dim_param for one in info.type.tensor_type.shape.dim] for info in model.graph.input]
    assert shapes == [["N", "4*H"], ["2*H - 1", "W + 2"]]


def test_an_axis_that_is_the_symbol_alone_tells_it_before_others() -> None:
    found = compile_source("model m { input a: float32[4 * H] input b: float32[H] output y = a output z = b }")
    (entry,) = json.loads(_metadata(found)["dotnn.symbols"])
    assert (entry["input"], entry["factor"]) == ("b", 1)


def _metadata(found: Compiled) -> dict[str, str]:
    import onnx

    return {one.key: one.value for one in onnx.load_from_string(found.to_bytes()).metadata_props}


def test_one_mistake_in_a_type_leaves_its_other_names_quiet() -> None:
    block = "block f(x: float32[B, 2 * S, 3 * T, T // 2]) { return x -> reshape([B, S, T, -1]) -> conv2d(T, kernel=S) }"
    found = faults_of(f"{block}\nmodel m {{ input x: float32[N, 7, 9, 1] output y = x -> f }}")
    assert [one.code for one in found] == ["E314"]
    block = "block f(x: float32[B, 2 * S], w: int) { return x -> reshape([S, B, w]) }"
    found = faults_of(f"{block}\nmodel m {{ input x: float32[N, 7] output y = relu(x, 3) -> f(4) }}")
    assert [one.code for one in found] == ["E304"]


def test_dimensions_without_bounds_are_refused_and_not_a_traceback() -> None:
    """Many terms, many divisions: an error at a place, whatever the form."""
    deep = "H"
    for divisor in (2, 3, 5, 7, 11, 13):
        deep = f"({deep} + 1) // {divisor} * {divisor + 1}"
    wide = " * ".join(f"(H + W // {number})" for number in range(2, 14))
    block = f"block f(x: float32[B, 2 * S + ({deep.replace('H', 'B')})]) {{ return x -> reshape([B, -1, S]) }}"
    for size in (deep, wide, f"3 * H + {deep}"):
        text = (
            f"{block}\nmodel m {{ input k: float32[H, W] input x: float32[H, {size}] output y = x -> f output z = k }}"
        )
        found = faults_of(text)
        assert all(one.span is not None for one in found)
