"""Inferred types and contents against onnx's shape inference, and against what is computed at several sizes."""

from __future__ import annotations

from collections.abc import Iterator

import onnx
import pytest
from dotnn.compiler.dims import Dim, evaluate, format_dim
from dotnn.compiler.export.onnx_dtypes import ELEM_TYPES
from dotnn.compiler.operators import Known

from tests.helpers.operators.all_cases import GROUPS, all_cases
from tests.helpers.operators.operator_cases import Case
from tests.helpers.operators.operator_runs import inferred, model, references


@pytest.mark.parametrize("group", GROUPS)
def test_inferred_types_hold_at_every_size(group: str) -> None:
    """The references' shapes, which are the runtime's, are the symbolic ones with sizes put in."""
    assert [text for case in all_cases()[group] for text in wrong_types(case)] == []


def wrong_types(case: Case) -> Iterator[str]:
    types = inferred(case)
    for run, sizes in enumerate(case.sizes):
        for known, array in zip(types, references(case, run, precise=False), strict=True):
            if tuple(evaluate(dim, sizes) for dim in known.shape) != array.shape:
                yield f"{case}: {known.type} at {sizes} is not {array.shape}"
            if array.dtype.name != known.dtype:
                yield f"{case}: {known.type} is not {array.dtype}"
            content = None if known.content is None else [evaluate(dim, sizes) for dim in known.content]
            if content is not None and content != array.reshape(-1).tolist():
                yield f"{case}: the content {known.content} at {sizes} is not {array.tolist()}"


@pytest.mark.parametrize("group", [name for name in GROUPS if not name.startswith("Dims-")])
def test_inferred_types_agree_with_onnx(group: str) -> None:
    """Wherever strict inference says anything, which for windows and sums of symbols it does not."""
    assert [text for case in all_cases()[group] for text in disagreements(case)] == []


def disagreements(case: Case) -> Iterator[str]:
    found = onnx.shape_inference.infer_shapes(model(case), check_type=True, strict_mode=True, data_prop=True)
    outputs = {info.name: info.type.tensor_type for info in found.graph.output}
    for index, known in enumerate(inferred(case)):
        declared = outputs[f"y{index}"]
        dims = list(declared.shape.dim)
        if declared.elem_type != ELEM_TYPES[known.dtype] or len(dims) != known.rank:
            yield f"{case}: result {index} is not {known.type}"
        elif not all(is_same(dim, mine) for dim, mine in zip(dims, known.shape, strict=True)):
            yield f"{case}: result {index} is not {known.type} but {declared.shape}"


def is_same(dim: onnx.TensorShapeProto.Dimension, mine: Dim) -> bool:
    if dim.HasField("dim_value"):
        return dim.dim_value == mine
    # Symbols that inference invents say nothing.
    if dim.HasField("dim_param") and not dim.dim_param.startswith("unk__"):
        return dim.dim_param == format_dim(mine)
    return True


def test_onnx_says_enough() -> None:
    """Most dimensions are compared: that is checked of all those that keep their size."""
    said = {group: said_of(group) for group in ("Add-float32", "Transpose-float32", "LSTM-float32", "MatMul-float32")}
    assert all(one > 0.9 for one in said.values()), said


def said_of(group: str) -> float:
    spoken, all_dims = 0, 0
    for case in all_cases()[group]:
        found = onnx.shape_inference.infer_shapes(model(case), strict_mode=True, data_prop=True)
        for info in found.graph.output:
            for dim in info.type.tensor_type.shape.dim:
                all_dims += 1
                spoken += dim.WhichOneof("value") is not None and not dim.dim_param.startswith("unk__")
    return spoken / all_dims


def test_what_is_known_of_a_constant() -> None:
    from dotnn.compiler.graph.tensors import Literal
    from dotnn.compiler.graph.types import DType

    literal = Literal((2,), (3, -1))
    assert Known.of_literal(literal, DType.INT64).content == (3, -1)
    assert Known.of_literal(literal, DType.FLOAT32).content is None
    assert Known.of_literal(Literal((), (7,)), DType.INT32).content == (7,)
    assert Known.of_literal(Literal((1, 1), (7,)), DType.INT64).content is None
