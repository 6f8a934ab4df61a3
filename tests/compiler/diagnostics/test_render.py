from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import time
from functools import cached_property
from string import Formatter

import pytest
from dotnn.compiler.diagnostics import CATALOGUE, Diagnostic, Fix, Label, Severity
from dotnn.compiler.diagnostics.explain import codes, explain, load_all
from dotnn.compiler.diagnostics.machine import github, to_json
from dotnn.compiler.diagnostics.render import render, render_all
from dotnn.compiler.records import record
from dotnn.compiler.source import Source, Span
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.helpers.golden import assert_golden

load_all()
#: The catalogue of dotnn, without classes that a test file may have added.
FAMILIES = [kind for _, kind in sorted(CATALOGUE.items()) if kind.__module__.startswith("dotnn.")]


@record
class Sample(Diagnostic):
    """A diagnostic whose sentences are given one by one; it has no code of the catalogue."""

    says: str = "something is wrong"
    beside: str = ""
    hint: str = ""
    more: tuple[Label, ...] = ()
    facts: tuple[str, ...] = ()
    edit: Fix | None = None

    def headline(self) -> str:
        return self.says

    def caret(self) -> str:
        return self.beside

    def advice(self) -> str:
        return self.hint

    def labels(self) -> tuple[Label, ...]:
        return self.more

    def notes(self) -> tuple[str, ...]:
        return self.facts

    def fix(self) -> Fix | None:
        return self.edit


@record
class Doubt(Sample):
    """The same as a warning."""

    severity = Severity.WARNING


# Set here and not in the classes, so that they stay out of the catalogue.
Sample.code = "E000"
Doubt.code = "W000"

NET = Source(
    "net.nn",
    """\
block bottleneck(x, width: int, stride: int = 1) {
    main = x
        -> conv1: conv2d(width, kernel=1) -> relu
        -> conv2: conv2d(width, kernel=3, stride=stride)
    return main + x -> relu
}

block stage(x, width: int) {
    return x -> 0: bottleneck(width, stride=2)
             -> 1: bottleneck(width)
}

model net {
    input image: float32[N, 3, 64, 64]
\toutput y = 卷积 -> conv2d(32, kernal=3)\t-> relu
    output z = image -> layer1: stage(64)
        -> layer2: stage(128, {
            relu
        }, 3)
}
""",
)


def place(text: str, source: Source = NET, after: str = "") -> Span:
    """Where ``text`` stands for the first time after ``after``."""
    start = source.text.index(text, source.text.index(after) + len(after))
    return source.span(start, start + len(text))


ONE_LINE = Source("big.nn", "x" * 500_000 + "\x1b[31m hi \u202e" + "y" * 500_000)
LONG = Source("long.nn", f"left{'.' * 200}here{'.' * 200}right")
ADDITION = Sample(
    span=place("main + x"),
    says="[N, 64, 31, 31] and [N, 64, 64, 64] do not broadcast",
    beside="cannot be added",
    more=(
        Label(place("main", after="return "), "float32[N, 64, 31, 31]"),
        Label(place("x", after="main + "), "float32[N, 64, 64, 64]"),
    ),
    facts=(
        "axis 2 is 31 on the left and 64 on the right",
        "two axes broadcast if they are equal\nor one of them is 1",
    ),
    hint="give `conv2` the padding `padding=1`, and the skip a stride of its own",
    trace=(
        Label(place("bottleneck(width, stride=2)"), "in block `bottleneck`, called here"),
        Label(place("stage(64)"), "in block `stage`, called here"),
    ),
)
MISSPELT = Doubt(
    span=place("kernal"),
    says="`conv2d` has no attribute `kernal`",
    beside="not an attribute of `conv2d`",
    hint="did you mean `kernel`?",
    more=(Label(place("卷积"), "the input of it"),),
    edit=Fix(place("kernal"), "kernel"),
)

RENDERINGS = {
    "same_line_labels": ADDITION,
    "wide_characters_and_fix": MISSPELT,
    "caret_only": Sample(span=place("width, kernel=1")),
    "multi_line": Sample(
        span=place("stage(128, {\n            relu\n        }, 3)"),
        says="`stage` takes 2 arguments, and 3 are given",
        beside="3 arguments",
        hint="leave one out",
        more=(Label(place("stage(x, width: int)"), "`stage` is defined here"),),
    ),
    "far_lines": Sample(
        span=place("stride=stride"),
        beside="used here",
        more=(
            Label(place("stride: int = 1"), "defined here"),
            Label(place("conv1"), "and this is near"),
            Label(place("model net"), "and this far away"),
        ),
    ),
    "one_line_between": Sample(
        span=place("conv2"), more=(Label(place("main"), "there is one line between"),), beside="here"
    ),
    "other_file": Sample(
        span=place("stage(64)"),
        beside="imported",
        more=(Label(place("stage", Source("lib/stem.nn", "# stem\nblock stage(x) {\n")), "defined here"),),
    ),
    "no_place": Sample(says="the weights end after 12 bytes", facts=("file `w.npz`",), hint="save them again"),
    "end_of_file": Sample(span=NET.span(len(NET.text), len(NET.text)), says="the file ends too early", beside="here"),
    "long_line": Sample(
        span=ONE_LINE.span(500_000, 500_010),
        says=f"unknown character \x1b in {'z' * 5000}",
        beside="\x07 here",
        facts=("a\tb", "rows\r\nand rows"),
    ),
    "marks_outside_the_window": Sample(
        span=place("here", LONG),
        beside="the place",
        more=(Label(place("left", LONG), "far left"), Label(place("right", LONG), "far right")),
    ),
    "long_trace": Sample(
        span=place("width: int"),
        trace=tuple(Label(place("stage(64)"), f"in block `b{depth}`, called here") for depth in range(20)),
    ),
    "hanging_labels": Sample(
        span=place("width", after="conv1: conv2d("),
        says="three labels in one line",
        beside="first",
        more=(
            Label(place("kernel=1"), "second\nwith a line end"),
            Label(place("relu"), "third"),
            Label(place("width", after="conv1: conv2d("), "the same place"),
        ),
    ),
    "crlf_and_line_end": Sample(
        span=Source("dos.nn", "a\r\nb\r\n").span(1, 3), says="a line end is marked after the line"
    ),
}


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
    edit = draw(st.none() | st.builds(Fix, st.just(source.span(draw(st.integers(0, size)), size)), TEXTS))
    return Sample(
        span=draw(st.none() | st.just(span_of(source))),
        says=draw(TEXTS),
        beside=draw(TEXTS),
        hint=draw(TEXTS),
        facts=tuple(draw(st.lists(TEXTS, max_size=2))),
        more=labels[::2],
        trace=labels[1::2],
        edit=edit,
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


def test_json_form() -> None:
    form = to_json(MISSPELT)
    start = NET.text.index("kernal")
    where = {
        "file": "net.nn",
        "line": 15,
        "column": 30,
        "end_line": 15,
        "end_column": 36,
        "offsets": [start, start + 6],
    }
    label = {
        "file": "net.nn",
        "line": 15,
        "column": 13,
        "end_line": 15,
        "end_column": 15,
        "offsets": [381, 383],
    }
    expected = {
        "code": "W000",
        "severity": "warning",
        "message": "`conv2d` has no attribute `kernal`",
        **where,
        "label": "not an attribute of `conv2d`",
        "labels": [{**label, "message": "the input of it"}],
        "notes": [],
        "remedy": "did you mean `kernel`?",
        "fix": {**where, "replacement": "kernel"},
        "trace": [],
    }
    assert form == expected
    assert list(form) == list(expected)


def test_json_form_without_a_place() -> None:
    form = to_json(RENDERINGS["no_place"])
    assert form["file"] is form["line"] is form["offsets"] is form["fix"] is None
    assert form["notes"] == ["file `w.npz`"]


def test_github_form() -> None:
    assert github(MISSPELT) == (
        "::warning file=net.nn,line=15,col=30,endColumn=36,title=W000::`conv2d` has no attribute `kernal`"
        "%0Anot an attribute of `conv2d`%0Adid you mean `kernel`?%0Anet.nn:15:13: the input of it"
    )
    assert github(Sample(says="no place")) == "::error title=E000::no place"


def test_github_form_escapes() -> None:
    source = Source("a,b:c%d\n.nn", "x = 1")
    assert github(Sample(span=source.span(0, 1), says="100% :: a,b\r\nc\x1b")) == (
        "::error file=a%2Cb%3Ac%25d%0A.nn,line=1,col=1,endColumn=2,title=E000::100%25 :: a,b%0D%0Ac\\x1b"
    )


def test_github_form_of_several_lines_has_no_columns() -> None:
    assert github(RENDERINGS["multi_line"]).startswith("::error file=net.nn,line=17,endLine=19,title=E000::")


def test_explain_knows_every_code() -> None:
    listed = codes()
    assert [one.code for one in listed] == sorted(CATALOGUE)
    for one in listed:
        page = explain(one.code.lower())
        assert page is not None
        assert page.startswith(f"{one.code} {one.name} ({one.severity})\n\n")
        assert one.summary.rstrip(".") in " ".join(page.split())
    assert explain("E9999") is None
    assert explain("") is None


def _template_names(template: str) -> set[str]:
    names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    return {re.split(r"[.\[]", name, maxsplit=1)[0] for name in names}


def _facts(kind: type[Diagnostic]) -> set[str]:
    properties = {
        name
        for base in kind.__mro__
        for name, value in vars(base).items()
        if isinstance(value, property | cached_property)
    }
    return properties | {field.name for field in dataclasses.fields(kind)}


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_every_diagnostic_is_complete(kind: type[Diagnostic]) -> None:
    letter = "E" if kind.severity is Severity.ERROR else "W"
    assert re.fullmatch(rf"{letter}\d{{3}}", kind.code)
    # A dataclass without a docstring is given its signature as one.
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")
    assert dataclasses.is_dataclass(kind)
    for template in (kind.message, kind.label, kind.remedy):
        assert _template_names(template) <= _facts(kind)
    assert kind.message or kind.headline is not Diagnostic.headline
    if kind.severity is Severity.ERROR:
        assert kind.remedy or kind.advice is not Diagnostic.advice


def test_diagnostics_import_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from dotnn.compiler.diagnostics.explain import load_all\n"
        "load_all()\n"
        "print(sorted({'numpy', 'onnx', 'onnxruntime', 'lark', 'networkx', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
