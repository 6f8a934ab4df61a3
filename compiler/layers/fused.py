"""Layers that only passes make: a convolution or a dense layer together with the activation that follows it.

onnxruntime runs each as one operator of the domain ``com.microsoft``. What they compute is said by the layers that they
are made of; only the lowering is their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, final

from ..graph.dims import Dim
from ..graph.types import TensorType
from ..records import positional_record, record
from .activations import Elementwise, LeakyRelu, Relu, Sigmoid, Tanh
from .base import Emitter, Layer, Operand, Site, WeightSpec
from .convolution import Convolution
from .dense import Dense
from .reach import Reach
from .rules import required

if TYPE_CHECKING:
    import numpy as np

DOMAIN = "com.microsoft"


@positional_record
class RuntimeActivation:
    """An activation as onnxruntime's fused operators name it, with its parameters in their order."""

    name: str
    parameters: tuple[float, ...] = ()


def _slope(layer: Layer) -> tuple[float, ...]:
    return (layer.slope,) if isinstance(layer, LeakyRelu) else ()


def _none(layer: Layer) -> tuple[float, ...]:
    return ()


_ACTIVATIONS: Mapping[type[Layer], tuple[str, Callable[[Layer], tuple[float, ...]]]] = {
    Relu: ("Relu", _none),
    LeakyRelu: ("LeakyRelu", _slope),
    Sigmoid: ("Sigmoid", _none),
    Tanh: ("Tanh", _none),
}


def runtime_activation(layer: object) -> RuntimeActivation | None:
    """How onnxruntime's fused operators name a layer; None for one that they have no name for."""
    if not isinstance(layer, Layer) or type(layer) not in _ACTIVATIONS:
        return None
    name, parameters = _ACTIVATIONS[type(layer)]
    return RuntimeActivation(name, parameters(layer))


@record
class _Fused(Layer, ABC):
    """Base of a weighted layer and an activation in one."""

    callable: ClassVar[bool] = False

    activation: Elementwise = field(kw_only=True)

    @property
    @abstractmethod
    def main(self) -> Layer:
        """The layer whose weights and cost it has."""

    @property
    def runtime_activation(self) -> RuntimeActivation:
        """The activation by its name in onnxruntime.

        Raises:
            ValueError: it has none; no pass fuses such a layer.
        """
        found = runtime_activation(self.activation)
        if found is None:
            raise ValueError(f"onnxruntime fuses no `{self.activation.kind}`")
        return found

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The activation's result for the main layer's."""
        return self.activation.infer(self.main.infer(operands[:1], site), site)

    def weights(self, operands: Sequence[TensorType | None]) -> tuple[WeightSpec, ...]:
        """Those of the main layer."""
        return self.main.weights(operands[:1])

    def macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> Dim:
        """Those of the main layer."""
        return self.main.macs(operands[:1], results)

    def explain_params(self, operands: Sequence[TensorType | None]) -> str:
        """As the main layer explains them."""
        return self.main.explain_params(operands[:1])

    def explain_macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> str:
        """As the main layer explains them."""
        return self.main.explain_macs(operands[:1], results)

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """That of the main layer; what is added is read position by position."""
        if operand:
            return super().reach(operands, results, operand, result)
        return self.main.reach(operands[:1], results)

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The activation of the main layer's result."""
        return self.activation.reference(self.main.reference(operands[:1], weights), {})


@final
@record
class FusedConv(_Fused):
    """A convolution, an addition if there is a second operand, and an activation.

    The added tensor has exactly the convolution's output shape. Shapes and weights are those of the convolution.
    """

    kind: ClassVar[str] = "fused_conv"
    operands: ClassVar[tuple[Operand, ...]] = (
        Operand("x", "the convolution's input"),
        Operand("added", "added to the convolution's result, in its shape", optional=True),
    )
    formula: ClassVar[str] = "y = activation(conv(x) + added)"
    source: ClassVar[str] = "onnxruntime, com.microsoft.FusedConv"

    conv: Convolution = field(kw_only=True)

    @property
    def main(self) -> Convolution:
        """The convolution."""
        return self.conv

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """The convolution's result.

        Raises:
            ValueError: the added tensor has another type; no pass makes that.
        """
        results = super().infer(operands, site)
        added = operands[1]
        if added is not None and added != results[0]:
            raise ValueError(f"{added} is added to {results[0]}")
        return results

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The activation of the sum."""
        (value,) = self.conv.reference(operands[:1], weights)
        added = operands[1]
        return self.activation.reference((value if added is None else value + added,), {})

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``com.microsoft.FusedConv``, with the inputs X, W, B, Z."""
        x, added = e.operands
        bias = e.weight("bias") if e.has_weight("bias") else None
        activation = self.runtime_activation
        attributes = self.conv.onnx_attributes(required(e.operand_types, 0))
        return (
            e.op(
                "FusedConv",
                x,
                e.weight("weight"),
                bias,
                added,
                domain=DOMAIN,
                activation=activation.name,
                activation_params=activation.parameters or None,
                **attributes,
            ),
        )


#: What ``FusedGemm`` calls the parameters of its activation, in their order.
_GEMM_PARAMETERS = ("activation_alpha", "activation_beta", "activation_gamma")


@final
@record
class FusedDense(_Fused):
    """A dense layer and an activation, on `[N, C]`. Shapes and weights are those of the dense layer."""

    kind: ClassVar[str] = "fused_dense"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "the features, `[N, C]`"),)
    formula: ClassVar[str] = "y = activation(x W^T + b)"
    source: ClassVar[str] = "onnxruntime, com.microsoft.FusedGemm"

    dense: Dense = field(kw_only=True)

    @property
    def main(self) -> Dense:
        """The dense layer."""
        return self.dense

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """``com.microsoft.FusedGemm`` with the weight transposed."""
        bias = [e.weight("bias")] if e.has_weight("bias") else []
        activation = self.runtime_activation
        parameters: dict[str, Any] = dict(zip(_GEMM_PARAMETERS, activation.parameters, strict=False))
        return (
            e.op(
                "FusedGemm",
                e.operands[0],
                e.weight("weight"),
                *bias,
                domain=DOMAIN,
                transB=1,
                activation=activation.name,
                **parameters,
            ),
        )
