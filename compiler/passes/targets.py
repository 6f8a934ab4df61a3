"""What a model is built for, and what may stand in it beside standard operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from ..records import positional_record

Target: TypeAlias = Literal["onnx", "onnxruntime", "onnxruntime-cpu"]

DEFAULT_TARGET: Final = "onnxruntime"

#: The execution providers of onnxruntime that a check knows of.
CheckedProvider: TypeAlias = Literal["cpu", "cuda", "coreml", "nnapi", "qnn"]


@positional_record
class Features:
    """What a target has beside the standard operators. Activations go by onnxruntime's names.

    Attributes:
        conv_activations: those that ``com.microsoft.FusedConv`` applies; none where there is no such operator.
        conv_added_input: whether it adds a further input before the activation.
        dense_activations: those that ``com.microsoft.FusedGemm`` applies; none where there is no such operator.
        cpu: every layer must run on onnxruntime's CPU provider.
    """

    conv_activations: frozenset[str] = frozenset()
    conv_added_input: bool = False
    dense_activations: frozenset[str] = frozenset()
    cpu: bool = False


#: Every name was tried on the CPU provider, in one, two and three dimensions, with and without bias and added input.
#: The CUDA provider has ``FusedConv`` with ReLU alone and has no ``FusedGemm``.
FEATURES: Final[Mapping[Target, Features]] = {
    "onnx": Features(),
    "onnxruntime": Features(conv_activations=frozenset({"Relu"}), cpu=True),
    "onnxruntime-cpu": Features(
        conv_activations=frozenset({"Relu", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "HardSigmoid"}),
        conv_added_input=True,
        dense_activations=frozenset(
            {"Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "Elu", "Softplus", "Softsign"}
        ),
        cpu=True,
    ),
}
