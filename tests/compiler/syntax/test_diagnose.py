"""What is said of mistakes, where, and what is kept of a file that has some."""

from __future__ import annotations

import pytest
from dotnn.compiler.diagnostics import CATALOGUE
from dotnn.compiler.diagnostics.explain import load_all
from dotnn.compiler.diagnostics.fixes import apply_fix
from dotnn.compiler.syntax import tree

from tests.helpers.fixing import assert_mends, listed
from tests.helpers.golden import assert_golden
from tests.helpers.trees import items_of, parsed

# --- mistakes --------------------------------------------------------------------------------------------------------

#: A statement of a block, the code of its mistake, where in it that is, and words that must be said.
STATEMENTS: list[tuple[str, str, tuple[int, int], list[str]]] = [
    ("y = x\n    conv2d(32) -> relu", "E111", (2, 5), ["`->` seems to be missing before `conv2d`", "`-> conv2d`"]),
    ("y = x -> conv2d(32) relu\n    z = y", "E111", (1, 21), ["missing before `relu`"]),
    ("return x -> f + y", "E114", (1, 15), ["`+` cannot follow a stage", "(x -> f)"]),
    ("return x -> f(2) and y", "E114", (1, 18), ["`and` cannot follow a stage"]),
    ("y = x -> f[0]", "E114", (1, 11), ["`[`"]),
    ("y = x -> conv2d(32, kernel=3\n    z = y\n    return z", "E103", (1, 16), ["`(` is never closed"]),
    ("y = f(x, [1, 2)", "E103", (1, 10), ["`[` is never closed", "before `)`"]),
    ("y = f(x, [1, 2\n    z = 3", "E103", (1, 10), ["`[` is never closed", "before `z`"]),
    ("y = x -> { f -> g\n    z = 3", "E103", (1, 10), ["`{` is never closed"]),
    ("y = f(x))", "E104", (1, 9), ["`)` closes nothing"]),
    ("expect params = 3", "E119", (1, 15), ["`expect` compares with `==`"]),
    ("y = if a = 3 { x } else { y }", "E119", (1, 10), ["`if` compares with `==`"]),
    ("y == 3", "E120", (1, 3), ["single `=`", "expect y == …"]),
    ("y = a < b <= c", "E121", (1, 11), ["do not chain", "`… and b <= …`"]),
    ("y = a == b == c", "E121", (1, 12), ["do not chain"]),
    ("input = 3", "E110", (1, 1), ["`input` is a keyword"]),
    ("y = in + 3", "E110", (1, 5), ["`in` is a keyword"]),
    ("y = x § 3", "E105", (1, 7), ["U+00A7", "SECTION SIGN"]),
    ("y = 'same'", "E105", (1, 5), ["double quotes"]),
    ("y = “same”", "E105", (1, 5), ["LEFT DOUBLE QUOTATION MARK", "plain double quote"]),
    ("y = x → f", "E105", (1, 7), ["`->`"]),
    ("y = x -> café", "E105", (1, 13), ["ASCII letters"]),
    ('y = "abc\n    z = 3', "E106", (1, 5), ["not closed before the end of its line"]),
    (r'y = "a\q"', "E107", (1, 7), [r"`\q` means nothing"]),
    (r'y = "\u{110000}"', "E107", (1, 6), ["u{110000}"]),
    ("y = .5", "E108", (1, 5), ["write `0.5`"]),
    ("y = 1.", "E108", (1, 5), ["write `1.0`"]),
    ("y = 1.5M", "E108", (1, 5), ["only whole numbers", "1500K"]),
    ("y = 3k", "E108", (1, 5), ["`3K`"]),
    ("y = 0x10", "E108", (1, 5), ["decimal"]),
    ("y = 1e999", "E109", (1, 5), ["64-bit"]),
    ("y = 1e-999", "E109", (1, 5), ["64-bit"]),
    ("y = conv2d 32", "E118", (1, 12), ["`conv2d` need parentheses", "`conv2d(32)`"]),
    ('y = x -> dense "a"', "E118", (1, 16), ['`dense("a")`']),
    ("y = x // a comment here\n    z = 3", "E131", (1, 7), ["begins no comment", "`#`"]),
    ("y = x -> f(bias=False)", "E132", (1, 17), ["write `false`"]),
    ("y = f(None)", "E132", (1, 7), ["leave the argument out"]),
    ("y = a && b", "E133", (1, 7), ["write `and`"]),
    ("y = !a", "E133", (1, 5), ["write `not`"]),
    ("y = x => f", "E133", (1, 7), ["write `->`"]),
    ("y = x --> f", "E133", (1, 7), ["write `->`"]),
    ("y = x - > f", "E133", (1, 7), ["write `->`"]),
    ("y = x -> f(1) if a else x", "E141", (1, 15), ["`if a { x -> f(1) } else { x }`"]),
    ("y = a: conv2d(x, 3)", "E124", (1, 5), ["a label cannot stand here: `a:`", "x -> a: layer(…)"]),
    ("y = x -> add: + y", "E116", (1, 15), ["`+` is no stage", "carry no label"]),
    ("y = x -> 3", "E116", (1, 10), ["the number `3` is no stage"]),
    ("y = x -> (f)", "E116", (1, 10), ["`(` is no stage", "braces"]),
    ("y = x -> if a { f } else { g }", "E116", (1, 10), ["a value, not a stage"]),
    ("y = x -> f(kernel: 3)", "E125", (1, 18), ["written with `=`", "`kernel=…`"]),
    ("y = if a: b", "E126", (1, 9), ["braces"]),
    ("y = x ->\n    output z = 3", "E115", (1, 7), ["`->` is followed by `output`"]),
    ("y = x ->\n    z = 3", "E115", (1, 7), ["`->` is followed by `z`"]),
    ("y = x -> -> f", "E115", (1, 10), ["`->` is followed by `->`"]),
    ("y = x -> { }", "E115", (1, 12), ["`{` is followed by `}`"]),
    ("f(x)", "E112", (1, 1), ["no statement begins like this", "output name = …"]),
    ("let a = 3", "E112", (1, 1), ["no keyword"]),
    ("x += 1", "E112", (1, 1), ["bound once"]),
    ("if a { b } else { c }", "E112", (1, 1), ["`if` is a value"]),
    ("for i in x { f }", "E112", (1, 1), ["`for` is a stage"]),
    ("y = if a { b } elif c { d }", "E128", (1, 16), ["needs an `else`", "`else if`"]),
    ("y = [1 2]", "E127", (1, 8), ["a comma is missing"]),
    ("y = f(2 if a else 1)", "E141", (1, 9), ["a condition stands first", "`if a { 2 } else { 1 }`"]),
    ("y = f(a,\n      k=3\n      stride=2)", "E127", (3, 7), ["a comma is missing before `stride`"]),
    ("y = f(a=1, b)", "E122", (1, 12), ["without a name follows one with a name", "`a=1`"]),
    ("y = x -> loop(3)", "E123", (1, 10), ["`loop` is reserved"]),
    ("y = x -> a: scan", "E123", (1, 13), ["`scan` is reserved"]),
    ("input x = 3", "E129", (1, 9), ["input name: float32[N, 3]", "`:`"]),
    ("output x -> f", "E129", (1, 10), ["write `output name = value`"]),
    ("y = x -> f output y }", "E129", (1, 21), ["write `output y = …` where the value is made"]),
    ("parameter p: float32[4] y = x", "E129", (1, 25), ["`parameter p: float32[4] = normal(std=0.02)`"]),
    ("y = x -> repeat { f }", "E129", (1, 17), ["repeat(n) { … }"]),
    ("y = x -> reuse()", "E129", (1, 16), ["reuse(label)"]),
    ("input a: float32[N]\n        -> f", "E117", (2, 9), ["on the left of this arrow"]),
    ("-> f", "E117", (1, 1), ["on the left of this arrow"]),
    ("y = 3 +\n    return y", "E102", (1, 7), ["a value is missing: `+`"]),
    ("y = [1,,2]", "E102", (1, 8), ["a value is missing: `,`"]),
    ("y = x -> a{1 +}: f", "E102", (1, 15), ["a value is missing: `+` is followed by `}`"]),
    ("y = x -> a{}: f", "E101", (1, 12), ["expected a value, but found `}`"]),
    ("y = x[0:2:1]", "E138", (1, 10), ["no step"]),
    ("y = x[a -> b]", "E139", (1, 9), ["needs parentheses"]),
    ("y = 3 if a else 4", "E141", (1, 7), ["stands behind a value", "`if a { 3 } else { 4 }`"]),
    ("y = a\n    // the next\n    z = a", "E131", (2, 5), ["`#`"]),
    ("y = a\n    for i in b { relu }\n    z = a", "E112", (2, 5), ["`for` is a stage"]),
    ("@cached\n    y = x", "E105", (1, 1), ["no decorators"]),
    ("y = x -> f @ a", "E114", (1, 12), ["`(x -> f) @ …`"]),
    ("y = x @\n    return y", "E102", (1, 7), ["a value is missing: `@`"]),
    ("y = x.3", "E101", (1, 7), ["the name of an attribute"]),
    ("a = 1;\n    b = 2", "E130", (1, 6), ["no separator"]),
    ("const n = 3", "E137", (1, 1), ["without a keyword"]),
    ('import a from "b.nn"', "E137", (1, 1), ["top level"]),
    ("block g(x) { return x }", "E137", (1, 1), ["top level"]),
    ("block g(x) {\n        y = { }\n    }", "E137", (1, 1), ["top level"]),
]

#: Whole files.
FILES: list[tuple[str, str, tuple[int, int], list[str]]] = [
    ("block f(x) {\n    y = x\n\nblock g(x) { return x }", "E103", (1, 12), ["`{` is never closed", "before `block`"]),
    ("block f(x) {\n    return x", "E103", (1, 12), ["before the end of the text"]),
    ("model a(x: int\n", "E103", (1, 8), ["`(` is never closed"]),
    ("const a = (1\nconst b = 2", "E103", (1, 11), ["`(` is never closed", "before `const`"]),
    ("const a = 3\n}\nconst b = 4", "E104", (2, 1), ["one too many above"]),
    ("block model(x) { return x }", "E110", (1, 7), ["`model` is a keyword"]),
    ("block f(input) { return 1 }", "E110", (1, 9), ["`input` is a keyword"]),
    ("def f(x):\n    return x", "E113", (1, 1), ["`block f(x) { return … }`"]),
    ("x = 3", "E113", (1, 1), ["const name = value"]),
    ("Model a() { return x }", "E113", (1, 1), ["small letters"]),
    ("from a import b", "E113", (1, 1), ['import b from "a.nn"']),
    ("model a():\n    input x: int\n", "E126", (1, 10), ["braces"]),
    ("block a { return x }", "E129", (1, 9), ["block name("]),
    ("import a", "E129", (1, 9), ["import name"]),
    ("const é = 3", "E105", (1, 7), ["U+00E9"]),
    ("const 3d = 3", "E108", (1, 7), ["begins with a letter"]),
    ("// comment\nconst a = 1", "E131", (1, 1), ["begins no comment"]),
    ("const a = 1 // the first one\nconst b = 2", "E131", (1, 13), ["begins no comment"]),
    ("/* comment */", "E131", (1, 1), ["begins no comment"]),
]


def check_single(text: str, code: str, place: tuple[int, int], words: list[str]) -> tree.File:
    file, report = parsed(text)
    diagnostics = report.diagnostics
    assert [d.code for d in diagnostics] == [code], [d.headline() for d in diagnostics]
    (diagnostic,) = diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.span.line, diagnostic.span.column) == place
    said = f"{diagnostic.headline()} {diagnostic.caret()} {diagnostic.advice()}"
    assert [word for word in words if word not in said] == [], said
    return file


@pytest.mark.parametrize(("text", "code", "place", "words"), STATEMENTS, ids=[s[0] for s in STATEMENTS])
def test_mistakes_in_statements(text: str, code: str, place: tuple[int, int], words: list[str]):
    line, column = place
    shifted = (line + 1, column + 4 if line == 1 else column)
    file = check_single(f"block b(x) {{\n    {text}\n    last = 1\n}}\nconst more = 2", code, shifted, words)
    block, more = file.items
    assert isinstance(block, tree.Block)
    assert block.body[-1].span.text == "last = 1"
    assert more.span.text == "const more = 2"


@pytest.mark.parametrize(("text", "code", "place", "words"), FILES, ids=[f[0] for f in FILES])
def test_mistakes_in_files(text: str, code: str, place: tuple[int, int], words: list[str]):
    check_single(text, code, place, words)


def test_every_mistake_of_a_file_is_reported_and_the_rest_is_kept():
    text = """\
const a = [1 2]
block f(x, input) {
    y = conv2d 32
    z = x -> g(1,
        2 -> h
    w: int = 3
    return x -> f + y
}
const ok = 1
model m(a: ) {
    input x: float32[N]
    output y == x
    expect params = 3
"""
    file, report = parsed(text)
    assert [(d.code, d.span.line) for d in report.diagnostics if d.span] == [
        ("E127", 1),
        ("E110", 2),
        ("E118", 3),
        ("E103", 4),
        ("E114", 7),
        ("E101", 10),
        ("E129", 12),
        ("E119", 13),
    ]
    assert [type(item).__name__ for item in file.items] == ["Broken", "Block", "Const", "Model"]
    broken, block, _, model = file.items
    assert isinstance(broken, tree.Broken)
    assert isinstance(block, tree.Block)
    assert isinstance(model, tree.Model)
    assert [name.name for name in broken.targets] == ["a"]
    assert [formal.name.name for formal in block.formals] == ["x"]
    assert [type(one).__name__ for one in block.body] == ["Broken", "Broken", "Binding", "Broken"]
    assert [name.name for one in block.body[:2] for name in one.targets] == ["y", "z"]
    assert model.broken is not None


def test_fixes_mend_mistakes():
    texts = [f"block b(x) {{\n    {text}\n    last = 1\n}}\nconst more = 2" for text, *_ in STATEMENTS]
    texts += [text for text, *_ in FILES]
    for text in texts:
        assert_mends(parsed(text)[1].diagnostics, lambda text: parsed(text)[1].diagnostics)
    assert_golden("fixes/mistakes.txt", listed(one for text in texts for one in parsed(text)[1].diagnostics))


def test_a_fix_mends_the_mistake():
    for text in ["expect a = 3", "y = f(k: 3)", "y = 1;", "y = True", "y = a && b", "y = x => f"]:
        _, report = parsed(f"block b(x) {{ {text} }}")
        (diagnostic,) = report.diagnostics
        fix = diagnostic.fix()
        assert fix is not None
        assert items_of(apply_fix(fix.source.text, fix))


@pytest.mark.parametrize(
    ("text", "mended"),
    [("!a", "not a"), ("! a", "not a"), ("a&&b", "a and b"), ("(a)||(b)", "(a)or(b)"), ("a^2", "a**2")],
)
def test_a_word_in_place_of_a_sign_stands_apart(text: str, mended: str) -> None:
    """It would be one word with its neighbour."""
    _, report = parsed(f"const c = {text}")
    fix = report.diagnostics[0].fix()
    assert fix is not None
    assert apply_fix(fix.source.text, fix) == f"const c = {mended}"


#: Modules of the diagnostics of the text.
_FAMILIES = (".foreign_syntax", ".spelling", ".statement_syntax", ".syntax")


def test_every_code_of_the_text_has_a_page_with_a_sample_that_shows_it():
    load_all()
    families = [
        kind for kind in CATALOGUE.values() if kind.__module__.endswith(_FAMILIES) and kind.code.startswith("E1")
    ]
    assert len(families) >= 35
    for kind in families:
        page = kind.__doc__ or ""
        samples = [part.split("```")[0] for part in page.split("```nn")[1:]]
        if not samples:
            assert kind.code in {"E134", "E135", "E136"}
            continue
        bad, *good = (parsed("\n".join(line[4:] for line in s.splitlines()) + "\n")[1] for s in samples)
        assert kind.code in {d.code for d in bad.diagnostics}, (kind.code, [d.code for d in bad.diagnostics])
        for report in good:
            assert not report.diagnostics, kind.code
