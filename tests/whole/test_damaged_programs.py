"""Examples with a token left out, written twice or swapped, and their beginnings: a sample of the benchmark."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from types import ModuleType

import pytest

from tests.helpers.paths import EXAMPLES, ROOT

#: Small ones and large ones; every so many tokens of each are damaged.
SAMPLES = {
    "mnist_cnn.nn": 7,
    "x_or_o.nn": 11,
    "char_rnn.nn": 9,
    "zoo/resnet18.nn": 13,
    "zoo/unet.nn": 17,
}
KINDS = ("prefix", "deletion", "duplication", "swap")
#: Of the deletions that are errors, at least this share is told on the line where the token is missing.
ON_LINE = 0.9


@cache
def benchmark() -> ModuleType:
    """`benchmarks/broken_programs.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("broken_programs", ROOT / "benchmarks" / "broken_programs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look for their module by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def found() -> dict[str, object]:
    """What is found of each kind of damage, over all samples; an exception is one of the test."""
    counts: dict[str, object] = {kind: benchmark().Found() for kind in KINDS}
    for name, every in SAMPLES.items():
        path = EXAMPLES / name
        text = path.read_text(encoding="utf-8")
        for kind, damaged, place in benchmark().damages(text, every):
            benchmark().note(counts[kind], path, damaged, place, show=False)
    return counts


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_program_gets_few_errors(kind: str) -> None:
    counts = found()[kind]
    assert counts.texts > 50  # pyright: ignore[reportAttributeAccessIssue]
    assert counts.many == []  # pyright: ignore[reportAttributeAccessIssue]


def test_a_missing_token_is_told_on_its_line() -> None:
    counts = found()["deletion"]
    assert counts.on_line >= ON_LINE * counts.wrong > 0  # pyright: ignore[reportAttributeAccessIssue]
