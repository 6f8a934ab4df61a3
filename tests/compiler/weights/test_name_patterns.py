"""Patterns of names against Python's regular expressions, and the time that they may take."""

from __future__ import annotations

import random
import re

import pytest
from dotnn.compiler.weights.name_patterns import (
    LONGEST_NAME,
    LONGEST_PATTERN,
    BadPattern,
    Pattern,
    Replacement,
)

#: Places of a pattern that may be tried at one place of a name: there are so many instructions at most.
MOST_TRIED = 2_100


def drawn(generator: random.Random, depth: int = 0) -> str:
    """A pattern; what is quantified never fits nothing, where engines differ in what groups keep."""
    kind = generator.random()
    if depth > 3 or kind < 0.35:
        return generator.choice(
            ["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\W", "1", r"\.", "[a-c1]", "[]a]", r"[\d_]"]
        )
    if kind < 0.55:
        return drawn(generator, depth + 1) + drawn(generator, depth + 1)
    if kind < 0.7:
        return f"({drawn(generator, depth + 1)}|{drawn(generator, depth + 1)})"
    if kind < 0.8:
        return f"(?:{drawn(generator, depth + 1)})"
    part = generator.choice(["a", "[ab1]", r"\d", "(a|b)", "(ab)", "(?:a|_)", "(.)"])
    return part + generator.choice(["*", "+", "?", "*?", "+?", "??", "{1,2}", "{2}", "{0,3}?", "{1,}", "{,2}"])


def test_patterns_fit_as_those_of_python_do() -> None:
    generator = random.Random(5)
    fitting = 0
    for _ in range(4000):
        text = drawn(generator)
        name = "".join(generator.choice("ab1_.c") for _ in range(generator.randint(0, 6)))
        expected = re.fullmatch(text, name)
        found = Pattern(text).match(name)
        assert (found is None) == (expected is None), (text, name)
        if expected is not None and found is not None:
            fitting += 1
            assert found == (name, *(group or "" for group in expected.groups())), (text, name)
    assert fitting > 400


@pytest.mark.parametrize(
    ("pattern", "name", "replacement", "expected"),
    [
        (r"b(\d)_(.+)", "b3_conv.weight", "b$1.$2", "b3.conv.weight"),
        (r"(?:module\.)?(.+)\.gamma", "module.bn.gamma", "$1.weight", "bn.weight"),
        (r"(.+)\.(\d+)\.(.+)", "a.10.b.2.w", "$1/$2/$3", "a.10.b/2/w"),
        (r"(.+?)\.(\d+)\.(.+)", "a.10.b.2.w", "${1}0/$2/$3", "a0/10/b.2.w"),
        (r"^fc$", "fc", "$0.$$", "fc.$"),
        (r"(a)|(b)", "b", "[$1|$2]", "[|b]"),
        (r"名(.)", "名å", "$1", "å"),
        ("", "", "empty", "empty"),
    ],
)
def test_names_become_others(pattern: str, name: str, replacement: str, expected: str) -> None:
    found = Pattern(pattern)
    groups = found.match(name)
    assert groups is not None
    assert Replacement(replacement, found.groups).of(groups) == expected


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ("(a", r"`\(`", 0),
        ("a)b", "closes nothing", 1),
        ("[ab", "is not closed", 0),
        ("[b-a]", "empty", 0),
        ("*a", "nothing that", 0),
        ("a**", "quantified itself", 2),
        ("a{", "number of repeats", None),
        ("a{3,1}", "not possible", None),
        ("a{2000}", "not possible", None),
        ("{2}", "nothing that", 0),
        ("^*", "nothing that could", 1),
        (r"(a)\1", "means nothing", 3),
        ("(?=a)", r"\(\?:", 0),
        ("(?P<n>a)", r"\(\?:", 0),
        (r"a\b", "means nothing", 1),
        ("a\\", "means nothing", 1),
        (r"[\b]", "means nothing", 0),
        ("(" * 40 + ")" * 40, "nested", None),
        ("()" * 120, "99 groups", None),
        ("a" * (LONGEST_PATTERN + 1), "more than", None),
        ("(?:(?:(?:a{100}){100}){100}){100}", "repeats too much", None),
        ("(?:(?:(?:){1000}){1000}){1000}", "repeats too much", None),
    ],
)
def test_what_is_no_pattern(text: str, words: str, place: int | None) -> None:
    with pytest.raises(BadPattern, match=words) as caught:
        Pattern(text)
    if place is not None:
        assert caught.value.place == place


@pytest.mark.parametrize("text", ["$", "$x", "${1", "$2", "${12}", "a$-", "$100"])
def test_what_is_no_replacement(text: str) -> None:
    with pytest.raises(BadPattern, match=r"group|number"):
        Replacement(text, 1)


@pytest.mark.parametrize(
    "text", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)b", "(a?){50}a{50}b", "((a+)?)+b"]
)
def test_no_pattern_takes_long(text: str) -> None:
    """Python needs hours for most of these: the work is bounded by pattern times name."""
    pattern, name = Pattern(text), "a" * LONGEST_NAME
    assert pattern.match(name) is None
    assert pattern.steps <= MOST_TRIED * (LONGEST_NAME + 1)
    assert pattern.match("a" * (LONGEST_NAME + 1)) is None
