"""Where nodes come from: every call and argument of the examples is where a plain reading of the text finds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING
from pathlib import Path

import pytest
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.driver import compile_models
from dotnn.compiler.graph.graph import Node, WrittenArgument
from dotnn.compiler.graph.operations import Constant, Input, Parameter
from dotnn.compiler.layers.base import LAYERS, Layer

from tests.helpers.example_facts import EXAMPLES
from tests.helpers.language import compiled
from tests.helpers.samples import CASES, LANGUAGE, Case
from tests.helpers.samples import compiled as sample

FILES = sorted(EXAMPLES.rglob("*.nn"))
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "matmul": "@", "pow": "**", "neg": "-"}
#: What may stand between a piped value and the call that takes it: an arrow, and what the call is inside of.
LABEL = r"(?:(?:[\w.]|\{[^}]*\})+\s*:\s*)?"
ARROW = re.compile(rf"[\s)]*->\s*(?:{LABEL}(?:\{{|repeat\([^)]*\)\s*\{{|for\s[^{{]*\{{)\s*)*{LABEL}")


def without_comments(text: str) -> str:
    return re.sub(r"#[^\n]*", "", text)


def arguments_of(call: str) -> Iterator[str]:
    """The arguments of a call as they are written, by counting brackets."""
    depth, start = 0, call.find("(") + 1
    for match in re.finditer(r'"[^"\n]*"|#[^\n]*|[()\[\]{},]', call) if start else ():
        sign = match[0]
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 or (sign == "," and depth == 1):
            if argument := without_comments(call[start : match.start()]).strip():
                yield argument
            start = match.end()
        if depth == 0:
            return


def check_call(node: Node) -> None:
    """A call of a layer by its name: function, label, and arguments with and without names."""
    origin = node.origin
    assert origin.call is not None
    text = origin.call.span.source.text
    assert origin.call.function is not None
    assert origin.call.function.text == node.kind
    assert origin.call.span.text.startswith(node.kind)
    assert without_comments(text[: origin.call.span.start]).rstrip().endswith(":") == (origin.call.label is not None)
    if origin.call.label is not None:
        between = text[origin.call.label.end : origin.call.span.start]
        assert re.fullmatch(r"\s*:\s*", without_comments(between))
        if "{" not in origin.call.label.text:
            assert f".{node.name}".endswith(f".{origin.call.label.text}")
    inside = [
        one for one in origin.arguments.values() if origin.call.span.start <= one.span.start < origin.call.span.end
    ]
    assert sorted(without_comments(one.span.text) for one in inside) == sorted(arguments_of(origin.call.span.text))
    for name, argument in origin.arguments.items():
        check_argument(name, argument, node)


def check_argument(name: str, argument: WrittenArgument, node: Node) -> None:
    call = node.origin.call
    assert call is not None
    if argument.name is not None:
        assert argument.name.text == name
        assert re.fullmatch(rf"{name}\s*=\s*{re.escape(argument.value.text)}", without_comments(argument.span.text))
    elif argument.value.end <= call.span.start:
        assert name == type_of(node).operand_name(0)
        start = call.span if call.label is None else call.label
        assert ARROW.fullmatch(without_comments(call.span.source.text[argument.value.end : start.start]))


def check_operator(node: Node) -> None:
    """An operator between tensors, or before one."""
    call = node.origin.call
    assert call is not None
    assert call.function is not None
    assert call.function.text == SIGNS[node.kind]
    *first, last = [one.span for one in node.origin.arguments.values()]
    text = call.span.source.text
    assert not text[call.function.end : last.start].strip("( \n")
    assert all(not text[one.end : call.function.start].strip(") \n") for one in first)
    assert not text[call.span.start : (first[0] if first else call.function).start].strip("(")


def check_index(node: Node) -> None:
    call, arguments = node.origin.call, node.origin.arguments
    assert call is not None
    assert call.function is None
    assert call.span.text == f"{arguments['x'].span.text}[{arguments['items'].span.text}]"


def check_defaults(node: Node) -> None:
    """What is not written is absent, or has its default value."""
    layer, written = type_of(node), node.origin.arguments
    names = [layer.operand_name(index) for index in range(len(node.operands))]
    assert [name in written for name in names] == [operand is not None for operand in node.operands]
    for one in layer.attributes():
        if one.name not in written:
            default = one.default if one.default is not MISSING else one.default_factory()
            assert getattr(node.op, one.name) == default


def type_of(node: Node) -> type[Layer]:
    return LAYERS[node.kind]


def check(found: Compiled) -> None:
    for node in found.graph.nodes():
        (origin,) = node.origins
        assert origin.call is not None
        if isinstance(node.op, Input | Parameter):
            assert origin.call.label is not None
            assert origin.call.span.text.startswith(f"{node.kind} {origin.call.label.text}:")
        elif isinstance(node.op, Constant):
            assert origin.arguments == {}
        elif node.kind == "index":
            check_defaults(node)
            check_index(node)
        elif origin.call.function is not None and origin.call.function.text in SIGNS.values():
            check_operator(node)
        else:
            check_defaults(node)
            check_call(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_call_of_the_examples_is_where_it_is_written(path: Path) -> None:
    _, models = compile_models(path)
    assert models
    for found in models:
        check(found)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_call_of_the_samples_is_where_it_is_written(case: Case) -> None:
    check(sample(case))


def test_no_two_arguments_of_a_layer_have_one_name() -> None:
    for layer in LANGUAGE.values():
        operands = [one.name for one in layer.operands]
        others = {*(one.name for one in layer.attributes()), *layer.literal_weights}
        assert len(set(operands)) == len(operands)
        assert others.isdisjoint(operands), layer.kind


def written(body: str, name: str, **parts: str) -> dict[str, str]:
    """The parts of the call that makes a node, as texts: what it is itself, under signs, and its arguments."""
    (node,) = (one for one in compiled(body, **parts).graph.nodes() if one.name == name)
    call = node.origin.call
    assert call is not None
    places = {"()": call.span, "f": call.function, ":": call.label}
    found = {key: place.text for key, place in places.items() if place is not None}
    return found | {key: one.span.text for key, one in node.origin.arguments.items()}


def test_arguments_in_order_by_name_and_piped() -> None:
    assert written("output y = x -> relu -> out: dense(3, bias = true, axis=-1)", "out") == {
        "()": "dense(3, bias = true, axis=-1)",
        "f": "dense",
        ":": "out",
        "x": "relu",
        "units": "3",
        "bias": "bias = true",
        "axis": "axis=-1",
    }


def test_weights_as_numbers() -> None:
    found = written("output y = x -> a: dense(2, axis=0, weight=[[1], [2]], bias=[0, 1])", "a", image="float32[1]")
    assert (found["weight"], found["bias"]) == ("weight=[[1], [2]]", "bias=[0, 1]")


def test_further_tensors() -> None:
    body = "h = x -> mean(axis=1) -> unsqueeze(axis=0)\n output y = x -> a: rnn(8, initial_h=h)"
    found = written(body, "a", image="float32[N, T, 8]")
    assert (found["x"], found["initial_h"], "lengths" in found) == ("x", "initial_h=h", False)


def test_each_tensor_of_many() -> None:
    found = written("output y = x + 1 -> a: concat(x, -x, axis=1)", "a")
    assert found == {
        "()": "concat(x, -x, axis=1)",
        "f": "concat",
        ":": "a",
        "parts.0": "x + 1",
        "parts.1": "x",
        "parts.2": "-x",
        "axis": "axis=1",
    }


@pytest.mark.parametrize("call", ["max(-x, axis=1)", "-x -> max(axis=1)"])
def test_a_function_that_is_a_layer_of_tensors(call: str) -> None:
    assert written(f"output y = {call}", "max") == {"()": call.split("> ")[-1], "f": "max", "x": "-x", "axis": "axis=1"}


def test_signs_and_brackets() -> None:
    assert written("output y = x * 2", "mul") == {"()": "x * 2", "f": "*", "a": "x", "b": "2"}
    assert written("output y = -x", "neg") == {"()": "-x", "f": "-", "x": "x"}
    assert written("output y = x[:, 0]", "index") == {"()": "x[:, 0]", "x": "x", "items": ":, 0"}


def test_reuse_has_the_arguments_of_what_it_repeats_and_its_own_value() -> None:
    assert written("h = x -> a: dense(8, bias=false)\n output y = h -> relu -> again: reuse(a)", "again") == {
        "()": "again: reuse(a)",
        "f": "dense",
        ":": "again",
        "x": "relu",
        "units": "8",
        "bias": "bias=false",
    }


def test_a_layer_of_a_block_is_written_in_it() -> None:
    head = "block twice(x, width: int = 8) { return x -> a: dense(width) }"
    assert written("output y = x -> b: twice", "b.a", head=head) == {
        "()": "dense(width)",
        "f": "dense",
        ":": "a",
        "x": "x",
        "units": "width",
    }


def test_what_has_no_arguments() -> None:
    body = "parameter w: float32[8] = zeros\n output y = x + w + 1"
    assert written(body, "x") == {"()": "input x: float32[N, 8]", ":": "x"}
    assert written(body, "w") == {"()": "parameter w: float32[8] = zeros", ":": "w"}
    assert written(body, "constant") == {"()": "1"}


def test_operators_share_the_origins_of_their_layer() -> None:
    """One record serves both levels, however many operators a layer is lowered to."""
    found = compiled("output y = x -> a: dense(8) -> b: softmax(axis=1)")
    calls = {node.name: node.origin.call for node in found.graph.nodes()}
    lowered = [origin for node in found.optimized().graph.nodes() for origin in node.origins]
    assert {origin.path for origin in lowered} == {"x", "a", "b"}
    assert all(origin.call is calls[origin.path] for origin in lowered)
