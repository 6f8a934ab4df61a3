"""For which elements execution providers of onnxruntime have which operators; what they lack runs on the CPU.

Of CUDA that is onnxruntime's own list, ``docs/OperatorKernels.md`` at commit 001d12d2623f, read for the operator set
that files are written in. The lists of operators that CoreML, NNAPI and QNN take have none of onnxruntime's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..graph.types import DType, TensorType
from ..operators.base import ANY, BOOL, BYTES, FLOATS, INT32, INT64, NUMBERS, WORDS, Operator
from ..operators.fused import DOMAIN
from ..passes.targets import CheckedProvider

#: The floats that most kernels of CUDA are of.
_FLOATS = FLOATS - {DType.BFLOAT16}
_UINT8 = frozenset({DType.UINT8})
_NOTHING: frozenset[DType] = frozenset()

_CUDA = (
    (ANY, "Cast Concat Expand Flatten Gather Identity Reshape Shape Slice Split Squeeze Transpose Unsqueeze"),
    (NUMBERS, "Abs Add Div Mul Sub"),
    (NUMBERS - _UINT8, "Neg"),
    (FLOATS, "AveragePool Conv Exp Gelu Gemm HardSigmoid LayerNormalization MatMul Relu Sigmoid Softmax Sqrt Tanh"),
    (FLOATS | WORDS, "Max Min Mod Pow ReduceSum"),
    (FLOATS | WORDS | _UINT8, "Where"),
    (_FLOATS, "ArgMax BatchNormalization ConvTranspose DepthToSpace Einsum Elu GRU GlobalAveragePool GlobalMaxPool"),
    (
        _FLOATS,
        "InstanceNormalization LRN LSTM LeakyRelu Log LogSoftmax PRelu RNN Reciprocal Selu Sin Softplus Softsign",
    ),
    (_FLOATS | WORDS, "Greater GreaterOrEqual Less ReduceMax"),
    (_FLOATS | WORDS | BOOL, "Equal"),
    (_FLOATS | WORDS | BYTES, "ReduceMin"),
    (_FLOATS | INT64 | BYTES, "Clip"),
    (_FLOATS | INT32 | _UINT8, "Resize"),
    (_FLOATS | INT32, "ReduceMean"),
    (_FLOATS | BYTES, "MaxPool"),
    (_FLOATS | BOOL, "Pad"),
    (_FLOATS - {DType.FLOAT16} | WORDS, "Range"),
    (BOOL, "And Not Or"),
    (frozenset({DType.FLOAT32}), "FusedConv"),
    (_NOTHING, "Celu FusedGemm"),
)

#: The element types for which the CUDA provider has each operator.
CUDA: Mapping[str, frozenset[DType]] = {kind: elements for elements, kinds in _CUDA for kind in kinds.split()}


def runs_with(provider: CheckedProvider, operator: Operator, elements: DType) -> bool:
    """Whether a provider has an operator for elements of a type, as far as is known."""
    if provider == "cpu":
        return True
    return elements in CUDA[operator.kind] if provider == "cuda" else operator.domain != DOMAIN


def elements_of(operator: Operator, operands: tuple[TensorType | None, ...], results: tuple[TensorType, ...]) -> DType:
    """The element type by which kernels of an operator are told apart: that of its letter ``T``."""
    for signature, found in zip(operator.operands, operands, strict=False):
        if signature.elements == "T" and found is not None:
            return found.dtype
    return results[0].dtype
