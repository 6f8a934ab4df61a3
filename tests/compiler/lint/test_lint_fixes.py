"""The fixes of the rules: what is left looks hand-written, compiles, and no longer has the finding."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest
from dotnn.compiler.checking import Checked, check, examine
from dotnn.compiler.diagnostics import Diagnostic, Safety
from dotnn.compiler.fixing import fix_files


def net(body: str) -> str:
    """A model of an image and a vector with these statements."""
    inputs = "input image: float32[N, 3, 8, 8]\ninput x: float32[N, 8]\n"
    return f"model net {{\n{indent(inputs + body, '    ')}}}\n"


def found(code: str, text: str) -> list[Diagnostic]:
    """What a rule finds in a text."""
    return [one for one in check(Path("net.nn").resolve(), text=text).diagnostics if one.code == code]


def mended(text: str, *, unsafe: bool = True) -> tuple[str, Checked]:
    """A text with its fixes, and what is said of it then."""

    def look(name: str, data: bytes | None, contents: object) -> Checked:
        return examine(name, text.encode() if data is None else data)

    fixes = fix_files(["net.nn"], look, unsafe=unsafe)
    after = fixes.checked["net.nn"]
    assert after.source is not None
    return after.source.text, after


#: For each code statements with a finding, and without it.
STATEMENTS = [
    ("L101", "output y = x -> dense(8) -> relu -> relu -> dense(2)", "output y = x -> dense(8) -> relu -> dense(2)"),
    ("L101", "output y = x -> dense(8) -> relu -> b: relu", "output y = x -> dense(8) -> relu"),
    (
        "L101",
        "output y = x\n    -> dense(8)  # a\n    -> relu  # b\n    -> relu  # c\n    -> dense(2)  # d",
        "output y = x\n    -> dense(8)  # a\n    -> relu  # b\n    -> dense(2)  # d",
    ),
    (
        "L101",
        "output y = x ->\n    dense(8) -> relu ->\n    relu -> dense(2)",
        "output y = x ->\n    dense(8) -> relu -> dense(2)",
    ),
    (
        "L101",
        "output y = x -> relu -> dropout(0.1) -> relu -> dense(2)",
        "output y = x -> relu -> dropout(0.1) -> dense(2)",
    ),
    (
        "L103",
        "output y = image -> conv2d(4, kernel=3) -> batch_norm -> relu",
        "output y = image -> conv2d(4, kernel=3, bias=false) -> batch_norm -> relu",
    ),
    (
        "L103",
        "output y = image -> conv2d(4, bias=true, bias_init=ones, kernel=3) -> batch_norm -> relu",
        "output y = image -> conv2d(4, bias=false, kernel=3) -> batch_norm -> relu",
    ),
    (
        "L103",
        "output y = image\n    -> conv2d(\n        4,\n        kernel=3,  # small\n    )\n    -> batch_norm",
        "output y = image\n    -> conv2d(\n        4,\n        kernel=3,  # small\n        bias=false,\n    )\n"
        "    -> batch_norm",
    ),
    (
        "L103",
        "output y = image\n    -> conv2d(\n        4,\n        kernel=3  # small\n    )\n    -> batch_norm",
        "output y = image\n    -> conv2d(\n        4,\n        kernel=3,  # small\n        bias=false\n    )\n"
        "    -> batch_norm",
    ),
    (
        "L103",
        "output y = image\n    -> conv2d(\n        4,\n        kernel=3)\n    -> batch_norm",
        "output y = image\n    -> conv2d(\n        4,\n        kernel=3,\n        bias=false)\n    -> batch_norm",
    ),
    ("L103", "output y = x -> dense(4,) -> batch_norm", "output y = x -> dense(4, bias=false,) -> batch_norm"),
    (
        "L105",
        "output y = x -> dense(4, bias=false) -> dropout(0.5) -> n: batch_norm -> relu -> dense(2)",
        "output y = x -> dense(4, bias=false) -> n: batch_norm -> dropout(0.5) -> relu -> dense(2)",
    ),
    ("L106", "output y = x -> dense(4) -> dropout(0.5)", "output y = x -> dropout(0.5) -> dense(4)"),
    (
        "L106",
        "output y = x\n    -> head: dense(4)  # scores\n    -> d: dropout(0.5)",
        "output y = x\n    -> d: dropout(0.5)  # scores\n    -> head: dense(4)",
    ),
    ("L108", "output y = x -> dense(1) -> p: softmax", "output y = x -> dense(1) -> p: sigmoid"),
    ("L108", "output y = x -> dense(1) -> softmax(axis=-1)", "output y = x -> dense(1) -> sigmoid"),
    ("L108", "output y = softmax(x -> dense(1))", "output y = sigmoid(x -> dense(1))"),
    ("L205", "output y = image -> conv2d(4, kernel=3) -> max_pool2d(1)", "output y = image -> conv2d(4, kernel=3)"),
    ("L401", "output y = x -> dense(2)  # dotnn: ignore[L101] why", "output y = x -> dense(2)"),
    ("L401", "# dotnn: ignore[L101]\noutput y = x -> dense(2)", "output y = x -> dense(2)"),
    ("L401", "output y = x -> dense(2)  # two, dotnn: ignore[L101, L102]", "output y = x -> dense(2)  # two"),
    (
        "L401",
        "output y = x -> dense(1) -> softmax(axis=0 + 1)  # dotnn: ignore[L101, L108, L102]",
        "output y = x -> dense(1) -> softmax(axis=0 + 1)  # dotnn: ignore[L108]",
    ),
    ("L404", "k = [1, 2]\noutput y = x -> dense(2)", "output y = x -> dense(2)"),
    ("L404", "output y = x -> dense(2)\n\n# a\nk = 3", "output y = x -> dense(2)"),
    ("L404", "a = x -> relu\nb = a -> tanh\nc = b -> relu\noutput y = x -> dense(2)", "output y = x -> dense(2)"),
    ("L404", "a, b = x -> split(2, axis=1)\noutput y = b", "_, b = x -> split(2, axis=1)\noutput y = b"),
    ("L404", "parameter p: float32[3] = ones\noutput y = x -> dense(2)", "output y = x -> dense(2)"),
]


@pytest.mark.parametrize(("code", "bad", "good"), STATEMENTS)
def test_a_fix_writes_what_a_hand_would(code: str, bad: str, good: str) -> None:
    used = "output rest = x\noutput other = image\n"
    before, expected = net(f"{used}{bad}\n"), net(f"{used}{good}\n")
    findings = found(code, before)
    assert findings
    assert all(one.fix() is not None for one in findings)
    text, after = mended(before)
    assert text == expected
    assert code not in [one.code for one in after.report.diagnostics]
    assert not after.report.has_errors


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_are_those_of_the_file(ends: str) -> None:
    (before, after) = next((bad, good) for code, bad, good in STATEMENTS if code == "L103" and "kernel=3)\n" in bad)
    text, expected = (net(f"output rest = x\n{one}\n").replace("\n", ends) for one in (before, after))
    assert mended(text)[0] == expected


#: Statements whose finding has no fix: nobody knows what is meant, or it would not be right everywhere.
WITHOUT = [
    ("L101", "output y = x -> dense(8) -> relu -> tanh"),
    ("L101", "output y = relu(relu(x))"),
    ("L104", "output y = x -> dense(8) -> sigmoid -> softmax"),
    ("L103", "a = image -> c: conv2d(3, kernel=1) -> batch_norm -> reuse(c)\noutput y = a"),
    ("L106", "output y = x -> dense(4) -> relu -> dropout(0.5)"),
    ("L404", "a = x -> l: relu\noutput y = x -> reuse(l)"),
]


@pytest.mark.parametrize(("code", "body"), WITHOUT)
def test_where_nobody_knows_what_to_write_there_is_no_fix(code: str, body: str) -> None:
    findings = found(code, net(f"output rest = x\noutput other = image\n{body}\n"))
    assert findings
    assert all(one.fix() is None for one in findings)


#: Blocks that two models, or two calls, use: the finding is in one of them only.
SHARED = """block head(x, classes: int) {
    return x -> dense(classes) -> softmax
}
model one {
    input x: float32[N, 8]
    output y = x -> head(1)
}
model other {
    input x: float32[N, 8]
    output y = x -> head(%s)
}
"""


def test_a_fix_in_a_block_is_right_for_all_who_use_it() -> None:
    (always,) = found("L108", SHARED % 1)
    assert always.fix() is not None
    (once,) = found("L108", SHARED % 10)
    assert once.fix() is None
    assert mended(SHARED % 1)[0] == (SHARED % 1).replace("softmax", "sigmoid")
    assert mended(SHARED % 10)[0] == SHARED % 10


DEFINITIONS = """# What this file is for.

import vgg_features, vgg_classifier from "dotnn/vgg"
# Sizes.
const A = 3
const B = A
const C = 10

## What nobody calls.
# More of it.
block foo(x) {
    return x -> bar
}

# About bar.
block bar(x) { return x -> dense(B) }  # tail


# About the net.
model net {
    input x: float32[N, 4]
    output y = x -> dense(C)
}

const D = 9  # last
"""
WITHOUT_UNUSED = """# What this file is for.

# Sizes.
const C = 10


# About the net.
model net {
    input x: float32[N, 4]
    output y = x -> dense(C)
}
"""


def test_what_is_unused_goes_with_what_only_it_uses() -> None:
    names = [one.span.text for one in found("L402", DEFINITIONS) if one.span is not None]
    assert names == ["vgg_features", "vgg_classifier", "A", "B", "foo", "bar", "D"]
    text, after = mended(DEFINITIONS, unsafe=False)
    assert text == WITHOUT_UNUSED
    assert not after.report.diagnostics


def test_what_is_left_unused_on_purpose_keeps_what_it_uses() -> None:
    text = DEFINITIONS.replace("block foo(x) {", "block foo(x) {  # dotnn: ignore[L402]")
    names = [one.span.text for one in found("L402", text) if one.span is not None]
    assert names == ["vgg_features", "vgg_classifier", "D"]
    assert not found("L401", text)


@pytest.mark.parametrize(
    ("unused", "left"),
    [("a", "b, c"), ("b", "a, c"), ("c", "a, b"), ("ab", "c"), ("bc", "a"), ("ac", "b"), ("", "a, b, c")],
)
def test_only_the_unused_names_of_an_import_go(tmp_path: Path, unused: str, left: str) -> None:
    (tmp_path / "other.nn").write_text("".join(f"const {name} = 2\n" for name in "abc"))
    used = " + ".join(name for name in "abc" if name not in unused)
    text = 'import a, b, c from "other.nn"\n' + net(f"output other = image\noutput y = x -> dense({used})\n")
    path = tmp_path / "net.nn"
    path.write_text(text)
    after = fix_files([str(path)], examine).checked[str(path)]
    assert after.source is not None
    assert after.source.text == text.replace("a, b, c", left)
    assert not after.report.diagnostics


def test_what_changes_a_network_is_never_safe() -> None:
    for code, bad, _ in STATEMENTS:
        for one in found(code, net(f"output rest = x\noutput other = image\n{bad}\n")):
            fix = one.fix()
            assert fix is not None
            assert (fix.safety is Safety.SAFE) <= (code in ("L401", "L402", "L404"))
