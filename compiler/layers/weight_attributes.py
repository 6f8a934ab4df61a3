"""What layers with weights share: the attributes that say how weights start, and the fan of a weight."""

from __future__ import annotations

import dataclasses
from abc import ABC
from collections.abc import Sequence
from typing import Any, ClassVar

from .. import initializers
from ..graph.tensors import Fan, Initializer
from ..records import record
from .attributes import InitializerKind, attribute
from .base import Difference, KerasTensor, Layer, WeightSpec
from .cost import product_text


@record
class Weighted(Layer, ABC):
    """Base of layers whose weight and bias have initializers.

    A layer with another default than Keras's dense layer sets ``default_init``, and redeclares ``init`` for its page.

    Class attributes:
        default_init: how the weight starts where ``init`` is not written; a bias starts with zeros.
        keras_bias: Keras's name of the bias.
    """

    default_init: ClassVar[Initializer] = initializers.XavierUniform()
    keras_bias: ClassVar[str] = "bias"

    init: Initializer | None = attribute(InitializerKind(), None, doc="How the weight starts.", shown="xavier_uniform")
    bias_init: Initializer | None = attribute(InitializerKind(), None, doc="How the bias starts.", shown="zeros")

    def weight_spec(self, shape: tuple[int, ...]) -> WeightSpec:
        """``weight``, which starts as written, or as the layer's weights do."""
        keras = (self.keras_weight(shape),)
        return WeightSpec("weight", shape, self.init or self.default_init, Fan.of(shape), keras=keras)

    def keras_weight(self, shape: tuple[int, ...]) -> KerasTensor:
        """How Keras has ``weight``: a ``kernel`` of ``[*kernel, inputs, outputs]``, unless a layer says otherwise."""
        last = len(shape) - 1
        return KerasTensor("kernel", (*shape[2:], shape[1], shape[0]), (last, last - 1, *range(last - 1)))

    def bias_spec(self, count: int) -> WeightSpec:
        """``bias``, which starts as written, or with zeros."""
        start, keras = self.bias_init or initializers.Zeros(), KerasTensor(self.keras_bias, (count,), (0,))
        return WeightSpec("bias", (count,), start, Fan.of((count,)), keras=(keras,))

    def weight_and_bias(self, shape: tuple[int, ...], bias: bool) -> tuple[WeightSpec, ...]:
        """``weight`` of ``[outputs, inputs, *kernel]``, PyTorch's layout, and, where there is one, ``bias``."""
        weight = self.weight_spec(shape)
        return (weight, self.bias_spec(shape[0])) if bias else (weight,)

    @classmethod
    def attribute_for(cls, difference: Difference) -> str:
        """A bias that one side has."""
        has_weight = difference.tensor == "bias" and "weight" in difference.lacking
        return f"bias={difference.wanted}" if has_weight else ""

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """``(3*3*32+1)*32``: the kernel, the inputs, the bias, the outputs of ``weight`` and ``bias``."""
        weight, *bias = specs
        outputs, inputs, *kernel = weight.shape
        read = product_text((*kernel, inputs))
        return f"({read}+1)*{outputs}" if bias else f"{read}*{outputs}"

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes in signature order, the initializers last."""
        return tuple(sorted(super().attributes(), key=lambda one: one.name in ("init", "bias_init")))
