"""Names, attributes and element types of operators are ONNX's; operators are payloads of a graph; faults are said."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from typing import Any

import onnx
import pytest
from dotnn.compiler.graph.graph import Graph, Value
from dotnn.compiler.graph.graph_text import format_graph
from dotnn.compiler.graph.operations import Constant, Input, Operation
from dotnn.compiler.graph.tensors import Literal
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.graph.verify import verify_graph
from dotnn.compiler.operators import OPERATORS, InvalidOperands, Known, Operator
from dotnn.compiler.operators.base import LONGEST_CONTENT
from onnxruntime.capi import onnxruntime_pybind11_state

from tests.helpers.operators.all_cases import all_cases
from tests.helpers.operators.operator_cases import C, H, N, W

STANDARD = sorted(kind for domain, kind in OPERATORS if domain == "")
FUSED = sorted(kind for domain, kind in OPERATORS if domain == "com.microsoft")

#: What ONNX has and operators have not: attributes, operands and results; the classes' docstrings say why.
LEFT_OUT = {
    "Cast": {"saturate", "round_mode"},
    "Conv": {"auto_pad"},
    "ConvTranspose": {"auto_pad", "output_shape"},
    "AveragePool": {"auto_pad"},
    "MaxPool": {"auto_pad", "storage_order", "Indices"},
    "BatchNormalization": {"training_mode", "running_mean", "running_var"},
    "LayerNormalization": {"stash_type", "Mean", "InvStdDev"},
    "RNN": {"clip", "layout"},
    "GRU": {"clip", "layout"},
    "LSTM": {"clip", "layout", "input_forget", "P"},
    "FusedConv": {"auto_pad"},
    "Resize": {"antialias", "axes", "exclude_outside", "extrapolation_value", "keep_aspect_ratio_policy"},
}

#: Element types that ONNX allows and operators do not.
NARROWER = {"Gemm": {"int32", "int64"}, "FusedGemm": {"int32", "int64"}, "Range": {"float32", "float64"}}


def schema_of(kind: str) -> onnx.defs.OpSchema:
    return onnx.defs.get_schema(kind, 22)


def runtime_schema_of(kind: str) -> Any:
    schemas = onnxruntime_pybind11_state.get_all_operator_schema()
    (found,) = [one for one in schemas if one.name == kind and one.domain == "com.microsoft"]
    return found


def schemas() -> list[Any]:
    return [*((kind, schema_of(kind)) for kind in STANDARD), *((kind, runtime_schema_of(kind)) for kind in FUSED)]


BY_KIND = {kind: cls for (_, kind), cls in OPERATORS.items()}
EVERY = [pytest.param(kind, schema, id=kind) for kind, schema in schemas()]


def kept(kind: str, parameters: Any) -> list[Any]:
    return [one for one in parameters if one.name not in LEFT_OUT.get(kind, ())]


@pytest.mark.parametrize(("kind", "schema"), EVERY)
def test_operands_and_results_are_those_of_onnx(kind: str, schema: Any) -> None:
    cls = BY_KIND[kind]
    inputs, outputs = kept(kind, schema.inputs), kept(kind, schema.outputs)
    assert [one.name for one in cls.operands] == [one.name for one in inputs]
    assert [one.name for one in cls.results] == [one.name for one in outputs]
    options = [str(one.option).rsplit(".", 1)[-1] for one in inputs]
    assert [one.optional for one in cls.operands] == [option == "Optional" for option in options]
    assert [one.variadic for one in cls.operands] == [option == "Variadic" for option in options]


@pytest.mark.parametrize(("kind", "schema"), EVERY)
def test_element_types_are_those_of_onnx(kind: str, schema: Any) -> None:
    cls = BY_KIND[kind]
    wanted = {one.type_param_str: set(one.allowed_type_strs) for one in schema.type_constraints}
    ours = (*cls.operands, *cls.results)
    theirs = (*kept(kind, schema.inputs), *kept(kind, schema.outputs))
    letters: dict[str, str] = {}
    for one, other in zip(ours, theirs, strict=True):
        letter = other.typeStr if hasattr(other, "typeStr") else other.type_str
        assert letters.setdefault(one.elements, letter) == letter
        allowed = wanted.get(letter, {letter})
        names = {dtype.value for dtype in DType if onnx_name(dtype) in allowed}
        assert cls.elements[one.elements] == names - NARROWER.get(kind, set())
    assert cls.elements.keys() == letters.keys()


def onnx_name(dtype: DType) -> str:
    names = {DType.FLOAT32: "float", DType.FLOAT64: "double"}
    return f"tensor({names.get(dtype, dtype.value)})"


@pytest.mark.parametrize(("kind", "schema"), EVERY)
def test_attributes_are_those_of_onnx(kind: str, schema: Any) -> None:
    fields = {one.name: one for one in dataclasses.fields(BY_KIND[kind])}
    hints = typing.get_type_hints(BY_KIND[kind])
    wanted = {name: one for name, one in schema.attributes.items() if name not in LEFT_OUT.get(kind, ())}
    assert fields.keys() == wanted.keys()
    for name, one in wanted.items():
        assert onnx_type(hints[name]) == str(one.type).rsplit(".", 1)[-1], name
        assert (fields[name].default is dataclasses.MISSING) == one.required, name
        default = default_of(one)
        if default is not None and fields[name].default is not None:
            # ONNX has its defaults in float32.
            exact = isinstance(default, str) or hints[name] is int
            assert fields[name].default == (default if exact else pytest.approx(default, rel=1e-6)), name
        if fields[name].default is not None and not one.required:
            assert default is not None, name


def onnx_type(hint: Any) -> str:
    if isinstance(hint, types.UnionType):
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is typing.Literal:
        return "STRING"
    if typing.get_origin(hint) is tuple:
        return f"{onnx_type(typing.get_args(hint)[0])}S"
    return {int: "INT", float: "FLOAT", str: "STRING", DType: "INT"}[hint]


def default_of(attribute: Any) -> Any:
    found = getattr(attribute, "default_value", None)
    # onnxruntime gives its own as bytes, by a private name alone.
    proto = onnx.AttributeProto.FromString(attribute._default_value) if found is None else found
    if proto.type == onnx.AttributeProto.UNDEFINED:
        return None
    found = onnx.helper.get_attribute_value(proto)
    return found.decode() if isinstance(found, bytes) else found


@pytest.mark.parametrize("kind", STANDARD)
def test_the_source_names_the_version(kind: str) -> None:
    assert BY_KIND[kind].source == f"ONNX {kind}-{schema_of(kind).since_version}"


@pytest.mark.parametrize(("domain", "kind"), sorted(OPERATORS))
def test_an_operator_is_final_and_documented(domain: str, kind: str) -> None:
    cls = OPERATORS[domain, kind]
    assert not inspect.isabstract(cls)
    assert cls.__final__  # pyright: ignore[reportAttributeAccessIssue]
    doc = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    assert doc.endswith(".")
    # A dataclass without a docstring gets its signature.
    assert not doc.startswith(f"{cls.__name__}(")
    assert cls.source
    assert cls.__module__.startswith("dotnn.compiler.operators.")


def test_operators_are_frozen_and_hashable_payloads() -> None:
    for cases in all_cases().values():
        op = cases[0].op
        assert isinstance(op, Operation)
        assert op == dataclasses.replace(op)
        assert hash(op) == hash(dataclasses.replace(op))
    conv = BY_KIND["Conv"](group=2)
    assert conv != BY_KIND["Conv"]()
    assert BY_KIND["Relu"]() != BY_KIND["Tanh"]()
    with pytest.raises(dataclasses.FrozenInstanceError):
        conv.group = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_a_graph_holds_operators() -> None:
    """The same class of graph: verification, text and copies work on both levels."""
    graph = Graph("net")
    x = graph.add(Input(), (), (TensorType(DType.FLOAT32, (N, 4, H)),), name="x")
    dims = add(graph, BY_KIND["Dims"](dims=(N, 4 * H)), (), "dims")
    flat = add(graph, BY_KIND["Reshape"](), (x.value(), dims), "flat")
    leaky = add(graph, BY_KIND["LeakyRelu"](alpha=0.25), (flat,), "leaky")
    graph.outputs["y"] = add(graph, BY_KIND["ReduceSum"](keepdims=0), (leaky, None), "y")
    verify_graph(graph)
    assert format_graph(graph.copy()) == (
        "model net\n"
        "x = input: float32[N, 4, H]\n"
        "dims = Dims(dims=[N, 4*H]): int64[2]\n"
        "flat = Reshape(x, dims): float32[N, 4*H]\n"
        "leaky = LeakyRelu(flat, alpha=0.25): float32[N, 4*H]\n"
        "y = ReduceSum(leaky, none, keepdims=0): float32[]\n"
        "output y = y\n"
    )


def add(graph: Graph, op: Operator, operands: tuple[Value | None, ...], name: str) -> Value:
    known = [None if one is None else known_value(graph, one) for one in operands]
    return graph.add(op, operands, [one.type for one in op.infer(*known)], name=name).value()


def known_value(graph: Graph, value: Value) -> Known:
    node = graph.producer(value)
    if isinstance(node.op, Operator):
        return node.op.infer(*(None if one is None else known_value(graph, one) for one in node.operands))[value.index]
    if isinstance(node.op, Constant):
        return Known.of_literal(node.op.value, node.results[0].dtype)
    return Known(node.results[0])


def floats(*shape: Any) -> Known:
    return Known(TensorType(DType.FLOAT32, shape))


def ints(*numbers: Any) -> Known:
    return Known(TensorType(DType.INT64, (len(numbers),)), numbers)


def scalar(number: Any) -> Known:
    return Known(TensorType(DType.INT64, ()), (number,))


#: Operands that do not fit, with words of the complaint.
WRONG: tuple[tuple[str, dict[str, Any], tuple[Known | None, ...], str], ...] = (
    ("Relu", {}, (), "needs the operand X"),
    ("Relu", {}, (floats(1), floats(1)), "takes 1 operands, not 2"),
    ("Relu", {}, (Known(TensorType(DType.BOOL, ())),), "X cannot have elements of bool"),
    ("Add", {}, (floats(2), ints(1, 2)), "B has elements of int64, not float32"),
    ("Add", {}, (floats(N, 3), floats(N, 4)), "do not certainly broadcast"),
    ("Add", {}, (floats(N), floats(H)), "[N] and [H] do not certainly broadcast"),
    ("Add", {}, (floats(N), floats(3)), "do not certainly broadcast"),
    ("Max", {}, (), "needs the operand data_0"),
    ("Max", {}, (floats(1), None), "needs the operand data_0"),
    ("Mod", {}, (floats(1), floats(1)), "fmod=1 only"),
    ("Transpose", {"perm": (0, 0)}, (floats(2, 3),), "[0, 0] is no order of 2 axes"),
    ("Reshape", {}, (floats(N, 3), Known(TensorType(DType.INT64, (2,)))), "the elements of shape must be known"),
    ("Reshape", {}, (floats(N, 3), ints(-1, -1)), "more than one"),
    ("Reshape", {}, (floats(N, 3), ints(2, -1)), "3*N elements do not divide by 2 for certain"),
    ("Reshape", {}, (floats(2, 3), ints(7)), "another number of elements"),
    ("Reshape", {}, (floats(2, 3), ints(-2, 3)), "negative dimension"),
    ("Reshape", {}, (floats(2), ints(2, 0)), "axis that is not there"),
    ("Reshape", {"allowzero": 1}, (floats(2), ints(0, -1)), "both 0 and -1"),
    ("Flatten", {"axis": 3}, (floats(2, 3),), "no axis 3"),
    ("Squeeze", {}, (floats(N, 2), ints(1)), "axis 1 is not certainly 1"),
    ("Squeeze", {}, (floats(N, 1), ints(0)), "axis 0 is not certainly 1"),
    ("Squeeze", {}, (floats(N, 1),), "which axes are 1 is not certain"),
    ("Unsqueeze", {}, (floats(N), ints(0, -3)), "an axis stands twice"),
    ("Unsqueeze", {}, (floats(N), ints(H)), "axes cannot be symbolic: [H]"),
    ("Expand", {}, (floats(3), ints(2)), "do not certainly broadcast"),
    ("Expand", {}, (floats(1), ints(-1)), "negative dimension"),
    ("Concat", {"axis": 0}, (floats(2, 3), floats(2, 4)), "not certainly equal"),
    ("Concat", {"axis": 0}, (floats(2, 3), floats(2)), "not certainly equal"),
    ("Concat", {"axis": 2}, (floats(2, 3),), "no axis 2 among 2"),
    ("Split", {}, (floats(4),), "either the sizes"),
    ("Split", {"num_outputs": 2}, (floats(4), ints(2, 2)), "either the sizes"),
    ("Split", {"num_outputs": 0}, (floats(4),), "cannot be 0 parts"),
    ("Split", {"num_outputs": 4}, (floats(5),), "5 does not certainly divide into 4 parts"),
    ("Split", {}, (floats(4), ints(1, 2)), "does not certainly add up to 4"),
    ("Split", {}, (floats(4), ints(5, -1)), "does not certainly add up to 4"),
    ("Slice", {}, (floats(4), ints(0), ints(1), ints(0), ints(0)), "a step of 0"),
    ("Slice", {}, (floats(4), ints(0), ints(1, 2)), "not of one length"),
    ("Slice", {}, (floats(4), ints(N - 3), ints(9)), "may count from either end"),
    ("Gather", {"axis": 1}, (floats(4), ints(0)), "no axis 1 among 1"),
    ("Pad", {}, (floats(4), ints(1)), "1 pads are not two for each of 1 axes"),
    ("Pad", {}, (floats(4), ints(-3, -2)), "not as many elements"),
    ("Pad", {}, (floats(4), ints(1, 1), floats(1)), "constant_value has 1 axes, not 0"),
    ("Resize", {}, (floats(N, 3),), "the sizes must be given"),
    ("Resize", {}, (floats(N, 3), None, None, ints(1)), "1 sizes are not one for each of 2 axes"),
    ("Resize", {"mode": "linear"}, (ints(1), None, None, ints(2)), "only floats"),
    ("DepthToSpace", {"blocksize": 2}, (floats(N, 6, 2, 2),), "6 channels do not certainly divide into blocks of 2"),
    ("DepthToSpace", {"blocksize": 0}, (floats(N, 6, 2, 2),), "blocks of 0"),
    ("DepthToSpace", {"blocksize": 2}, (floats(N, 8, 2),), "input has 3 axes, not 4"),
    ("Range", {}, (scalar(0), ints(5), scalar(1)), "limit has 1 axes, not 0"),
    ("Conv", {}, (floats(N, 3, 5), floats(2, 4, 3)), "1 groups of 4 channels are not the 3 channels of X"),
    ("Conv", {}, (floats(N, 3, 5), floats(2, 3, 6)), "does not fit into 5"),
    ("Conv", {}, (floats(N, 3, 5), floats(2, 3, 3), floats(3)), "B is [3], not [2]"),
    ("Conv", {"group": 2}, (floats(N, 4, 5), floats(3, 2, 3)), "3 filters are not divisible by 2 groups"),
    ("Conv", {"kernel_shape": (2,)}, (floats(N, 3, 5), floats(2, 3, 3)), "not that of W"),
    ("Conv", {"strides": (0,)}, (floats(N, 3, 5), floats(2, 3, 3)), "are at least 1"),
    ("Conv", {"pads": (1,)}, (floats(N, 3, 5), floats(2, 3, 3)), "not the 1 spatial axes"),
    ("Conv", {}, (floats(N, 3), floats(2, 3)), "X has 2 axes, not 3 or more"),
    ("Conv", {}, (floats(N, 3, 5), floats(2, 3, H)), "the kernel cannot be symbolic"),
    ("FusedConv", {"activation": "Gelu"}, (floats(N, 3, 5), floats(2, 3, 3)), "no activation 'Gelu'"),
    ("FusedConv", {"activation": "Clip"}, (floats(N, 3, 5), floats(2, 3, 3)), "Clip takes 2 parameters, not 0"),
    ("FusedConv", {}, (floats(N, 3, 5), floats(2, 3, 3), None, floats(N, 2, 1)), "Z is [N, 2, 1], not [N, 2, 3]"),
    ("FusedGemm", {"activation": "Gelu"}, (floats(N, 3), floats(3, 2)), "no activation 'Gelu'"),
    ("MaxPool", {"kernel_shape": (3, 3)}, (floats(N, 3, 5),), "not the 1 spatial axes"),
    ("GlobalMaxPool", {}, (floats(N, 3),), "X has 2 axes, not 3 or more"),
    ("MatMul", {}, (floats(N, 3), floats(4, 5)), "3 columns meet 4 rows"),
    ("MatMul", {}, (floats(N, C), floats(W, 5)), "C columns meet W rows"),
    ("MatMul", {}, (floats(), floats(2)), "a scalar is no matrix"),
    ("Gemm", {"transB": 1}, (floats(N, 3), floats(3, 4)), "3 columns meet 4 rows"),
    ("Gemm", {}, (floats(N, 3), floats(3, 4), floats(2, N, 4)), "C has other axes"),
    ("ReduceSum", {}, (floats(2, 3), ints(0, -2)), "an axis stands twice"),
    ("Range", {}, (scalar(0), scalar(N), scalar(0)), "a delta of 0"),
    ("Range", {}, (scalar(0), scalar(9), scalar(N)), "delta cannot be symbolic: [N]"),
    ("Range", {}, (scalar(0), ints(9), scalar(1)), "limit has 1 axes, not 0"),
    ("Range", {}, (scalar(0), Known(TensorType(DType.INT64, ())), scalar(1)), "the elements of limit must be known"),
    ("Softmax", {"axis": 2}, (floats(2, 3),), "no axis 2 among 2"),
    ("BatchNormalization", {}, (floats(N, 3), *[floats(3)] * 3, floats(4)), "input_var is [4], not [3]"),
    ("LRN", {"size": 0}, (floats(N, 3, 2, 2),), "a window of 0 channels"),
    ("RNN", {}, (floats(5, N, 2), floats(1, 3, 2), floats(1, 4, 4)), "W is [1, 3, 2], not [1, 4, 2]"),
    ("RNN", {"activations": ("Tanh", "Tanh")}, (floats(5, N, 2), floats(1, 3, 2), floats(1, 3, 3)), "2 activations"),
    ("RNN", {"direction": "up"}, (floats(5, N, 2), floats(1, 3, 2), floats(1, 3, 3)), "no direction 'up'"),
    ("RNN", {"hidden_size": 4}, (floats(5, N, 2), floats(1, 3, 2), floats(1, 3, 3)), "hidden_size 4 is not the 3"),
    ("LSTM", {}, (floats(5, N, 2), floats(1, 12, 2), floats(1, 12, 3), floats(1, 12)), "B is [1, 12], not [1, 24]"),
)


@pytest.mark.parametrize(
    ("kind", "attributes", "operands", "words"), WRONG, ids=[f"{row[0]}-{row[3]}" for row in WRONG]
)
def test_wrong_operands_are_refused(kind: str, attributes: dict, operands: tuple, words: str) -> None:
    with pytest.raises(InvalidOperands) as raised:
        BY_KIND[kind](**attributes).infer(*operands)
    assert words in str(raised.value)
    assert str(raised.value).startswith(kind)


def test_what_no_reference_computes() -> None:
    import numpy as np

    with pytest.raises(InvalidOperands, match="an index is not among 3"):
        BY_KIND["Gather"]().reference(np.zeros(3), np.array([3]))
    weights = np.zeros((1, 3, 2)), np.zeros((1, 3, 3))
    with pytest.raises(InvalidOperands, match="from 0 to 2"):
        BY_KIND["RNN"]().reference(np.zeros((2, 1, 2)), *weights, None, np.array([3], np.int32))
    with pytest.raises(InvalidOperands, match=r"cannot be symbolic: \[N\]"):
        BY_KIND["Dims"](dims=(N,)).reference()
    with pytest.raises(InvalidOperands, match="needs the operand B"):
        BY_KIND["Add"]().reference(np.zeros(1))


def test_a_long_table_of_indices_is_no_content() -> None:
    count = LONGEST_CONTENT + 1
    literal = Literal((count,), tuple(range(count)))
    assert Known.of_literal(literal, DType.INT64).content is None
