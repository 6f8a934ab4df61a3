"""What layers with weights share: the attributes that say how weights start, and the fan of a weight."""

from __future__ import annotations

import dataclasses
from abc import ABC
from collections.abc import Sequence
from typing import Any, ClassVar

from ..graph.tensors import Fan, Initializer
from ..records import record
from ..weights import initializers
from .attributes import InitializerKind, attribute
from .base import Layer, WeightSpec
from .cost import product_text


@record
class Weighted(Layer, ABC):
    """Base of layers whose weight and bias have initializers.

    A layer with other defaults than Keras's dense layer sets ``default_init`` and ``default_bias_init``, or
    overrides ``weight_initializer`` where the default depends on its sizes, and redeclares ``init`` for its
    page.

    Class attributes:
        default_init: how the weight starts where ``init`` is not written.
        default_bias_init: how the bias starts where ``bias_init`` is not written.
    """

    default_init: ClassVar[Initializer] = initializers.XavierUniform()
    default_bias_init: ClassVar[Initializer] = initializers.Zeros()

    init: Initializer | None = attribute(InitializerKind(), None, doc="How the weight starts.", shown="xavier_uniform")
    bias_init: Initializer | None = attribute(InitializerKind(), None, doc="How the bias starts.", shown="zeros")

    def weight_initializer(self) -> Initializer:
        """How the weight starts: as written, or the layer's default."""
        return self.default_init if self.init is None else self.init

    def bias_initializer(self) -> Initializer:
        """How the bias starts: as written, or the layer's default."""
        return self.default_bias_init if self.bias_init is None else self.bias_init

    def weight_and_bias(self, shape: tuple[int, ...], bias: bool) -> tuple[WeightSpec, ...]:
        """``weight`` of ``[outputs, inputs, *kernel]``, PyTorch's layout, and, where there is one, ``bias``."""
        weight = WeightSpec("weight", shape, self.weight_initializer(), Fan.of(shape))
        one_each = shape[:1]
        return (weight, WeightSpec("bias", one_each, self.bias_initializer(), Fan.of(one_each))) if bias else (weight,)

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
