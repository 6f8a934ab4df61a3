"""Mistakes that show inside of blocks of the library: told of the call in the user's own file, in every format."""

from __future__ import annotations

import pickle  # noqa: TID251  errors cross processes by it
from pathlib import Path

import pytest
from dotnn import library
from dotnn.compiler import compile_file, compile_source
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Diagnostic, DotnnError
from dotnn.compiler.diagnostics.fixes import apply_fix
from dotnn.compiler.diagnostics.library_mistakes import InLibrary
from dotnn.compiler.diagnostics.machine_readable import github, to_json
from dotnn.compiler.diagnostics.render import render
from dotnn.compiler.driver import Compiled
from dotnn.compiler.limits import Limits

from tests.helpers.language import write

PROBE = """\
# Blocks to be wrong with.

import deep from "dotnn/deep"

const WIDTH = 4

## Convolves.
block grouped(x, width: int, groups: int = 1, padding: int = 0) {
    unused = x
    return x -> conv: conv2d(width, kernel=3, groups=groups, padding=padding) -> relu
}

## Demands something.
block demanding(x, groups: int) {
    expect x.channels % groups == 0
    return x -> conv2d(x.channels, kernel=1, groups=groups)
}

## Expects too few parameters.
block costly(x, width: int) {
    y = x -> dense(width)
    expect params <= 10
    return y
}

## Takes a name.
block merged(x, merge: string) { return x -> lstm(4, bidirectional=true, merge=merge) }

## Stacks, so that dropping means something only with several layers.
block stacked(x, layers: int) { return x -> lstm(4, layers=layers, dropout=0.1) }

## Cuts into two.
block halved(x) {
    a, b = x -> split(2, axis=2)
    return a + b
}

## Calls a block of another file.
block outer(x, width: int) {
    h = x -> relu
    return h -> inner: deep(width)
}
"""

DEEP = """\
# Called by others.

## Calls its own.
block deep(x, width: int) { return x -> deepest(width) }

block deepest(x, width: int) {
    return x -> conv: conv2d(width, kernel=3, stride=width)
}
"""


@pytest.fixture(autouse=True)
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library with two more files."""
    folder = tmp_path / "library"
    write(folder, {"probe.nn": PROBE, "deep.nn": DEEP})
    files = {**library.library_files(), "dotnn/deep": folder / "deep.nn", "dotnn/probe": folder / "probe.nn"}
    monkeypatch.setattr(library, "library_files", lambda: files)


def text_of(body: str, image: str = "float32[N, 6, 8, 8]", head: str = "") -> str:
    names = "grouped, demanding, costly, merged, stacked, halved, outer"
    return (
        f'import {names} from "dotnn/probe"\n{head}\nmodel net() {{\n    input x: {image}\n    output y = {body}\n}}\n'
    )


def found_in(text: str, tmp_path: Path, limits: Limits | None = None) -> tuple[Diagnostic, ...]:
    # Each text imports all blocks, and uses one.
    return check(write(tmp_path / "project", {"net.nn": text}), limits=limits, ignore=["L402"]).diagnostics


#: A call, the type of the input, the code, what is marked, the line of the library and a part of the whole message.
KINDS = {
    "rank": (
        "x -> grouped(4)",
        "float32[N, 8]",
        "E401",
        "grouped(4)",
        "conv2d(width",
        "change what `grouped` is given",
    ),
    "channels": ("x -> a: grouped(4, groups=4)", "float32[N, 6, 8, 8]", "E4", "grouped(4, groups=4)", "groups", "6"),
    "small": ("x -> grouped(4)", "float32[N, 6, 2, 2]", "E4", "grouped(4)", "kernel=3", "`x` is float32[N, 6, 2, 2]"),
    "value": ("x -> grouped(0)", "float32[N, 6, 8, 8]", "E301", "grouped(0)", "conv2d(width", "`width` is 0"),
    "named": ('x -> merged("mean")', "float32[N, T, 8]", "E", 'merged("mean")', "merge=merge", '`merge` is "mean"'),
    "undecided": ("x -> halved", "float32[N, 2, W]", "E", "halved", "split(2", "W"),
    "demand": ("x -> demanding(4)", "float32[N, 6, 8, 8]", "E701", "demanding(4)", "expect", "is 2, not 0"),
    "metric": ("x -> costly(4)", "float32[N, 8]", "E701", "costly(4)", "params <= 10", "`params` is 36"),
    "nested": ("x -> outer(9)", "float32[N, 6, 8]", "E401", "outer(9)", "conv2d(width", "in block `deepest`"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_call_is_the_primary_place(kind: str, tmp_path: Path) -> None:
    body, image, code, marked, line, said = KINDS[kind]
    (found,) = found_in(text_of(body, image), tmp_path)
    assert found.code.startswith(code)
    assert found.span is not None
    assert found.span.text == marked
    assert found.span.source.name.endswith("net.nn")
    assert found.fix() is None
    first = found.labels()[0]
    assert first.span.source.in_library
    assert first.text.startswith("here, in `")
    assert line in first.span.source.line(first.span.line)
    shown = render(found)
    assert said in shown
    # In the text: the call first, then the line of the library.
    assert shown.index("net.nn:5:") < shown.index(f"{first.span.source.name}:{first.span.line}:")
    assert first.span.source.line(first.span.line) in shown


@pytest.mark.parametrize("kind", KINDS)
def test_machines_get_the_call_and_the_line(kind: str, tmp_path: Path) -> None:
    body, image, *_ = KINDS[kind]
    (found,) = found_in(text_of(body, image), tmp_path)
    document, annotation = to_json(found), github(found)
    assert str(document["file"]).endswith("net.nn")
    assert document["line"] == 5
    assert document["fix"] is None
    place = document["labels"][0]
    label = found.labels()[0]
    line = label.span.source.line(label.span.line).strip()
    assert place["file"].startswith("dotnn/")
    assert place["message"].endswith(f"`{line}`")
    assert annotation.startswith("::error file=")
    assert "net.nn,line=5," in annotation
    assert f"{label.span}: here, in" in annotation


def test_the_headline_and_the_facts_are_those_of_the_fault(tmp_path: Path) -> None:
    (found,) = found_in(text_of("x -> grouped(4, groups=4)"), tmp_path)
    assert isinstance(found, InLibrary)
    assert found.headline() == found.fault.headline()
    assert found.fault.span is not None
    assert found.fault.span.source.in_library
    assert found.channels == 6
    with pytest.raises(AttributeError):
        _ = found.nothing_like_it
    again = pickle.loads(pickle.dumps(found))
    assert (str(again), render(again)) == (str(found), render(found))
    assert str(found).startswith(str(found.span))


def test_the_calls_between_and_around_are_the_trace(tmp_path: Path) -> None:
    head = "block mine(x, w: int) {\n    return x -> outer(w)\n}\n"
    (found,) = found_in(text_of("x -> relu -> mine(9)", "float32[N, 6, 8]", head), tmp_path)
    assert found.span is not None
    assert found.span.text == "outer(w)"
    assert [label.span.text for label in found.trace] == ["deepest(width)", "deep(width)", "mine(9)"]
    assert [label.span.source.in_library for label in found.trace] == [True, True, False]
    assert found.advice() == "change what `outer` is given: `x` is float32[N, 6, 8], `width` is 9"


def test_each_call_is_told_once(tmp_path: Path) -> None:
    """Two calls with the same mistake are two mistakes; one call in a loop, or with two faults inside, is one."""
    assert len(found_in(text_of("(x -> grouped(0)) + (x -> grouped(0))"), tmp_path)) == 2
    assert len(found_in(text_of("x -> repeat(3) { grouped(7, groups=4, padding=1) }"), tmp_path)) == 1
    assert len(found_in(text_of("x -> grouped(0, groups=0)"), tmp_path)) == 1
    head = "block mine(x, w: int) { return x -> grouped(w, groups=w) }\n"
    both = found_in(text_of("(x -> mine(0)) + (x -> mine(4))", head=head), tmp_path)
    assert [one.span.text for one in both if one.span is not None] == ["grouped(w, groups=w)"] * 2


def test_wrong_types_are_wrong_where_they_are_given(tmp_path: Path) -> None:
    (found,) = found_in(text_of('x -> grouped("x")'), tmp_path)
    assert not isinstance(found, InLibrary)
    assert found.span is not None
    assert (found.code, found.span.text, found.advice()) == ("E314", '"x"', "change the value")


def test_a_met_demand_says_nothing_and_the_body_goes_on(tmp_path: Path) -> None:
    assert found_in(text_of("x -> demanding(3)"), tmp_path) == ()


def test_a_demand_is_an_error_for_other_arguments_too(tmp_path: Path) -> None:
    text = text_of("x -> demanding(groups)").replace("net()", "net(groups: int = 3)")
    path = write(tmp_path / "project", {"net.nn": text})
    assert check(path, ignore=["L402"]).diagnostics == ()
    (found,) = check(path, arguments={"groups": 4}).diagnostics
    assert (found.code, found.headline()) == (
        "E701",
        "an expectation of `demanding` does not hold: `x.channels % groups` is 2, not 0",
    )


def test_reuse_with_another_shape_is_told_of_the_reuse(tmp_path: Path) -> None:
    (found,) = found_in(text_of("x -> a: grouped(8, padding=1) -> reuse(a)"), tmp_path)
    assert found.span is not None
    assert found.span.text == "reuse(a)"
    assert isinstance(found, InLibrary)


def test_warnings_of_style_stay_in_the_library_and_others_reach_the_call(tmp_path: Path) -> None:
    """The probe binds what it does not use; a dropout between the layers of one layer is the caller's doing."""
    assert found_in(text_of("x -> grouped(4)"), tmp_path) == ()
    assert [one.code for one in check(library.library_files()["dotnn/probe"]).diagnostics] == ["L404"]
    (found,) = found_in(text_of("x -> stacked(1)", "float32[N, T, 8]"), tmp_path)
    assert found.severity == "warning"
    assert found.span is not None
    assert (found.code, found.span.text) == ("L142", "stacked(1)")


def test_names_that_clash_are_told_of_the_call(tmp_path: Path) -> None:
    (found,) = found_in(text_of("x -> a.conv: relu -> a: grouped(4)"), tmp_path)
    assert found.span is not None
    assert (found.code, found.span.text) == ("E213", "grouped(4)")
    assert all(not label.span.source.in_library or "here" in label.text for label in found.labels())


def test_limits_are_told_of_the_call(tmp_path: Path) -> None:
    (found,) = found_in(text_of("x -> outer(2)"), tmp_path, Limits(nodes=1))
    assert found.span is not None
    assert (found.code, found.span.text) == ("E501", "outer(2)")
    assert found.advice().startswith("where this is meant, raise the limit")


def test_the_library_itself_may_be_wrong_in_the_open(tmp_path: Path) -> None:
    """A file of the library that is checked by its own path is a file like any other."""
    path = library.library_files()["dotnn/deep"]
    path.write_text(DEEP + "model net() { input x: float32[N, 6, 8] output y = x -> deep(2) }", encoding="utf-8")
    (found,) = check(path).diagnostics
    assert not isinstance(found, InLibrary)


# --- where layers come from -------------------------------------------------------------------------------------------


def compiled(tmp_path: Path, body: str, head: str = "") -> Compiled:
    return compile_file(write(tmp_path / "project", {"net.nn": text_of(body, head=head)}))


def test_places_of_layers_lie_in_the_users_file(tmp_path: Path) -> None:
    head = "block mine(x) {\n    return x -> outer(2)\n}\n"
    found = compiled(tmp_path, "x -> grouped(4) -> mine", head)
    places = {row.path: row.place.rpartition("/")[2] for row in found.summary().rows}
    assert places["grouped.conv"].startswith("net.nn:")
    lines = found.network.module.source.text.splitlines()
    for path, words in (("grouped.conv", "grouped(4)"), ("mine.inner.conv", "outer(2)")):
        _, line, column = places[path].split(":")
        assert lines[int(line) - 1][int(column) - 1 :].startswith(words)
    (conv,) = (node for node in found.graph.nodes() if node.name == "grouped.conv")
    span = conv.origins[0].span
    assert span is not None
    assert span.source.name == "dotnn/probe"
    assert {str(weight.span).rpartition("/")[2][:7] for weight in found.graph.weights()} == {"net.nn:"}


def test_node_metadata_name_the_users_file(tmp_path: Path) -> None:
    import onnx

    model = onnx.load_from_string(compiled(tmp_path, "x -> grouped(4)").to_bytes())
    sources = {one.value for node in model.graph.node for one in node.metadata_props if one.key == "dotnn.source"}
    assert sources
    assert all("dotnn/" not in source for source in sources)


# --- imports that are missing or wrong --------------------------------------------------------------------------------


def mended(text: str, found: Diagnostic) -> str:
    fix = found.fix()
    assert fix is not None
    return apply_fix(text, fix)


MODEL = "model net() {\n    input x: float32[N, 8, 8, 8]\n    output y = x -> bottleneck(2)\n}\n"


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("", 'import bottleneck from "dotnn/residual"'),
        ("# A comment.\n\n", 'import bottleneck from "dotnn/residual"'),
        ('import basic from "dotnn/residual"\n', 'import basic, bottleneck from "dotnn/residual"'),
    ],
)
def test_a_missing_import_is_a_fix(head: str, line: str) -> None:
    text = head + MODEL
    (found,) = faults(text)
    assert (found.code, found.advice()) == ("E203", f"write `{line}` at the head of the file")
    assert line in mended(text, found).splitlines()
    assert faults(mended(text, found)) == ()


def test_a_missing_import_beside_another() -> None:
    text = f'import deep from "dotnn/deep"\n{MODEL}'
    (found,) = faults(text)
    assert mended(text, found).startswith('import bottleneck from "dotnn/residual"\nimport deep from "dotnn/deep"\n')


def faults(text: str) -> tuple[Diagnostic, ...]:
    try:
        compile_source(text, name="net.nn")
    except DotnnError as error:
        return error.diagnostics
    return ()


@pytest.mark.parametrize(
    ("name", "said", "meant"),
    [
        ("Bottleneck", "`Bottleneck` is `bottleneck` of the library: write `import", "bottleneck"),
        ("BasicBlock", "`BasicBlock` is `basic` of the library: write `import", "basic"),
        ("botleneck", "did you mean `bottleneck` of the library? Write `import", "bottleneck"),
        ("dense_", "`dense_` is `dense` here", "dense"),
        ("Linear", "`Linear` is `dense` here", "dense"),
    ],
)
def test_names_like_those_of_the_library(name: str, said: str, meant: str) -> None:
    """The name is replaced, and the import is written, together."""
    text = MODEL.replace("bottleneck", name)
    (found,) = faults(text)
    assert found.advice().startswith(said)
    fixed = mended(text, found)
    assert f"-> {meant}(2)" in fixed
    assert ("import" in fixed) == ("import" in said)
    assert "E203" not in {one.code for one in faults(fixed)}


@pytest.mark.parametrize(
    ("line", "code", "said", "safety"),
    [
        ('import botleneck from "dotnn/residual"', "E604", "did you mean `bottleneck`?", "unsafe"),
        ('import bottleneck from "dotnn/deep"', "E604", 'write `import bottleneck from "dotnn/residual"`', "safe"),
        ('import bottleneck from "dotnn/residual.nn"', "E608", "did you mean `dotnn/residual`?", "safe"),
        ('import bottleneck from "dotnn/resnet50"', "E608", 'write `"dotnn/residual"`', "safe"),
        ('import bottleneck from "residual"', "E601", 'write `"dotnn/residual"` if a block of the library', "unsafe"),
        ('import bottleneck from "parts/residual.nn"', "E601", 'write `"dotnn/residual"` if a block', "unsafe"),
        ('import my_block from "mine.nn"', "E601", "paths are relative", ""),
    ],
)
def test_imports_that_miss_the_library(
    line: str, code: str, said: str, safety: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "library")
    text = f"{line}\nblock other(x) {{ return x }}\n{MODEL.replace('bottleneck(2)', 'other')}"
    (found,) = faults(text)
    assert (found.code, found.advice().startswith(said)) == (code, True), found.advice()
    fix = found.fix()
    assert (fix.safety if fix is not None else "") == safety
    if fix is not None:
        assert mended(text, found).startswith('import bottleneck from "dotnn/residual"\n')
        assert faults(mended(text, found)) == ()


def test_what_a_file_of_the_library_does_not_offer_is_not_listed() -> None:
    (found,) = faults(f'import something_else from "dotnn/residual"\n{MODEL.replace("bottleneck(2)", "relu")}')
    assert "`bottleneck`" in found.advice()
    assert "shortcut" not in found.advice()
