"""Rewrites of layers with weights: split, joined, and as other layers, with weights that are made of the old ones."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.syntax import tree

from .rewriting import Edit, Get, Make, Place, Rule, View, label_text
from .tensors import written

CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")


def cut(label: str, choose: Callable[[np.ndarray], np.ndarray], only: str = "") -> Make:
    """Tensors of which something is chosen; the others are kept where ``only`` one is meant."""

    def make(get: Get, rest: tuple[str, ...]) -> np.ndarray:
        array = get(label, *rest)
        return array if only and rest != (only,) else choose(array)

    return make


def _plain(view: View, *kinds: str) -> list[tuple[Place, tree.Call, str, int]]:
    """Labelled layers whose size is a number, and whose arguments are no weights and need nothing around."""
    found = []
    for one in view.layers(*kinds):
        call, label = one.call, one.stage.label
        if call is None or label is None or view.is_reused(one.stage) or not view.is_plain(call):
            continue
        if not call.positional or not isinstance(call.positional[0], tree.Number):
            continue
        if all(_is_attribute(argument) for argument in call.named):
            found.append((one, call, label_text(label), int(call.positional[0].value)))
    return found


def _is_attribute(argument: tree.Argument) -> bool:
    """Whether it is no weight, and written with numbers and words alone."""
    if argument.name.startswith("running"):
        return False
    if argument.name in ("weight", "bias"):
        return isinstance(argument.value, tree.Boolean)
    return re.fullmatch(r'[-\d.e, \[\]]+|true|false|"\w+"', argument.value.span.text) is not None


def _named(call: tree.Call, *without: str) -> dict[str, str]:
    """The arguments by name, as they are written."""
    return {one.name: one.value.span.text for one in call.named if one.name not in without}


def _call(kind: str, size: int, named: Mapping[str, str]) -> str:
    return f"{kind}({', '.join([str(size), *(f'{name}={text}' for name, text in named.items())])})"


def _block(view: View, place: Place, body: str, made: Mapping[str, Make], exact: bool = True) -> Edit:
    """A block in the place of a stage."""
    name, label = view.fresh("zb"), view.fresh("zz")
    span = place.stage.span
    return Edit([(span.start, span.end, f"{label}: {name}")], [f"block {name}(x) {{ {body} }}"], made, exact)


def split_outputs(view: View, source: random.Random) -> Edit | None:
    """A dense layer or convolution as two with some of its units each, joined behind."""
    found = [one for one in _plain(view, "dense", *CONVOLUTIONS) if one[3] > 1 and "groups" not in _named(one[1])]
    if not found:
        return None
    place, call, label, size = source.choice(found)
    at = source.randrange(1, size)
    one, other = view.fresh("zm"), view.fresh("zm")
    named = _named(call)
    axis = named.get("axis", "-1") if call.function == "dense" else "1"
    parts = (
        f"x -> {one}: {_call(call.function, at, named)}",
        f"x -> {other}: {_call(call.function, size - at, named)}",
    )
    made = {one: cut(label, lambda array: array[:at]), other: cut(label, lambda array: array[at:])}
    return _block(view, place, f"return concat({', '.join(parts)}, axis={axis})", made)


def split_inputs(view: View, source: random.Random) -> Edit | None:
    """A dense layer or convolution as the sum of two that read some of the channels each."""
    found = []
    for place, call, label, size in _plain(view, "dense", *CONVOLUTIONS):
        channels = {node.weights["weight"].shape[1] for node in view.nodes(label) if "weight" in node.weights}
        if len(channels) == 1 and min(channels) > 1 and "groups" not in _named(call):
            found.append((place, call, label, size, min(channels)))
    if not found:
        return None
    place, call, label, size, channels = source.choice(found)
    at = source.randrange(1, channels)
    one, other = view.fresh("zm"), view.fresh("zm")
    named = _named(call)
    axis = named.get("axis", "-1") if call.function == "dense" else "1"
    body = f"a, b = x -> split([{at}, {channels - at}], axis={axis}) "
    first, second = (_call(call.function, size, each) for each in (named, {**named, "bias": "false"}))
    body += f"return (a -> {one}: {first}) + (b -> {other}: {second})"
    made = {
        one: cut(label, lambda array: array[:, :at], "weight"),
        other: cut(label, lambda array: array[:, at:], "weight"),
    }
    return _block(view, place, body, made)


def split_groups(view: View, source: random.Random) -> Edit | None:
    """A grouped convolution as one for each of its groups."""
    found = [one for one in _plain(view, *CONVOLUTIONS) if _named(one[1]).get("groups", "1").isdigit()]
    found = [one for one in found if 1 < int(_named(one[1]).get("groups", "1")) <= 6]
    if not found:
        return None
    place, call, label, size = source.choice(found)
    groups = int(_named(call)["groups"])
    labels = [view.fresh("zm") for _ in range(groups)]
    each = size // groups
    parts = ", ".join(f"p{index}" for index in range(groups))
    layer = _call(call.function, each, _named(call, "groups"))
    joined = ", ".join(f"p{index} -> {one}: {layer}" for index, one in enumerate(labels))
    made = {one: cut(label, _rows(index * each, each)) for index, one in enumerate(labels)}
    return _block(view, place, f"{parts} = x -> split({groups}, axis=1) return concat({joined}, axis=1)", made)


def _rows(start: int, count: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda array: array[start : start + count]


def dense_as_convolution(view: View, source: random.Random) -> Edit | None:
    """A dense layer as a convolution with a window of one position."""
    found = [(one, view.operand(one[2])) for one in _plain(view, "dense")]
    found = [(one, x) for one, x in found if x is not None and x.rank <= 5 and x.dtype.value != "float64"]
    if not found:
        return None
    (place, call, label, size), x = source.choice(found)
    assert x is not None
    axis = int(_named(call).get("axis", "-1")) % x.rank
    rank = max(1, x.rank - 2)
    new = view.fresh("zm")
    layer = f"{new}: {_call(f'conv{rank}d', size, {**_named(call, 'axis'), 'kernel': '1'})}"
    if x.rank < 3:
        before = "unsqueeze(axis=-1)" if x.rank == 2 else "unsqueeze(axis=0) -> unsqueeze(axis=-1)"
        after = "squeeze(axis=-1)" if x.rank == 2 else "squeeze(axis=[0, -1])"
        if x.rank == 2 and axis == 0:
            before, after = f"transpose([1, 0]) -> {before}", f"{after} -> transpose([1, 0])"
    else:
        order = [one for one in range(x.rank) if one != axis]
        order.insert(1, axis)
        back = [order.index(one) for one in range(x.rank)]
        before, after = f"transpose({order})", f"transpose({back})"
    made = {new: cut(label, lambda array: array.reshape(*array.shape, *[1] * rank), "weight")}
    return _block(view, place, f"return x -> {before} -> {layer} -> {after}", made)


def convolution_as_dense(view: View, source: random.Random) -> Edit | None:
    """A convolution with a window of one position as a dense layer."""
    found = []
    for one in _plain(view, *CONVOLUTIONS):
        named = _named(one[1], "bias")
        ones = re.fullmatch(r"1|\[1(, 1)*\]", named.pop("kernel"))
        if ones and not {"stride", "padding", "groups"} & set(named):
            found.append(one)
    if not found:
        return None
    place, call, label, size = source.choice(found)
    new = view.fresh("zm")
    named = {**{name: text for name, text in _named(call).items() if name == "bias"}, "axis": "1"}
    made = {new: cut(label, lambda array: array.reshape(array.shape[:2]), "weight")}
    return _block(view, place, f"return x -> {new}: {_call('dense', size, named)}", made)


def wider_convolution(view: View, source: random.Random) -> Edit | None:
    """A convolution along one axis more, of size 1."""
    found = [
        one for one in _plain(view, "conv1d", "conv2d") if not any("[" in text for text in _named(one[1]).values())
    ]
    found = [one for one in found if "same" not in one[1].span.text]
    if not found:
        return None
    place, call, label, size = source.choice(found)
    rank = int(call.function[4])
    new, named = view.fresh("zm"), _named(call)
    lone = {"kernel": 1, "stride": 1, "dilation": 1, "padding": 0}
    widened = {name: written([*[text] * rank, lone[name]]) if name in lone else text for name, text in named.items()}
    layer = f"{new}: {_call(f'conv{rank + 1}d', size, widened)}"
    made = {new: cut(label, lambda array: array[..., np.newaxis], "weight")}
    return _block(view, place, f"return x -> unsqueeze(axis=-1) -> {layer} -> squeeze(axis=-1)", made)


def larger_kernel(view: View, source: random.Random) -> Edit | None:
    """A convolution with a row of zeros around its kernel, and more padding."""
    found = []
    for one in _plain(view, *CONVOLUTIONS):
        named = _named(one[1])
        if named["kernel"].isdigit() and named.get("padding", "0").isdigit() and "dilation" not in named:
            found.append(one)
    if not found:
        return None
    place, call, label, size = source.choice(found)
    new, named = view.fresh("zm"), _named(call)
    wide = {**named, "kernel": str(int(named["kernel"]) + 2), "padding": str(int(named.get("padding", "0")) + 1)}
    made = {new: cut(label, lambda array: np.pad(array, [(0, 0)] * 2 + [(1, 1)] * (array.ndim - 2)), "weight")}
    return _block(view, place, f"return x -> {new}: {_call(call.function, size, wide)}", made)


def norm_as_arithmetic(view: View, source: random.Random) -> Edit | None:
    """A batch normalization as a product and a sum with parameters, or as a depthwise convolution."""
    found = []
    for one in view.layers("batch_norm"):
        call, label = one.call, one.stage.label
        if call is None or label is None or view.is_reused(one.stage) or not all(map(_is_attribute, call.named)):
            continue
        x = view.operand(label_text(label))
        channels = {node.weights["running_var"].shape[0] for node in view.nodes(label_text(label))}
        if x is not None and len(channels) == 1:
            found.append((one, call, label_text(label), x, min(channels)))
    if not found:
        return None
    place, call, label, x, channels = source.choice(found)
    eps = float(_named(call).get("eps", "1e-5"))
    flags = _named(call)
    scale, shift = view.fresh("zn"), view.fresh("zn")
    shape = [channels, *[1] * (x.rank - 2)]

    def factor(get: Get, rest: tuple[str, ...] = ()) -> np.ndarray:
        weight = 1.0 if flags.get("scale") == "false" else get(label, "weight").astype(np.float64)
        return (weight / np.sqrt(get(label, "running_var").astype(np.float64) + eps)).reshape(shape)

    def summand(get: Get, rest: tuple[str, ...] = ()) -> np.ndarray:
        bias = 0.0 if flags.get("bias") == "false" else get(label, "bias").astype(np.float64).reshape(shape)
        return bias - get(label, "running_mean").astype(np.float64).reshape(shape) * factor(get)

    if 3 <= x.rank <= 5 and x.dtype.value != "float64" and source.random() < 0.5:
        new = view.fresh("zm")

        def kernel(get: Get, rest: tuple[str, ...]) -> np.ndarray:
            return (
                factor(get).reshape(channels, *[1] * (x.rank - 1)) if rest == ("weight",) else summand(get).reshape(-1)
            )

        layer = f"conv{x.rank - 2}d({channels}, kernel=1, groups={channels})"
        return _block(view, place, f"return x -> {new}: {layer}", {new: kernel}, exact=False)
    head = " ".join(f"parameter {name}: {x.dtype.value}{written(shape)} = ones" for name in (scale, shift))
    return _block(view, place, f"{head} return x * {scale} + {shift}", {scale: factor, shift: summand}, exact=False)


def join_dense(view: View, source: random.Random) -> Edit | None:
    """Two dense layers one behind the other as one."""
    plain = {one[2]: one for one in _plain(view, "dense") if not re.search("axis", one[1].span.text)}
    found = []
    for place, call, label, _ in plain.values():
        follows = place.index + 1 < len(place.siblings)
        after = place.siblings[place.index + 1].label if follows else None
        if after is not None and label_text(after) in plain:
            found.append((place, call, label, plain[label_text(after)]))
    if not found:
        return None
    place, call, label, (second, other, behind, size) = source.choice(found)
    flags = [_named(one).get("bias") != "false" for one in (call, other)]
    new = view.fresh("zm")

    def make(get: Get, rest: tuple[str, ...]) -> np.ndarray:
        outer = get(behind, "weight").astype(np.float64)
        if rest == ("weight",):
            return outer @ get(label, "weight").astype(np.float64)
        biases = [
            get(one, "bias").astype(np.float64) if has else 0.0 for one, has in zip((label, behind), flags, strict=True)
        ]
        return np.asarray((outer @ biases[0] if flags[0] else 0.0) + biases[1])

    text = f"{new}: {_call('dense', size, {} if any(flags) else {'bias': 'false'})}"
    return Edit([(place.stage.span.start, second.stage.span.end, text)], made={new: make}, exact=False)


def pool_as_other(view: View, source: random.Random) -> Edit | None:
    """Poolings by means of others, or of means along axes."""
    found = [(one, body) for one in view.places for body in _poolings(view, one)]
    if not found:
        return None
    place, body = source.choice(found)
    name = view.fresh("zb")
    label = f"{label_text(place.stage.label)}: " if place.stage.label else ""
    span = place.stage.span
    return Edit([(span.start, span.end, f"{label}{name}")], [f"block {name}(x) {{ return {body} }}"])


def _poolings(view: View, place: Place) -> Iterator[str]:
    call = place.call
    if call is None or not view.is_plain(call) or call.function[-2:] not in ("1d", "2d", "3d"):
        return
    rank = int(call.function[-2])
    axes, arguments = written(range(2, 2 + rank)), call.span.text.partition("(")[2].removesuffix(")")
    if call.function.startswith("global_avg_pool"):
        yield f"x -> mean(axis={axes}, keepdims=true)"
        yield "x -> flatten(start=2) -> mean(axis=-1)" + " -> unsqueeze(axis=-1)" * rank
    if call.function.startswith("global_max_pool") and "max" in LAYERS:
        yield f"x -> max(axis={axes}, keepdims=true)"
    kernel = re.match(r"\d+|\[[\d, ]+\]", arguments)
    if kernel is None:
        return
    count = int(
        np.prod([int(one) for one in re.findall(r"\d+", kernel.group())] * (rank if kernel.group().isdigit() else 1))
    )
    if call.function.startswith("sum_pool") and "ceil" not in arguments:
        yield f"(x -> avg_pool{rank}d({arguments}, count_include_pad=true)) * {count}"
    if call.function.startswith("avg_pool") and "padding" not in arguments and "ceil" not in arguments:
        yield f"(x -> sum_pool{rank}d({arguments.partition(', count')[0]})) / {count}"


LAYER_RULES: Mapping[str, Rule] = {
    one.__name__: one
    for one in (
        split_outputs,
        split_inputs,
        split_groups,
        dense_as_convolution,
        convolution_as_dense,
        wider_convolution,
        larger_kernel,
        norm_as_arithmetic,
        join_dense,
        pool_as_other,
    )
}
