"""Weights of Keras, from its files and from its models, give the same numbers here, with no table of names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn import Compiled, DotnnError, Matching, Session, compile_source
from dotnn.compiler.export.keras_weights import save_keras_weights
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.cli_calls import dotnn

pytest.importorskip("torch", reason="needs the extra [parity]")
os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="needs the extra [parity]")
pytest.importorskip("h5py", reason="needs the extra [keras]")
layers = keras.layers

#: What Keras says of itself where it converts tensors of PyTorch for numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

#: How weights come from Keras: the model itself, and what it writes.
SOURCES = ("model", ".keras", ".weights.h5", ".h5")
TOLERANCE = 1e-5


def random(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.5, shape).astype(np.float32)


def trained(model: Any) -> Any:
    """New numbers for all weights; Keras starts many of them alike."""
    for place, variable in enumerate(model.weights):
        if "float" in str(variable.dtype):
            values = random(place, tuple(variable.shape))
            variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)
    return model


def source_of(model: Any, how: str, folder: Path) -> Any:
    if how == "model":
        return model
    path = folder / f"net{how}"
    (model.save_weights if how == ".weights.h5" else model.save)(path)
    return path


def channels_last(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 1, -1) if x.ndim > 3 else x


def agree(compiled: Compiled, model: Any, x: np.ndarray, weights: Any, matching: Matching | None = None) -> None:
    """Both give the same; images, of rank 4 and above, are channels first here."""
    expected = keras.ops.convert_to_numpy(model(channels_last(x), training=False))
    (found,) = Session(compiled, weights=weights, matching=matching, provider="cpu").run(x).values()
    scale = max(1, np.abs(expected).max())
    np.testing.assert_allclose(channels_last(found), expected, rtol=0, atol=TOLERANCE * scale)


def network(layer: str, shape: tuple[int, ...], dtype: str = "float32") -> Compiled:
    dims = ", ".join(["N", *map(str, shape[1:])])
    return compile_source(f"model m {{ input x: {dtype}[{dims}] output y = x -> {layer} }}")


def keras_model(shape: tuple[int, ...], *stack: Any, dtype: str = "float32") -> Any:
    size = (*shape[2:], shape[1]) if len(shape) > 3 else shape[1:]
    return keras.Sequential([keras.Input(size, dtype=dtype), *stack])


# Layers ---------------------------------------------------------------------------------------------------------------

IMAGES, SEQUENCES, VOLUMES = (2, 3, 9, 8), (2, 7, 5), (1, 2, 5, 4, 6)

#: What is written here, what in Keras, and the shape that is read here.
LAYERS: dict[str, tuple[str, Callable[[], Any], tuple[int, ...]]] = {
    "simple rnn": ("a: rnn(4)", lambda: layers.SimpleRNN(4, return_sequences=True, name="a"), SEQUENCES),
    "lstm": ("a: lstm(4)", lambda: layers.LSTM(4, return_sequences=True, name="a"), SEQUENCES),
    "lstm without bias": (
        "a: lstm(4, bias=false, return_sequences=false)",
        lambda: layers.LSTM(4, use_bias=False, name="a"),
        SEQUENCES,
    ),
    "gru": ("a: gru(4, return_sequences=false)", lambda: layers.GRU(4, name="a"), SEQUENCES),
    "gru that resets before": (
        "a: gru(4, reset_after=false)",
        lambda: layers.GRU(4, reset_after=False, return_sequences=True, name="a"),
        SEQUENCES,
    ),
    "bidirectional rnn": (
        "a: rnn(4, bidirectional=true)",
        lambda: layers.Bidirectional(layers.SimpleRNN(4, return_sequences=True), name="a"),
        SEQUENCES,
    ),
    "bidirectional lstm": (
        "a: lstm(4, bidirectional=true, return_sequences=false)",
        lambda: layers.Bidirectional(layers.LSTM(4), name="a"),
        SEQUENCES,
    ),
    "bidirectional gru, summed": (
        'a: gru(4, bidirectional=true, merge="sum")',
        lambda: layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum", name="a"),
        SEQUENCES,
    ),
    "bidirectional without names": (
        "lstm(4, bidirectional=true)",
        lambda: layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
        SEQUENCES,
    ),
    "same with stride 2": (
        'a: conv2d(4, kernel=3, stride=2, padding="same")',
        lambda: layers.Conv2D(4, 3, strides=2, padding="same", name="a"),
        IMAGES,
    ),
    "convolution in groups": (
        "a: conv2d(6, kernel=[3, 2], groups=3, bias=false)",
        lambda: layers.Conv2D(6, (3, 2), groups=3, use_bias=False, name="a"),
        IMAGES,
    ),
    "conv3d": ("a: conv3d(3, kernel=2)", lambda: layers.Conv3D(3, 2, name="a"), VOLUMES),
    "depthwise": ("a: depthwise_conv2d(kernel=3)", lambda: layers.DepthwiseConv2D(3, name="a"), IMAGES),
    "depthwise with copies": (
        'a: depthwise_conv2d(kernel=3, multiplier=2, stride=2, padding="same")',
        lambda: layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, padding="same", name="a"),
        IMAGES,
    ),
    "separable": (
        "a: separable_conv2d(5, kernel=3, multiplier=2)",
        lambda: layers.SeparableConv2D(5, 3, depth_multiplier=2, name="a"),
        IMAGES,
    ),
    "transposed": (
        'a: conv_transpose2d(5, kernel=3, stride=2, padding="same")',
        lambda: layers.Conv2DTranspose(5, 3, strides=2, padding="same", name="a"),
        IMAGES,
    ),
    "flatten and dense": (
        "a: conv2d(4, kernel=3) -> flatten -> b: dense(6)",
        lambda: [layers.Conv2D(4, 3, name="a"), layers.Flatten(), layers.Dense(6, name="b")],
        IMAGES,
    ),
    "normalizations": (
        "a: conv2d(4, kernel=1) -> bn: batch_norm(eps=1e-3) -> gn: group_norm(2, eps=1e-3) -> flatten "
        "-> ln: layer_norm(eps=1e-3) -> rms: rms_norm -> b: dense(3)",
        lambda: [
            layers.Conv2D(4, 1, name="a"),
            layers.BatchNormalization(name="bn"),
            layers.GroupNormalization(2, name="gn"),
            layers.Flatten(),
            layers.LayerNormalization(name="ln"),
            layers.RMSNormalization(name="rms"),
            layers.Dense(3, name="b"),
        ],
        IMAGES,
    ),
    "batch norm without a scale": (
        "a: batch_norm(eps=1e-3, scale=false)",
        lambda: layers.BatchNormalization(scale=False, name="a"),
        IMAGES,
    ),
    "slopes for channels": (
        "a: prelu(per_channel=true)",
        lambda: layers.PReLU(shared_axes=[1, 2], name="a"),
        IMAGES,
    ),
    "layer norm of whole images": (
        "a: layer_norm(axis=[1, 2, 3], eps=1e-3)",
        lambda: layers.LayerNormalization(axis=[1, 2, 3], name="a"),
        IMAGES,
    ),
}


@pytest.mark.parametrize("how", SOURCES)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_keras(name: str, how: str, tmp_path: Path) -> None:
    text, made, shape = LAYERS[name]
    stack = made()
    model = trained(keras_model(shape, *(stack if isinstance(stack, list) else [stack])))
    agree(network(text, shape), model, random(99, shape), source_of(model, how, tmp_path))


@pytest.mark.parametrize("how", SOURCES)
def test_stacked_layers_are_several_in_keras(how: str, tmp_path: Path) -> None:
    stack = [layers.LSTM(4, return_sequences=True, name=name) for name in ("a", "a_1", "a_2")]
    model = trained(keras_model(SEQUENCES, *stack))
    agree(network("a: lstm(4, layers=3)", SEQUENCES), model, random(1, SEQUENCES), source_of(model, how, tmp_path))


@pytest.mark.parametrize("how", SOURCES)
def test_attention(how: str, tmp_path: Path) -> None:
    inputs = keras.Input((7, 6))
    y = layers.MultiHeadAttention(2, 3, name="attend")(inputs, inputs)
    model = trained(keras.Model(inputs, layers.Dense(3, name="fc")(y)))
    text = "attend: multi_head_attention(2) -> fc: dense(3)"
    agree(network(text, (2, 7, 6)), model, random(1, (2, 7, 6)), source_of(model, how, tmp_path))


@pytest.mark.parametrize("how", SOURCES)
def test_embeddings(how: str, tmp_path: Path) -> None:
    model = trained(keras_model((2, 5), layers.Embedding(9, 4, name="words"), layers.GRU(3), dtype="int64"))
    compiled = network("words: embedding(9, dim=4) -> gru(3, return_sequences=false)", (2, 5), "int64")
    agree(compiled, model, np.array([[0, 8, 3, 1, 1], [2, 2, 1, 7, 5]]), source_of(model, how, tmp_path))


def test_a_convolution_of_sequences_is_channels_last_in_keras(tmp_path: Path) -> None:
    model = trained(keras_model(SEQUENCES, layers.Conv1D(4, 3, name="a"), layers.Flatten(), layers.Dense(3, name="b")))
    text = "transpose([0, 2, 1]) -> a: conv1d(4, kernel=3) -> flatten -> b: dense(3)"
    for how in SOURCES:
        agree(network(text, SEQUENCES), model, random(1, SEQUENCES), source_of(model, how, tmp_path))


# The order of features ------------------------------------------------------------------------------------------------

#: Written here, and in Keras as layers in a row.
ORDERS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "much between": (
        "a: conv2d(4, kernel=3) -> flatten -> bn: batch_norm(eps=1e-3) -> relu -> dropout(0.5) -> b: dense(6) "
        "-> c: dense(2)",
        lambda: [
            layers.Conv2D(4, 3, name="a"),
            layers.Flatten(),
            layers.BatchNormalization(name="bn"),
            layers.ReLU(),
            layers.Dropout(0.5),
            layers.Dense(6, name="b"),
            layers.Dense(2, name="c"),
        ],
    ),
    "reshaped": (
        "a: conv2d(4, kernel=3) -> reshape([N, 168]) -> b: dense(6)",
        lambda: [layers.Conv2D(4, 3, name="a"), layers.Reshape((168,)), layers.Dense(6, name="b")],
    ),
    "one position": (
        "a: conv2d(4, kernel=3) -> global_avg_pool2d -> flatten -> b: dense(6)",
        lambda: [layers.Conv2D(4, 3, name="a"), layers.GlobalAveragePooling2D(), layers.Dense(6, name="b")],
    ),
    "brought into the order of Keras": (
        "a: conv2d(4, kernel=3) -> transpose([0, 2, 3, 1]) -> flatten -> b: dense(6)",
        lambda: [layers.Conv2D(4, 3, name="a"), layers.Flatten(), layers.Dense(6, name="b")],
    ),
    "rows as a sequence": (
        "a: conv2d(4, kernel=[1, 8]) -> reshape([N, 4, 9]) -> transpose([0, 2, 1]) -> b: lstm(3) -> c: dense(2)",
        lambda: [
            layers.Conv2D(4, (1, 8), name="a"),
            layers.Reshape((9, 4)),
            layers.LSTM(3, return_sequences=True, name="b"),
            layers.Dense(2, name="c"),
        ],
    ),
    "patches": (
        "a: conv2d(6, kernel=3, stride=3) -> flatten(start=2) -> transpose([0, 2, 1]) -> ln: layer_norm(eps=1e-3) "
        "-> flatten -> b: dense(2)",
        lambda: [
            layers.Conv2D(6, 3, strides=3, name="a"),
            layers.Reshape((6, 6)),
            layers.LayerNormalization(name="ln"),
            layers.Flatten(),
            layers.Dense(2, name="b"),
        ],
    ),
    "an image made of features": (
        "a: conv2d(2, kernel=3) -> flatten -> b: dense(60) -> relu -> reshape([N, 5, 4, 3]) "
        "-> c: conv2d(3, kernel=2) -> flatten -> d: dense(4)",
        lambda: [
            layers.Conv2D(2, 3, name="a"),
            layers.Flatten(),
            layers.Dense(60, name="b"),
            layers.ReLU(),
            layers.Reshape((4, 3, 5)),
            layers.Conv2D(3, 2, name="c"),
            layers.Flatten(),
            layers.Dense(4, name="d"),
        ],
    ),
    "an image that is flattened again": (
        "a: conv2d(2, kernel=3) -> flatten -> b: dense(60) -> bn: batch_norm(eps=1e-3) -> reshape([N, 5, 4, 3]) "
        "-> batch_norm(eps=1e-3) -> max_pool2d(2, stride=1) -> flatten -> d: dense(4)",
        lambda: [
            layers.Conv2D(2, 3, name="a"),
            layers.Flatten(),
            layers.Dense(60, name="b"),
            layers.BatchNormalization(name="bn"),
            layers.Reshape((4, 3, 5)),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2, strides=1),
            layers.Flatten(),
            layers.Dense(4, name="d"),
        ],
    ),
}


@pytest.mark.parametrize("how", SOURCES[:3])
@pytest.mark.parametrize("name", ORDERS)
def test_features_are_followed(name: str, how: str, tmp_path: Path) -> None:
    text, made = ORDERS[name]
    model = trained(keras_model(IMAGES, *made()))
    agree(network(text, IMAGES), model, random(3, IMAGES), source_of(model, how, tmp_path))


def test_branches_of_features_are_followed(tmp_path: Path) -> None:
    """Two flattened images behind each other, and sums of them."""
    inputs = keras.Input((9, 8, 3))
    one = layers.Flatten()(layers.Conv2D(2, 3, name="a")(inputs))
    other = layers.Flatten()(layers.MaxPooling2D(2)(layers.Conv2D(3, 2, name="b")(inputs)))
    both = layers.Concatenate()([one, layers.Dense(5, name="c")(other), other])
    y = layers.Dense(4, name="d")(layers.Add()([both, layers.BatchNormalization(name="bn")(both)]))
    model = trained(keras.Model(inputs, y))
    compiled = compile_source(
        """
        model m {
            input x: float32[N, 3, 9, 8]
            one = x -> a: conv2d(2, kernel=3) -> flatten
            other = x -> b: conv2d(3, kernel=2) -> max_pool2d(2) -> flatten
            both = concat(one, other -> c: dense(5), other)
            output y = both + (both -> bn: batch_norm(eps=1e-3)) -> d: dense(4)
        }
        """
    )
    for how in SOURCES:
        agree(compiled, model, random(3, IMAGES), source_of(model, how, tmp_path))


# Whole models ---------------------------------------------------------------------------------------------------------


def cnn() -> tuple[Any, str, np.ndarray]:
    """With names for all layers."""
    inputs = keras.Input((28, 20, 1))
    y = layers.Conv2D(8, 3, activation="relu", name="conv1")(inputs)
    y = layers.BatchNormalization(name="bn1")(y)
    y = layers.MaxPooling2D(2)(y)
    y = layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2")(y)
    y = layers.MaxPooling2D(2)(y)
    y = layers.Dropout(0.25)(layers.Flatten()(y))
    y = layers.Dense(32, activation="relu", name="fc1")(y)
    y = layers.Dense(10, activation="softmax", name="fc2")(y)
    text = """
    model cnn {
        input image: float32[N, 1, 28, 20]
        output probabilities = image
            -> conv1: conv2d(8, kernel=3) -> relu -> bn1: batch_norm(eps=1e-3) -> max_pool2d(2)
            -> conv2: conv2d(12, kernel=3, padding="same") -> relu -> max_pool2d(2)
            -> flatten -> dropout(0.25) -> fc1: dense(32) -> relu -> fc2: dense(10) -> softmax
    }
    """
    return keras.Model(inputs, y), text, random(1, (2, 1, 28, 20))


def bilstm() -> tuple[Any, str, np.ndarray]:
    """Without names, as most are written."""
    model = keras.Sequential(
        [
            keras.Input((11,), dtype="int64"),
            layers.Embedding(50, 8),
            layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
            layers.Bidirectional(layers.LSTM(5)),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    text = """
    model bilstm {
        input words: int64[N, T]
        output positive = words -> embedding(50, dim=8)
            -> lstm(6, bidirectional=true) -> lstm(5, bidirectional=true, return_sequences=false)
            -> dense(16) -> relu -> dense(1) -> sigmoid
    }
    """
    return model, text, np.random.default_rng(1).integers(0, 50, (3, 11))


def unet() -> tuple[Any, str, np.ndarray]:
    """Without names; Keras lists layers by their depth, not as they were written."""

    def twice(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(x)))
        return x

    inputs = keras.Input((16, 12, 3))
    one = twice(inputs, 4)
    two = twice(layers.MaxPooling2D(2)(one), 6)
    deep = twice(layers.MaxPooling2D(2)(two), 8)
    up = layers.Concatenate()([layers.Conv2DTranspose(6, 2, strides=2)(deep), two])
    up = twice(up, 6)
    up = layers.Concatenate()([layers.Conv2DTranspose(4, 2, strides=2)(up), one])
    y = layers.Conv2D(2, 1)(twice(up, 4))
    text = """
    block twice(x, filters: int) {
        return x -> repeat(2) {
            conv2d(filters, kernel=3, padding="same") -> batch_norm(eps=1e-3) -> relu
        }
    }
    model unet {
        input image: float32[N, 3, 4 * H, 4 * W]
        one = image -> twice(4)
        two = one -> max_pool2d(2) -> twice(6)
        deep = two -> max_pool2d(2) -> twice(8)
        up = concat(deep -> conv_transpose2d(6, kernel=2, stride=2), two) -> twice(6)
        last = concat(up -> conv_transpose2d(4, kernel=2, stride=2), one) -> twice(4)
        output mask = last -> conv2d(2, kernel=1)
    }
    """
    return keras.Model(inputs, y), text, random(2, (2, 3, 16, 12))


def mobilenet() -> tuple[Any, str, np.ndarray]:
    """Inverted residuals with names in the manner of ``keras.applications``, and an attention over channels."""

    def residual(x: Any, number: int, filters: int, stride: int) -> Any:
        inside = x.shape[-1] * 3
        y = layers.Conv2D(inside, 1, use_bias=False, name=f"b{number}_expand")(x)
        y = layers.ReLU(6.0)(layers.BatchNormalization(name=f"b{number}_expand_bn")(y))
        y = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False, name=f"b{number}_depthwise")(y)
        y = layers.ReLU(6.0)(layers.BatchNormalization(name=f"b{number}_depthwise_bn")(y))
        gate = layers.Dense(inside // 3, activation="relu", name=f"b{number}_squeeze")(
            layers.GlobalAveragePooling2D()(y)
        )
        gate = layers.Dense(inside, activation="sigmoid", name=f"b{number}_excite")(gate)
        y = layers.Multiply()([y, layers.Reshape((1, 1, inside))(gate)])
        y = layers.Conv2D(filters, 1, use_bias=False, name=f"b{number}_project")(y)
        y = layers.BatchNormalization(name=f"b{number}_project_bn")(y)
        return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == filters else y

    inputs = keras.Input((32, 24, 3))
    y = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="stem")(inputs)
    y = layers.ReLU(6.0)(layers.BatchNormalization(name="stem_bn")(y))
    for number, (filters, stride) in enumerate([(6, 1), (8, 2), (8, 1), (10, 2)]):
        y = residual(y, number, filters, stride)
    y = layers.SeparableConv2D(12, 3, padding="same", name="last")(y)
    y = layers.Dense(7, name="fc")(layers.Flatten()(y))
    text = """
    block residual(x, filters: int, stride: int) {
        channels = x.shape[1]
        inside = 3 * channels
        y = x -> expand: conv2d(inside, kernel=1, bias=false) -> expand_bn: batch_norm(eps=1e-3) -> relu6
            -> depthwise: depthwise_conv2d(kernel=3, stride=stride, padding="same", bias=false)
            -> depthwise_bn: batch_norm(eps=1e-3) -> relu6
        gate = y -> global_avg_pool2d -> flatten -> squeeze: dense(channels) -> relu -> excite: dense(inside) -> sigmoid
        z = y * (gate -> unsqueeze(axis=[2, 3])) -> project: conv2d(filters, kernel=1, bias=false)
            -> project_bn: batch_norm(eps=1e-3)
        return if stride == 1 and channels == filters { x + z } else { z }
    }
    model mobilenet {
        input image: float32[N, 3, 32, 24]
        a = image -> stem: conv2d(6, kernel=3, stride=2, padding="same", bias=false) -> stem_bn: batch_norm(eps=1e-3)
            -> relu6 -> b0: residual(6, 1) -> b1: residual(8, 2) -> b2: residual(8, 1) -> b3: residual(10, 2)
        output logits = a -> last: separable_conv2d(12, kernel=3, padding="same") -> flatten -> fc: dense(7)
    }
    """
    return keras.Model(inputs, y), text, random(3, (2, 3, 32, 24))


MODELS = {made.__name__: made for made in (cnn, bilstm, unet, mobilenet)}


@pytest.mark.parametrize("how", SOURCES)
@pytest.mark.parametrize("name", MODELS)
def test_whole_models(name: str, how: str, tmp_path: Path) -> None:
    model, text, x = MODELS[name]()
    trained(model)
    agree(compile_source(text), model, x, source_of(model, how, tmp_path))


@pytest.mark.parametrize("name", MODELS)
def test_keras_loads_what_is_written_for_it(name: str, tmp_path: Path) -> None:
    model, text, x = MODELS[name]()
    compiled = compile_source(text)
    trained(model)
    keras_weights = tmp_path / "there.weights.h5"
    save_keras_weights(keras_weights, compiled.graph, WeightValues(seed=5))
    before = [np.array(one) for one in map(keras.ops.convert_to_numpy, model.weights)]
    model.load_weights(keras_weights)
    assert any(
        not np.array_equal(one, keras.ops.convert_to_numpy(new)) for one, new in zip(before, model.weights, strict=True)
    )
    expected = keras.ops.convert_to_numpy(model(channels_last(x), training=False))
    (found,) = Session(compiled, seed=5, provider="cpu").run(x).values()
    np.testing.assert_allclose(channels_last(found), expected, rtol=0, atol=TOLERANCE * max(1, np.abs(expected).max()))


def test_the_command_writes_what_keras_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.nn").write_text(
        "model net { input x: float32[N, 3, 9, 8] "
        "output y = x -> a: conv2d(4, kernel=3) -> flatten -> b: dense(60) -> reshape([N, 5, 4, 3]) "
        "-> c: conv2d(2, kernel=2) -> flatten -> d: dense(3) }"
    )
    options = ("--save-weights", "net.weights.h5", "--keras-names", "--seed", "7")
    done = dotnn("build", "net.nn", *options)
    assert done.code == 0, done
    first = Path("net.weights.h5").read_bytes()
    assert dotnn("build", "net.nn", *options).code == 0
    assert Path("net.weights.h5").read_bytes() == first
    model = keras_model(
        IMAGES,
        layers.Conv2D(4, 3, name="a"),
        layers.Flatten(),
        layers.Dense(60, name="b"),
        layers.Reshape((4, 3, 5)),
        layers.Conv2D(2, 2, name="c"),
        layers.Flatten(),
        layers.Dense(3, name="d"),
    )
    model.load_weights("net.weights.h5")
    x = random(1, IMAGES)
    expected = keras.ops.convert_to_numpy(model(channels_last(x)))
    (found,) = Session("net.onnx", provider="cpu").run(x).values()
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)
    # And back again.
    assert dotnn("build", "net.nn", "--weights", "net.weights.h5", "-o", "again.onnx").code == 0
    (again,) = Session("again.onnx", provider="cpu").run(x).values()
    np.testing.assert_array_equal(again, found)


def test_what_keras_has_no_layer_for(tmp_path: Path) -> None:
    compiled = network("a: lstm(3, recurrent_bias=true)", SEQUENCES)
    with pytest.raises(DotnnError, match="E868"):
        save_keras_weights(tmp_path / "net.weights.h5", compiled.graph, WeightValues())
    compiled = network("a: conv2d(4, kernel=1) -> reshape([N, 36, 8]) -> flatten -> d: dense(3)", IMAGES)
    with pytest.raises(DotnnError, match="E866"):
        save_keras_weights(tmp_path / "net.weights.h5", compiled.graph, WeightValues())
    assert list(tmp_path.iterdir()) == []


# Names ----------------------------------------------------------------------------------------------------------------


def test_rules_and_order_for_names_of_keras(tmp_path: Path) -> None:
    stack = [layers.Conv2D(4, 3, name="b1_conv"), layers.Conv2D(5, 2, name="b2_conv"), layers.Flatten()]
    model = trained(keras_model(IMAGES, *stack, layers.Dense(3, name="head")))
    text = "b1.conv: conv2d(4, kernel=3) -> b2.conv: conv2d(5, kernel=2) -> flatten -> fc: dense(3)"
    compiled, x = network(text, IMAGES), random(1, IMAGES)
    rules = Matching(rename={r"b(\d)_(.+)": "b$1.$2", "head": "fc"})
    for how in SOURCES:
        agree(compiled, model, x, source_of(model, how, tmp_path), rules)
    with pytest.warns(match="W848"):
        agree(compiled, model, x, source_of(model, ".keras", tmp_path), Matching(match="order"))


def test_models_inside_of_models(tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((9, 8, 3)), layers.Conv2D(4, 3, name="conv1")], name="encoder")
    model = trained(keras_model(IMAGES, inner, layers.Flatten(), layers.Dense(3, name="fc")))
    text = "encoder: { conv1: conv2d(4, kernel=3) -> relu } -> flatten -> fc: dense(3)"
    compiled = network(text.replace(" -> relu", " -> dropout(0.5)"), IMAGES)
    for how in SOURCES:
        agree(compiled, model, random(1, IMAGES), source_of(model, how, tmp_path))
