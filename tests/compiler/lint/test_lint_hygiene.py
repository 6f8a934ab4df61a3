"""Rules about what is left over in a text: names that nothing uses, statements without effect."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotnn import library
from dotnn.compiler import compile_source
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import CATALOGUE
from dotnn.compiler.diagnostics.explain import load_all
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


# --- files that are as they should be ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", library.library_files())
def test_nothing_is_left_over_in_the_library(name: str) -> None:
    assert check(library.library_files()[name]).diagnostics == ()
