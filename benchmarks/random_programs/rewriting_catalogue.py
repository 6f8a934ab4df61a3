"""Rewrites of layers by others that they are made of: normalizations, attention, reductions, separable convolutions."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from dotnn.compiler.graph.graph import Node
from dotnn.compiler.graph.types import TensorType
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.syntax import tree

from .rewriting import Edit, Get, Make, Place, Rule, View, label_text
from .rewriting_syntax import label_of
from .tensors import written

#: Layers in the bodies that may not be there.
NEEDED = re.compile(r"\b(exp|log|sum|max|min|sqrt|matmul|stack|one_hot|cast|depthwise_conv\dd|group_norm)\(")


@dataclass(frozen=True)
class Form:
    """A body of a block in the place of a stage, and how its weights are made."""

    body: str
    made: Mapping[str, Make]
    exact: bool = True


def layer_as_others(view: View, source: random.Random) -> Edit | None:
    """A layer by the ones that it consists of."""
    found = [(place, form) for place in view.places for form in _forms(view, place) if _has_layers(form.body)]
    if not found:
        return None
    place, form = source.choice(found)
    name = view.fresh("zb")
    label = f"{view.fresh('zz')}: " if form.made else label_of(place.stage)
    span = place.stage.span
    head = [f"block {name}(x) {{ {form.body} }}"]
    return Edit([(span.start, span.end, f"{label}{name}")], head, form.made, form.exact)


def _has_layers(text: str) -> bool:
    return all(one in LAYERS for one in NEEDED.findall(text)) and ("**" not in text or "pow" in LAYERS)


def _forms(view: View, place: Place) -> Iterator[Form]:
    """What a stage may be instead."""
    call, label = place.call, place.stage.label
    if call is None or call.function in view.blocks or not view.is_plain(call):
        return
    if not all(_is_simple(one.value) for one in call.named):
        return
    yield from _weightless(call)
    if label is None or view.is_reused(place.stage):
        return
    x = view.operand(label_text(label))
    nodes = view.nodes(label_text(label))
    if x is not None and nodes:
        yield from _weighted(view, call, label_text(label), x, nodes[0])


def _is_simple(value: tree.Node) -> bool:
    return re.fullmatch(r"[-\w.]+|\[[-\d, ]+\]|\"\w+\"", value.span.text) is not None


def _arguments(call: tree.Call) -> dict[str, str]:
    return {one.name: one.value.span.text for one in call.named}


def _weightless(call: tree.Call) -> Iterator[Form]:
    named = _arguments(call)
    axis = named.get("axis", "-1")
    if call.function == "softmax":
        yield Form(
            f"e = exp(x - (x -> max(axis={axis}, keepdims=true))) return e / (e -> sum(axis={axis}, keepdims=true))", {}
        )
    if call.function == "log_softmax":
        body = (
            f"s = x - (x -> max(axis={axis}, keepdims=true)) return s - log(exp(s) -> sum(axis={axis}, keepdims=true))"
        )
        yield Form(body, {})
    if call.function in ("mean", "sum") and "axis" in named:
        keep = f", keepdims={named['keepdims']}" if "keepdims" in named else ""
        other = "sum" if call.function == "mean" else "mean"
        ones = f"((x * 0 + 1) -> sum(axis={axis}{keep}))"
        yield Form(f"return (x -> {other}(axis={axis}{keep})) {'/' if other == 'sum' else '*'} {ones}", {})
    if call.function in ("max", "min") and "axis" in named:
        other = "min" if call.function == "max" else "max"
        yield Form(f"return -(-x -> {call.span.text.replace(call.function, other, 1)})", {})


def _in_shape(label: str, weight: str, shape: list[int]) -> Make:
    """The numbers of a weight for a parameter."""

    def make(get: Get, rest: tuple[str, ...]) -> np.ndarray:
        return get(label, weight).reshape(shape)

    return make


def _weighted(view: View, call: tree.Call, label: str, x: TensorType, node: Node) -> Iterator[Form]:
    if call.function in ("layer_norm", "rms_norm") and "[" not in _arguments(call).get("axis", ""):
        yield _norm_along_axis(view, call, label, x, node)
    if call.function == "instance_norm" and x.rank in (3, 4, 5):
        channels = node.weights["weight"].shape[0] if "weight" in node.weights else 0
        if channels:
            new = view.fresh("zm")
            inner = call.span.text.partition("(")[2].removesuffix(")")
            arguments = ", ".join(one for one in (str(channels), inner) if one)
            yield Form(f"return x -> {new}: group_norm({arguments})", {new: _same(label)})
    if re.fullmatch(r"depthwise_conv\dd", call.function):
        yield from _grouped(view, call, label, node)
    if re.fullmatch(r"separable_conv\dd", call.function):
        yield _in_two(view, call, label)


def _same(label: str, *within: str) -> Make:
    return lambda get, rest: get(label, *within, *rest)


def _norm_along_axis(view: View, call: tree.Call, label: str, x: TensorType, node: Node) -> Form:
    """``(x - mean) / sqrt(variance + eps)``, or by the mean of the squares, with what scales and shifts it."""
    named = _arguments(call)
    axis = int(named.get("axis", "-1")) % x.rank
    centred = call.function == "layer_norm"
    eps = named.get("eps", "1e-5" if centred else "1e-6")
    body = f"c = x - (x -> mean(axis={axis}, keepdims=true)) " if centred else "c = x * 1 "
    result, made = f"c / sqrt((c * c -> mean(axis={axis}, keepdims=true)) + {eps})", {}
    for weight, sign in (("weight", "*"), ("bias", "+")):
        if weight in node.weights:
            shape = [node.weights[weight].shape[0], *[1] * (x.rank - 1 - axis)]
            name = view.fresh("zn")
            body += f"parameter {name}: {x.dtype.value}{written(shape)} = ones "
            made[name] = _in_shape(label, weight, shape)
            result = f"({result}) {sign} {name}"
    # The constant is rounded to the elements of the tensor.
    return Form(f"{body}return {result}", made, exact=False)


def _grouped(view: View, call: tree.Call, label: str, node: Node) -> Iterator[Form]:
    """A depthwise convolution as one with as many groups as channels."""
    named = _arguments(call)
    filters, multiplier = node.weights["weight"].shape[0], int(named.pop("multiplier", "1"))
    if call.positional or "weight" in named or named.get("bias", "true") not in ("true", "false"):
        return
    new = view.fresh("zm")
    listed = ", ".join(f"{name}={text}" for name, text in named.items())
    layer = f"conv{call.function[-2:]}({filters}, {listed}, groups={filters // multiplier})"
    yield Form(f"return x -> {new}: {layer}", {new: _same(label)})


def _in_two(view: View, call: tree.Call, label: str) -> Form:
    """A separable convolution as its two halves."""
    named = _arguments(call)
    bias = f", bias={named.pop('bias')}" if "bias" in named else ""
    rank, filters = call.function[-2:], call.positional[0].span.text
    depth, point = view.fresh("zm"), view.fresh("zm")
    listed = ", ".join(f"{name}={text}" for name, text in named.items())
    first = f"{depth}: depthwise_conv{rank}({listed}, bias=false)"
    made = {depth: _same(label, "depthwise"), point: _same(label, "pointwise")}
    return Form(f"return x -> {first} -> {point}: conv{rank}({filters}, kernel=1{bias})", made)


# --- calls of several tensors -----------------------------------------------------------------------------------------


def call_as_others(view: View, source: random.Random) -> Edit | None:
    """``stack`` as ``concat``, attention as two products."""
    found = [(one, text) for one, parents in view.all_of(tree.Call) for text in _calls(view, one)]
    found = [(one, text) for one, text in found if _has_layers(text)]
    if not found:
        return None
    call, text = source.choice(found)
    return Edit([(call.span.start, call.span.end, f"({text})")], exact=call.function != "attention")


def _calls(view: View, call: tree.Call) -> Iterator[str]:
    names = [one.name for one in call.positional if isinstance(one, tree.Name)]
    known = {one.targets[0].name for one in view.bindings}
    if len(names) != len(call.positional) or not set(names) <= known or len(names) < 2:
        return
    named = _arguments(call)
    rank = view.type_of(names[0]).rank
    if call.function == "stack":
        parts = ", ".join(f"{one} -> unsqueeze(axis={named['axis']})" for one in names)
        yield f"concat({parts}, axis={named['axis']})"
    if call.function == "attention" and len(names) == 3 and set(named) <= {"scale"}:
        query, key, value = names
        turned = [*range(rank - 2), rank - 1, rank - 2]
        width = view.type_of(query).shape[-1]
        if "scale" in named or isinstance(width, int):
            scale = named.get("scale", f"{width} ** -0.5")
            yield f"(({query} @ ({key} -> transpose({turned}))) * ({scale}) -> softmax(axis=-1)) @ {value}"


def product_as_call(view: View, source: random.Random) -> Edit | None:
    """``a @ b`` as ``matmul(a, b)``."""
    found = [one for one, _ in view.all_of(tree.Binary) if one.operator == "@"]
    if not found:
        return None
    node = source.choice(found)
    left = view.text[node.span.start : node.operator_span.start].strip()
    right = view.text[node.operator_span.end : node.span.end].strip()
    return Edit([(node.span.start, node.span.end, f"matmul({left}, {right})")])


CATALOGUE_RULES: Mapping[str, Rule] = {one.__name__: one for one in (layer_as_others, call_as_others, product_as_call)}
