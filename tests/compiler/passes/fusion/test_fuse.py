"""What is folded and fused, and what is said of it: operators fuse, and layers are spoken of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from dotnn.compiler import operators as ops
from dotnn.compiler.export.stored_values import Stored
from dotnn.compiler.graph.graph import Graph, Node
from dotnn.compiler.graph.verify import InvalidGraph
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.convolution import Conv2d
from dotnn.compiler.lowering import lower
from dotnn.compiler.measure.measure_graph import summarize
from dotnn.compiler.operators.base import InvalidOperands, Known
from dotnn.compiler.passes.fusion.fusion_report import Fused, FusionReport, Refused, format_report
from dotnn.compiler.passes.infer_types import infer_types
from dotnn.compiler.passes.pass_pipeline import optimize
from dotnn.compiler.passes.targets import Target
from dotnn.compiler.reference_evaluation import evaluate
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import add_input, add_layer, float32
from tests.helpers.networks import assert_same_meaning, computed, graph_of


def stored_arrays(graph: Graph) -> dict[str, np.ndarray]:
    """The initializers of a model by name."""
    stored = Stored(graph, WeightValues())
    names = {value: graph.producer(value).value_names[value.index] for value in stored.initializers}
    return {name: stored.array(value) for value, name in names.items()}


def fused_graph(text: str, target: Target = "onnxruntime-cpu") -> Graph:
    layers = graph_of(text)
    found = optimize(layers, target, verify=True).graph
    assert_same_meaning(layers, found)
    return found


def report_of(text: str, target: Target = "onnxruntime-cpu") -> list[str]:
    """The lines of the report, but for the counts."""
    lines = str(optimize(graph_of(text), target, verify=True).fusions).splitlines()
    return [line.strip() for line in lines if line.startswith("  ")]


def operand_names(graph: Graph, node: Node) -> list[str]:
    values = [value for value in node.operands if value is not None]
    return [graph.producer(value).value_names[value.index] for value in values]


# --- folded weights ---------------------------------------------------------------------------------------------------


def test_a_frozen_or_literal_weight_folds_like_any_other() -> None:
    text = """model net() {
      input x: float32[N, 1, 4, 4]
      output y = x -> conv: conv2d(1, kernel=2, weight=[[[[1, 2], [3, 4]]]], bias=[1])
          -> bn: batch_norm(eps=0, weight=[3], bias=[5], running_mean=[7], running_var=[4])
      freeze conv
    }"""
    optimized = fused_graph(text)
    (conv,) = computed(optimized)
    assert operand_names(optimized, conv) == ["x", "conv.weight:folded", "conv.bias:folded"]
    found = stored_arrays(optimized)
    assert found["conv.weight:folded"].tolist() == [[[[1.5, 3], [4.5, 6]]]]
    assert found["conv.bias:folded"].tolist() == [(1 - 7) * 1.5 + 5]
    assert found.keys() == {"conv.weight:folded", "conv.bias:folded"}
    assert {weight.name for weight in optimized.weights()} == {weight.name for weight in graph_of(text).weights()}


@pytest.mark.parametrize(
    ("bias", "arguments", "named"),
    [
        ("true", "", "layer.bias:folded"),
        ("true", "bias=false, scale=false", "layer.bias:folded"),
        ("false", "", "bn.bias:folded"),
        ("false", "bias=false", "bn.running_mean:folded"),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
@pytest.mark.parametrize("call", ["conv1d(4, kernel=2", "dense(4, axis=1"])
def test_folded_weights_are_named_after_the_layer(call: str, dtype: str, bias: str, arguments: str, named: str) -> None:
    optimized = fused_graph(
        f"model net() {{\n input x: {dtype}[N, 3, L]\n"
        f"  output y = x -> layer: {call}, bias={bias}) -> bn: batch_norm({arguments}) -> tanh\n}}",
        "onnx",
    )
    sizes = {"Shape", "Concat"}
    kinds = [node.kind for node in computed(optimized) if node.kind not in sizes]
    dense = (
        ["Transpose", "MatMul", "Add", "Transpose"]
        if dtype == "float32"
        else ["Transpose", "Reshape", "Gemm", "Reshape", "Transpose"]
    )
    assert kinds == [*(["Conv"] if "conv" in call else dense), "Tanh"]
    weight = "layer.weight:folded" + (":transposed" if "MatMul" in kinds else "")
    stored = {name for name in stored_arrays(optimized) if "/" not in name}
    assert stored == {weight, named}


def test_the_operators_of_a_folded_layer_come_from_both_layers() -> None:
    layers = graph_of("""model net() {
      input x: float32[N, 3, H, W]
      output y = x -> d: dense(4, axis=1, bias=false) -> bn: batch_norm
    }""")
    (dense, norm) = layers.nodes()[1:]
    found = computed(optimize(layers, verify=True).graph)
    assert [node.kind for node in found] == ["Transpose", "MatMul", "Add", "Transpose"]
    assert [node.origins for node in found[1:]] == [(*dense.origins, *norm.origins)] * 3
    assert found[-1].name == "bn"


def folded(weight: np.ndarray, given: Mapping[str, np.ndarray], eps: float, bias: bool) -> dict[str, np.ndarray]:
    """The initializers of a convolution of this kernel that a normalization is folded into."""
    numbers = {name: array.tolist() for name, array in given.items()}
    written = ", ".join(f"{name}={value}" for name, value in numbers.items() if name not in ("conv", "weight"))
    shift = "" if "bias" in given else ", bias=false"
    scale = f", weight={numbers['weight']}" if "weight" in given else ", scale=false"
    own = f"bias={numbers['conv']}" if bias else "bias=false"
    return stored_arrays(
        optimize(
            graph_of(
                f"model net() {{\n  input x: float32[N, {weight.shape[1]}, 4, 4]\n"
                f"  output y = x -> conv: conv2d({len(weight)}, kernel=2, weight={weight.tolist()}, {own})\n"
                f"      -> bn: batch_norm(eps={eps}, {written}{scale}{shift})\n}}"
            ),
            verify=True,
        ).graph
    )


def test_a_variance_of_zero_folds_without_a_warning() -> None:
    zero, one, kernel = np.zeros(2, np.float32), np.ones(2, np.float32), np.ones((2, 3, 2, 2), np.float32)
    given = {"running_mean": one, "running_var": zero}
    found = folded(kernel, given | {"weight": one}, 0.0, bias=False)
    assert found["conv.weight:folded"].dtype == np.float32
    assert np.isinf(found["conv.weight:folded"]).all()
    assert np.isinf(found["bn.running_mean:folded"]).all()
    found = folded(kernel, given | {"bias": one, "conv": one}, 0.0, bias=True)
    assert np.isnan(found["conv.bias:folded"]).all()


def test_folding_is_exact_to_the_last_bit_of_float32() -> None:
    generator = np.random.default_rng(0)
    weight = generator.normal(0, 1, (4, 3, 2, 2)).astype(np.float32)
    variance, scale = (generator.uniform(0.5, 2, 4).astype(np.float32) for _ in range(2))
    mean, shift, bias = (generator.normal(0, 1, 4).astype(np.float32) for _ in range(3))
    factor = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + 1e-5)
    given = {"running_mean": mean, "running_var": variance, "weight": scale, "bias": shift, "conv": bias}
    found = folded(weight, given, 1e-5, bias=True)
    expected = (weight.astype(np.float64) * factor[:, None, None, None]).astype(np.float32)
    np.testing.assert_allclose(found["conv.weight:folded"], expected, rtol=1.2e-7, atol=0)
    moved = ((bias.astype(np.float64) - mean) * factor + shift).astype(np.float32)
    np.testing.assert_allclose(found["conv.bias:folded"], moved, rtol=1.2e-7, atol=0)


def test_a_transposed_convolution_takes_a_normalization_by_its_groups() -> None:
    """Outputs lie along axis 1 of its weight, those of each group by themselves."""
    text = """model net() {
      input x: float32[N, 4, L]
      output y = x -> up: conv_transpose1d(4, kernel=1, groups=2, bias=[1, 1, 1, 1],
              weight=[[[1], [2]], [[3], [4]], [[5], [6]], [[7], [8]]])
          -> bn: batch_norm(eps=0, weight=[1, 10, 100, 1000], bias=false,
              running_mean=[1, 1, 1, 0], running_var=[1, 1, 1, 4])
    }"""
    optimized = fused_graph(text)
    (conv,) = computed(optimized)
    assert operand_names(optimized, conv) == ["x", "up.weight:folded", "up.bias:folded"]
    found = stored_arrays(optimized)
    assert found["up.weight:folded"].ravel().tolist() == [1, 20, 3, 40, 500, 3000, 700, 4000]
    assert found["up.bias:folded"].tolist() == [0, 0, 0, 500]
    assert found.keys() == {"up.weight:folded", "up.bias:folded"}


def test_all_convolutions_are_folded_and_those_with_an_operator_for_it_are_fused() -> None:
    text = """model net() {
      input x: float32[N, 4, H, W]
      output y = x -> dw: depthwise_conv2d(kernel=3, bias=false) -> bn1: batch_norm -> r1: relu
          -> sep: separable_conv2d(6, kernel=3) -> bn2: batch_norm -> r2: relu
          -> up: conv_transpose2d(3, kernel=2, stride=2) -> bn3: batch_norm -> r3: relu
    }"""
    assert report_of(text, "onnxruntime") == [
        "dw + bn1 -> depthwise_conv2d  (fold_batch_norm)",
        "sep + bn2 -> separable_conv2d  (fold_batch_norm)",
        "up + bn3 -> conv_transpose2d  (fold_batch_norm)",
        "dw + bn1 + r1 -> fused_conv  (conv_activation)",
        "sep + bn2 + r2 -> fused_conv  (conv_activation)",
        "up + bn3 + r3: no target has an operator for a transposed convolution and more  (conv_activation)",
    ]
    kinds = [node.kind for node in computed(fused_graph(text, "onnxruntime"))]
    assert kinds == ["FusedConv", "Conv", "FusedConv", "ConvTranspose", "Relu"]


# --- fused operators --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "call", "kind"),
    [
        ("float32[N, 3, 8, 8]", "conv2d(4, kernel=3) -> relu", "FusedConv"),
        ("float32[N, 6]", "dense(5) -> sigmoid", "FusedGemm"),
    ],
)
def test_a_fused_layer_costs_what_its_layers_cost(source: str, call: str, kind: str) -> None:
    """Costs, weights and receptive fields are those of the layers, which fusing leaves as they are."""
    layers = graph_of(f"model net() {{\n  input x: {source}\n  output y = x -> {call}\n}}")
    before = summarize(layers)
    optimized = optimize(layers, "onnxruntime-cpu", verify=True).graph
    assert [node.kind for node in computed(optimized)] == [kind]
    assert optimized.weights() == layers.weights()
    assert summarize(layers) == before


def test_only_activations_with_a_name_at_the_runtime_are_fused() -> None:
    assert ops.Softmax().runtime_activation([None]) is None
    matrix = Known(float32(2, 2))
    with pytest.raises(InvalidOperands, match="there is no activation '_renamed'"):
        ops.FusedGemm(activation="_renamed").infer(matrix, matrix)
    text = "model net() {\n  input x: float32[N, 3]\n  output y = x -> dense(4) -> softmax\n}"
    assert [node.kind for node in computed(fused_graph(text))] == ["Gemm", "Softmax"]
    assert report_of(text) == []


def test_added_tensors_of_another_shape_are_refused() -> None:
    layers = Graph("net")
    x = add_input(layers, "x", float32(2, 3, 8, 8))
    wide = add_layer(layers, "wide", Conv2d(filters=1, kernel=(1, 1)), x)
    conv = add_layer(layers, "conv", Conv2d(filters=3, kernel=(1, 1)), x)
    layers.outputs["y"] = add_layer(layers, "relu", Relu(), conv)
    layers.outputs["z"] = wide
    graph = lower(layers)
    by_name = {node.name: node for node in graph.nodes()}
    op, operands = ops.FusedConv(activation="Relu"), (*by_name["conv"].operands, by_name["wide"].value())
    graph.update(by_name["conv"].id, op=op, operands=operands)
    with pytest.raises(InvalidGraph, match="`conv` does not take its operands"):
        infer_types(graph)


def test_reference_of_a_fused_network_reads_the_added_input() -> None:
    graph = graph_of("""model net() {
      input x: float32[1, 1, 1]
      output y = x + (x -> conv1d(1, kernel=1, weight=[[[2]]], bias=[-7])) -> leaky_relu(slope=0.5)
    }""")
    optimized = optimize(graph, "onnxruntime-cpu", verify=True).graph
    assert [node.kind for node in computed(optimized)] == ["FusedConv"]
    found = evaluate(optimized, {"x": np.ones((1, 1, 1), np.float32)}, WeightValues())
    assert found[optimized.outputs["y"]].item() == (1 + 2 - 7) * 0.5


def test_a_long_chain_shrinks_to_its_convolutions() -> None:
    graph = graph_of("""model net() {
      input x: float32[N, 3, 8, 8]
      output y = x -> repeat(500) { conv2d(3, kernel=3, padding=1) -> batch_norm -> relu -> dropout(0.5) }
    }""")
    optimized = optimize(graph, "onnxruntime", verify=True)
    assert [node.kind for node in computed(optimized.graph)] == ["FusedConv"] * 500
    assert len(optimized.fusions.fused) == 1000


# --- what is said -----------------------------------------------------------------------------------------------------


def test_report_as_text() -> None:
    report = FusionReport(
        [Fused("conv_activation", ("a.conv", "a.relu"), "fused_conv")],
        [Refused("fold_batch_norm", ("bn",), "it reads `x`, which is no convolution or dense layer")],
    )
    assert format_report(report) == (
        "fused: 1\n"
        "  a.conv + a.relu -> fused_conv  (conv_activation)\n"
        "not fused: 1\n"
        "  bn: it reads `x`, which is no convolution or dense layer  (fold_batch_norm)\n"
    )
    assert format_report(FusionReport()).startswith("nothing to fuse")


def test_readers_are_layers_whatever_they_have_in_common() -> None:
    """Two dense layers read one Transpose, which neither of them is, and after the folding one goes by another name."""
    text = """model net() {
      input x: float32[N, 3, L]
      c = x -> conv: conv1d(4, kernel=1)
      output a = c -> d1: dense(2, axis=1) -> bn: batch_norm
      output b = c -> relu
      output e = c -> d2: dense(2, axis=1)
    }"""
    assert report_of(text) == [
        "d1 + bn -> dense  (fold_batch_norm)",
        "conv + relu: the result of `conv` is also read by `bn`, `d2`  (conv_activation)",
    ]


def test_a_layer_reads_once_what_several_of_its_operators_read() -> None:
    """A ``leaky_relu`` of float64 is three operators, all of which read the operand."""
    text = """model net() {
      input x: float64[N, 3]
      a = x -> d: dense(2)
      output b = a -> leaky_relu(slope=0.3)
    }"""
    said = "d + leaky_relu: {}  (dense_activation)"
    assert report_of(text, "onnxruntime") == [said.format("the target `onnxruntime` has no FusedGemm")]
    assert report_of(text) == [said.format("FusedGemm computes in float32, and this is float64")]
    assert report_of(text.replace("leaky_relu(slope=0.3)", "bn: batch_norm")) == ["d + bn -> dense  (fold_batch_norm)"]
    both = text.replace("output b", "output c = a -> step\n      output e = a -> bn: batch_norm\n      output b")
    reason = "the result of `d` is also read by `step`, `leaky_relu`  (fold_batch_norm)"
    assert report_of(both)[0] == f"d + bn: {reason}"


def test_a_folded_dense_layer_is_told_by_its_axis_and_what_it_reads() -> None:
    text = """model net() {
      input x: float32[N, 6, H, W]
      output y = x -> d: dense(4, axis=1) -> bn: batch_norm -> relu
    }"""
    form = "FusedGemm works along axis 1 of a matrix, and `bn` along axis 1 of float32[N, 6, H, W]"
    assert report_of(text) == ["d + bn -> dense  (fold_batch_norm)", f"d + bn + relu: {form}  (dense_activation)"]


def test_what_a_layer_is_given_beside_its_weights_may_be_shared() -> None:
    """A parameter that is added belongs to no layer."""
    text = """model net() {
      input x: float32[1, 3, 4]
      parameter p: float32[1, 2, 4] = ones
      output y = (x -> c: conv1d(2, kernel=1)) + p -> relu
      output z = p * 2
    }"""
    assert report_of(text) == ["c + add + relu -> fused_conv  (conv_add_activation)"]


def test_a_convolution_of_a_parameter_has_its_weights_for_itself() -> None:
    text = """model net() {
      parameter p: float32[1, 3, 4] = ones
      input x: float32[1, 2, 4]
      a = p -> c: conv1d(2, kernel=1) -> bn: batch_norm
      output y = a + x
      output z = a * x
    }"""
    assert report_of(text) == ["c + bn -> conv1d  (fold_batch_norm)"]


def test_only_a_few_of_many_readers_are_named() -> None:
    readers = "\n".join(f"  output y{number} = a -> r{number}: softmax(axis={number})" for number in range(5))
    text = f"""model net() {{
      input x: float32[1, 2, 3, 4, 5]
      a = x -> c: conv3d(2, kernel=1)
    {readers}
      output z = a -> relu
    }}"""
    reason = "the result of `c` is also read by `r0`, `r1`, `r2` and others"
    assert report_of(text) == [f"c + relu: {reason}  (conv_activation)"]
    few = text.replace("output y3 = a -> r3: softmax(axis=3)", "").replace("output y4 = a -> r4: softmax(axis=4)", "")
    assert report_of(few) == [f"c + relu: {reason.removesuffix(' and others')}  (conv_activation)"]
