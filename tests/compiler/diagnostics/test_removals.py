"""What is left when statements, definitions and comments are taken out."""

from __future__ import annotations

import pytest
from dotnn.compiler.diagnostics import Edit, Fix, Safety
from dotnn.compiler.diagnostics.fixes import apply_fix
from dotnn.compiler.diagnostics.removals import joined, without_comment, without_item, without_lines
from dotnn.compiler.source import Source, Span


def places(source: Source, word: str) -> list[Span]:
    """Where a word stands."""
    found = [start for start in range(len(source.text)) if source.text.startswith(word, start)]
    return [source.span(start, start + len(word)) for start in found]


def without(text: str, word: str) -> str:
    """A text without the lines of a word, wherever it stands."""
    source = Source("net.nn", text)
    return made(source, [without_lines(place) for place in places(source, word)])


def made(source: Source, edits: list[Edit]) -> str:
    return apply_fix(source.text, Fix(tuple(joined(edits)), Safety.SAFE))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Alone on its lines, with what is above and below.
        ("a\nX\nb\n", "a\nb\n"),
        ("a\n\nX\n\nb\n", "a\n\nb\n"),
        ("a\n\n\nX\n\nb\n", "a\n\n\nb\n"),
        ("a\n\nX\n\n\nb\n", "a\n\n\nb\n"),
        ("a\nX\n\nb\n", "a\n\nb\n"),
        ("a\n\nX\nb\n", "a\n\nb\n"),
        ("X\n\nb\n", "b\n"),
        ("\nX\n\nb\n", "b\n"),
        ("a\n\nX\n", "a\n"),
        ("a\n\nX", "a\n"),
        ("X", ""),
        ("X\n", ""),
        ("{\n  X\n\n  b\n}\n", "{\n  b\n}\n"),
        ("{\n  a\n\n  X\n}\n", "{\n  a\n}\n"),
        ("{\n  X\n}\n", "{\n}\n"),
        ("a\r\n\r\nX  # c\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
        # Several in a row.
        ("a\n\nX\nX\n\nb\n", "a\n\nb\n"),
        ("X\nX\n\nX\n\n\nb\n", "b\n"),
        ("a\n\nX\n\nX\n", "a\n"),
        ("X\n\nX\n", ""),
        ("a\nX\nb\nX\nc\n", "a\nb\nc\n"),
        # Comments: documentation belongs to what follows, others as long as nothing else is below.
        ("a\n\n## d\nX  # c\n\nb\n", "a\n\nb\n"),
        ("a\n\n# c\nX\n\nb\n", "a\n\nb\n"),
        ("a\n\n# c\nX\nb\n", "a\n\n# c\nb\n"),
        ("a\n\n## d\nX\nb\n", "a\n\nb\n"),
        ("a\n# c\nX\n# e\nb\n", "a\n# e\nb\n"),
        ("a\n\n# c\nX\nX\n\nb\n", "a\n\nb\n"),
        ("a\n\n# c\n\nX\n\nb\n", "a\n\n# c\n\nb\n"),
        ("{\n  a\n  # c\n  X\n}\n", "{\n  a\n}\n"),
        # What a file begins with may be about all of it.
        ("# file\nX\n\nb\n", "# file\n\nb\n"),
        ("# file\n## d\nX\n\nb\n", "# file\n\nb\n"),
        ("## d\nX\n\nb\n", "b\n"),
        # Among others on its line.
        ("{ X b }", "{ b }"),
        ("{ a X b }", "{ a b }"),
        ("{ a X }", "{ a }"),
        ("X b\n", "b\n"),
        ("a X\n", "a\n"),
        ("a X  # c\n", "a  # c\n"),
    ],
)  # fmt: skip
def test_lines_go_with_the_blank_lines_that_would_be_too_many(text: str, expected: str) -> None:
    assert without(text, "X") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  # c\nb\n", "a\nb\n"),
        ("a\n  # c\nb\n", "a\nb\n"),
        ("a\n\n# c\n\nb\n", "a\n\nb\n"),
        ("# c\n", ""),
        ("a  # c", "a"),
        ("a\n# d\n# c\nb\n", "a\n# d\nb\n"),
        ("a\r\n# c\r\nb\r\n", "a\r\nb\r\n"),
    ],
)
def test_a_comment_goes_with_its_line_where_it_stands_alone(text: str, expected: str) -> None:
    source = Source("net.nn", text)
    assert made(source, [without_comment(places(source, "# c")[0])]) == expected


@pytest.mark.parametrize(
    ("text", "indices", "expected"),
    [
        ("[a, b, c]", [0], "[b, c]"),
        ("[a, b, c]", [1], "[a, c]"),
        ("[a, b, c]", [2], "[a, b]"),
        ("[a, b, c]", [1, 2], "[a]"),
        ("[a,\n b,\n c]", [1], "[a,\n c]"),
        ("[a]", [0], "[]"),
    ],
)
def test_an_item_goes_with_a_comma(text: str, indices: list[int], expected: str) -> None:
    source = Source("net.nn", text)
    items = [place for word in "abc" for place in places(source, word)]
    assert made(source, [without_item(items, index) for index in indices]) == expected


def test_other_edits_stay_as_they_are() -> None:
    source = Source("net.nn", "a\nb\nc\n")
    edits = [Edit(source.span(2, 4), ""), Edit(source.span(4, 5), "d"), Edit(source.span(0, 0), "x\n")]
    assert made(source, edits) == "x\na\nd\n"
