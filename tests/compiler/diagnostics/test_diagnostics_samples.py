"""Errors of names, values, imports and expectations: each can be met, one mistake gives one message, all are found."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dotnn.compiler.diagnostics import (
    Diagnostic,
    arithmetic,
    call_arguments,
    expectations,
    imports,
    indexing,
    names,
    placement,
    reductions,
    values,
    written_tensors,
)
from dotnn.compiler.diagnostics.base import CATALOGUE
from dotnn.compiler.diagnostics.explain import load_all
from dotnn.compiler.diagnostics.render import render_all
from dotnn.compiler.driver import check

from tests.helpers.fixing import assert_mends, listed
from tests.helpers.golden import assert_golden
from tests.helpers.language import faults, faults_of, model, places, write

load_all()
FAMILIES = (
    names,
    values,
    arithmetic,
    call_arguments,
    indexing,
    placement,
    reductions,
    written_tensors,
    imports,
    expectations,
)


@dataclass(frozen=True)
class Sample:
    """A text with one mistake.

    Attributes:
        place: the source text that is underlined.
        words: what the message says, among other things.
        options: arguments of `check`.
        files: further files beside the text.
    """

    text: str
    place: str
    words: tuple[str, ...]
    options: dict[str, object] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def net(body: str, head: str = "", image: str = "float32[N, 8]") -> str:
    """A small file that is pleasant to read."""
    lines = "\n".join(f"    {line.strip()}" for line in body.strip().splitlines())
    head = f"{head.strip()}\n\n" if head else ""
    body = f"    input x: {image}\n{lines}\n    output y = x -> dense(classes)\n"
    return f"{head}model net(classes: int = 10) {{\n{body}}}\n"


BLOCK = """
block residual(x, width: int) {
    main = x -> dense(width) -> relu
    return main + x
}
"""

SAMPLES: dict[str, Sample] = {
    "E201": Sample(net("h = x -> dense(clases)\noutput z = h"), "clases", ("`clases`", "did you mean `classes`?")),
    "E202": Sample(net("output z = x -> reshape([M, 2, 4])"), "M", ("`M`", "input")),
    "E203": Sample(net("output z = x -> Dense(3) -> relu"), "Dense", ("`Dense`", "`Dense` is `dense` here")),
    "E204": Sample(net("output z = x -> dense(3, biass=false)"), "biass", ("`biass`", "did you mean `bias`")),
    "E205": Sample(net("output z = x -> fc: dense(8)\n-> relu\n-> fc: dense(8)"), "dense(8)", ("`fc`", "taken")),
    "E206": Sample(net("h = x -> dense(3)\nh = h -> relu\noutput z = h"), "h", ("`h`", "already")),
    "E207": Sample("block relu(x) { return x }\n" + net(""), "relu", ("`relu`", "a layer", "my_relu")),
    "E208": Sample(
        net("h = x -> encoder: dense(8)\noutput z = h -> reuse(encoders)"), "encoders", ("`encoders`", "`encoder`?")
    ),
    "E209": Sample(
        net(
            "input w: float32[N, 5]\noutput z = x -> head: by_size\noutput v = w -> reuse(head)",
            "block by_size(x) {\n    return if x.channels > 6 { x -> dense(2) } else { x -> relu -> dense(2) }\n}",
        ),
        "relu",
        ("`head`", "another course"),
    ),
    "E210": Sample(
        net("input w: float32[N, 5]\noutput z = x -> fc: dense(2)\noutput v = w -> reuse(fc)"),
        "reuse(fc)",
        ("`weight`", "[2, 8]", "[2, 5]"),
    ),
    "E211": Sample(net("output z = x -> both: maximum(x) -> reuse(both)"), "both", ("`both`", "more than one tensor")),
    "E212": Sample(
        net("output z = x -> deep", "block deep(x) { return x -> relu -> deep }"), "deep", ("calls itself",)
    ),
    "E213": Sample(net("output z = x -> a.0: dense(8) -> a: { 0: dense(8) -> relu }"), "dense(8)", ("`a.0`",)),
    "E214": Sample(net("output z = x -> fc{0.5}: dense(8)"), "0.5", ("0.5", "int of at least 0")),
    "E215": Sample(
        net("output z = x -> dense(WIDTH)", "const WIDTH = 2 * DEPTH\nconst DEPTH = WIDTH"), "WIDTH", ("itself",)
    ),
    "E216": Sample(net("output z = x -> fc: dense(8)\nfreeze fc.weigth"), "fc.weigth", ("`fc.weigth`", "`fc.weight`?")),
    "E217": Sample(net("input w: float32[N, H // 2]\noutput z = w"), "H", ("`H`", "`H // 2`", "`4 * H`")),
    "E301": Sample(net("output z = x -> dense(0)"), "0", ("`units` of `dense`", "a positive int", "0")),
    "E302": Sample(net("output z = x -> dense(N)"), "N", ("`units` of `dense`", "`N`")),
    "E303": Sample(net("output z = x -> dropout"), "dropout", ("`dropout` needs `rate`",)),
    "E304": Sample(net("output z = x -> dense(3, false)"), "false", ("`dense`", "`units`", "`bias=`")),
    "E305": Sample(net("output z = x -> dense(3, units=4)"), "4", ("`units`", "twice")),
    "E306": Sample(net("output z = 3 -> relu"), "3", ("`x` of `relu`", "a tensor", "an int")),
    "E307": Sample(
        net("output z = x -> residual(8) -> plus(3)", BLOCK + "block plus(x, y) { return x + y }"),
        "3",
        ("`y` of `plus`", "`y: int`"),
    ),
    "E308": Sample(net("k = 2 * [3]\noutput z = x -> dense(k)"), "2 * [3]", ("`*`", "an int and a list")),
    "E309": Sample(net("k = 3 // 0\noutput z = x -> dense(k)"), "3 // 0", ("division by zero",)),
    "E310": Sample(
        net("output z = if T > 32 { x -> relu } else { x }", image="float32[N, T, 8]"), "T > 32", ("T > 32", "`T`")
    ),
    "E311": Sample(net("k = [4, 8][2]\noutput z = x -> dense(k)"), "2", ("no element 2", "a list of 2")),
    "E312": Sample(net("k = x.size\noutput z = x -> dense(k)"), "size", ("a tensor", "`size`", "`shape`")),
    "E313": Sample(
        net("k = x.channels\noutput z = x -> dense(k)", image="float32[N, T, 8]"), "x.channels", ("rank 3", "shape[1]")
    ),
    "E314": Sample(
        net("h: float32[N, 64] = x -> dense(32)\noutput z = h"), "x -> dense(32)", ("float32[N, 64]", "float32[N, 32]")
    ),
    "E315": Sample(net("input z: float[N, 3]\noutput w = z"), "float[N, 3]", ("`float`", "float32")),
    "E316": Sample(net("input z: float32[N, 0]\noutput w = z"), "0", ("a positive int", "0")),
    "E317": Sample(
        net("output z = x * M", "const M: float32[2, 2] = [[1, 2], [3]]"), "[3]", ("2 elements", "1 element")
    ),
    "E318": Sample(net("a, b = x -> dense(3)\noutput z = a + b"), "x -> dense(3)", ("2 names", "one result")),
    "E319": Sample(net("output z = x -> split(2, axis=1) -> relu"), "split(2, axis=1)", ("`split`", "2 parts")),
    "E320": Sample(net("k = params\noutput z = x -> dense(k)"), "params", ("`params`", "`expect`")),
    "E321": Sample(net("output z = x -> f", "block f(x) { y = x -> relu }"), "f", ("the block `f`", "`return`")),
    "E322": Sample(net("output z = x -> dense(3, init=normal(std=-1))"), "normal(std=-1)", ("std", "at least 0")),
    "E323": Sample(net("output z = x -> for c in 3 { dense(c) }"), "3", ("a list", "an int", "range(n)")),
    "E324": Sample(net("output z = x -> dense(2G) -> dense(2G)"), "dense(2G)", ("`dense`", "numbers")),
    "E325": Sample(net("input w: float32[1 - N]\noutput z = w"), "1 - N", ("the type", "`1 - N`", "at least 1")),
    "E327": Sample(
        net("input w: float32[N, 8]\noutput z = max(x, w)"), "max(x, w)", ("`maximum(a, b)`", "`x -> max(axis")
    ),
    "E328": Sample(net("k = max([1, 2], axis=0)\noutput z = x -> dense(k)"), "axis", ("`axis=`", "`max`", "a list")),
    "E326": Sample(
        net("input w: float32[N, T]\noutput z = w -> f", "block f(x: float32[B, 2 * H]) { return x }"),
        "w",
        ("float32[B, 2 * H]", "`T`", "`2*T` for `T`"),
    ),
    "E601": Sample('import stem from "stm.nn"\n' + net(""), '"stm.nn"', ("stm.nn", "no such file")),
    "E602": Sample(
        'import f from "other.nn"\n' + net(""),
        '"net.nn"',
        ("net.nn -> other.nn -> net.nn",),
        files={"other.nn": 'import g from "net.nn"\nblock f(x) { return x }\n'},
    ),
    "E603": Sample('import f from "../f.nn"\n' + net(""), '"../f.nn"', ("out of the project", "--root")),
    "E604": Sample(
        'import stm from "other.nn"\n' + net(""),
        "stm",
        ("other.nn", "did you mean `stem`?"),
        files={"other.nn": "block stem(x) { return x }\n"},
    ),
    "E605": Sample(net(""), "", ("no model `nett`", "`net`"), {"model": "nett"}),
    "E606": Sample(net(""), "classes: int = 10", ("`classes`", "a string"), {"arguments": {"classes": "ten"}}),
    "E608": Sample(
        'import basic from "dotnn/residul"\n' + net(""), '"dotnn/residul"', ("did you mean `dotnn/residual`?",)
    ),
    "E607": Sample("", "", ("cannot read", "no such file"), files={}),
    "E701": Sample(net("expect params == 61_482"), "params == 61_482", ("`params` is 90", "61,482")),
    "W701": Sample(net("expect params == 90"), "params == 90", ("`params` is 45", "90"), {"arguments": {"classes": 5}}),
    "E702": Sample(
        net("output z = x -> flatten\nexpect peak_activation_bytes <= 1M", image="float32[N, T, 8]"),
        "peak_activation_bytes <= 1M",
        ("`T`", "a number"),
    ),
    "E703": Sample(net("expect params"), "params", ("true or false", "an int")),
    "E704": Sample(net("expect receptive_field(x) >= 3"), "x", ("no receptive field", "no input has spatial axes")),
}


def judged(code: str, folder: Path, text: str | None = None) -> tuple[Diagnostic, ...]:
    """What `check` says of a sample, or of another text with its files, in a folder that is a project."""
    sample = SAMPLES[code] if text is None else dataclasses.replace(SAMPLES[code], text=text)
    folder = folder / "project"
    write(folder, {"pyproject.toml": "", "net.nn": sample.text, **sample.files})
    name = "missing.nn" if code == "E607" else "net.nn"
    before = Path.cwd()
    os.chdir(folder)
    try:
        return check(name, **sample.options).diagnostics  # pyright: ignore[reportArgumentType]
    finally:
        os.chdir(before)


def codes_of(*families: object) -> set[str]:
    modules = {family.__name__ for family in families}  # pyright: ignore[reportAttributeAccessIssue]
    return {code for code, kind in CATALOGUE.items() if kind.__module__ in modules}


def test_there_is_a_sample_of_every_error() -> None:
    assert set(SAMPLES) == codes_of(*FAMILIES)


@pytest.mark.parametrize("code", SAMPLES)
def test_every_error_can_be_met(code: str, tmp_path: Path) -> None:
    """Alone, at its place, with both sides of the matter in its words."""
    sample = SAMPLES[code]
    found = judged(code, tmp_path)
    assert [one.code for one in found] == [code]
    (diagnostic,) = found
    assert (diagnostic.span.text if diagnostic.span is not None else "") == sample.place
    said = "\n".join(
        [
            diagnostic.headline(),
            diagnostic.caret(),
            diagnostic.advice(),
            *diagnostic.notes(),
            *(label.text for label in diagnostic.labels()),
        ]
    )
    assert [word for word in sample.words if word not in said] == []
    assert diagnostic.advice()


@pytest.mark.parametrize("code", SAMPLES)
def test_the_whole_message(code: str, tmp_path: Path) -> None:
    assert_golden(f"errors/{code}.txt", render_all(judged(code, tmp_path)))


@pytest.mark.parametrize("code", SAMPLES)
def test_a_fix_mends_its_sample(code: str, tmp_path: Path) -> None:
    assert_mends(judged(code, tmp_path), lambda text: judged(code, tmp_path, text))


def test_all_fixes_of_the_samples(tmp_path: Path) -> None:
    found = [one for code in SAMPLES for one in judged(code, tmp_path / code)]
    assert_golden("fixes/samples.txt", listed(found))


def test_every_diagnostic_is_plain_data() -> None:
    for code in SAMPLES:
        kind = CATALOGUE[code]
        assert dataclasses.is_dataclass(kind)
        assert kind.__doc__


# --- one mistake, one message -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # A failed layer gives something unknown, which is quiet wherever it goes.
        (
            "a, b = x -> dens(3)\n c = a + b * 2\n d = c[0] -> concat(b)\n q = d.shape[1]\n"
            "output v = d -> reshape([q]) -> repeat(q) { relu } -> f(q)\n expect v.shape == [3]\n"
            "expect receptive_field(v) > 3\n for_later = if q > 3 { v } else { x }\n w: float32[q] = v\n"
            "parameter p: float32[q] = zeros\n output u = w * p -> for i in [q] { l{i}: dense(i) }",
            ("E203", "dens"),
        ),
        ("v = missing\n output u = x -> dense(v) -> dense(v + 1, bias=v)", ("E201", "missing")),
        ("v = [1, missing][0]\n output u = x -> dense(v)", ("E201", "missing")),
        ("v = x -> dense(3, units=5)\n output u = v -> conv2d(3, kernel=3)", ("E305", "5")),
        ("v = x -> conv2d(3, kernel=3) -> conv2d(3, kernel=3) -> max_pool2d(2)\n output u = v", ("E401", "conv2d")),
        ("input z: float32[M, 0]\n output u = z -> dense(3) -> reshape([M])", ("E316", "0")),
        ("input z: float33[M, 3]\n output u = z -> dense(3)\n output w = u + z", ("E315", "float33[M, 3]")),
        ("output u = x -> f(missing) -> f(3)", ("E201", "missing")),
        ("output u = x -> f(k=3, q=4) -> dense(3)", ("E204", "q")),
        ("output u = x -> dense(unit=3) -> dense(3)", ("E204", "unit")),
        ("output u = x -> conv2d(3, 3)", ("E304", "3, 3")),
        # What hangs on a label whose layer has failed.
        (
            "a = x -> l: dens(3)\n output u = a -> reuse(l) -> m: reuse(l) -> reuse(m.deep)\n freeze l, m",
            ("E203", "dens"),
        ),
        ("a = x -> l: conv2d(3, kernel=3)\n output u = x -> reuse(l)", ("E401", "conv2d")),
        (
            "a = x -> l: { conv2d(3, kernel=3) -> fc: dense(2) }\n output u = x -> reuse(l) -> reuse(l.fc)",
            ("E401", "conv2d"),
        ),
        ("a = x -> l: for i in missing { dense(i) }\n output u = x -> reuse(l) -> reuse(l.0)", ("E201", "missing")),
        ("a = x -> l: repeat(-1) { relu }\n output u = x -> reuse(l)", ("E323", "-1")),
        ("a = x -> l: reuse(missing)\n output u = x -> reuse(l)", ("E208", "missing")),
        ("a = x -> l{missing}: dense(3)\n output u = x -> reuse(l3)", ("E201", "missing")),
        ("a = x -> l: f\n output u = x -> reuse(l)", ("E303", "f")),
        # What is bound twice is not known from then on.
        ("v = x -> dense(3)\n v = v -> dense(4)\n output u: float32[N, 4] = v", ("E206", "v")),
        # An unreadable block.
        ("output u = x -> broken -> dense(2)\n a, b = x -> broken\n output w = a + b", ("E321", "broken")),
    ],
)
def test_one_mistake_gives_one_message(body: str, expected: tuple[str, str]) -> None:
    head = "block f(x, k: int) { return x -> dense(k) }"
    if "broken" in body:
        head += "\nblock broken(x) { y = x -> relu }"
    assert faults(f"{body}\n output y = x", head=head) == [expected]


def test_a_mistake_in_a_block_is_reported_once_however_often_it_is_called() -> None:
    head = "block f(x) { return x -> dense(0) }\nblock g(x) { return x -> f -> f }"
    (found,) = faults_of(model("output y = x -> g -> g -> repeat(3) { g }", head=head))
    assert (found.code, [label.span.text for label in found.trace]) == ("E301", ["f", "g"])


def test_a_name_in_a_block_that_means_nothing_is_no_matter_of_calls() -> None:
    head = "block f(x) { return x -> dens(3) }\nblock g(x) { return x -> f -> f }"
    (found,) = faults_of(model("output y = x -> g -> g -> repeat(3) { g }", head=head))
    assert (found.code, found.trace) == ("E203", ())


def test_errors_in_blocks_show_the_way_there() -> None:
    head = "block f(x, k: int) { return x -> conv2d(k, kernel=3) }\nblock g(x, k: int) { return x -> f(2 * k) }"
    (found,) = faults_of(model("output y = x -> relu -> { relu -> g(4) }", head=head))
    assert [(label.span.text, label.text) for label in found.trace] == [
        ("f(2 * k)", "in block `f`, called here"),
        ("g(4)", "in block `g`, called here"),
    ]


def test_all_errors_of_a_file_are_found() -> None:
    body = """
        a = x -> dens(3)
        b = x -> dense(three)
        c = x -> dense(3, bia=false)
        d = x -> conv2d(3, kernel=3)
        output y = x -> dense(-1)
        output z = y -> l: relu -> l: relu
        input w: foo[3]
        e: int = 1.5
        expect y.shape == missing
    """
    assert [code for code, _ in faults(body)] == [
        "E203",
        "E201",
        "E204",
        "E401",
        "E301",
        "E205",
        "E315",
        "E314",
        "E201",
    ]


# --- what is never elaborated -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # In blocks that nobody calls.
        ("block f(x) { return x -> dens(3) }", [("E203", "dens")]),
        ("block f(x) { return x -> dense(k) }", [("E201", "k")]),
        ("block f(x) { return x -> dense(3, axs=1) }", [("E204", "axs")]),
        ("block g(x, width: int) { return x }\nblock f(x) { return x -> g(wdth=3) }", [("E204", "wdth")]),
        ("block f(x) { return x -> dense(3, init=normal(sd=1)) }", [("E204", "sd")]),
        ("block f(x) { return x -> dense(len(list=[1])) }", [("E204", "list")]),
        ("block f(x) { k = 3 k = 4 return x -> dense(k) }", [("E206", "k")]),
        ("block f(x, x) { return x }", [("E206", "x")]),
        ("block f(x, macs: int) { return x -> dense(macs) }", [("E207", "macs")]),
        ("block f(x) { k = params return x -> dense(k) }", [("E320", "params")]),
        ("block f(x) { k = f return x -> dense(k) }", [("E320", "f")]),
        ("const K = 3\nblock f(x) { return x -> K }", [("E320", "K")]),
        ("block f(x) { k = 3 return x -> k }", [("E320", "k")]),
        ("block f(x: foo[3]) { return x }", [("E315", "foo[3]")]),
        ("block f(x) { y: flot32[3] = x return y }", [("E315", "flot32[3]")]),
        ("block f(x) { parameter p: float32[k] = zeros return x * p }", [("E201", "k")]),
        ("block f(x) { return x -> repeat(k) { relu } }", [("E201", "k")]),
        ("block f(x) { return x -> for i in k { relu } }", [("E201", "k")]),
        ("block f(x) { return x -> l{k}: relu -> reuse(l{j}) }", [("E201", "k"), ("E201", "j")]),
        ("block f(x) { return if k { x } else { x } }", [("E201", "k")]),
        ("block f(x, k: int = later, later: int = 3) { return x -> dense(k + later) }", [("E201", "later")]),
        ("block f(x) { y = x[0, k] return y.foo[j] }", [("E201", "k"), ("E201", "j")]),
        ("block f(x) { expect x.shape == k return x }", [("E201", "k")]),
        ("block f(x) { return x -> relu(x -> dens(3)) }", [("E203", "dens")]),
        # In branches and loops that are not taken.
        (model("output y = if true { x } else { x -> dens(3) }"), [("E203", "dens")]),
        (model("output y = if false { x -> dense(k) } else { x }"), [("E201", "k")]),
        (model("output y = if true { x } else if k { x } else { x -> dense(M) }"), [("E201", "k"), ("E202", "M")]),
        (model("output y = x -> repeat(0) { dense(k=3) }"), [("E204", "k")]),
        (model("k = true or missing\n output y = if k { x } else { x }"), [("E201", "missing")]),
        # In consts.
        ("const K = if true { 3 } else { missing }", [("E201", "missing")]),
        ("const K = [1, 2][5]", [("E311", "5")]),
        # In a model that is not asked for, too.
        (model("output y = x") + "model other { input x: float32[N] output y = x -> dens }", [("E203", "dens")]),
    ],
)
def test_names_are_checked_everywhere(text: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    path = write(tmp_path, {"net.nn": text})
    assert places(check(path).diagnostics) == expected
    assert places(faults_of(text if "model net" in text else text + model("output y = x"), model="net")) == expected


@pytest.mark.parametrize(
    "text",
    [
        # A block may speak of the dimensions of the model that will call it.
        "block f(x) { return x -> reshape([N, 3, H]) }",
        "block f(x: float32[B, C, T]) { return x -> reshape([B, C * T]) -> dense(C) }",
        "block f(x: float32[B, width], width: int) { return x -> dense(2 * width) }",
        "block f(x, k: int, j: int = k + 1) { return x -> dense(j) }",
        "block f(x) { y, _ = x -> split(2, axis=1) return y }",
        "block f(x) { a, h, c = x -> lstm(3) return a, h + c }",
        "block f(x) { dropout = 0.5 return x -> dropout(dropout) }",
        "block f(x) { return x -> for i, j in [[1, 2]] { a{i}: dense(j) } -> for i in [1] { dense(i) } }",
        "block f(x) { return x -> a: dense(3, init=he_normal, weight=[[1]]) -> reuse(a) }",
        "block f(x) { expect params <= 3 and receptive_field(x) > 3 and y.rank == 2 y = x -> relu return y }",
        "block f(x) { k = x.dtype == float32 and x.shape[1:] == [3] return if k { x } else { -x } }",
        "block f(x) { return x -> nothing_is_known_of_labels: relu -> reuse(a.b.0) }",
        "block f(x) { parameter p: float32[x.channels] = normal(std=0.1) return x * p }",
        "block f(x) { return x -> dense(max(3, len([1]))) -> softmax }",
        "block f(x) { return g(x, y=x -> relu, k=3) }\nblock g(x, y, k: int) { return x + y -> dense(k) }",
        "const K = J\nconst J = 3\nblock f(x) { return x -> dense(K) }",
    ],
)
def test_what_depends_on_values_is_left_alone(text: str, tmp_path: Path) -> None:
    assert check(write(tmp_path, {"net.nn": text})).diagnostics == ()


def test_a_long_block_that_nobody_calls(tmp_path: Path) -> None:
    lines = "\n".join(f"v{i} = v{i - 1} -> dense(8) -> relu" for i in range(1, 2000))
    text = f"block f(x) {{ v0 = x\n{lines}\nreturn v1999 -> dens(3) }}"
    report = check(write(tmp_path, {"net.nn": text}))
    assert places(report.diagnostics) == [("E203", "dens")]


@pytest.mark.parametrize(
    "text",
    [
        "model m { input x: float32[N, 100000, 100000, 100000] output y = x -> relu }",
        "model m { input x: float32[1000000, 1000000, 1000000] output y = x }",
    ],
)
def test_inputs_beyond_any_machine_are_refused_even_with_symbolic_dimensions(text: str) -> None:
    assert [one.code for one in faults_of(text)] == ["E324"]
