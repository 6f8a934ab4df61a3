"""When two graphs are the same."""

from __future__ import annotations

import pytest
from dotnn import compile_source
from dotnn.compiler.graph.same_graph import is_same

TEXT = """const scale: float32[4] = [1.0, 2.0, 3.0, 4.0]
## A net.
model net {
    input x: float32[N, 8]
    const_like = 3
    ## The first.
    a = x -> first: dense(4, init=normal(std=0.1)) -> relu
    b = a * scale
    ## Scores.
    output y = b -> dense(2 * const_like)
    freeze first
}
"""


def same(text: str) -> bool:
    return is_same(compile_source(TEXT).graph, compile_source(text).graph)


def test_places_in_the_text_do_not_count() -> None:
    assert same(TEXT)
    assert same("# above\n" + TEXT.replace("    const_like = 3\n", "").replace("2 * const_like", "6"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("model net", "model other"),
        ("float32[N, 8]", "float32[N, 9]"),
        ("## A net.", "# A net."),
        ("## The first.", "# The first."),
        ("## Scores.", "## Logits."),
        ("first", "one"),
        ("std=0.1", "std=0.2"),
        ("4.0]", "4.5]"),
        ("relu", "tanh"),
        ("b -> dense", "b -> relu -> dense"),
        ("output y", "output z"),
        ("    freeze first\n", ""),
        ("= 3", "= 4"),
        ("output y = b", "output y = a"),
    ],
)
def test_everything_else_does(old: str, new: str) -> None:
    assert old in TEXT
    assert not same(TEXT.replace(old, new))
