"""The library: every public block is documented, its sample compiles and computes what the reference does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.diagnostics.foreign_layers import LIBRARY_NAMES
from dotnn.compiler.diagnostics.library_mistakes import InLibrary
from dotnn.compiler.diagnostics.suggest_foreign import plain_word
from dotnn.compiler.driver import Compiled, check
from dotnn.compiler.limits import Limits
from dotnn.compiler.names.block_documentation import (
    BlockPage,
    block_list,
    block_text,
    library_pages,
    page_of,
)
from dotnn.compiler.names.project import reserved
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.source import Source
from dotnn.compiler.syntax import tree
from dotnn.compiler.syntax.parse import parse
from dotnn.compiler.weights.weight_values import WeightValues
from dotnn.library import PREFIX, library_files
from dotnn.library.index import BLOCKS

from tests.helpers.cli_calls import dotnn
from tests.helpers.harness import (
    TARGETS,
    AllValues,
    by_operators,
    he_normal_source,
    layer_names,
    mismatches,
    random_feeds,
    run_optimized,
    wrong_shapes,
)
from tests.helpers.paths import ROOT

PAGES = {page.name: page for file in library_pages() for page in file.blocks}
#: Sizes of the symbolic dimensions of samples.
SIZES = {"N": 2, "T": 5, "S": 4, "H": 3, "W": 2}
#: What may be required: a size, or several of them; a float may be one that is still to be rounded.
SIZE_TYPES = {"int", "float", "list"}


def parsed(text: str) -> tree.File:
    report = Report()
    found = parse(Source("sample.nn", text), Limits(), report)
    report.raise_errors()
    assert found is not None
    return found


def nodes_in(part: object) -> Iterator[tree.Node]:
    if isinstance(part, tuple):
        for one in part:
            yield from nodes_in(one)
    elif isinstance(part, tree.Node):
        yield part
        for one in dataclasses.fields(part):
            yield from nodes_in(getattr(part, one.name))


@cache
def compiled(name: str) -> Compiled:
    return compile_source(PAGES[name].sample_model, name="sample.nn")


# --- what a public block must have ------------------------------------------------------------------------------------


def test_the_index_has_the_public_blocks() -> None:
    assert {name: (page.file, page.summary) for name, page in PAGES.items()} == dict(BLOCKS)


def test_names_are_unique_and_belong_to_no_layer() -> None:
    names = [page.name for file in library_pages() for page in file.blocks]
    assert len(names) == len(set(names))
    assert [name for name in names if reserved(name) is not None] == []


@pytest.mark.parametrize("file", library_files())
def test_a_file_says_what_it_has(file: str) -> None:
    (page,) = (one for one in library_pages() if one.name == file)
    assert page.text
    assert page.blocks


@pytest.mark.parametrize("file", library_files())
def test_there_is_nothing_wrong_with_a_file(file: str) -> None:
    """Checked as a file of its own, with everything that nobody calls and nothing uses."""
    assert check(library_files()[file]).diagnostics == ()


@pytest.mark.parametrize("name", PAGES)
def test_block_is_documented(name: str) -> None:
    page = PAGES[name]
    first = page.text.split("\n\n")[0]
    assert first.endswith(".")
    assert len(page.summary.split()) >= 4
    assert page.summary[0].isupper() or page.summary[0] in "`0123456789"
    sample = page.sample.splitlines()
    assert sample
    assert max(map(len, sample)) <= 116


@pytest.mark.parametrize("name", PAGES)
def test_sample_uses_the_block_and_states_what_it_gives(name: str) -> None:
    model = next(item for item in parsed(PAGES[name].sample_model).items if isinstance(item, tree.Model))
    assert any(isinstance(node, tree.Call) and node.function == name for node in nodes_in(model))
    expected = [node for one in model.body if isinstance(one, tree.Expect) for node in nodes_in(one.condition)]
    assert any(isinstance(node, tree.Attribute) and node.name == "shape" for node in expected)
    assert any(isinstance(node, tree.Name) and node.name == "params" for node in expected)


@pytest.mark.parametrize("name", PAGES)
def test_only_sizes_must_be_given(name: str) -> None:
    required = {one.type for one in PAGES[name].arguments if one.default is None}
    assert {kind for kind in required if kind is not None and "[" not in kind} <= SIZE_TYPES


def test_examples_import_public_blocks_only() -> None:
    for path in sorted((ROOT / "examples").rglob("*.nn")):
        for item in parsed(path.read_text(encoding="utf-8")).items:
            if isinstance(item, tree.Import) and item.path.value.startswith(PREFIX):
                missing = {one.name for one in item.names if one.name not in BLOCKS}
                assert not missing, path.name


def test_names_of_other_frameworks_lead_to_blocks() -> None:
    assert {block for block in LIBRARY_NAMES.values() if block not in BLOCKS} == set()
    # What is spelled like the block is found without a table.
    assert {word for word, block in LIBRARY_NAMES.items() if word == plain_word(block) or word != plain_word(word)} == (
        set()
    )


# --- what a sample must do --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_sample_compiles_without_warnings(name: str) -> None:
    assert compiled(name).warnings == ()


@pytest.mark.parametrize("name", PAGES)
def test_every_expectation_can_fail(name: str) -> None:
    text = PAGES[name].sample_model
    expectations = [node for node in parsed(text).items[-1].body if isinstance(node, tree.Expect)]  # pyright: ignore
    for one in expectations:
        start, end = one.condition.span.start, one.condition.span.end
        wrong = f"{text[:start]}not ({text[start:end]}){text[end:]}"
        report = Report()
        assert parse(Source("sample.nn", wrong), Limits(), report)
        found = failures_of(wrong)
        assert found == ["E701"], wrong


def failures_of(text: str) -> list[str]:
    from dotnn.compiler import DotnnError

    try:
        compile_source(text)
    except DotnnError as error:
        return [one.code for one in error.diagnostics]
    return []


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", PAGES)
def test_sample_agrees_with_the_reference(name: str, target: Target) -> None:
    """Every layer of every build, with weights and statistics that are not trivial."""
    model = compiled(name)
    graph = model.graph
    source, feeds = he_normal_source(graph), random_feeds(graph, SIZES)
    expected = named_results(graph, evaluate(graph, feeds, WeightValues(0, source)))
    for optimize in (False, True):
        build = AllValues(model.to_bytes(target=target, optimize=optimize, weights=source))
        found = build.run(feeds)
        operators = model.optimized(target).graph if optimize else complete(graph)
        assert layer_names(graph, operators) <= found.keys()
        assert wrong_shapes(found, build.types, SIZES) == []
        assert mismatches(found, expected) == {}
        assert mismatches(found, by_operators(operators, feeds, source)) == {}
    outputs = run_optimized(model.to_bytes(target=target, weights=source), feeds)
    assert mismatches(outputs, expected) == {}
    assert outputs.keys() == graph.outputs.keys()


# --- how a file is read -----------------------------------------------------------------------------------------------

FILE = b"""\
# What the file has.
#
# And more of it.

import basic from "dotnn/residual"

# Not public.
block helper(x) { return x -> relu }

## Says what it is. And then more.
##
## Another paragraph
## of two lines.
##
##     input x: float32[N, 8, 4, 4]
##     output y, z = x -> pair(8)
##
##         expect y.rank == 4
block pair(x: float32[N, C, H, W], width: int, rates: list = [1, 2], mode: str = "same") {
    y = x -> basic(width)
    return y, y -> relu
}

## Without a sample.
block bare(x) { return x }
"""


def test_a_file_is_read_with_the_parser() -> None:
    page = page_of("dotnn/probe", FILE)
    assert page.text == "What the file has.\n\nAnd more of it."
    pair, bare = page.blocks
    assert pair.call == ('pair(x: float32[N, C, H, W], width: int, rates: list = [1, 2], mode: str = "same") -> y, y1')
    assert pair.import_line == 'import pair from "dotnn/probe"'
    assert pair.summary == "Says what it is"
    assert pair.text == "Says what it is. And then more.\n\nAnother paragraph\nof two lines."
    assert pair.sample.splitlines()[-1] == "    expect y.rank == 4"
    assert [(one.type, one.default) for one in pair.arguments][1:3] == [("int", None), ("list", "[1, 2]")]
    assert (bare.call, bare.sample, bare.results) == ("bare(x)", "", ("x",))


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_list_has_a_line_for_each_block() -> None:
    done = dotnn("layers")
    assert done.code == 0
    assert done.out.rstrip().endswith(block_list().rstrip())
    lines = [line.split() for line in block_list().splitlines() if line.startswith("  ")]
    assert [line[0] for line in lines] == list(BLOCKS)
    assert all(len(line) > 4 for line in lines)
    heads = [line for line in block_list().splitlines() if line and not line.startswith("  ")]
    assert heads == [f'import … from "{file.name}"' for file in library_pages()]


def test_a_block_is_shown_like_a_layer() -> None:
    page: BlockPage = PAGES["bottleneck"]
    done = dotnn("layers", "bottleneck")
    assert (done.code, done.out.rstrip()) == (0, block_text(page).rstrip())
    for part in (page.call, page.import_line, page.summary, *page.sample.splitlines()):
        assert " ".join(part.split()) in " ".join(done.out.split())
    assert dotnn("layers", "botleneck").err.rstrip().endswith("did you mean `bottleneck`?")
    assert dotnn("layers", "conv2").err.rstrip().endswith("?")


def test_blocks_as_json() -> None:
    found = json.loads(dotnn("layers", "--json").out)
    assert set(found) == {"layers", "blocks"}
    assert [one["kind"] for one in found["blocks"]] == list(PAGES)
    one = json.loads(dotnn("layers", "bottleneck", "--json").out)
    assert one == next(block for block in found["blocks"] if block["kind"] == "bottleneck")
    assert one["import"] == 'import bottleneck from "dotnn/residual"'
    assert one["arguments"][0] == {"name": "x", "type": None, "default": None}


# --- wrong calls ------------------------------------------------------------------------------------------------------

IMAGES = ("float32[N, 1]", "float32[N, T, 4]", "float32[N, 3, 5, 5]", "int64[N, T]")
#: What is given for an argument of a type, all of it unusual.
VALUES = {
    "int": ("0", "7"),
    "float": ("-1.5",),
    "list": ("[]", "[0]"),
    "string": ('"nope"',),
    "bool": ("false",),
}


def wrong_calls(page: BlockPage) -> Iterator[str]:
    """Calls of a block with one unusual argument, the others as usual, on unusual inputs."""
    usual = {"int": "2", "float": "0.5", "list": "[2, 2]", "string": '"relu"', "bool": "true", None: "x"}
    first, *rest = page.arguments
    required = {one.name: usual.get(one.type, "x") for one in rest if one.default is None}
    calls = [required] + [{**required, one.name: value} for one in rest for value in VALUES.get(one.type or "", ())]
    for given in calls:
        written = ", ".join(f"{name}={value}" for name, value in given.items())
        head = usual.get(first.type, "x")
        yield f"{page.name}({', '.join(part for part in (head, written) if part)})"


@pytest.mark.parametrize("name", PAGES)
def test_wrong_calls_are_told_of_the_call(name: str, tmp_path: Path) -> None:
    """Whatever is wrong, its place and its edits are in the user's file, and of the one call one is told."""
    page = PAGES[name]
    path = tmp_path / "net.nn"
    for image in IMAGES:
        for call in wrong_calls(page):
            body = f"input x: {image}\n    y = {call}\n    output z = -x"
            path.write_text(f"{page.import_line}\nmodel net {{\n    {body}\n}}\n", encoding="utf-8")
            found = check(path).diagnostics
            assert all(one.span is not None and not one.span.source.in_library for one in found), (call, found)
            assert all((fix := one.fix()) is None or not fix.source.in_library for one in found)
            inside = [one for one in found if isinstance(one, InLibrary) and one.severity == "error"]
            assert len(inside) <= 1, (call, list(map(str, found)))
