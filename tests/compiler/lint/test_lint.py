"""The linter: every rule finds its bad sample and leaves its good one alone."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.lint.base import Lint
from dotnn.compiler.lint.index import RULES
from dotnn.compiler.lint.asking import rule

SAMPLE = re.compile(r"^(Bad|Good):\n\n```\n(.*?)^```", re.MULTILINE | re.DOTALL)


def samples_of(code: str) -> list[tuple[str, str]]:
    """The samples of a rule's page: which are bad and which good, and their texts."""
    return SAMPLE.findall(inspect.cleandoc(rule(code).__doc__ or ""))


def found_in(text: str) -> list[Diagnostic]:
    """What is said of a text."""
    return list(check(Path("net.nn").resolve(), text=text).diagnostics)


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_its_bad_samples_and_leaves_the_good_ones(code: str) -> None:
    samples = samples_of(code)
    assert {kind for kind, _ in samples} == {"Bad", "Good"}
    for kind, text in samples:
        found = [one.code for one in found_in(text)]
        assert not any(one.startswith("E") for one in found), found
        assert (code in found) == (kind == "Bad"), f"{kind}: {text}"


@pytest.mark.parametrize("code", RULES)
def test_a_rule_has_a_place_words_and_a_remedy(code: str) -> None:
    kind = rule(code)
    assert issubclass(kind, Lint)
    for text in (text for bad, text in samples_of(code) if bad == "Bad"):
        found = [one for one in found_in(text) if one.code == code]
        assert all(one.span is not None and one.headline() and one.advice() for one in found)
