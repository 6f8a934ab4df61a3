"""Shapes, parameters and multiply-accumulates against what Keras and torchvision say of the same networks.

Shapes of Keras are channels last; the case's table says so, and they are turned here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from dotnn.compiler import compile_file, compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.dims import evaluate, format_dim
from dotnn.compiler.graph.operations import Input
from dotnn.compiler.layers import LAYERS
from dotnn.compiler.layers.base import Layer

from tests.helpers.example_facts import example_path, zoo
from tests.helpers.language import printed_dims
from tests.helpers.layer_facts import KERAS
from tests.helpers.paths import FACTS
from tests.helpers.zoo_facts import ZOO_FACTS


def pipeline(inputs: str, stages: str) -> Compiled:
    """A model that is one pipeline."""
    return compile_source(f"model one() {{ input x: {inputs} output y = x -> {stages} }}")


# Single layers of Keras ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """How a layer of Keras is written here.

    Attributes:
        stages: the pipeline.
        images: channels are last in Keras and stand at axis 1 here.
        ids: the input holds integers.
    """

    stages: str
    images: bool = False
    ids: bool = False


def image(stages: str) -> Case:
    return Case(stages, images=True)


WRITTEN: dict[str, Case] = {
    "Conv1D 16 k5 valid": image("conv1d(16, kernel=5)"),
    "Conv1D 16 k5 causal dil2": image("conv1d(16, kernel=5, dilation=2, padding=[[8, 0]])"),
    "Conv1D same s3": image('conv1d(16, kernel=5, stride=3, padding="same")'),
    "Conv2D 16 k(3,5) s(2,1) same nobias": image(
        'conv2d(16, kernel=[3, 5], stride=[2, 1], padding="same", bias=false)'
    ),
    "Conv2D groups=4": image("conv2d(32, kernel=3, groups=4)"),
    "Conv3D 8 k3": image("conv3d(8, kernel=3)"),
    "Conv3D 8 k(1,3,3) s(1,2,2) same": image('conv3d(8, kernel=[1, 3, 3], stride=[1, 2, 2], padding="same")'),
    "DepthwiseConv2D k3 dm1": image("depthwise_conv2d(kernel=3)"),
    "DepthwiseConv2D k3 dm2 nobias": image("depthwise_conv2d(kernel=3, multiplier=2, bias=false)"),
    "SeparableConv2D 32 k3": image("separable_conv2d(32, kernel=3)"),
    "SeparableConv2D 32 k3 dm2": image("separable_conv2d(32, kernel=3, multiplier=2)"),
    "SeparableConv1D 32 k3": image("separable_conv1d(32, kernel=3)"),
    "Conv2DTranspose 8 k3 s1 valid": image("conv_transpose2d(8, kernel=3)"),
    "Conv2DTranspose 8 k3 s2 valid": image("conv_transpose2d(8, kernel=3, stride=2)"),
    "Conv2DTranspose 8 k3 s3 valid": image("conv_transpose2d(8, kernel=3, stride=3)"),
    "Conv2DTranspose 8 k3 s1 same": image('conv_transpose2d(8, kernel=3, padding="same")'),
    "Conv2DTranspose 8 k3 s2 same": image('conv_transpose2d(8, kernel=3, stride=2, padding="same")'),
    "Conv2DTranspose 8 k3 s3 same": image('conv_transpose2d(8, kernel=3, stride=3, padding="same")'),
    "Conv2DTranspose 8 k2 s2 valid": image("conv_transpose2d(8, kernel=2, stride=2)"),
    "Conv2DTranspose 8 k4 s2 same": image('conv_transpose2d(8, kernel=4, stride=2, padding="same")'),
    # Keras cuts 2*(kernel // 2) - output_padding off, half of it, rounded down, at the start.
    "Conv2DTranspose 8 k3 s2 same output_padding=0": image("conv_transpose2d(8, kernel=3, stride=2, padding=1)"),
    "Conv2DTranspose 8 k3 s2 same output_padding=1": image(
        "conv_transpose2d(8, kernel=3, stride=2, padding=[[0, 1], [0, 1]])"
    ),
    "Conv1DTranspose 8 k3 s2 same": image('conv_transpose1d(8, kernel=3, stride=2, padding="same")'),
    "Dense on rank-3 input": Case("dense(11)"),
    "Embedding 1000x64": Case("embedding(1000, dim=64)", ids=True),
    "BatchNormalization": image("batch_norm"),
    "BatchNormalization no scale": image("batch_norm(scale=false)"),
    "BatchNormalization no center/scale": image("batch_norm(scale=false, bias=false)"),
    "LayerNormalization last axis": image("layer_norm(axis=1)"),
    "LayerNormalization axis [1,2,3]": image("layer_norm(axis=[1, 2, 3])"),
    "GroupNormalization 4 groups": image("group_norm(4)"),
    "MaxPool 2 valid odd": image("max_pool2d(2)"),
    "MaxPool 3 s2 same": image('max_pool2d(3, stride=2, padding="same")'),
    "AvgPool 3 s2 valid": image("avg_pool2d(3, stride=2)"),
    "MaxPool1D": image("max_pool1d(2)"),
    "MaxPool3D": image("max_pool3d(2)"),
    "ZeroPadding2D ((1,2),(3,4))": image("pad([[1, 2], [3, 4]])"),
    "UpSampling2D 2": image("upsample(2)"),
    "UpSampling2D (2,3) bilinear": image('upsample([2, 3], mode="bilinear")'),
    "GlobalAveragePooling2D": image("global_avg_pool2d -> flatten"),
    "GlobalMaxPooling1D": image("global_max_pool1d -> flatten"),
    "GAP keepdims": image("global_avg_pool2d"),
    "Flatten": Case("flatten"),
    "Reshape (-1,16)": Case("reshape([N, 72, 16])"),
    "Permute (3,1,2)": Case("transpose([0, 3, 1, 2])"),
    "RepeatVector 5": Case("unsqueeze(axis=1) -> expand([N, 5, 16])"),
    "TimeDistributed Dense 7": Case("dense(7)"),
    "SimpleRNN 32 last": Case("rnn(32, return_sequences=false)"),
    "SimpleRNN 32 seq": Case("rnn(32)"),
    "SimpleRNN 32 nobias": Case("rnn(32, return_sequences=false, bias=false)"),
    "Bidirectional SimpleRNN 32 seq concat": Case("rnn(32, bidirectional=true)"),
    "Bidirectional SimpleRNN 32 last sum": Case('rnn(32, bidirectional=true, merge="sum", return_sequences=false)'),
    "LSTM 32 last": Case("lstm(32, return_sequences=false)"),
    "LSTM 32 seq": Case("lstm(32)"),
    "LSTM 32 nobias": Case("lstm(32, return_sequences=false, bias=false)"),
    "Bidirectional LSTM 32 seq concat": Case("lstm(32, bidirectional=true)"),
    "Bidirectional LSTM 32 last sum": Case('lstm(32, bidirectional=true, merge="sum", return_sequences=false)'),
    "GRU 32 last": Case("gru(32, return_sequences=false)"),
    "GRU 32 seq": Case("gru(32)"),
    "GRU 32 nobias": Case("gru(32, return_sequences=false, bias=false)"),
    "Bidirectional GRU 32 seq concat": Case("gru(32, bidirectional=true)"),
    "Bidirectional GRU 32 last sum": Case('gru(32, bidirectional=true, merge="sum", return_sequences=false)'),
    "GRU 32 reset_after=False": Case("gru(32, reset_after=false, return_sequences=false)"),
    "PReLU shared (1,2)": image("prelu(per_channel=true)"),
}

#: Layers of Keras that the language does not have yet, or never as one layer, by the kind that would be theirs.
MISSING = {
    "UnitNormalization": "unit_norm",
    "Cropping2D": "crop",
    "ConvLSTM2D": "conv_lstm2d",
}
#: What has no layer of its own: a convolution at each step, a slope for every element, and heads with more channels
#: together than there are.
NO_LAYER = {"TimeDistributed Conv2D", "PReLU", "MultiHeadAttention heads=4 key_dim=8 on (6,16) self"}


def test_every_case_is_written_or_missing() -> None:
    """A layer that comes to the language brings its cases along."""
    missing = {case for case, facts in KERAS.items() if facts["layer"] in MISSING}
    assert set(KERAS) == {*WRITTEN, *missing, *NO_LAYER}
    assert not missing & set(WRITTEN)
    assert not set(MISSING.values()) & set(LAYERS)


def channels_first(shape: list[Any]) -> list[Any]:
    return [shape[0], shape[-1], *shape[1:-1]]


@pytest.mark.parametrize("name", WRITTEN)
def test_layer_of_keras(name: str) -> None:
    case, facts = WRITTEN[name], KERAS[name]
    shapes = [facts["input_shape"], facts["output_shape"]]
    if case.images:
        # The output of a global pooling that is flattened has its channels at axis 1 in either layout.
        shapes = [channels_first(shape) if len(shape) > 2 else shape for shape in shapes]
    before, after = [["N" if dim is None else str(dim) for dim in shape] for shape in shapes]
    model = pipeline(f"{'int64' if case.ids else 'float32'}[{', '.join(before)}]", case.stages)
    count = model.summary().count
    assert printed_dims(model) == after
    assert (count.params, count.statistics) == (facts["trainable"], facts["non_trainable"])
    assert count.total == facts["params"]
    assert keras_tensors(model) == sorted((name, tuple(shape)) for name, shape in facts["weights"])


def keras_tensors(model: Compiled) -> list[tuple[str, tuple[int, ...]]]:
    """The tensors of Keras's layers, by what the layers here say of them: names and shapes."""
    found: set[tuple[bool, str, tuple[int, ...]]] = set()
    for node in model.graph.nodes():
        if not isinstance(node.op, Layer):
            continue
        operands = [None if value is None else model.graph.type_of(value) for value in node.operands]
        for spec in node.op.weights(operands):
            # The two directions are two layers in Keras.
            backwards = spec.name.endswith("_reverse")
            found.update((backwards, one.name.rpartition("/")[2], one.shape) for one in spec.keras)
    return sorted((name, shape) for _, name, shape in found)


# The networks of the lectures (facts/lecture.md) ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lecture:
    """A row of the table: each stage with the shape that it gives and its parameters."""

    input: str
    total: int
    stages: tuple[tuple[str, tuple[int, ...], int], ...]


def conv(filters: int, size: int, params: int, *more: str, kernel: int = 3) -> tuple[str, tuple[int, ...], int]:
    arguments = ", ".join([str(filters), f"kernel={kernel}", *more])
    return f"conv2d({arguments})", (filters, size, size), params


def pool(channels: int, size: int) -> tuple[str, tuple[int, ...], int]:
    return "max_pool2d(2)", (channels, size, size), 0


def average(channels: int, size: int) -> tuple[str, tuple[int, ...], int]:
    return "avg_pool2d(2)", (channels, size, size), 0


def flat(size: int) -> tuple[str, tuple[int, ...], int]:
    return "flatten", (size,), 0


def dense(units: int, params: int) -> tuple[str, tuple[int, ...], int]:
    return f"dense({units})", (units,), params


SAME = 'padding="same"'
LECTURES: dict[str, Lecture] = {
    "mnist_cnn_32_32_64": Lecture(
        "1, 28, 28",
        61_482,
        (
            conv(32, 26, 320),
            pool(32, 13),
            conv(32, 11, 9_248),
            pool(32, 5),
            flat(800),
            dense(64, 51_264),
            dense(10, 650),
        ),
    ),
    "mnist_cnn_chollet_32_64_64": Lecture(
        "1, 28, 28",
        93_322,
        (
            conv(32, 26, 320),
            pool(32, 13),
            conv(64, 11, 18_496),
            pool(64, 5),
            conv(64, 3, 36_928),
            flat(576),
            dense(64, 36_928),
            dense(10, 650),
        ),
    ),
    "mnist_dense_512_10": Lecture("784", 407_050, (dense(512, 401_920), dense(10, 5_130))),
    "mnist_dense_flatten_512_10": Lecture("28, 28", 407_050, (flat(784), dense(512, 401_920), dense(10, 5_130))),
    "dogs_vs_cats_same_512_256": Lecture(
        "3, 150, 150",
        5_681_345,
        (
            conv(32, 150, 896, SAME),
            pool(32, 75),
            conv(64, 75, 18_496, SAME),
            pool(64, 37),
            conv(128, 37, 73_856, SAME),
            pool(128, 18),
            conv(128, 18, 147_584, SAME),
            pool(128, 9),
            flat(10_368),
            ("dropout(0.5)", (10_368,), 0),
            dense(512, 5_308_928),
            dense(256, 131_328),
            dense(1, 257),
        ),
    ),
    "dogs_vs_cats_valid_512_256": Lecture(
        "3, 150, 150",
        3_584_193,
        (
            conv(32, 148, 896),
            pool(32, 74),
            conv(64, 72, 18_496),
            pool(64, 36),
            conv(128, 34, 73_856),
            pool(128, 17),
            conv(128, 15, 147_584),
            pool(128, 7),
            flat(6_272),
            dense(512, 3_211_776),
            dense(256, 131_328),
            dense(1, 257),
        ),
    ),
    "dogs_vs_cats_chollet_valid_512": Lecture(
        "3, 150, 150",
        3_453_121,
        (
            conv(32, 148, 896),
            pool(32, 74),
            conv(64, 72, 18_496),
            pool(64, 36),
            conv(128, 34, 73_856),
            pool(128, 17),
            conv(128, 15, 147_584),
            pool(128, 7),
            flat(6_272),
            dense(512, 3_211_776),
            dense(1, 513),
        ),
    ),
    "lenet5_modern_full_c3": Lecture(
        "1, 32, 32",
        61_706,
        (
            conv(6, 28, 156, kernel=5),
            average(6, 14),
            conv(16, 10, 2_416, kernel=5),
            average(16, 5),
            flat(400),
            dense(120, 48_120),
            dense(84, 10_164),
            dense(10, 850),
        ),
    ),
}


def test_every_lecture_is_here() -> None:
    table = (FACTS / "lecture.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(LECTURES)
    for row, lecture in zip(rows, LECTURES.values(), strict=True):
        assert row.rstrip("| ").endswith(f"{lecture.total:,}")


@pytest.mark.parametrize("name", LECTURES)
def test_network_of_the_lectures(name: str) -> None:
    lecture = LECTURES[name]
    model = pipeline(f"float32[N, {lecture.input}]", " -> ".join(stage for stage, _, _ in lecture.stages))
    rows = [row for row in model.summary().rows if row.kind != "input"]
    found = [([format_dim(dim) for dim in row.outputs[0].shape], row.count.params) for row in rows]
    assert found == [(["N", *map(str, shape)], params) for _, shape, params in lecture.stages]
    assert model.summary().count.params == lecture.total


# Torchvision's networks, module by module ----------------------------------------------------------------------------

IMAGENET = [name for name, facts in ZOO_FACTS.items() if facts.zoo]


@pytest.mark.parametrize("name", IMAGENET)
def test_output_of_every_module(name: str) -> None:
    """Of each one that has weights, and of every other one that has its name here, too."""
    facts = zoo()[ZOO_FACTS[name].zoo or name]
    nodes = {node.name: node for node in compile_file(example_path(name)).graph.nodes()}
    sizes = {"N": facts["input_shape"][0]}
    ours = {path: [evaluate(dim, sizes) for dim in node.results[0].shape] for path, node in nodes.items()}
    theirs = facts["module_output_shapes"]
    with_weights = {key.rpartition(".")[0] for key in facts["state_dict"]} & theirs.keys()
    assert with_weights
    assert with_weights <= ours.keys()
    common = ours.keys() & theirs.keys()
    assert {path: ours[path] for path in common} == {path: theirs[path] for path in common}
    inputs = [node.results[0].shape for node in nodes.values() if isinstance(node.op, Input)]
    assert [[evaluate(dim, sizes) for dim in shape] for shape in inputs] == [facts["input_shape"]]
