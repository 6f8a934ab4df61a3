"""Rules about what is left over in a text: names that nothing uses, statements without effect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dotnn import library
from dotnn.compiler import compile_source
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import CATALOGUE, DotnnError, Safety
from dotnn.compiler.diagnostics.explain import load_all
from dotnn.compiler.diagnostics.fixes import apply_fix
from dotnn.compiler.graph.graph_text import format_graph
from dotnn.compiler.lint.index import RULES
from dotnn.compiler.lint.retired import RETIRED

from tests.helpers.language import findings, model, write


def found(body: str, *codes: str, **parts: str) -> list[tuple[str, str]]:
    """What some rules find in `model(...)`: codes and places."""
    return [one for one in findings(model(body, **parts), *codes) if one[0] in codes]


# --- warnings that became rules ---------------------------------------------------------------------------------------


def test_codes_of_warnings_that_are_rules_are_gone() -> None:
    load_all()
    assert not RETIRED.keys() & CATALOGUE.keys()
    assert set(RETIRED.values()) <= RULES.keys()


def test_compiling_asks_no_rule() -> None:
    text = model("a = x -> relu\n output y = x -> r: lstm(4, dropout=0.5)", image="float32[N, T, 8]")
    assert compile_source(text).warnings == ()
    assert [code for code, _ in findings(text)] == ["L404", "L142"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = x -> relu", ["a"]),
        ("a, b = x -> split(2, axis=1)\n output z = b", ["a"]),
        ("_, b = x -> split(2, axis=1)\n output z = b", []),
        ("_a = x -> relu", []),
        ("parameter p: float32[8] = zeros", ["p"]),
        ("k = 3\n output z = x -> dense(k)", []),
        ("k = 3\n output z = x -> {k}: dense(2)", []),
        ("k = 3\n output z: float32[N, k] = x -> dense(3)", []),
        ("k = 3\n expect params == k - 3", []),
        ("k = 3\n output z = if x.rank == 2 { x } else { x -> dense(k) }", []),
        ("k = 3\n output z = x -> repeat(0) { dense(k) }", []),
        ("k = [3]\n output z = x -> for i in k { dense(i) }", []),
        ("output z = x -> for i in range(2) { relu }", ["i"]),
        ("output z = x -> for i, j in [[1, 2], [3, 4]] { dense(j) }", ["i"]),
        ("output z = x -> for _, j in [[1, 2], [3, 4]] { dense(j) }", []),
        ("k = 3\n output z = x -> l3: dense(3)\n freeze l{k}", []),
        ("k = 3\n output z = x -> l3: dense(8) -> reuse(l{k})", []),
        ("y1 = x\n expect y1.shape == [N, 8]", []),
    ],
)
def test_bindings_that_nothing_uses(body: str, expected: list[str]) -> None:
    assert found(f"output y = x\n {body}", "L404") == [("L404", place) for place in expected]


@pytest.mark.parametrize(
    ("body", "mended", "safety"),
    [
        ("k = 3\n", "", Safety.SAFE),
        ("k = [1, x.channels]\n", "", Safety.UNSAFE),
        ("a = x -> relu\n", "", Safety.UNSAFE),
        ("parameter p: float32[8] = zeros\n", "", Safety.UNSAFE),
        (
            "a, b = x -> split(2, axis=1)\n    output z = b\n",
            "_, b = x -> split(2, axis=1)\n    output z = b\n",
            Safety.SAFE,
        ),
        (
            "output z = x -> for i, j in [[1, 2]] { dense(j) }\n",
            "output z = x -> for _, j in [[1, 2]] { dense(j) }\n",
            Safety.SAFE,
        ),
    ],
)
def test_an_unused_binding_is_left_out(body: str, mended: str, safety: Safety) -> None:
    text, path = model(f"    output y = x\n    {body}"), Path("net.nn").resolve()
    (one,) = [one for one in check(path, text=text).diagnostics if one.code == "L404"]
    assert ("write `_`" in one.advice()) == ("_" in mended)
    fix = one.fix()
    assert fix is not None
    left = model("    output y = x" + (f"\n    {mended}" if mended else ""))
    assert (apply_fix(text, fix), fix.safety) == (left, safety)


@pytest.mark.parametrize("line", ["output z = x -> reuse(fc)", "output z = x\n freeze fc"])
def test_a_binding_whose_layers_are_named_elsewhere_is_not_left_out(line: str) -> None:
    text = model(f"a = x -> fc: dense(8)\n k = 3\n output y = x\n {line}")
    fixes = {vars(one).get("name"): one.fix() for one in check(Path("net.nn").resolve(), text=text).diagnostics}
    assert fixes["a"] is None
    assert fixes["k"] is not None


def test_unused_names_are_not_reported_beside_errors() -> None:
    assert findings(model("wdth = 3\n output y = x -> dense(width)")) == [("E201", "width")]


def test_every_scope_has_its_own_unused_names() -> None:
    text = """block f(x) {
    a = x -> relu
    return x
}
block g(x) {
    a = x -> relu
    return f(a)
}
"""
    assert findings(text) == [("L404", "a")]


def test_what_stands_behind_a_return() -> None:
    """What it uses was meant to be used, and it is told once."""
    text = "block f(x) {\n    a = x -> relu\n    return x\n    y = a -> dense(3)\n    z = y\n}\n"
    assert findings(text) == [("L405", "y = a -> dense(3)")]


@pytest.mark.parametrize("path", ["act", "n.running_var", "p", "n.running_mean", "n.again"])
def test_freezing_what_learns_nothing(path: str) -> None:
    body = "output y = x -> a: dense(8) -> act: relu -> n: batch_norm -> p: { relu -> tanh } -> n.again: reuse(act)"
    assert found(f"{body}\n freeze a, {path}", "L140") == [("L140", path)]


@pytest.mark.parametrize("path", ["a", "n", "a.dense.bias", "p", "again", "b"])
def test_freezing_what_learns_something(path: str) -> None:
    body = "parameter p: float32[8] = zeros\n z = x * p -> a: { dense(8) -> relu } -> b: batch_norm -> again: reuse(a)"
    assert found(f"{body}\n output y = z -> n: layer_norm\n freeze {path}", "L140") == []


@pytest.mark.parametrize(
    ("image", "stage", "is_found"),
    [
        ("float32[N, 3, 1, 1]", "instance_norm", True),
        ("float32[N, 3, 1, 2]", "instance_norm", False),
        ("float32[N, 3, H]", "instance_norm", False),
        ("float32[N, 3]", "group_norm(3)", True),
        ("float32[N, 6]", "group_norm(3)", False),
        ("float32[N, 3, 1, 4]", "group_norm(3)", False),
        ("float32[N, 4, 1]", "layer_norm", True),
        ("float32[1, 4, 1]", "layer_norm(axis=[0, 2])", True),
        ("float32[N, 4, 1]", "layer_norm(axis=[1, 2])", False),
        ("float32[N, 4, 1]", "rms_norm", False),
    ],
)
def test_nothing_to_normalize(image: str, stage: str, is_found: bool) -> None:
    assert found(f"output y = x -> {stage}", "L141", image=image) == [("L141", stage)] * is_found


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize(
    ("arguments", "is_found"),
    [("dropout=0.5", True), ("dropout=0.5, layers=2", False), ("dropout=0", False), ("layers=2", False)],
)
def test_dropout_without_stacked_layers(kind: str, arguments: str, is_found: bool) -> None:
    """As PyTorch warns of it; in a block, and reused, once."""
    head = f"block cell(x) {{ return x -> r: {kind}(4, {arguments}) }}"
    body = "output y = x -> c: cell -> d: cell -> reuse(c)"
    assert found(body, "L142", head=head, image="float32[N, T, 4]") == [("L142", "0.5")] * is_found


# --- suppression ------------------------------------------------------------------------------------------------------

GUARDED = """model net(k: int = 8) {
    input x: float32[N, 8]
    output y = x -> dense(k)
    expect y.shape == [N, 8]  # dotnn: ignore[W701]
}
"""


def codes_of(text: str, **options: object) -> list[str]:
    """The codes of all that is said of a text."""
    return [one.code for one in check(Path("net.nn").resolve(), text=text, **options).diagnostics]  # pyright: ignore[reportArgumentType]


def test_warnings_of_the_compiler_are_suppressed_and_ignored_as_rules_are() -> None:
    plain = GUARDED.replace("  # dotnn: ignore[W701]", "")
    assert codes_of(plain, arguments={"k": 4}) == ["W701"]
    assert codes_of(plain, arguments={"k": 4}, ignore=["W7"]) == []
    assert codes_of(GUARDED, arguments={"k": 4}) == []
    assert codes_of(GUARDED) == ["L401"]
    assert codes_of(GUARDED, ignore=["W701"]) == []


def test_errors_are_not_suppressed() -> None:
    assert codes_of(GUARDED.replace("[N, 8]  # dotnn: ignore[W701]", "[N, 9]  # dotnn: ignore[E701]")) == ["E701"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("W201", "that warning is the rule `L404` now: write this code, or remove it"),
        ("E701", "errors cannot be suppressed; remove it, or the code from its list"),
        ("L102", "remove it, or the code from its list"),
    ],
)
def test_a_suppression_without_effect_says_why(code: str, advice: str) -> None:
    (one,) = check(Path("net.nn").resolve(), text=GUARDED.replace("W701", code)).diagnostics
    assert one.advice() == advice


def test_comments_of_imported_files_count_there(tmp_path: Path) -> None:
    comment = "  # dotnn: ignore[L101]"
    block = f"block twice(x) {{\n    return x -> relu -> relu{comment}\n}}\n"
    net = 'import twice from "twice.nn"\n' + model("output y = x -> twice")
    path = write(tmp_path, {"net.nn": net, "twice.nn": block})
    assert check(path).diagnostics == ()
    write(tmp_path, {"twice.nn": block.replace(comment, "")})
    assert [one.code for one in check(path).diagnostics] == ["L101"]


# --- arguments and inputs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("block f(x, k: int) { return x -> relu }", ["k"]),
        ("block f(x, _k: int) { return x -> relu }", []),
        ("block f(x, k: int) { expect k > 0\n return x -> relu }", []),
        ("block f(x, k: int, j: int = k) { return x -> dense(j) }", []),
        ("block f(x: float32[B, k], k: int) { return x -> relu }", []),
        ("block f(x, k: int) { return x -> l{k}: dense(3) }", []),
        ("block f(x, k: int) { return x -> repeat(0) { dense(k) } }", []),
        ("block f(x, k: int) { return x -> relu\n y = x -> dense(k) }", []),
        ("block f(x, y) { return x -> relu }", ["y"]),
        # What the one does with its argument says nothing of the other's; and a call by name is no use.
        ("block f(x, k: int) { return x -> g(k=k) }\nblock g(x, k: int) { return x -> relu }", ["k"]),
    ],
)
def test_arguments_that_nothing_uses(head: str, expected: list[str]) -> None:
    codes = [one for one in findings(head) if one[0] == "L406"]
    assert codes == [("L406", place) for place in expected]


def test_arguments_of_models() -> None:
    body = "output y = x -> relu"
    assert found(body, "L406", arguments="k: int = 3") == [("L406", "k")]
    assert found(f"{body}\n expect y.rank < k", "L406", arguments="k: int = 3") == []


def test_an_argument_of_an_imported_block_is_told_where_it_is_written(tmp_path: Path) -> None:
    block = "block f(x, k: int) {\n    return x -> relu\n}\n"
    net = 'import f from "f.nn"\n' + model("output y = x -> f(k=3)")
    path = write(tmp_path, {"net.nn": net, "f.nn": block})
    assert check(path).diagnostics == ()
    assert [one.code for one in check(tmp_path / "f.nn").diagnostics] == ["L406"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("input z: float32[M]\n output y = x", ["z"]),
        ("input _z: float32[M]\n output y = x", []),
        ("input z: float32[N, 8]\n output y = x + z", []),
        ("input z: float32[N, 8]\n output y = x\n output w = z", []),
        ("input z: float32[N, 8]\n output y = x -> dense(z.channels)", ["z"]),
        ("input z: float32[N, 8]\n output y = x\n expect z.shape == x.shape", ["z"]),
        # It tells how large the result is, and nothing else does.
        ("input z: float32[M]\n output y = x -> unsqueeze(axis=1) -> expand([N, M, 8])", []),
        ("input z: float32[M]\n output y = x -> unsqueeze(axis=1) -> expand([N, z.shape[0], 8])", ["z"]),
        ("input z: float32[M]\n input w: float32[M]\n output y = x\n output v = w -> expand([M])", ["z"]),
        # Another branch reads it.
        ("input z: float32[N, 8]\n output y = if x.rank == 2 { x } else { z }", []),
    ],
)
def test_inputs_that_no_layer_reads(body: str, expected: list[str]) -> None:
    assert found(body, "L404", "L407") == [("L407", place) for place in expected]


def test_an_input_may_tell_a_size_to_a_block() -> None:
    head = "block f(x) { return x -> unsqueeze(axis=1) -> expand([N, M, 8]) }"
    assert found("input z: float32[M]\n output y = x -> f", "L407", head=head) == []
    assert found("input z: float32[K]\n input w: float32[M]\n output y = x -> f", "L407", head=head) == [("L407", "z")]


def test_inputs_of_several_models_are_told_apart() -> None:
    used, unused = model("output y = x"), model("input w: float32[N]\n output y = w").replace("net", "other")
    assert findings(used + unused) == [("L407", "x")]


# --- layers that reach no output --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = x -> dense(3) -> relu\n expect a.shape == [N, 3]\n output y = x", ["a"]),
        ("a = x -> dense(3)\n b = a -> relu\n expect b.shape == [N, 3]\n output y = x", ["b"]),
        ("a = x -> dense(3)\n output y = x -> dense(a.channels)", ["a"]),
        ("a, b = x -> split(2, axis=1)\n expect b.rank == a.rank\n output y = x", ["a"]),
        ("a, b = x -> split(2, axis=1)\n expect b.rank == 2\n output y = a", []),
        ("a = x\n expect a.rank == 2\n output y = x", []),
        ("k = 3\n expect k == 3\n output y = x", []),
        # The weights are those of a layer that does.
        ("a = x -> fc: dense(8)\n expect a.rank == 2\n output y = x -> reuse(fc)", []),
        # What nothing uses has a rule of its own, and what it reads is not told again.
        ("a = x -> dense(3)\n b = a -> relu\n output y = x", []),
        # Another branch reads it.
        ("a = x -> dense(8)\n output y = if x.rank == 2 { x } else { a }", []),
    ],
)
def test_layers_that_reach_no_output(body: str, expected: list[str]) -> None:
    assert found(body, "L408") == [("L408", place) for place in expected]


def test_layers_of_a_block_are_told_in_the_block_once() -> None:
    head = "block f(x) {\n    a = x -> dense(3) -> relu\n    expect a.rank == 2\n    return x\n}"
    text = model("output y = x -> f -> f", head=head)
    (one,) = check(Path("net.nn").resolve(), text=text).diagnostics
    assert (one.code, one.caret()) == ("L408", "4 layers are computed for nothing")


def test_a_call_of_a_block_counts_what_is_in_it() -> None:
    text = model("a = x -> f\n expect a.rank == 2\n output y = x", head="block f(x) { return x -> dense(3) -> relu }")
    (one,) = check(Path("net.nn").resolve(), text=text).diagnostics
    assert (one.code, one.caret()) == ("L408", "2 layers are computed for nothing")


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("WIDTH = 4\n output y = x -> dense(WIDTH)", ["WIDTH"]),
        ("output y = x -> for WIDTH in [1, 2] { dense(WIDTH) }", ["WIDTH"]),
        ("zeros = 4\n output y = x -> dense(zeros)", []),
        ("zeros = x -> relu\n output y = zeros\n output w = x -> dense(3, init=ones, bias_init=zeros(1))", []),
        ("ones = 4\n parameter p: float32[8] = zeros\n output y = x * p -> dense(ones)", []),
        ("dropout = 0.5\n output y = x -> dropout(dropout)", []),
    ],
)
def test_names_that_hide_others(body: str, expected: list[str]) -> None:
    assert found(body, "L409", head="const WIDTH = 8") == [("L409", place) for place in expected]


def test_an_initializer_is_hidden_where_the_file_uses_it() -> None:
    head = "block f(x, ones: int) {\n    return x -> dense(ones)\n}"
    body = "output y = x -> f(3)"
    assert found(body, "L409", head=head) == []
    assert found(f"{body} -> dense(3, init=ones)", "L409", head=head) == [("L409", "ones")]


def test_a_hidden_const_is_shown_where_it_is_written(tmp_path: Path) -> None:
    net = 'import WIDTH from "sizes.nn"\n' + model("output y = x -> dense(WIDTH)", arguments="WIDTH: int = 3")
    path = write(tmp_path, {"net.nn": net, "sizes.nn": "const WIDTH = 8\n"})
    (hidden,) = [one for one in check(path).diagnostics if one.code == "L409"]
    assert [label.span.source.path for label in hidden.labels()] == [tmp_path / "sizes.nn"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("relu = x -> relu\n output y = relu", ["relu"]),
        ("max = 3\n output y = x -> dense(max)", ["max"]),
        ("f = x -> f\n output y = f", ["f"]),
        ("output y = x -> relu: relu", []),
    ],
)
def test_values_named_like_what_is_called(body: str, expected: list[str]) -> None:
    assert found(body, "L414", head="block f(x) { return x -> relu }") == [("L414", place) for place in expected]


SNAKES = "\n".join(f"a_{i} = x -> b_{i}: dense(8)" for i in range(5))
SUM = " + ".join(f"a_{i}" for i in range(5))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("output y = x -> lastLayer: relu", [("lastLayer", "last_layer")]),
        ("output y = x -> block1.LastLayer: relu", [("LastLayer", "last_layer")]),
        ("output y = x -> Conv2d_1a: relu", [("Conv2d_1a", "conv2d_1a")]),
        ("output y = x -> block{1}Last: relu", []),
        ("output y = x -> relu1: relu", []),
        ("output y = x -> B: relu", []),
        ("output lastLayer = x", [("lastLayer", "last_layer")]),
        ("lastLayer = x\n otherLayer = lastLayer\n output y = otherLayer", []),
    ],
)
def test_names_against_the_convention(body: str, expected: list[tuple[str, str]]) -> None:
    text = model(f"{SNAKES}\n output z = {SUM}\n{body}")
    hints = [one for one in check(Path("net.nn").resolve(), text=text).diagnostics if one.code == "L413"]
    assert [(vars(one)["name"], vars(one)["wanted"]) for one in hints] == expected


def test_five_names_make_a_convention() -> None:
    text = model(
        "\n".join(f"b_{i} = x" for i in range(4)) + "\n lastLayer = b_0 + b_1 + b_2 + b_3\n output y = lastLayer"
    )
    assert [code for code, _ in findings(text)] == []


@pytest.mark.parametrize(
    ("style", "usual", "odd", "wanted"),
    [
        ("camelCase", "aValue{i}", "last_layer", "lastLayer"),
        ("PascalCase", "AValue{i}", "last_layer", "LastLayer"),
        ("PascalCase", "AValue{i}", "HTTPLayer_2", "HttpLayer2"),
    ],
)
def test_conventions_other_than_snake_case(style: str, usual: str, odd: str, wanted: str) -> None:
    names = [usual.replace("{i}", letter) for letter in ("One", "Two", "Three", "Four", "Five")]
    body = "\n".join(f"{name} = x" for name in names) + f"\n {odd} = {' + '.join(names)}\n output y = {odd}"
    (hint,) = check(Path("net.nn").resolve(), text=model(body)).diagnostics
    assert (hint.code, hint.advice()) == ("L413", f"write `{wanted}`")
    assert style in hint.headline()


# --- expectations and duplicates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model m { input x: float32[N, 4] output y = x -> dense(2) }", "-> dense(2) expect params == 10 }"),
        (
            "model m {\n    input x: float32[N, 4]\n    output y = x -> dense(500)  # done\n\n}\n",
            "# done\n\n    expect params == 2_500\n}\n",
        ),
        ("model m {\r\n  input x: float32[N]\r\n  output y = x\r\n}", "= x\r\n    expect params == 0\r\n}"),
    ],
)
def test_the_count_of_parameters_is_written(text: str, expected: str) -> None:
    path = Path("net.nn").resolve()
    (hint,) = check(path, text=text, select=["L410"], ignore=["L1"]).diagnostics
    fix = hint.fix()
    assert fix is not None
    mended = apply_fix(text, fix)
    assert mended.endswith(expected)
    assert check(path, text=mended, select=["L410"], ignore=["L1"]).diagnostics == ()
    assert format_graph(compile_source(text).graph) == format_graph(compile_source(mended).graph)


def test_a_count_is_asked_of_the_default_arguments_and_of_every_model() -> None:
    text = model("output y = x -> dense(k)", arguments="k: int = 3")
    expecting = text.replace("net", "other").replace("}", "    expect params <= 30\n}")
    path = Path("net.nn").resolve()
    assert [one.code for one in check(path, text=text + expecting, select=["L410"]).diagnostics] == ["L410"]
    assert check(path, text=text, select=["L410"], arguments={"k": 4}).diagnostics == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a = x -> relu\n b = x -> relu\n output y = a + b", ["relu"]),
        ("a = x -> relu -> tanh\n b = x -> relu -> tanh\n output y = a + b", ["tanh"]),
        ("a = x -> relu -> tanh\n b = x -> relu -> sigmoid\n output y = a + b", ["relu"]),
        ("a = x -> relu -> tanh\n b = x -> relu -> tanh -> exp\n output y = a + b", ["tanh"]),
        ("output a = x -> relu\n output b = x -> relu", ["relu"]),
        ("a = x * 2 + 1\n b = x * 2 + 1\n output y = a / b", ["x * 2 + 1"]),
        ("a = x * 2\n b = x * 3\n output y = a / b", []),
        ("a = x -> dense(3)\n b = x -> dense(3)\n output y = a + b", []),
        ("a = x -> dropout(0.5)\n b = x -> dropout(0.5)\n output y = a + b", []),
        ("a = x[:, 0]\n b = x[:, 0]\n output y = a + b", []),
        ("a = x -> f\n b = x -> f\n output y = a + b", []),
        ("a = x -> relu\n b = x -> g\n output y = a + b", []),
        ("output y = x -> repeat(2) { relu }", []),
    ],
)
def test_what_is_computed_twice(body: str, expected: list[str]) -> None:
    """In one body: what two calls of blocks have in common is nobody's to write once."""
    head = "block f(x) { return x -> relu }\nblock g(x) { return x -> relu }"
    assert found(body, "L411", head=head) == [("L411", place) for place in expected]


def test_a_block_that_computes_twice_is_told_once() -> None:
    head = "block f(x) {\n    a = x -> relu\n    b = x -> relu\n    return a * b\n}"
    assert found("output y = x -> f -> f", "L411", head=head) == [("L411", "relu")]


# --- labels and files of weights --------------------------------------------------------------------------------------

LABELLED = """block unit(x, width: int) {
    return x -> conv: conv2d(width, kernel=3) -> bn: batch_norm -> relu
}
model net {
    input image: float32[N, 3, 8, 8]
    output y = image -> stem: unit(4) -> tail: unit(8) -> flatten -> fc: dense(2)
}
"""
NAMES = [weight.name for weight in compile_source(LABELLED).weights]


def unmatched(folder: Path, names: list[str], text: str = LABELLED) -> list[tuple[str, str]]:
    """What a check says of a text beside a file with tensors of some names: the places and the advice."""
    path = folder / "weights.npz"
    np.savez(path, **{name: np.zeros(1, np.float32) for name in names})
    report = check(Path("net.nn").resolve(), text=text, weights=path, ignore=["L1", "L2"])
    assert {one.code for one in report.diagnostics} <= {"L412"}
    return [(one.span.text if one.span is not None else "", one.headline()) for one in report.diagnostics]


@pytest.mark.parametrize(
    ("before", "after", "place", "name"),
    [
        ("fc.", "head.", "fc", "fc"),
        ("stem.", "steam.", "unit(4)", "stem"),
        ("tail.conv.", "tail.conf.", "conv", "tail.conv"),
        ("tail.bn.bias", "tail.bn.beta", "bn", "tail.bn.bias"),
        ("", "module.", "", ""),
    ],
)
def test_labels_that_a_file_of_weights_lacks(tmp_path: Path, before: str, after: str, place: str, name: str) -> None:
    names = [after + one.removeprefix(before) if one.startswith(before) else one for one in NAMES]
    path = tmp_path / "weights.npz"
    expected = [(place, f"no tensor of `{path}` belongs to `{name}`")] if name else []
    assert unmatched(tmp_path, names) == expected


def test_a_near_name_in_the_file_is_offered(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, **{name.replace("stem", "steam"): np.zeros(1) for name in NAMES})
    (one,) = check(Path("net.nn").resolve(), text=LABELLED, weights=path, ignore=["L1", "L2"]).diagnostics
    assert one.advice().startswith("did you mean `steam`? call it what the file does; ")


def test_numbers_of_the_text_and_shared_weights_need_no_tensors(tmp_path: Path) -> None:
    body = "a = x -> fc: dense(2, weight=[[1], [2]]) -> half: relu\n output y = x -> reuse(fc) -> again: reuse(half)"
    assert unmatched(tmp_path, ["fc.bias"], model(body, image="float32[N, 1]").replace("a =", "output a =")) == []


def test_what_is_wrong_with_the_file_of_weights_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DotnnError) as caught:
        check(Path("net.nn").resolve(), text=LABELLED, weights=tmp_path / "none.npz")
    assert [one.code for one in caught.value.diagnostics] == ["E802"]


def test_a_file_of_keras_is_matched_otherwise(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "net.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 3), np.float32)
    report = check(Path("net.nn").resolve(), text=LABELLED, weights=path, ignore=["L1", "L2"])
    assert [(one.code, one.span) for one in report.diagnostics] == [("L412", None)]


# --- large and deep texts ---------------------------------------------------------------------------------------------


def test_long_chains_and_deep_values_are_walked_without_deep_calls() -> None:
    deep = "min(" * 90 + "N" + ", 1)" * 90
    lists = "[" * 90 + "1" + "]" * 90
    text = f"""block f(x) {{
    return x
    y = {lists}
}}
model net {{
    input x: float32[N, {deep}]
    a = x -> repeat(5_000) {{ tanh }}
    b = x -> repeat(5_000) {{ tanh }}
    c = a * b -> repeat(5_000) {{ tanh }}
    k = {lists}
    expect c.rank == 2
    expect {lists} == {lists} and {deep} >= 0
    output y = x -> f
}}
"""
    found = [one for one in findings(text, "L4") if not one[0].startswith("L1")]
    expected = [("L410", "net"), ("L411", "tanh"), ("L408", "c"), ("L404", "k")]
    assert found == [("L405", f"y = {lists}"), *expected]


# --- files that are as they should be ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", library.library_files())
def test_nothing_is_left_over_in_the_library(name: str) -> None:
    assert check(library.library_files()[name]).diagnostics == ()
