"""Tensors: parameters, constants, operators, indexing, several results, documentation comments."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.graph.operations import Constant, Parameter

from tests.helpers.language import compiled, faults, faults_of, layer_names, names, places, shape, weight_names


def run(body: str, feeds: dict[str, np.ndarray], **parts: str) -> np.ndarray:
    """The output `y`, computed by onnxruntime."""
    session = onnxruntime.InferenceSession(compiled(body, **parts).to_bytes(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["y"], feeds)[0])


X = np.random.default_rng(1).normal(size=(2, 8)).astype(np.float32)

# --- operators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x + x", X + X),
        ("x - 2", X - 2),
        ("2 - x", 2 - X),
        ("x * 0.5 + 1", X * 0.5 + 1),
        ("1 / (x * x + 1)", 1 / (X * X + 1)),
        ("-x", -X),
        ("-(x + 1) * 2", -(X + 1) * 2),
        ("x + x -> relu", np.maximum(X + X, 0)),
        ("(x -> relu) + x", np.maximum(X, 0) + X),
        ("x * ROW", X * np.arange(8)),
        ("x + SCALAR", X + 3),
        ("ROW - x - ROW", -X),
        ("(if x.rank == 2 { x } else { 3 }) * 2", X * 2),
        ("x + x.shape[1]", X + 8),
        ("x * (1 / 4)", X / 4),
        ("x ** 2", X**2),
        ("2 ** x", 2.0**X),
        ("(x * x) ** 0.5", np.abs(X)),
        ("-x ** 2", -(X**2)),
        ("x @ ROW", X @ np.arange(8)),
        ("x * 2 @ (x -> transpose([1, 0]))", 2 * X @ X.T),
        ("x + x @ SQUARE ** 2 / 2", X + X * 2),
        ("sqrt(abs(x)) -> log -> exp", np.sqrt(np.abs(X))),
        ("x * sqrt(2) + exp(1) - log(2) * abs(-3)", X * np.sqrt(2) + np.e - np.log(2) * 3),
        ("x -> sum(axis=1)", X.sum(axis=1)),
        ("max(x, axis=1, keepdims=true) - min(x, axis=[0, 1])", X.max(axis=1, keepdims=True) - X.min()),
        ("x * max(1, 2) + sum([1, 2])", X * 2 + 3),
        ("max(ROW, axis=0) * x", X * 7),
        ("x[:, 0] + sum(x -> relu, axis=-1)", X[:, 0] + np.maximum(X, 0).sum(axis=-1)),
        ("stack(x, x -> relu, axis=1)", np.stack([X, np.maximum(X, 0)], axis=1)),
        ("x -> argmax", X.argmax(axis=-1)),
    ],
)
def test_operators(expression: str, expected: np.ndarray) -> None:
    head = "const ROW: float32[8] = [0, 1, 2, 3, 4, 5, 6, 7]\nconst SCALAR: float32[] = 3"
    head += f"\nconst SQUARE: float32[8, 8] = {(2 * np.eye(8, dtype=int)).tolist()}"
    assert np.allclose(run(f"output y = {expression}", {"x": X}, head=head), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("float32[N, 3, H, W]", "float32[3, 1, 1]", "[N, 3, H, W]"),
        ("float32[N, 3, H, W]", "float32[N, 3, 1, 1]", "[N, 3, H, W]"),
        ("float32[N, 1, W]", "float32[H, 1]", "[N, H, W]"),
        ("float32[N, 1]", "float32[1, H]", "[N, H]"),
        ("float32[]", "float32[N, H]", "[N, H]"),
        ("float32[N, H]", "float32[N, H]", "[N, H]"),
    ],
)
def test_operators_broadcast(left: str, right: str, expected: str) -> None:
    text = f"model t {{ input x: {left} input z: {right} output y = x * z }}"
    assert str(compile_source(text).graph.type_of(compile_source(text).graph.outputs["y"])) == f"float32{expected}"


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        ("float32[N, 3]", "float32[N, 4]", ("E430", "z")),
        ("float32[N, 3]", "float32[M, 3]", ("E431", "z")),
        ("float32[N, 3]", "float16[N, 3]", ("E432", "z")),
        ("bool[N]", "bool[N]", ("E402", "x")),
    ],
)
def test_operands_that_do_not_fit(left: str, right: str, code: tuple[str, str]) -> None:
    """The types are in the message."""
    found = faults_of(f"model t {{ input x: {left} input z: {right} output y = x + z }}")
    assert places(found) == [code]
    said = found[0].headline() + " ".join(found[0].notes()) + " ".join(one.text for one in found[0].labels())
    assert left in said + found[0].caret()


@pytest.mark.parametrize(
    ("left", "right", "code", "advice"),
    [
        # The axes of one are not the last ones of the other.
        ("float32[N, 8, H, W]", "float32[N, 8]", "E431", "put axes behind float32[N, 8]: `-> unsqueeze(axis=[2, 3])`"),
        ("float32[N, 8]", "float32[N, 8, 5, 5]", "E430", "`-> unsqueeze(axis=[2, 3])`"),
        ("float32[N, 8, 5, 6]", "float32[8]", "E430", "`-> unsqueeze(axis=[1, 2])`"),
        ("float32[N, T, 8]", "float32[N, T]", "E431", "`-> unsqueeze(axis=2)`"),
        ("float32[N, T, 8]", "float32[7]", "E430", "make the dimensions equal"),
        # They are not equal, and one of them may be 1.
        ("float32[N, H - 2]", "float32[N, H]", "E431", "equal for no size: let the layers before keep it"),
        ("float32[N, H]", "float32[N, W]", "E431", "give both dimensions the same name"),
    ],
)
def test_what_to_do_about_operands_that_do_not_fit(left: str, right: str, code: str, advice: str) -> None:
    (found,) = faults_of(f"model t {{ input x: {left} input z: {right} output y = x * z }}")
    assert found.code == code
    assert advice in found.advice()


@pytest.mark.parametrize(
    ("image", "expression", "place"),
    [
        ("int64[N]", "x + 0.5", "0.5"),
        ("int32[N]", "x + 2 ** 31", "2 ** 31"),
        ("uint8[N]", "x + 256", "256"),
        ("uint8[N]", "x - -1", "-1"),
        ("float16[N]", "x * 1e6", "1e6"),
        ("float32[N]", "x * 1e39", "1e39"),
        ("bool[N]", "x + 1", "1"),
    ],
)
def test_a_number_takes_the_type_of_the_tensor(image: str, expression: str, place: str) -> None:
    assert faults(f"output y = {expression}", image=image) == [("E308", place)]


@pytest.mark.parametrize("value", ['"a"', "[1, 2]", "true", "float32", "K"])
def test_operators_take_tensors_and_numbers(value: str) -> None:
    assert faults(f"output y = x + {value}", head="const K = [1]") == [("E306", value)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x @ x", ("E425", "x")),
        ("x @ 2", ("E423", "2")),
        ("x ** p", ("E430", "p")),
        ("x ** [2]", ("E306", "[2]")),
        ("x @ [[1]]", ("E306", "[[1]]")),
        ("x // 2", ("E308", "x // 2")),
        ("x -> max", ("E303", "max")),
        ("max(x)", ("E303", "max(x)")),
        ("max(x, x)", ("E327", "max(x, x)")),
        ("x -> sum(x)", ("E327", "sum(x)")),
        ("x -> m: max(axsi=1)", ("E204", "axsi")),
        ("missing -> m: max(axis=1)", ("E201", "missing")),
        ("max(missing, axis=1) -> relu", ("E201", "missing")),
        ("x -> max(axis=missing)", ("E201", "missing")),
        ("x -> m: sum(axis=1) -> reuse(n)", ("E208", "n")),
        ("2 -> m: max", ("E320", "max")),
        ("x.sqrt", ("E312", "sqrt")),
    ],
)
def test_mistakes_with_signs_and_functions(expression: str, expected: tuple[str, str]) -> None:
    assert faults(f"parameter p: float32[3, 4] = ones\n output z = p\n output y = {expression}") == [expected]


def test_what_layers_that_are_functions_too_are_called() -> None:
    """They take labels and are reused as layers are, and evaluated functions leave no trace."""
    body = """
        a = x -> peak: max(axis=1, keepdims=true) -> abs
        b = x * max(1, 2) -> reuse(peak)
        output y = a @ (b -> transpose([1, 0])) ** 2 -> sum(axis=1) -> sqrt
    """
    assert names(body) == ["peak", "abs", "mul", "max", "transpose", "pow", "matmul", "sum", "sqrt"]


def test_a_block_takes_either_for_a_function() -> None:
    head = "block widest(x, sizes: list) { return x -> max(axis=1) -> unsqueeze(axis=1) -> dense(max(sizes)) }"
    assert shape("output y = x -> widest([3, 5])", head=head) == "[N, 5]"


def test_names_of_arguments_are_checked_in_blocks_that_nothing_calls() -> None:
    head = "block idle(x) { return x -> max(axsi=1) }"
    assert faults("output y = x", head=head) == [("E204", "axsi")]


def test_functions_that_are_layers_are_no_attributes() -> None:
    (found,) = faults_of("model m { input x: float32[N, 2] output y = x.permute }")
    assert found.advice() == "layers are applied by an arrow: `x -> transpose`"


def test_a_number_is_one_constant() -> None:
    found = compiled("output y = (x * 2 + 2) * 2 - 2.5")
    assert [node.op.value.elements for node in found.graph.nodes() if isinstance(node.op, Constant)] == [(2,), (2.5,)]


# --- indexing ---------------------------------------------------------------------------------------------------------

CUBE = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("items", "key"),
    [
        ("0", np.s_[0]),
        ("-1", np.s_[-1]),
        (":, 0", np.s_[:, 0]),
        (":, -1", np.s_[:, -1]),
        (":, :, 0:2", np.s_[:, :, 0:2]),
        (":, 1:, -2:", np.s_[:, 1:, -2:]),
        (":, :-1", np.s_[:, :-1]),
        (":, 0, 3", np.s_[:, 0, 3]),
        ("1, 2, 3", np.s_[1, 2, 3]),
        (":", np.s_[:]),
        (":, k, k + 1", np.s_[:, 1, 2]),
        (":, 0:99", np.s_[:, 0:99]),
    ],
)
def test_indexing_is_that_of_numpy(items: str, key: Any) -> None:
    body = f"k = 1\n z = x * k\n output y = z[{items}]"
    found = run(body, {"x": CUBE}, image="float32[2, 3, 4]")
    assert np.array_equal(found, CUBE[key])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x[:, 0]", "[N, 4]"),
        ("x[0]", "[T, 4]"),
        ("x[:, 0:3]", "[N, 3, 4]"),
        ("x[:, 1:]", "[N, T - 1, 4]"),
        ("x[:, :, 0:2][:, -1]", "[N, 2]"),
        ("(x + 1)[:, 0]", "[N, 4]"),
        ("(x -> relu)[:, :, 0]", "[N, T]"),
    ],
)
def test_shapes_of_indexing(expression: str, expected: str) -> None:
    assert shape(f"output y = {expression}", image="float32[N, T, 4]") == expected


@pytest.mark.parametrize(
    ("expression", "code", "place"),
    [
        ("x[:, :, 4]", "E449", ":, :, 4"),
        ("x[:, :, -5]", "E449", ":, :, -5"),
        ("x[0, 0, 0, 0]", "E452", "0, 0, 0, 0"),
        ("x[:, :, 2:2]", "E450", ":, :, 2:2"),
        ("x[0.5]", "E311", "0.5"),
        ("x[N]", "E311", "N"),
        ("x[true]", "E311", "true"),
        ('x["a"]', "E311", '"a"'),
        ("x[x]", "E311", "x"),
    ],
)
def test_indices_that_do_not_fit(expression: str, code: str, place: str) -> None:
    assert faults(f"output y = {expression}", image="float32[N, T, 4]") == [(code, place)]


def test_channels() -> None:
    for image, expected in [("float32[N, 7]", 7), ("float32[N, 7, H, W]", 7), ("float32[N, 7, D, H, W]", 7)]:
        assert not faults("k: int = x.channels\n output y = x * k", image=image)
        assert names(f"output y = if x.channels == {expected} {{ x -> relu }} else {{ x }}", image=image) == ["relu"]
    for image in ("float32[N, 7, L]", "float32[N]", "float32[]"):
        assert faults("k = x.channels\n output y = x * k", image=image) == [("E313", "x.channels")]


# --- several results --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a, h, c = x -> lstm(8)\n output y = h + c", "[1, N, 8]"),
        ("_, h = x -> lstm(8)\n output y = h", "[1, N, 8]"),
        ("_, _, c = x -> lstm(8)\n output y = c", "[1, N, 8]"),
        ("a = x -> lstm(8)\n output y = a", "[N, T, 8]"),
        ("output y = x -> lstm(8) -> lstm(3)", "[N, T, 3]"),
        ("a, b = x -> split(2, axis=2)\n output y = concat(a, b, b, axis=2)", "[N, T, 6]"),
        ("_, b = x -> split([1, 3], axis=2)\n output y = b", "[N, T, 3]"),
        ("a, b = split(x, 2, axis=2)\n output y = a - b", "[N, T, 2]"),
    ],
)
def test_several_results(body: str, expected: str) -> None:
    assert shape(body, image="float32[N, T, 4]") == expected


# --- parameters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initializer", "values"),
    [
        ("zeros", [0, 0, 0]),
        ("constant(0.5)", [0.5] * 3),
        ("0.25", [0.25] * 3),
        ("2", [2] * 3),
        ("[1, 2, 3]", [1, 2, 3]),
        ("ROW", [4, 5, 6]),
        ("TENSOR", [7, 8, 9]),
    ],
)
def test_parameters(initializer: str, values: list[float]) -> None:
    head = "const ROW = [4, 5, 6]\nconst TENSOR: float32[3] = [7, 8, 9]"
    body = f"parameter gamma: float32[3] = {initializer}\n output y = x * gamma\n expect params == 3"
    feed = np.ones((1, 3), np.float32)
    assert run(body, {"x": feed}, head=head, image="float32[N, 3]").tolist() == [values]


def test_parameters_of_blocks_are_named_by_their_scope() -> None:
    head = """
    block scale(x, start: float = 1e-6) {
        parameter gamma: float32[x.channels] = constant(start)
        return x * gamma
    }
    """
    found = compiled("output y = x -> block1: scale -> scale(0.5) -> b: { scale }", head=head)
    assert weight_names(found) == ["block1.gamma", "scale.gamma", "b.gamma"]
    assert [node.name for node in found.graph.nodes() if isinstance(node.op, Parameter)] == weight_names(found)
    assert [str(weight.initializer) for weight in found.graph.weights()] == [
        "constant(1e-6)",
        "constant(0.5)",
        "constant(1e-6)",
    ]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("parameter p: float32[N] = zeros", ("E302", "float32[N]")),
        ("parameter p: int64[3] = [1, 2, 3]", ("E315", "int64[3]")),
        ("parameter p: float32 = zeros", ("E315", "float32")),
        ("parameter p: float32[3] = [1, 2]", ("E317", "[1, 2]")),
        ('parameter p: float32[3] = "a"', ("E307", '"a"')),
        ("parameter p: float32[3] = x", ("E307", "x")),
        ("parameter p: float32[3] = he_norml", ("E201", "he_norml")),
        ("parameter p: float32[3] = uniform", ("E303", "uniform")),
        ("parameter p: float32[3] = normal(std=-1)", ("E322", "normal(std=-1)")),
        ("parameter p: float16[3] = 1e6", ("E322", "1e6")),
        ("parameter p: float32[q] = zeros", ("E201", "q")),
        ("parameter x: float32[8] = zeros\n parameter p: float32[8] = zeros", ("E206", "x")),
        ("k = x -> p: dense(8)\n parameter p: float32[8] = zeros", ("E205", "p")),
    ],
)
def test_wrong_parameters(statement: str, expected: tuple[str, str]) -> None:
    assert faults(f"{statement}\n output y = x + p -> dense(3)") == [expected]


# --- literal weights --------------------------------------------------------------------------------------------------


def test_literal_weights() -> None:
    head = "const ROWS = [[1, 0, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0]]"
    for weight in ("ROWS", "[ROWS[0], ROWS[1]]", "TYPED"):
        typed = "\nconst TYPED: float32[2, 8] = [[1, 0, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0]]"
        found = run(f"output y = x -> dense(2, weight={weight}, bias=[0, 0.5])", {"x": X}, head=head + typed)
        assert np.allclose(found, X[:, :2] + [0, 0.5])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("weight=[[1]]", ("E317", "[[1]]")),
        ("weight=[[1, 2], [3]]", ("E317", "[3]")),
        ("weight=3", ("E301", "3")),
        ("weight=x", ("E301", "x")),
        ("bias=[1, 2, 3]", ("E317", "[1, 2, 3]")),
        ("bias=3", ("E301", "3")),
        ("bias=[1e39, 0]", ("E317", "[1e39, 0]")),
        ("wieght=[[1]]", ("E204", "wieght")),
        ("bias=false, bias_init=zeros", ("E301", "zeros")),
        ("weight=[[1]], weight=[[1]]", ("E305", "[[1]]")),
        ("init=he_norm", ("E201", "he_norm")),
        ("init=3", ("E301", "3")),
    ],
)
def test_wrong_literal_weights(arguments: str, expected: tuple[str, str]) -> None:
    assert faults(f"output y = x -> dense(2, {arguments})") == [expected]


# --- documentation comments -------------------------------------------------------------------------------------------

DOCUMENTED = """
## The whole model,
## on two lines.
model net {
    ## What comes in.
    input x: float32[N, 8]
    ## A scale.
    parameter gamma: float32[8] = ones   # not documentation
    h = x * gamma
        ## The first layer.
        -> fc1: dense(8)
        -> relu  ## behind the line: it belongs to what follows
        -> { ## In a group.
             fc2: dense(4) }
    ## What comes out.
    output y = h
}
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_documentation_comments_reach_the_onnx_file(line_end: str) -> None:
    found = compile_source(DOCUMENTED.replace("\n", line_end))
    docs = {node.name: node.doc for node in found.graph.nodes() if node.doc}
    assert found.graph.doc == "The whole model,\non two lines."
    assert docs["x"] == "What comes in."
    assert docs["fc1"] == "The first layer."
    assert docs["fc2"] == "In a group."
    assert docs["gamma"] == "A scale."
    assert found.graph.output_docs == {"y": "What comes out."}
    proto = onnx.load_from_string(found.to_bytes(optimize=False))
    assert proto.graph.doc_string == "The whole model,\non two lines."
    assert proto.graph.input[0].doc_string == "What comes in."
    assert proto.graph.output[0].doc_string == "What comes out."
    assert "The first layer." in {node.doc_string for node in proto.graph.node}


def test_documentation_of_blocks_groups_and_bindings_is_that_of_what_they_make() -> None:
    head = "block two(x) { return x -> dense(8) -> relu }"
    body = """
        ## A binding.
        a = x -> dense(8) -> tanh
        ## Several.
        b, c = a -> split(2)
        d = concat(b, c)
            ## A block.
            -> t: two
            ## A loop.
            -> repeat(2) { step }
            ## Again.
            -> reuse(t)
        ## Nothing new.
        e = d
        ## A number.
        k = 3
        output y = e -> dense(k)
    """
    docs = {node.name: node.doc for node in compiled(body, head=head).graph.nodes() if node.doc}
    assert docs == {
        "tanh": "A binding.",
        "split": "Several.",
        "t.relu": "A block.",
        "step_1": "A loop.",
        "two.relu": "Again.",
    }


@pytest.mark.parametrize("prefix", ["\ufeff", "\t", "# a comment\r\n", ""])
@pytest.mark.parametrize("suffix", ["", "\n", "\r\n\r\n", "  # end"])
def test_white_space_means_nothing(prefix: str, suffix: str) -> None:
    text = "model net { input x: float32[N, 8] output y = x -> dense(3)\r\n\t-> relu }"
    assert layer_names(compile_source(prefix + text + suffix)) == ["dense", "relu"]
