"""What layers with weights share: the attributes that say how weights start, and the fan of a weight."""

from __future__ import annotations

import dataclasses
from abc import ABC
from typing import Any, ClassVar

from ..graph.tensors import Fan, Initializer
from ..records import record
from ..weights import initializers
from .attributes import InitializerKind, attribute
from .base import Layer, WeightSpec


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

    def weight_and_bias(self, shape: tuple[int, ...], bias: bool, outputs: int = 0) -> tuple[WeightSpec, ...]:
        """The tensors ``weight`` of this shape, and ``bias`` where there is one.

        Args:
            shape: ``[outputs, inputs, *kernel]``, PyTorch's layout.
            bias: whether the layer adds a bias.
            outputs: length of the bias where it is not ``shape[0]``.
        """
        weight = WeightSpec("weight", shape, self.weight_initializer(), Fan.of(shape))
        if not bias:
            return (weight,)
        length = outputs or shape[0]
        return weight, WeightSpec("bias", (length,), self.bias_initializer(), Fan.of((length,)))

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes in signature order, the initializers last."""
        return tuple(sorted(super().attributes(), key=lambda one: one.name in ("init", "bias_init")))
