"""One operator in a model by itself: run by onnxruntime and onnx's evaluator, and compared with its reference."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import onnx.reference
import onnxruntime
from dotnn.compiler.dims import DimExpr, format_dim
from dotnn.compiler.export.attribute_protos import attribute_protos
from dotnn.compiler.export.onnx_dtypes import ELEM_TYPES
from dotnn.compiler.graph.tensors import numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.operators import Known

from tests.helpers.operators.operator_cases import Case, Feed

LEVELS = {
    "plain": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "optimized": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}

#: How far numbers may be off, relative to their size and to 1.
TOLERANCES = {DType.FLOAT32: 1e-5, DType.FLOAT64: 2e-7, DType.FLOAT16: 4e-3, DType.BFLOAT16: 4e-2}


def inferred(case: Case) -> tuple[Known, ...]:
    return case.op.infer(*case.known())


@cache
def model(case: Case) -> onnx.ModelProto:
    """A model of one node, opset 22 and IR version 10; results have the element types and ranks that are inferred."""
    names = ["" if one is None else f"x{index}" for index, one in enumerate(case.operands)]
    results = inferred(case)
    outputs = [f"y{index}" for index in range(len(results))]
    node = onnx.helper.make_node(case.op.kind, names, outputs, domain=case.op.domain)
    node.attribute.extend(attribute_protos(case.op))
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [value_info(name, one.type) for name, one in zip(names, case.operands, strict=True) if isinstance(one, Feed)],
        [
            onnx.helper.make_tensor_value_info(name, ELEM_TYPES[one.dtype], [None] * one.rank)
            for name, one in zip(outputs, results, strict=True)
        ],
        [
            onnx.numpy_helper.from_array(one, name)
            for name, one in zip(names, case.operands, strict=True)
            if isinstance(one, np.ndarray)
        ],
    )
    imports = [onnx.helper.make_opsetid("", 22)]
    if case.op.domain:
        imports.append(onnx.helper.make_opsetid(case.op.domain, 1))
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=10)


def value_info(name: str, found: TensorType) -> onnx.ValueInfoProto:
    shape = [format_dim(dim) if isinstance(dim, DimExpr) else dim for dim in found.shape]
    return onnx.helper.make_tensor_value_info(name, ELEM_TYPES[found.dtype], shape)


def session(proto: onnx.ModelProto, level: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.graph_optimization_level = LEVELS[level]
    return onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])


def feeds(case: Case, run: int) -> dict[str, np.ndarray]:
    arrays = zip(case.operands, case.arrays(run), strict=True)
    return {f"x{index}": array for index, (one, array) in enumerate(arrays) if isinstance(one, Feed)}


def on_onnxruntime(case: Case, level: str) -> list[list[np.ndarray]]:
    """The results of every run."""
    runner = session(model(case), level)
    return [[np.asarray(one) for one in runner.run(None, feeds(case, run))] for run in range(len(case.sizes))]


def on_evaluator(case: Case) -> list[list[np.ndarray]]:
    evaluator = onnx.reference.ReferenceEvaluator(model(case))
    return [[np.asarray(one) for one in evaluator.run(None, feeds(case, run))] for run in range(len(case.sizes))]


def references(case: Case, run: int, precise: bool = True) -> tuple[np.ndarray, ...]:
    """The results of the reference, floats in float64 or as they are."""
    arrays = [_precise(one) if precise else one for one in case.arrays(run)]
    return case.op.bind(case.sizes[run]).reference(*arrays)


def _precise(array: np.ndarray | None) -> np.ndarray | None:
    if array is None or not DType(array.dtype.name).is_float:
        return array
    return array.astype(np.float64)


def faults(found: list[np.ndarray], expected: tuple[np.ndarray, ...], types: tuple[Known, ...]) -> list[str]:
    """Where results differ from those that are expected, in words."""
    if len(found) != len(expected):
        return [f"{len(found)} results, not {len(expected)}"]
    pairs = zip(found, expected, types, strict=True)
    return [f"result {index}: {text}" for index, one in enumerate(pairs) if (text := _fault(*one))]


def _fault(found: np.ndarray, expected: np.ndarray, known: Known) -> str:
    if found.dtype.name != known.dtype.value:
        return f"elements of {found.dtype}, not {known.dtype}"
    if found.shape != expected.shape:
        return f"the shape {found.shape}, not {expected.shape}"
    if not known.dtype.is_float:
        return "" if np.array_equal(found, expected) else f"{found.tolist()}, not {expected.tolist()}"
    with np.errstate(all="ignore"):
        rounded = expected.astype(numpy_name(known.dtype)).astype(np.float64)
    wide = found.astype(np.float64)
    finite = np.isfinite(rounded)
    if not np.array_equal(wide[~finite], rounded[~finite], equal_nan=True) or not np.isfinite(wide[finite]).all():
        return f"{wide.tolist()}, not {rounded.tolist()}"
    scale = min(np.max(np.abs(rounded[finite]), initial=0), 1)
    off = np.abs(wide[finite] - rounded[finite]) > TOLERANCES[known.dtype] * (np.abs(rounded[finite]) + scale)
    return f"{wide.tolist()}, not {rounded.tolist()}" if off.any() else ""
