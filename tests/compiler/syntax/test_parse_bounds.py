"""Every text is answered: bytes that are no text, texts that are too long or too deep, and any soup of words."""

from __future__ import annotations

import gc
import random
import time
from typing import Any

import pytest
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source
from dotnn.compiler.syntax import tree
from dotnn.compiler.syntax.parse import parse, parse_value
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.trees import MNIST, RESNET, bare, depth, items_of, parsed, read, value_of

# --- bytes -----------------------------------------------------------------------------------------------------------


def test_bytes_become_text_without_a_byte_order_mark():
    source, diagnostics = read(b"\xef\xbb\xbfconst a = 1\r\n")
    assert source is not None
    assert source.text == "const a = 1\r\n"
    assert diagnostics == []


@pytest.mark.parametrize(
    ("data", "code", "place", "words"),
    [
        (b"const a = 1\n# caf\xe9\n", "E134", (2, 6), ["0xE9", "offset 17", "Latin-1"]),
        (b"\xef\xbb\xbf# \xff", "E134", (1, 3), ["0xFF", "offset 5"]),
        ("const a = 1".encode("utf-16"), "E134", (1, 1), ["UTF-16"]),
        ("const a = 1".encode("utf-16-le"), "E135", (1, 2), ["U+0000", "11 control"]),
        (b"const a = 1 \x1b[0m", "E135", (1, 13), ["U+001B"]),
        (b"x" * 1_000_001, "E501", (1, 1), ["source_bytes", "1,000,000", "--limit source_bytes=N"]),
    ],
)
def test_bytes_that_are_no_text(data: bytes, code: str, place: tuple[int, int], words: list[str]):
    source, (diagnostic,) = read(data)
    assert source is None
    assert diagnostic.code == code
    assert (diagnostic.span.line, diagnostic.span.column) == place
    assert [w for w in words if w not in diagnostic.headline() + diagnostic.advice()] == []


def test_a_text_that_is_too_long_is_not_read():
    report = Report()
    assert parse(Source("long", "#" * 100), Limits(source_bytes=99), report) is None
    assert [d.code for d in report.diagnostics] == ["E501"]


# --- limits ----------------------------------------------------------------------------------------------------------

MANY = 100_000
DEEP = {
    "parentheses": "const a = " + "(" * MANY,
    "closed parentheses": "const a = " + "(" * 300 + "1" + ")" * 300,
    "lists": "const a = " + "[" * 300 + "]" * 300,
    "minus": "const a = " + "-" * MANY + "1",
    "sum": "const a = 1" + " + 1" * MANY,
    "not": "const a = " + "not " * MANY + "b",
    "power": "const a = 2" + " ** 2" * MANY,
    "attributes": "const a = b" + ".c" * MANY,
    "else if": "const a = " + "if c { 1 } else " * (MANY // 2) + "{ 2 }",
    "calls": "const a = " + "f(" * MANY,
    "groups": "block b(x) { y = x " + "-> { f " * MANY,
    "loops": "block b(x) { y = x -> " + "a: for i in l { " * (MANY // 2),
    "indices": "const a = b" + "[0]" * 300,
    "computed labels": "block b(x) { y = x -> a{" + "-" * MANY + "1}: f }",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_what_is_too_deep_is_said_once(text: str):
    _, report = parsed(text + "\nconst last = 1")
    (diagnostic,) = [d for d in report.diagnostics if d.code == "E501"]
    assert "200" in diagnostic.headline()
    assert "--limit nesting=N" in diagnostic.advice()


def test_two_deep_statements_are_one_error_and_the_others_remain():
    deep = "-" * 300 + "1"
    file, report = parsed(f"const a = {deep}\nconst b = {deep}\nconst c = 3")
    assert [d.code for d in report.diagnostics] == ["E501"]
    texts = [f"const a = {deep}", f"const b = {deep}", "const c = 3"]
    assert [item.span.text for item in file.items] == texts
    assert [type(item).__name__ for item in file.items] == ["Broken", "Broken", "Const"]


@pytest.mark.parametrize("make", [lambda n: "-" * n + "1", lambda n: "1" + "+1" * n, lambda n: "[" * n + "1" + "]" * n])
def test_no_tree_is_deeper_than_the_limit(make: Any):
    limits = Limits(nesting=50)
    accepted = 0
    for levels in range(40, 60):
        file, report = parsed("block b(x) { y = " + make(levels) + " }", limits)
        assert depth(file) - 1 <= limits.nesting
        accepted += not report.has_errors
    assert accepted in (7, 8)


def test_a_limit_can_be_raised():
    text = "const a = " + "(" * 250 + "1" + ")" * 250
    assert not parsed(text, Limits(nesting=300))[1].has_errors


def test_tokens_are_limited():
    file, report = parsed("const a = 1\n" * 10, Limits(tokens=21))
    assert [d.code for d in report.diagnostics] == ["E501"]
    assert "--limit tokens=N" in report.diagnostics[0].advice()
    assert len(file.items) == 5
    assert not parsed("const a = 1\n" * 5, Limits(tokens=20))[1].diagnostics


@pytest.mark.parametrize("text", ["9" * 500_000, "1_0" * 100_000, "9" * 77 + "G", "1" + "0" * 78])
def test_integers_are_limited_before_they_are_made(text: str):
    _, report = parsed(f"const a = {text}\nconst b = 2")
    assert [d.code for d in report.diagnostics] == ["E501"]
    assert "integer_bits" in report.diagnostics[0].advice()


def test_integers_of_many_digits_are_made_when_allowed():
    digits = "123456789" * 1000
    report = Report()
    value = parse_value(Source("value", digits), Limits(integer_bits=40_000), report)
    assert isinstance(value, tree.Number)
    assert value.value % 10**18 == 123456789123456789
    assert 10**8999 <= value.value < 10**9000


def test_lists_and_strings_are_limited():
    assert parsed("const a = [1, 2, 3]", Limits(list_length=2))[1].diagnostics[0].code == "E501"
    assert parsed('const a = "abc"', Limits(list_length=2))[1].diagnostics[0].code == "E501"
    assert not parsed('const a = ["ab", 2]', Limits(list_length=2))[1].diagnostics


def test_many_errors_are_cut_short():
    _, report = parsed("const a = ;\n" * 1000)
    assert len(report.diagnostics) == 101
    assert [one.code for one in report.diagnostics[-2:]] == ["E136", "E130"]


def test_powers_are_not_taken():
    assert bare(value_of("10 ** (10 ** 7)"))[0] == "Binary"


@pytest.fixture
def without_collector():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
def test_time_grows_linearly():
    def seconds(statements: int) -> float:
        text = "block b(x) {\n" + "    y = x -> f(3) -> relu\n" * statements + "}"
        start = time.process_time()
        _, report = parsed(text, Limits(tokens=10**6))
        assert not report.diagnostics
        return time.process_time() - start

    # Four times the statements; ten leaves room for a busy machine, and none for what grows with the square.
    assert seconds(20_000) / min(seconds(5_000) for _ in range(2)) < 10


# --- every text is answered ------------------------------------------------------------------------------------------

WORDS = """
    model block input output expect return if else for in repeat reuse freeze import from const not and true
    None loop x f( a.0: {i}: b{ k= -> = == < + - * ** // ( ) [ ] { } , : . ; 1 2.5 9M 1. # ## é /* &&
"""
PIECES = [*WORDS.split(), '"s"', '"', "\\", "\n", "\n    ", " ", "\t", "\r\n", "\x00", "\ud800", "'", "block b(x) {\n"]


def answered(text: str) -> None:
    file, report = parsed(text)
    for diagnostic in report.diagnostics:
        span = diagnostic.span
        assert span is not None
        assert 0 <= span.start <= span.end <= len(text)
        assert diagnostic.headline()
        assert diagnostic.advice()
        diagnostic.caret(), diagnostic.labels(), diagnostic.notes(), diagnostic.fix()
    if not report.diagnostics:
        # What has been accepted is all of the text: its items read again, one by one, are the same.
        again = [bare(item) for item in items_of("\n".join(item.span.text for item in file.items))]
        assert again == [bare(item) for item in file.items]


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_soup_of_tokens_is_answered(text: str):
    answered(text)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_answered(data: bytes):
    source, diagnostics = read(data)
    assert (source is None) == bool(diagnostics)
    if source is not None:
        answered(source.text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=100))
def test_any_text_is_answered(text: str):
    answered(text)


def test_every_prefix_and_every_text_with_a_piece_missing_is_answered():
    generator = random.Random(7)
    for _ in range(100):
        start, length = generator.randrange(len(RESNET)), generator.randrange(1, 12)
        answered(RESNET[:start])
        answered(RESNET[:start] + RESNET[start + length :])


def test_a_broken_text_gives_an_error_or_a_tree_of_it():
    for length in range(0, len(MNIST), 3):
        file, report = parsed(MNIST[:length])
        whole = MNIST[:length].strip() == "" or length <= MNIST.index("model")
        assert report.has_errors or whole or len(file.items) == 1
