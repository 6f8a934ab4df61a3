"""Fixes as edits of a text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from dotnn.compiler.diagnostics import Diagnostic, Edit, Fix, Safety
from dotnn.compiler.diagnostics.explain import codes, explain
from dotnn.compiler.diagnostics.fixes import (
    apply_fix,
    apply_fixes,
    closing_bracket,
    code_end,
    piping,
    without_argument,
    without_overlaps,
)
from dotnn.compiler.driver import check
from dotnn.compiler.source import Source
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.fences import Fence, as_model, fences
from tests.helpers.fixing import Check, assert_mends, listed
from tests.helpers.golden import assert_golden

#: Inputs that samples may leave out.
HEADS = ("", "input x: float32[N, 16]\n", "input x: float32[N, T, 16]\n")
SOURCE = Source("net.nn", "0123456789")


def fix(*places: tuple[int, int], text: str = "x") -> Fix:
    return Fix(tuple(Edit(SOURCE.span(start, end), text) for start, end in places), Safety.SAFE)


def test_the_edits_of_a_fix_are_made_together() -> None:
    assert apply_fix(SOURCE.text, fix((8, 9), (1, 3), (5, 5))) == "0x34x567x9"
    assert apply_fix(SOURCE.text, fix((0, 10), text="")) == ""
    assert apply_fix(SOURCE.text, fix((2, 4), (2, 2), (4, 4))) == "01xxx456789"


@pytest.mark.parametrize("places", [((1, 3), (2, 4)), ((1, 3), (1, 2)), ((0, 9), (4, 4)), ((4, 4), (4, 4)), ()])
def test_edits_that_overlap_are_no_fix(places: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match=r"overlap|one text"):
        fix(*places)


def test_the_edits_of_a_fix_are_of_one_text() -> None:
    other = Source("other.nn", "abc")
    with pytest.raises(ValueError, match="one text"):
        Fix((Edit(SOURCE.span(0, 1), "x"), Edit(other.span(2, 3), "x")), Safety.SAFE)


def test_of_fixes_that_overlap_the_first_is_made() -> None:
    first, second, third = fix((1, 3)), fix((2, 4), (6, 7)), fix((6, 8))
    assert without_overlaps([first, second, third]) == (first, third)
    assert apply_fixes(SOURCE.text, [first, second, third]) == "0x345x89"
    assert apply_fixes(SOURCE.text, [first, first]) == apply_fix(SOURCE.text, first)


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)).map(sorted), max_size=8))
def test_a_text_keeps_what_is_outside_of_the_edits(places: list[list[int]]) -> None:
    fixes = without_overlaps([fix((start, end), text="") for start, end in places])
    edited = {offset for one in fixes for edit in one.edits for offset in range(edit.span.start, edit.span.end)}
    assert apply_fixes(SOURCE.text, fixes) == "".join(
        sign for offset, sign in enumerate(SOURCE.text) if offset not in edited
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b |", "a b"),
        ("a # b\n  |", "a"),
        ('"#" |', '"#"'),
        ('"\\"#" # "\n\n # x\n|', '"\\"#"'),
        ("  # a\n|", ""),
        ("|", ""),
    ],
)
def test_where_code_ends(text: str, expected: str) -> None:
    source = Source("net.nn", text.replace("|", ""))
    assert source.text[: code_end(source, text.index("|"))] == expected


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("f(a, b=3)", "3", "f(a)"),
        ("f(a, b = 3, c)", "3", "f(a, c)"),
        ("f(b=3)", "3", "f()"),
        ("f(b=3, c)", "3", "f(c)"),
        ("f(3,)", "3", "f()"),
        ("f(a, b=3)", "b=3", "f(a)"),
        ("f(a, g(3))", "g(3)", "f(a)"),
        ("f(a == 3)", "3", None),
        ("a = 3", "3", None),
    ],
)
def test_an_argument_is_left_out(text: str, value: str, expected: str | None) -> None:
    source = Source("net.nn", text)
    start = text.index(value)
    found = without_argument(source.span(start, start + len(value)))
    assert (apply_fix(text, found) if found is not None else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y = a * b", "y = a * (b -> f)"),
        ("y = b -> add(a)", "y = (b -> f) -> add(a)"),
        ("y = add(a, b)", "y = add(a, b -> f)"),
        ("y = add(x=b, a)", "y = add(x=b -> f, a)"),
        ("y = a -> b -> add(c)", "y = a -> b -> f -> add(c)"),
        ("y = a -> l: b -> add(c)", "y = a -> l: b -> f -> add(c)"),
        ("y = a -> { b -> add(c) }", "y = a -> { b -> f -> add(c) }"),
        ("y = if c { b * a } else { a }", "y = if c { (b -> f) * a } else { a }"),
    ],
)
def test_an_operand_goes_through_one_more_stage(text: str, expected: str) -> None:
    source = Source("net.nn", text)
    found = piping(source.span(text.index("b"), text.index("b") + 1), "f")
    assert found is not None
    assert apply_fix(text, found) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("(a(b))", 5), ('(")" # )\n)', 9), ("({)}", 3), ("(a", None), ("(]", 1)]
)
def test_the_bracket_that_closes(text: str, expected: int | None) -> None:
    source = Source("net.nn", text)
    found = closing_bracket(source.span(0, 1))
    assert (found.start if found is not None else None) == expected


def shown_by(sample: Fence, check: Check) -> Sequence[Diagnostic]:
    """What is said of a sample of a page, as a file or as statements, where nothing else is wrong."""
    for text in (sample.text, *(as_model(head + sample.text) for head in HEADS)):
        found = check(text)
        if {one.code for one in found} == {sample.place.partition(":")[0]}:
            return found
    return ()


def test_the_fixes_of_the_pages(tmp_path: Path) -> None:
    """Of all samples of all codes."""
    path = tmp_path / "sample.nn"

    def found_in(text: str) -> tuple[Diagnostic, ...]:
        path.write_text(text, encoding="utf-8")
        return check(path).diagnostics

    texts: list[str] = []
    for sample in (fence for one in codes() for fence in fences(explain(one.code) or "", one.code)):
        found = shown_by(sample, found_in)
        assert_mends(found, found_in)
        texts.append(listed(found))
    assert_golden("fixes/pages.txt", "\n".join(text for text in texts if text))
