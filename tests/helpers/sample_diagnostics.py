"""Diagnostics of the tests, and a text that they are about."""

from __future__ import annotations

from dotnn.compiler.diagnostics import CATALOGUE, Diagnostic, Edit, Fix, Label, Safety, Severity
from dotnn.compiler.diagnostics.explain import load_all
from dotnn.compiler.records import record
from dotnn.compiler.source import Source, Span

load_all()
#: The catalogue of dotnn, without classes that a test file may have added, and without rules, which load on use.
FAMILIES = [kind for _, kind in sorted(CATALOGUE.items()) if kind.__module__.startswith("dotnn.compiler.diagnostics.")]


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


# Set here and not in the classes, so that they stay out of the catalogue.
Sample.code = "E000"


@record
class Doubt(Sample):
    """The same as a warning."""

    severity = Severity.WARNING


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
    edit=Fix((Edit(place("kernal"), "kernel"),), Safety.UNSAFE),
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
