"""Patterns of paths by themselves; what git makes of them is held against git where lists of them are tested."""

from __future__ import annotations

import pytest
from dotnn.compiler.configuration.patterns import LONGEST, Pattern, last_word, read_pattern
from dotnn.compiler.diagnostics.phrases import Phrase


def pattern(text: str) -> Pattern:
    found = read_pattern(text)
    assert isinstance(found, Pattern), found
    return found


@pytest.mark.parametrize(
    ("text", "covered", "others"),
    [
        ("nets/", ["nets/a.nn", "x/nets/deep/a.nn"], ["nets", "a/net.nn"]),
        ("*.nn", ["a.nn", "x/a.nn"], ["a.nnx", "nn"]),
        ("/a.nn", ["a.nn"], ["x/a.nn"]),
        ("nets/**/tiny*.nn", ["nets/tiny.nn", "nets/a/b/tiny2.nn"], ["tiny.nn", "nets/a/b.nn"]),
        ("nets/*.nn", ["nets/a.nn"], ["nets/deep/a.nn", "x/nets/a.nn"]),
        ("[[:digit:]a-c].nn", ["1.nn", "b.nn"], ["d.nn", "12.nn"]),
        ("größe?.nn", ["größe1.nn", "größeß.nn"], ["größe.nn"]),
    ],
)
def test_a_pattern_covers_files_and_what_lies_in_folders(text: str, covered: list[str], others: list[str]) -> None:
    assert all(pattern(text).covers(path.split("/")) for path in covered)
    assert not any(pattern(text).covers(path.split("/")) for path in others)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("/", "empty"),
        ("!", "empty"),
        ("a[b", "`\\[`"),
        ("a[b\\", "not closed"),
        ("a[b-\\", "not closed"),
        ("a\\", "last sign"),
        ("[[:digits:]]", "`[:digits:]`"),
        ("a" * (LONGEST + 1), "1,000 characters"),
    ],
)
def test_what_is_no_pattern_says_why(text: str, says: str) -> None:
    found = read_pattern(text)
    assert isinstance(found, Phrase)
    assert says in str(found)


def test_a_range_backwards_is_told() -> None:
    assert pattern("x[a-b]/[z-a].nn").backwards() == ("z", "a")
    assert pattern("x[a-b]").backwards() is None


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = [pattern(text) for text in ("*.nn", "!a.nn", "b.nn")]
    found = [last_word(patterns, [name], False) for name in ("a.nn", "b.nn", "c.nn", "c.txt")]
    assert [one.text if one is not None else "" for one in found] == ["!a.nn", "b.nn", "*.nn", ""]


def test_many_stars_are_no_burden() -> None:
    """An expression of `re` would go through all ways to share the letters among the stars, more than 10**30."""
    assert not pattern("*a" * 40 + "b").covers(["a" * 250])
    assert not pattern("**/a/" * 40 + "b").covers(["a"] * 250)
    assert pattern("**/a/" * 40 + "b").covers([*["a"] * 250, "b"])
