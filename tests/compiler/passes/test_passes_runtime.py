"""Fused and folded networks on onnxruntime, against the reference of the network as written.

The forms one by one: every activation in one, two and three dimensions, with and without bias and added input. Then
random networks, for every target.
"""

from __future__ import annotations

import random

import numpy as np
import onnx
import pytest
from dotnn.compiler.driver import compile_source
from dotnn.compiler.export import ModelMetadata, to_bytes
from dotnn.compiler.graph.graph import Graph
from dotnn.compiler.lowering import lower
from dotnn.compiler.passes.contract import Pass, PassContext
from dotnn.compiler.passes.fusion.fusion_report import FusionReport
from dotnn.compiler.passes.pass_pipeline import COMPLETION, OPTIMIZATIONS, PASSES, optimize, run_verified
from dotnn.compiler.passes.targets import FEATURES, Target
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import session
from tests.helpers.harness import (
    AllValues,
    FlippedKernel,
    checked,
    first_kernel,
    he_normal_source,
    mismatches,
    random_feeds,
    run_optimized,
    wrong_shapes,
)
from tests.helpers.networks import SIZES, assert_same_meaning

#: For one or two layers; deeper networks have the harness's tolerance.
TOLERANCE = 1e-5

ACTIVATIONS = ("relu", "leaky_relu", "leaky_relu(slope=0.3)", "sigmoid", "tanh", "hard_sigmoid")
#: What the fused operator of one of both applies alone.
OF_CONVOLUTIONS = ("relu6", "clip(low=-0.5, high=0.75)")
OF_DENSE_LAYERS = ("elu", "elu(alpha=0.3)", "softplus", "softsign")
#: What neither applies, though the first operator of some is one that they apply.
OF_NEITHER = ("silu", "mish", "hard_swish", "selu", "celu", "gelu", "prelu", "step")
INPUTS = {1: "float32[N, 4, L]", 2: "float32[N, 4, H, W]", 3: "float32[N, 4, D, H, W]"}


def run_all(text: str, target: Target, tolerance: float = TOLERANCE) -> list[tuple[str, str]]:
    """Build, check and run a network; every value must be right. Returns the operators of the build."""
    model = compile_source(text)
    source = he_normal_source(model.graph)
    feeds = random_feeds(model.graph, SIZES)
    expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
    optimized = optimize(model.graph, target, verify=True)
    built = checked(to_bytes(optimized.graph, WeightValues(0, source), metadata=ModelMetadata(target=target)))
    runner = AllValues(built)
    found = runner.run(feeds)
    assert set(model.graph.outputs) <= found.keys()
    assert mismatches(found, expected, tolerance) == {}
    assert wrong_shapes(found, runner.types, SIZES) == []
    # onnxruntime's own optimizer finds our operators and fuses further.
    assert mismatches(run_optimized(built, feeds), expected, tolerance) == {}
    return runner.operators


@pytest.mark.parametrize("bias", ["true", "false"])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OF_CONVOLUTIONS])
@pytest.mark.parametrize("rank", INPUTS)
def test_convolution_and_activation(rank: int, activation: str, bias: str) -> None:
    text = f"""model net() {{
      input x: {INPUTS[rank]}
      output y = x -> conv{rank}d(6, kernel=3, stride=2, padding=1, groups=2, bias={bias}) -> {activation}
    }}"""
    assert run_all(text, "onnxruntime-cpu") == [("com.microsoft", "FusedConv")]
    default = run_all(text, "onnxruntime")
    assert default[0] == (("com.microsoft", "FusedConv") if activation == "relu" else ("", "Conv"))
    assert len(default) == (1 if activation == "relu" else 2)
    assert {domain for domain, _ in run_all(text, "onnx")} == {""}


@pytest.mark.parametrize("normalized", ["", "-> batch_norm"])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OF_CONVOLUTIONS])
@pytest.mark.parametrize("rank", INPUTS)
def test_convolution_with_added_input(rank: int, activation: str, normalized: str) -> None:
    text = f"""model net() {{
      input x: {INPUTS[rank]}
      a = x -> conv{rank}d(4, kernel=3, padding=[[1, 1]{", [0, 2]" * (rank - 1)}], bias=false) {normalized}
      b = x -> conv{rank}d(4, kernel=2, padding="same", dilation=2) {normalized}
      output first = a + x -> {activation}
      output second = x + b -> {activation}
    }}"""
    operators = run_all(text, "onnxruntime-cpu")
    if rank == 2:
        # Images are left alone: onnxruntime before 1.27 gets them wrong.
        assert {domain for domain, _ in operators} == {""}
    else:
        assert operators == [("com.microsoft", "FusedConv")] * 2
    assert {domain for domain, _ in run_all(text, "onnxruntime")} == {""}


@pytest.mark.parametrize("normalized", ["", "-> batch_norm"])
@pytest.mark.parametrize("bias", ["true", "false"])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OF_DENSE_LAYERS])
def test_dense_and_activation(activation: str, bias: str, normalized: str) -> None:
    text = f"""model net() {{
      input x: float32[N, 7]
      output y = x -> dense(5, bias={bias}) {normalized} -> {activation}
    }}"""
    assert run_all(text, "onnxruntime-cpu") == [("com.microsoft", "FusedGemm")]
    assert {domain for domain, _ in run_all(text, "onnxruntime")} == {""}


@pytest.mark.parametrize(
    ("declared", "call", "activation"),
    [("float32[N, 4, L]", "conv1d(6, kernel=3)", one) for one in (*OF_DENSE_LAYERS, *OF_NEITHER)]
    + [("float32[N, 7]", "dense(5)", one) for one in (*OF_CONVOLUTIONS, *OF_NEITHER)],
)
def test_what_a_fused_operator_does_not_apply_stays(declared: str, call: str, activation: str) -> None:
    text = f"model net() {{ input x: {declared} output y = x -> {call} -> {activation} }}"
    assert {domain for domain, _ in run_all(text, "onnxruntime-cpu")} == {""}


#: Numbers behind the bends of all activations, and such as overflow in a power.
FAR = (-1e30, -1000.0, -104.0, -89.0, -20.0, -3.0, -0.5, 0.0, 0.5, 3.0, 20.0, 89.0, 104.0, 1000.0, 1e30)


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OF_CONVOLUTIONS, *OF_DENSE_LAYERS])
def test_fused_activations_overflow_nowhere(activation: str) -> None:
    """They give what the layer by itself does, far from 0, too."""
    declared, call = "float32[N, 1, 1]", "conv1d(1, kernel=1, weight=[[[1]]], bias=[0])"
    if activation in OF_DENSE_LAYERS:
        declared, call = "float32[N, 1]", "dense(1, weight=[[1]], bias=[0])"
    model = compile_source(f"model net() {{ input x: {declared} output y = x -> {call} -> {activation} }}")
    x = np.array(FAR, np.float32).reshape(-1, *(1,) * declared.count(","))
    (expected,) = (evaluate(model.graph, {"x": x}, WeightValues())[value] for value in model.graph.outputs.values())
    found = AllValues(model.to_bytes(target="onnxruntime-cpu")).run({"x": x})
    assert list(found) == ["y"]
    np.testing.assert_allclose(found["y"], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("bias", ["true", "false"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_dense_layer_on_images_is_folded(dtype: str, bias: str) -> None:
    text = f"""model net() {{
      input x: {dtype}[N, 7, H, W]
      output y = x -> dense(5, axis=1, bias={bias}) -> batch_norm
    }}"""
    kinds = [kind for _, kind in run_all(text, "onnxruntime")]
    products = ["MatMul", "Add"] if dtype == "float32" else ["Gemm"]
    assert [kind for kind in kinds if kind in ("MatMul", "Add", "Gemm", "BatchNormalization")] == products


def test_a_residual_block_is_two_operators() -> None:
    text = """model net() {
      input x: float32[N, 4, L]
      y = x -> conv1: conv1d(4, kernel=3, padding=1, bias=false) -> bn1: batch_norm -> relu
            -> conv2: conv1d(4, kernel=3, padding=1, bias=false) -> bn2: batch_norm
      output z = y + x -> relu
    }"""
    assert run_all(text, "onnxruntime-cpu") == [("com.microsoft", "FusedConv")] * 2
    assert run_all(text, "onnxruntime") == [("com.microsoft", "FusedConv"), ("", "Conv"), ("", "Add"), ("", "Relu")]


# --- what the table of targets says -----------------------------------------------------------------------------------

#: Parameters of the activations, and the standard operators that they are the same as.
STANDARD = {
    "Relu": ((), "Relu", ()),
    "LeakyRelu": ((0.3,), "LeakyRelu", ("alpha",)),
    "Sigmoid": ((), "Sigmoid", ()),
    "Tanh": ((), "Tanh", ()),
    "HardSigmoid": ((0.25, 0.4), "HardSigmoid", ("alpha", "beta")),
    "Elu": ((0.7,), "Elu", ("alpha",)),
    "Softplus": ((), "Softplus", ()),
    "Softsign": ((), "Softsign", ()),
    "Clip": ((-0.5, 0.7), "Clip", ()),
}
CPU = FEATURES["onnxruntime-cpu"]


def raw_model(nodes: list[onnx.NodeProto], x: np.ndarray, weight: np.ndarray, rank: int) -> bytes:
    def info(name: str, size: int) -> onnx.ValueInfoProto:
        return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None] * size)

    initializers = [
        onnx.numpy_helper.from_array(weight, "w"),
        onnx.numpy_helper.from_array(np.float32(-0.5), "low"),
        onnx.numpy_helper.from_array(np.float32(0.7), "high"),
    ]
    graph = onnx.helper.make_graph(nodes, "raw", [info("x", x.ndim)], [info("y", rank)], initializers)
    domains = [onnx.helper.make_opsetid("", 22), onnx.helper.make_opsetid("com.microsoft", 1)]
    return onnx.helper.make_model(graph, ir_version=10, opset_imports=domains).SerializeToString()


def activation_nodes(name: str, inputs: str) -> list[onnx.NodeProto]:
    parameters, op_type, attributes = STANDARD[name]
    limits = ["low", "high"] if name == "Clip" else []
    named = dict(zip(attributes, parameters, strict=False)) if limits == [] else {}
    return [onnx.helper.make_node(op_type, [inputs, *limits], ["y"], **named)]


def same(fused: onnx.NodeProto, plain: list[onnx.NodeProto], x: np.ndarray, weight: np.ndarray, rank: int) -> bool:
    found, expected = (session(raw_model(nodes, x, weight, rank)).run(None, {"x": x})[0] for nodes in ([fused], plain))
    return bool(np.allclose(found, expected, atol=1e-6)) and float(np.ptp(np.asarray(expected))) > 0.1


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("name", sorted(CPU.conv_activations))
def test_the_runtime_has_what_the_table_says_of_convolutions(name: str, rank: int) -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(0, 1, (2, 3, *(5,) * rank)).astype(np.float32)
    weight = generator.normal(0, 1, (4, 3, *(3,) * rank)).astype(np.float32)
    parameters = list(STANDARD[name][0])
    fused = onnx.helper.make_node("FusedConv", ["x", "w"], ["y"], domain="com.microsoft", activation=name)
    if parameters:
        fused.attribute.append(onnx.helper.make_attribute("activation_params", parameters))
    plain = [onnx.helper.make_node("Conv", ["x", "w"], ["c"]), *activation_nodes(name, "c")]
    assert same(fused, plain, x, weight, rank + 2)


@pytest.mark.parametrize("name", sorted(CPU.dense_activations))
def test_the_runtime_has_what_the_table_says_of_dense_layers(name: str) -> None:
    generator = np.random.default_rng(0)
    x, weight = (generator.normal(0, 1, shape).astype(np.float32) for shape in ((5, 3), (4, 3)))
    parameters = dict(zip(("activation_alpha", "activation_beta"), STANDARD[name][0], strict=False))
    fused = onnx.helper.make_node(
        "FusedGemm", ["x", "w"], ["y"], domain="com.microsoft", activation=name, transB=1, **parameters
    )
    plain = [onnx.helper.make_node("Gemm", ["x", "w"], ["c"], transB=1), *activation_nodes(name, "c")]
    assert same(fused, plain, x, weight, 2)


# --- random networks --------------------------------------------------------------------------------------------------


class Writer:
    """A random network of images that all have four channels and one size, so that any two can be added."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lines: list[str] = []
        self._values = ["x", "z"]
        self._labels: list[str] = []
        self._count = 0

    def text(self) -> str:
        for _ in range(self._random.randint(8, 24)):
            self._statement()
        for number, value in enumerate(self._random.sample(self._values[2:], 3)):
            self._lines.append(f"  output out{number} = {value}")
        head = self._random.choice(["flatten -> dense(5)", "global_avg_pool2d -> flatten -> dense(5) -> batch_norm"])
        self._lines.append(f"  output scores = {self._values[-1]} -> {head} -> {self._activation()} -> dropout(0.5)")
        inputs = ["  input x: float32[N, 4, 5, 6]", "  input z: float32[N, 4, 5, 6]"]
        scale = "const scale: float32[4, 1, 1] = [[[1]], [[0.5]], [[2]], [[-1]]]"
        return "\n".join([scale, "model net() {", *inputs, *self._lines, "}"])

    def _statement(self) -> None:
        name = f"v{self._count}"
        self._count += 1
        expression = self._random.choice([self._chain, self._chain, self._sum, self._arithmetic])()
        self._lines.append(f"  {name} = {expression}")
        self._values.append(name)

    def _value(self) -> str:
        """Mostly a late value, so that networks get deep."""
        recent = self._values[-3:]
        return self._random.choice(recent if self._random.random() < 0.7 else self._values)

    def _chain(self) -> str:
        stages = [self._stage() for _ in range(self._random.randint(1, 4))]
        return " -> ".join([self._value(), *stages])

    def _sum(self) -> str:
        return f"({self._chain()}) + {self._value()} -> {self._activation()}"

    def _arithmetic(self) -> str:
        number = self._random.choice(["1", "0.5", "(scale * 2)"])
        return f"{self._value()} {self._random.choice('*/')} {number} - {self._random.choice(['0', self._value()])}"

    def _activation(self) -> str:
        return self._random.choice(["relu", "relu", "leaky_relu(slope=0.2)", "sigmoid", "tanh"])

    def _stage(self) -> str:
        kind = self._random.random()
        if kind < 0.1 and self._labels:
            return f"reuse({self._random.choice(self._labels)})"
        if kind < 0.5:
            bias = self._random.choice(["true", "false"])
            size, padding = self._random.choice([(1, 0), (3, 1)])
            return self._labelled(f"conv2d(4, kernel={size}, padding={padding}, bias={bias})")
        if kind < 0.7:
            return self._labelled("batch_norm")
        if kind < 0.8:
            return self._random.choice(["dropout(0.5)", "transpose([0, 1, 2, 3])", "reshape([N, 4, 5, 6])"])
        return self._activation()

    def _labelled(self, call: str) -> str:
        label = f"layer{len(self._labels)}"
        self._labels.append(label)
        return f"{label}: {call}"


#: Enough that together they use every pass and every rule, which a test below asserts.
SEEDS = range(24)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks_mean_the_same_for_every_target(seed: int) -> None:
    model = compile_source(Writer(seed).text())
    source = he_normal_source(model.graph)
    feeds = random_feeds(model.graph, SIZES)
    expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
    for target in FEATURES:
        optimized = optimize(model.graph, target, verify=True).graph
        assert_same_meaning(model.graph, optimized)
        built = checked(to_bytes(optimized, WeightValues(0, source), metadata=ModelMetadata(target=target)))
        found = AllValues(built).run(feeds)
        assert set(model.graph.outputs) <= found.keys()
        assert mismatches(found, expected) == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_pass_finds_anything_to_do_twice(seed: int) -> None:
    layers = compile_source(Writer(seed).text()).graph
    for target in FEATURES:
        graph = lower(layers)
        for passes in (OPTIMIZATIONS, COMPLETION):
            changing(passes, graph, layers, target)
            assert changing(passes, graph, layers, target) == []


def changing(passes: tuple[Pass, ...], graph: Graph, layers: Graph, target: Target) -> list[str]:
    """Run passes; the names of those that changed anything."""
    context = PassContext(target, FusionReport(), layers)
    return [one.name for one in passes if run_verified(one, graph, context)]


def test_random_networks_use_every_pass_and_every_rule() -> None:
    changed: set[str] = set()
    rules: set[str] = set()
    refusing: set[str] = set()
    for seed in SEEDS:
        layers = compile_source(Writer(seed).text()).graph
        graph, context = lower(layers), PassContext("onnxruntime-cpu", FusionReport(), layers)
        changed |= {one.name for one in PASSES if one(graph, context)}
        rules |= {one.rule for one in context.report.fused}
        refusing |= {one.rule for one in context.report.refused}
    # Nothing in these networks has a shape that must be computed.
    assert changed == {one.name for one in PASSES} - {"expand_dims"}
    # These networks are about images, into which no sum is fused: that rule has its own tests.
    assert rules == {"fold_batch_norm", "conv_activation", "dense_activation"}
    assert refusing >= {"fold_batch_norm", "conv_activation", "conv_add_activation"}


def test_a_wrong_kernel_shows() -> None:
    """The comparison can fail: one kernel the wrong way round, and fused values are wrong."""
    model = compile_source(Writer(0).text())
    source = he_normal_source(model.graph)
    feeds = random_feeds(model.graph, SIZES)
    expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
    flipped = FlippedKernel(source, first_kernel(model.graph, source))
    found = AllValues(model.to_bytes(target="onnxruntime-cpu", weights=flipped)).run(feeds)
    assert "scores" in mismatches(found, expected)
