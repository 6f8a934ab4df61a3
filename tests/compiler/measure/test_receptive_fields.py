"""Receptive fields, judged by published ones and by what a change of one input position really reaches."""

from __future__ import annotations

import random

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.expectations import FieldTooComplex
from dotnn.compiler.graph.graph import Value
from dotnn.compiler.measure.receptive_fields import receptive_fields
from dotnn.compiler.reference_evaluation import evaluate
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import session
from tests.helpers.harness import he_normal_source, random_feeds
from tests.helpers.samples import CASES, Case, sized

#: Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural Networks (2019), table 1.
PUBLISHED = {
    "alexnet_v2": (
        195,
        """x -> conv2d(64, kernel=11, stride=4) -> max_pool2d(3, stride=2)
        -> conv2d(192, kernel=5, padding=2) -> max_pool2d(3, stride=2)
        -> repeat(3) { conv2d(256, kernel=3, padding=1) } -> max_pool2d(3, stride=2)""",
    ),
    "vgg_16": (
        212,
        """x -> for count in [2, 2, 3, 3, 3] {
            repeat(count) { conv2d(8, kernel=3, padding=1) -> relu } -> max_pool2d(2)
        }""",
    ),
}


def fields(text: str) -> dict[str, object]:
    return dict(compile_source(text).summary().receptive_fields)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_fields(name: str) -> None:
    size, layers = PUBLISHED[name]
    assert fields(f"model m {{ input x: float32[N, 3, 300, 300] output y = {layers} }}") == {"y": size}


@pytest.mark.parametrize(
    "layers",
    [
        "x -> conv1d(2, kernel=3) -> conv1d(2, kernel=2, stride=3) -> conv1d(2, kernel=3)",
        "x -> conv1d(2, kernel=3, dilation=4) -> avg_pool1d(2) -> conv1d(2, kernel=2, dilation=2)",
        "(x -> conv1d(2, kernel=5, padding=2)) + x -> conv1d(2, kernel=2)",
        "concat(x -> conv1d(1, kernel=3, padding=1), x -> conv1d(1, kernel=7, padding=3), axis=1)",
        "x -> dense(2, axis=1) -> batch_norm -> leaky_relu -> softmax(axis=1)",
    ],
)
def test_a_field_is_what_a_position_depends_on(layers: str) -> None:
    """Of a position in the middle, whose field no end cuts off."""
    length = 41
    model = compile_source(f"model m {{ input x: float32[1, 2, {length}] output y = {layers} }}")
    (size,) = model.summary().receptive_fields.values()
    runner = session(model.to_bytes(weights=he_normal_source(model.graph)))
    x = np.random.default_rng(0).normal(size=(1, 2, length)).astype(np.float32)
    (before,) = runner.run(None, {"x": x})
    middle = before.shape[2] // 2
    reached = []
    for position in range(length):
        changed = x.copy()
        changed[:, :, position] += 10
        (after,) = runner.run(None, {"x": changed})
        if not np.array_equal(after[:, :, middle], before[:, :, middle]):
            reached.append(position)
    assert reached[-1] - reached[0] + 1 == size


def test_what_sees_everything_has_the_size_of_the_inputs_that_it_depends_on() -> None:
    text = """model m {
        input small: float32[N, 3, 4, 5]
        input large: float32[N, 3, 9, H]
        output y = large[:, :, :, 0:8] -> flatten
        output z = concat(small -> flatten, large -> global_avg_pool2d -> flatten)
        output w = small -> global_max_pool2d
    }"""
    assert {name: str(size) for name, size in fields(text).items()} == {"y": "min(H, 9)", "z": "min(H, 4)", "w": "4"}


def test_without_spatial_axes_there_is_none() -> None:
    assert fields("model m { input x: float32[N, 3] output y = x -> dense(2) }") == {}


def test_a_field_of_too_many_sizes_is_refused_where_it_is_asked_for() -> None:
    names = [f"x{number}" for number in range(20)]
    inputs = "\n".join(f"input {name}: float32[N, 1, {name.upper()}]" for name in names)
    pooled = ", ".join(f"{name} -> global_max_pool1d" for name in names)
    text = f"{inputs} output y = concat({pooled}, axis=1) output one = x0 -> global_max_pool1d"
    assert {name: str(size) for name, size in fields(f"model m {{ {text} }}").items()} == {"one": "X0"}
    with pytest.raises(DotnnError) as caught:
        compile_source(f"model m {{ {text} expect receptive_field(y) >= 1 }}")
    assert [type(one) for one in caught.value.diagnostics] == [FieldTooComplex]


# --- an oracle: what becomes "not a number" ---------------------------------------------------------------------------


def reads(compiled: Compiled) -> dict[Value, list[int]]:
    """By value, for every spatial axis of every input, how far apart the positions lie that one element reads.

    The numpy reference is run once for every position of every spatial axis, filled with "not a number" there, which
    spreads through every sum, product and maximum.
    """
    graph = compiled.graph
    values = WeightValues(0, he_normal_source(graph))
    feeds = random_feeds(graph, {})
    spans: dict[Value, list[int]] = {}
    for name, array in feeds.items():
        for axis in range(2, array.ndim if array.dtype.kind == "f" else 0):
            reached: dict[Value, list[np.ndarray]] = {}
            for position in range(array.shape[axis]):
                spoiled = array.copy()
                spoiled[(slice(None),) * axis + (position,)] = np.nan
                with np.errstate(invalid="ignore"):
                    found = evaluate(graph, feeds | {name: spoiled}, values)
                for value, result in found.items():
                    reached.setdefault(value, []).append(np.isnan(result.astype(np.float64)))
            for value, results in reached.items():
                spans.setdefault(value, []).append(longest_span(np.stack(results)))
    return spans


def longest_span(found: np.ndarray) -> int:
    """Positions from the first to the last one that an element reads, at the most; ``found`` is by input position."""
    flat = found.reshape(found.shape[0], -1)
    read = flat.any(axis=0)
    first = flat.argmax(axis=0)
    last = flat.shape[0] - 1 - flat[::-1].argmax(axis=0)
    return int((last - first + 1)[read].max(initial=0))


def too_small(compiled: Compiled) -> list[str]:
    """The values that read more than the compiler says."""
    fields = receptive_fields(compiled.graph)
    wrong = []
    for value, spans in reads(compiled).items():
        sizes = [trace.extent if trace.whole else trace.size for trace in fields[value]]
        several = len(compiled.graph.inputs) > 1
        # The field is the smallest over the axes; of a single input, every axis can be judged.
        smallest = (min(filter(None, spans), default=0), min(sizes, default=0))
        pairs = [smallest] if several else zip(spans, sizes, strict=False)
        if any(span > size for span, size in pairs) or (not sizes and any(spans)):
            wrong.append(f"{compiled.graph.producer(value).name}: reads {spans}, said to read {sizes}")
    return wrong


#: What layers do to axes, on `[2, 3, 7, 6]`, and the true field: exactly what a position in the middle reads.
EXACT = (
    ("softmax(axis=-3)", 1),
    ("softmax(axis=1)", 1),
    ("softmax(axis=-1)", 1),
    ("log_softmax(axis=-3)", 1),
    ("dense(4, axis=-3)", 1),
    ("dense(4, axis=-1) -> dense(3, axis=2)", 6),
    ("softmax(axis=2) -> softmax(axis=3)", 6),
    ("conv2d(2, kernel=3) -> softmax(axis=-3)", 3),
    ("flip(axis=-3) -> conv2d(2, kernel=3)", 3),
    ("flip(axis=[-1, -2]) -> conv2d(2, kernel=3)", 3),
    ("transpose([0, 2, 3, 1]) -> transpose([0, 3, 1, 2])", 1),
    ("transpose([0, 1, 3, 2]) -> conv2d(2, kernel=[5, 3])", 3),
    ("mean(axis=-3, keepdims=true)", 1),
    ("mean(axis=-3)", 1),
    ("mean(axis=[-1, -2])", 6),
    ("unsqueeze(axis=1) -> squeeze(axis=-4) -> max_pool2d(2)", 2),
    ("unsqueeze(axis=-1)", 1),
    ("flatten(start=0, end=1)", 1),
    ("reshape([6, 7, 6])", 1),
    ("reshape([2, 3, 42]) -> dense(2)", 6),
    ("flatten -> dense(2)", 6),
    ("batch_norm -> local_response_norm(3) -> relu", 1),
    ("conv2d(1, kernel=[7, 6]) -> flatten", 6),
    ("global_avg_pool2d -> flatten", 6),
)


@pytest.mark.parametrize(("stages", "size"), EXACT, ids=[row[0] for row in EXACT])
def test_a_field_is_followed_through_what_layers_do_to_axes(stages: str, size: int) -> None:
    compiled = compile_source(f"model m {{ input x: float32[2, 3, 7, 6] output y = x -> {stages} }}")
    assert compiled.summary().receptive_fields == {"y": size}
    (value,) = compiled.graph.outputs.values()
    assert min(reads(compiled)[value]) == size
    assert too_small(compiled) == []


@pytest.mark.parametrize(
    ("body", "size"),
    [
        ("output y = x[:, :, 2:, 2:] + (x -> conv2d(3, kernel=3))", 3),
        ("output y = x[:, :, 1:-1, 1:-1] + (x -> conv2d(3, kernel=3))", 3),
        ("output y = x[:, :, 1:, 1:] * x[:, :, :-1, :-1]", 2),
        ("output y = x[:, :, 3, 2]", 1),
        ("output y = x[:, :, 3, 2] + x[:, :, 5, 5]", 3),
        ("a, b, c = x -> split(3, axis=-3) output y = concat(c, a, b, axis=-3)", 1),
        ("output y = x + (x -> global_avg_pool2d)", 6),
        ("output y = x + x[:, :, 0:1, 0:1]", 6),
        ("output y = concat(x, x -> conv2d(1, kernel=3, padding=[[2, 0], [2, 0]]), axis=1)", 3),
        (
            "output y = concat(x -> conv2d(1, kernel=3, padding=[[2, 0], [2, 0]]),"
            " x -> conv2d(1, kernel=3, padding=[[0, 2], [0, 2]]), axis=1) -> conv2d(1, kernel=1)",
            5,
        ),
    ],
)
def test_a_field_is_followed_where_ways_meet(body: str, size: int) -> None:
    compiled = compile_source(f"model m {{ input x: float32[2, 3, 7, 6] {body} }}")
    assert compiled.summary().receptive_fields == {"y": size}
    assert min(reads(compiled)[compiled.graph.outputs["y"]]) == size
    assert too_small(compiled) == []


#: Pieces of random networks; `{a}` and `{b}` are earlier values.
PIECES = (
    "{a} -> relu",
    "{a} -> softmax(axis={axis})",
    "{a} -> dense(3, axis={axis})",
    "{a} -> conv2d(2, kernel={k}, padding={p}, dilation={d}, stride={s})",
    "{a} -> conv1d(2, kernel={k}, padding={p}, stride={s})",
    "{a} -> max_pool2d({k}, stride={s})",
    "{a} -> avg_pool1d({k})",
    "{a} -> flip(axis={axis})",
    "{a} -> transpose([0, 2, 1])",
    "{a} -> transpose([0, 1, 3, 2])",
    "{a} -> transpose([0, 3, 1, 2])",
    "{a} -> mean(axis={axis}, keepdims=true)",
    "{a} -> mean(axis={axis})",
    "{a} -> unsqueeze(axis={axis})",
    "{a} -> flatten(start={axis}, end=-1)",
    "{a} -> flatten(start=1, end={axis})",
    "{a} -> reshape([2, 2, -1])",
    "{a} -> gru(2)",
    "{a} -> global_max_pool1d",
    "{a} -> global_avg_pool2d",
    "{a} -> batch_norm",
    "{a} -> local_response_norm(3)",
    "{a}[:, :, 1:]",
    "{a}[:, :, :-1]",
    "{a}[:, :, :, -2:]",
    "{a}[:, 1]",
    "{a}[:, :, {p}]",
    "{a}[:, -1:]",
    "{a} + {b}",
    "{a} * {b}",
    "maximum({a}, {b})",
    "concat({a}, {b}, axis={axis})",
)


def random_net(generator: random.Random) -> Compiled:
    """A network of some of the pieces that fit."""
    shape = generator.choice(["2, 2, 9", "2, 2, 6, 5"])
    lines = [f"input v0: float32[{shape}]"]
    compiled = compile_source(f"model m {{ {lines[0]} output y = v0 -> relu }}")
    for _ in range(24):
        names = [f"v{number}" for number in range(len(lines))]
        piece = generator.choice(PIECES).format(
            a=generator.choice(names[-3:]),
            b=generator.choice(names),
            axis=generator.randint(-4, 3),
            k=generator.randint(1, 3),
            p=generator.randint(0, 2),
            d=generator.randint(1, 2),
            s=generator.randint(1, 2),
        )
        candidate = [*lines, f"v{len(lines)} = {piece}"]
        outputs = " ".join(f"output y{number} = v{number} -> relu" for number in range(1, len(candidate)))
        try:
            compiled = compile_source(f"model m {{ {' '.join(candidate)} {outputs} }}")
        except DotnnError:
            continue
        lines = candidate
    return compiled


@pytest.mark.parametrize("seed", range(60))
def test_no_field_of_a_random_network_is_too_small(seed: int) -> None:
    assert too_small(random_net(random.Random(seed))) == []


SPATIAL = [
    case
    for case in CASES
    if any(found.startswith("float") and found.count(",") >= 2 for found in case.sample.inputs.values())
]


@pytest.mark.parametrize("case", SPATIAL, ids=str)
def test_no_field_of_a_layer_is_too_small(case: Case) -> None:
    """Every sample, at its last size, so that a new layer is held to what its ``reach`` says."""
    assert too_small(sized(case)) == []
