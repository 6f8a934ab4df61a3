"""Where onnxruntime or onnx's evaluator has no answer, or a wrong one: there the other one decides, and numpy.

A test holds that each entry is still true of what is installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.helpers.operators.operator_cases import Case

ONNXRUNTIME, EVALUATOR = "onnxruntime", "the evaluator"


@dataclass(frozen=True)
class Fault:
    """What somebody cannot do.

    Attributes:
        who: onnxruntime or the evaluator.
        cases: what the names of the cases contain, as a pattern.
        reason: what is wrong.
    """

    who: str
    cases: str
    reason: str

    def __str__(self) -> str:
        return f"{self.who}-{self.cases}"

    def has(self, case: Case) -> bool:
        return re.search(self.cases, case.name) is not None


def _no_kernel(kinds: str, dtype: str) -> tuple[Fault, ...]:
    return tuple(Fault(ONNXRUNTIME, f"^{kind}-{dtype}-", "has no kernel") for kind in kinds.split())


FAULTS = (
    Fault(ONNXRUNTIME, "bfloat16", "its Python binding takes and gives no arrays of bfloat16"),
    *_no_kernel("Conv AveragePool GlobalMaxPool GlobalAveragePool LRN LeakyRelu FusedConv FusedGemm", "float64"),
    *_no_kernel("InstanceNormalization", "float64"),
    *_no_kernel("RNN LSTM GRU ConvTranspose", "float64"),
    *_no_kernel("Relu", "int64"),
    *_no_kernel("Elu Selu Softplus Softsign HardSigmoid Gelu PRelu", "float64"),
    *_no_kernel("PRelu", "int32"),
    *_no_kernel("PRelu", "int64"),
    *_no_kernel("Einsum", "int8"),
    *_no_kernel("Einsum", "uint8"),
    *(fault for dtype in ("int64", "bool") for fault in _no_kernel("Resize DepthToSpace", dtype)),
    *_no_kernel("Resize", "float64"),
    *_no_kernel("DepthToSpace", "int32"),
    Fault(ONNXRUNTIME, "^Where-bool-.*-bool$", "has no kernel"),
    Fault(ONNXRUNTIME, "^Reduce(Max|Min)-bool-.*nothing", "refuses what has no elements"),
    Fault(ONNXRUNTIME, "^ReduceSum-int64-.*wide", "sums integers in float64"),
    Fault(ONNXRUNTIME, "^ReduceMean-float.*nothing", "the mean of nothing is 0, not no number"),
    Fault(ONNXRUNTIME, "^ReduceMax-float.*corners", "loses what is no number"),
    Fault(ONNXRUNTIME, "^ReduceMin-float.*corners", "loses what is no number"),
    Fault(ONNXRUNTIME, "^ArgMax-float.*corners", "passes over what is no number"),
    Fault(ONNXRUNTIME, "^LogSoftmax-float64-.*corners", "loses what is no number"),
    Fault(ONNXRUNTIME, "^RNN-.*default_ThresholdedRelu", "its default threshold is 0, and ONNX's 1"),
    Fault(ONNXRUNTIME, "^LSTM-.*default_ThresholdedRelu", "its default threshold is 0, and ONNX's 1"),
    Fault(ONNXRUNTIME, "^GRU-.*default_ThresholdedRelu", "its default threshold is 0, and ONNX's 1"),
    Fault(ONNXRUNTIME, "^LSTM-float.*-Softplus", "Softplus overflows below -88"),
    Fault(ONNXRUNTIME, "^InstanceNormalization-float32-.*one_element", "takes the mean away last, and loses digits"),
    Fault(ONNXRUNTIME, "^Slice-.*back_to_the_end", "the greatest int64 is the end in the direction of the step"),
    Fault(ONNXRUNTIME, "^ConvTranspose-.*beyond", "takes no output padding from the stride on"),
    Fault(EVALUATOR, "^ConvTranspose-.*beyond", "takes no output padding from the stride on"),
    Fault(EVALUATOR, "^ConvTranspose-.*grouped", "gives each group one channel, of other filters"),
    Fault(EVALUATOR, "^ConvTranspose-.*empty", "has no result without an example"),
    Fault(EVALUATOR, "^FusedConv-", "does not know the domain"),
    Fault(EVALUATOR, "^FusedGemm-", "does not know the domain"),
    Fault(EVALUATOR, "^LRN-", "its window is wrong"),
    Fault(EVALUATOR, "^(Layer|Instance)Normalization-float16-.*corners", "squares in float16, which overflows"),
    Fault(EVALUATOR, "^(RNN|GRU|LSTM)-.*lengths", "ignores sequence_lens"),
    Fault(EVALUATOR, "^RNN-float32-[^-]*-[A-Za-z_]*[A-Z]", "knows few activations"),
    Fault(EVALUATOR, "^(LSTM|GRU)-float32-[^-]*-[A-Za-z_]*[A-Z]", "ignores activations"),
    Fault(EVALUATOR, "^GlobalMaxPool-.*(1d|3d|empty)", "takes two spatial axes for granted"),
    Fault(EVALUATOR, "^GlobalAveragePool-.*empty", "divides by the number of examples"),
    Fault(EVALUATOR, "^MaxPool-.*padded(?!.*dilated)", "its windows are wrong where only padding is given"),
    Fault(EVALUATOR, "^AveragePool-.*ceil", "reads other positions where the last window overhangs far"),
    Fault(EVALUATOR, "^Flatten-.*empty", "cannot reshape what has no elements"),
    Fault(EVALUATOR, "^LogSoftmax-.*corners", "takes the logarithm of softmax, which underflows"),
    Fault(EVALUATOR, "^Pad-.*negative", "takes nothing away"),
    Fault(EVALUATOR, "^Pow-int.*negative", "refuses negative powers of ints"),
    Fault(EVALUATOR, "^Resize-bool-", "asks for the range of floats"),
    Fault(EVALUATOR, "^Resize-float64-.*cubic", "has its weights in float32"),
    Fault(EVALUATOR, "^ReduceMean-int.*nothing", "the mean of no ints is the least int, in numpy's words no number"),
    Fault(EVALUATOR, "^Softsign-.*scalar", "fails on a single number"),
    Fault(EVALUATOR, "^Slice-.*back_from_before", "slices as numpy, which takes nothing there"),
)


def excused(who: str, case: Case) -> bool:
    """Whether nobody asks for this answer."""
    return any(fault.who == who and fault.has(case) for fault in FAULTS)
