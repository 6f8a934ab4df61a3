"""Types and dimensions in exported models, and dimensions as the runtime computes them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from dotnn.compiler.dims import Dim, ceil_div, dim_max, dim_min
from dotnn.compiler.export import verify_model
from dotnn.compiler.graph.graph import Graph, Value
from dotnn.compiler.graph.operations import Constant
from dotnn.compiler.graph.tensors import Literal
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.activations import Relu
from dotnn.compiler.layers.convolution import Conv2d
from dotnn.compiler.reference_evaluation import evaluate, named_results

from tests.helpers.export_graphs import VALUES, H, Halves, N, Reshaped, Sizes, array, content_of, exported, shape_of
from tests.helpers.graphs import add_input, add_layer, float32, run

# Types --------------------------------------------------------------------------------------------------


def test_dimensions_and_complete_value_info() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, 2, H, 7))
    layer = Conv2d(filters=3, kernel=(3, 3), stride=(2, 2), padding=((1, 1), (1, 1)))
    conv = add_layer(graph, "conv", layer, x)
    halves = add_layer(graph, "halves", Halves(), conv)
    graph.outputs["y"] = add_layer(graph, "relu", Relu(), Value(halves.node, 1))
    model = exported(graph)
    assert shape_of(model.graph.input[0]) == ["N", 2, "H", 7]
    assert shape_of(model.graph.output[0]) == ["N", 3, "ceil(H / 2)", 4]
    infos = {info.name: shape_of(info) for info in model.graph.value_info}
    computed = {name for node in model.graph.node for name in node.output} - {"y"}
    assert set(infos) == computed
    assert infos["conv"] == infos["halves.h"] == ["N", 3, "ceil(H / 2)", 4]
    assert infos["halves/Mul:0"] == infos["halves/Mul_1:0"] == ["N", 3, "ceil(H / 2)", 4]
    assert not any("unk" in str(dim) for shape in infos.values() for dim in shape)


def test_every_intermediate_value_has_its_type() -> None:
    """Those inside of layers, and those that compute dimensions, where ONNX's inference says nothing of symbols."""
    graph = Graph("net")
    x = add_input(graph, "x", float32(2 * N, H + 1, 6))
    halves = add_layer(graph, "halves", Halves(), x)
    graph.outputs["y"] = add_layer(graph, "a", Reshaped(shape=(3, H + 1, 2 * N, 2)), Value(halves.node, 1))
    graph.outputs["sizes"] = add_layer(graph, "sizes", Sizes(dims=(N // 3, dim_max(H, 4))), x)
    model = exported(graph)
    infos = {info.name: info for info in model.graph.value_info}
    computed = {name for node in model.graph.node for name in node.output}
    assert set(infos) == computed - {"y", "sizes"}
    assert all(info.type.tensor_type.HasField("shape") for info in infos.values())
    inside = {name for name in infos if name.startswith("halves")}
    assert inside == {"halves.h", "halves/Mul:0", "halves/Mul_1:0"}
    assert [shape_of(infos[name]) for name in sorted(inside)] == [["2*N", "H + 1", 6]] * len(inside)
    ints = {onnx.TensorProto.INT64}
    assert {infos[name].type.tensor_type.elem_type for name in infos.keys() - inside} == ints
    assert {len(shape_of(infos[name])) for name in infos.keys() - inside} == {1}


def test_scalars_and_element_types() -> None:
    graph = Graph("net")
    for dtype in DType:
        value = add_input(graph, f"x_{dtype}", TensorType(dtype, ()))
        graph.outputs[f"y_{dtype}"] = value
    model = exported(graph)
    for info in (*model.graph.input, *model.graph.output):
        assert info.type.tensor_type.HasField("shape")
        found = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        assert found.name == info.name[2:]


@pytest.mark.parametrize("dtype", list(DType))
def test_constants_of_every_element_type(dtype: DType) -> None:
    graph = Graph("net")
    literal = Literal((2, 2), (0, 1, 1, 0))
    graph.outputs["y"] = graph.add(Constant(literal), (), (TensorType(dtype, (2, 2)),), name="c").value()
    add_input(graph, "x", float32(1))
    (tensor,) = exported(graph).graph.initializer
    stored = onnx.numpy_helper.to_array(tensor)
    assert stored.dtype.name == dtype.value
    assert stored.astype(np.float64).tolist() == [[0, 1], [1, 0]]


# Dimensions at run time ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "h"), [(1, 1), (2, 9), (7, 4), (30, 17)])
def test_dimensions_are_computed_as_python_computes_them(n: int, h: int) -> None:
    dims: dict[Dim, int] = {
        N: n,
        2 * N * H - H**3 + 5: 2 * n * h - h**3 + 5,
        (N - 7) // 3: (n - 7) // 3,
        (-N * H) // 4: (-n * h) // 4,
        N // H: n // h,
        (H + N) // (N + 2): (h + n) // (n + 2),
        ceil_div(H, 2): -(-h // 2),
        dim_max(N - H, 3, H // 2): max(n - h, 3, h // 2),
        dim_min(N, H): min(n, h),
        N % 5: n % 5,
        11: 11,
    }
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, H))
    graph.outputs["sizes"] = add_layer(graph, "sizes", Sizes(dims=tuple(dims)), x)
    model = content_of(graph)
    verify_model(model)
    assert run(model, {"x": array(n, h)})["sizes"].tolist() == list(dims.values())


def test_a_dimension_is_read_from_where_it_stands_alone() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(2 * N + 3, H + 1))
    add_input(graph, "z", float32(N, H))
    graph.outputs["sizes"] = add_layer(graph, "sizes", Sizes(dims=(N, H, N + H)), x)
    model = exported(graph)
    shapes = [node for node in model.graph.node if node.op_type == "Shape"]
    assert [node.input[0] for node in shapes] == ["z", "z"]
    found = run(model.SerializeToString(), {"x": array(11, 8), "z": array(4, 7)})
    assert found["sizes"].tolist() == [4, 7, 11]


def test_dimensions_are_computed_once() -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(N, H, 6))
    y = add_layer(graph, "a", Reshaped(shape=(3, H, N, 2)), x)
    z = add_layer(graph, "b", Reshaped(shape=(2, N, H, 3)), y)
    graph.outputs["out"] = add_layer(graph, "c", Reshaped(shape=(3, H, N, 2)), z)
    model = exported(graph)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Shape") == 2
    assert kinds.count("Concat") == 2


@pytest.mark.parametrize(
    ("before", "after", "target"),
    [
        ((N, 2, 3), (N, 6), [0, 6]),
        ((N, 6), (2 * N, 3), [-1, 3]),
        ((N, H, 4), (N, 4 * H), [0, -1]),
        ((N, H, 4), (N, H, 2, 2), [0, 0, 2, 2]),
        ((2, 3), (6,), [6]),
        ((N, H), (H, N), None),
    ],
)
def test_reshape_computes_as_little_as_possible(
    before: tuple[Dim, ...], after: tuple[Dim, ...], target: list[int] | None
) -> None:
    graph = Graph("net")
    x = add_input(graph, "x", float32(*before))
    graph.outputs["y"] = add_layer(graph, "reshape", Reshaped(shape=after), x)
    model = exported(graph)
    constants = [onnx.numpy_helper.to_array(tensor).tolist() for tensor in model.graph.initializer]
    assert constants == ([] if target is None else [target])
    feeds = {"x": array(*(size if isinstance(size, int) else 5 for size in before))}
    found = run(model.SerializeToString(), feeds)["y"]
    expected = named_results(graph, evaluate(graph, feeds, VALUES, "float32"))["y"]
    np.testing.assert_array_equal(found, expected)
