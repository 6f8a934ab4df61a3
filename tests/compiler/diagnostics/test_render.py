"""Diagnostics as text for people: marks, widths, colors, and texts of any kind."""

from __future__ import annotations

import json
import re
import time

import pytest
from dotnn.compiler.diagnostics import Edit, Fix, Label, Safety
from dotnn.compiler.diagnostics.machine_readable import github, to_json
from dotnn.compiler.diagnostics.render import render, render_all
from dotnn.compiler.source import Source, Span
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.helpers.golden import assert_golden
from tests.helpers.sample_diagnostics import ADDITION, MISSPELT, ONE_LINE, RENDERINGS, Sample


@pytest.mark.parametrize("name", RENDERINGS)
def test_rendering(name: str) -> None:
    assert_golden(f"diagnostics/{name}.txt", render(RENDERINGS[name]))


def test_narrow_rendering() -> None:
    assert_golden("diagnostics/narrow.txt", render(ADDITION, width=60))


def test_colored_rendering() -> None:
    colored = render(ADDITION, color=True)
    assert_golden("diagnostics/colored.txt", colored.replace("\x1b", "ESC"))


def test_render_all_counts_severities() -> None:
    text = render_all([ADDITION, MISSPELT, ADDITION])
    assert text == "\n\n".join([render(ADDITION), render(MISSPELT), render(ADDITION), "2 errors, 1 warning"])
    assert render_all([MISSPELT]).endswith("\n\n1 warning")
    assert render_all([]) == ""


def test_long_lines_give_short_texts() -> None:
    started = time.perf_counter()
    texts = [render(Sample(span=ONE_LINE.span(start, 1_000_000))) for start in range(0, 1_000_000, 50_000)]
    assert max(map(len, texts)) < 500
    assert time.perf_counter() - started < 5
    wide = Source("wide.nn", "\u0301" * 100_000)
    assert len(render(Sample(span=wide.span(50_000, 50_001)))) < 500


TEXTS = st.text(
    st.one_of(st.sampled_from("ab \t\n\r\x1b\x00\u0301\u202e\u2028\ufeff世🙂\ud800{}%"), st.characters()),
    max_size=80,
)


@st.composite
def diagnostics(draw: st.DrawFn) -> Sample:
    source = Source(draw(TEXTS), draw(TEXTS))
    size = len(source.text)
    other = Source("other.nn", draw(TEXTS))

    def span_of(one: Source) -> Span:
        start, end = sorted((draw(st.integers(0, len(one.text))), draw(st.integers(0, len(one.text)))))
        return one.span(start, end)

    spans = [span_of(source) for _ in range(draw(st.integers(0, 4)))]
    spans += [span_of(other) for _ in range(draw(st.integers(0, 2)))]
    labels = tuple(Label(span, draw(TEXTS)) for span in spans)
    cuts = draw(st.lists(st.integers(0, size), max_size=6, unique=True).map(sorted))
    edits = tuple(Edit(source.span(*cut), draw(TEXTS)) for cut in zip(cuts[::2], cuts[1::2], strict=False))
    return Sample(
        span=draw(st.none() | st.just(span_of(source))),
        says=draw(TEXTS),
        beside=draw(TEXTS),
        hint=draw(TEXTS),
        facts=tuple(draw(st.lists(TEXTS, max_size=2))),
        more=labels[::2],
        trace=labels[1::2],
        edit=Fix(edits, Safety.UNSAFE) if edits else None,
    )


@settings(deadline=None, max_examples=200)
@given(diagnostics(), st.none() | st.integers(0, 120))
def test_every_text_is_rendered_without_control_characters(diagnostic: Sample, width: int | None) -> None:
    plain = render(diagnostic, width=width)
    assert all(char == "\n" or char.isprintable() for char in plain)
    colored = render(diagnostic, color=True, width=width)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
    assert github(diagnostic).isprintable()
    assert json.loads(json.dumps(to_json(diagnostic))) == to_json(diagnostic)


@settings(deadline=None)
@given(st.text("ab\t 世e\u0301\x1b", min_size=1, max_size=300), st.data(), st.sampled_from([40, 80, 120]))
def test_the_caret_stands_below_the_place(text: str, data: st.DataObject, width: int) -> None:
    """Judged by rich's table of cell widths and by the text of the place itself."""
    at = data.draw(st.integers(0, len(text) - 1))
    assume(text[at] not in "\t \u0301")
    _, _, _, row, carets = render(Sample(span=Source("s.nn", text).span(at, at + 1)), width=width).split("\n")
    shown = "\\x1b" if text[at] == "\x1b" else text[at]
    assert cell_len(row) <= width
    assert carets.count("^") == cell_len(shown)
    below = next(index for index in range(len(row)) if cell_len(row[:index]) == carets.index("^"))
    assert row[below:].lstrip("\u0301").startswith(shown)


@settings(deadline=None)
@given(st.text("abc ", min_size=1, max_size=60), st.data())
def test_the_underline_is_as_long_as_the_place(text: str, data: st.DataObject) -> None:
    start, end = sorted((data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(1, len(text)))))
    assume(start < end)
    _, _, _, row, carets = render(Sample(span=Source("s.nn", text + ".").span(start, end))).split("\n")
    left = carets.index("^")
    assert row[left : left + carets.count("^")] == text[start:end]
    assert set(carets[left:]) == {"^"}
