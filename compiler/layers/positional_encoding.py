"""Positions of a sequence that no weights are learned for: ``sinusoidal_position``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, final

from .. import operators as ops
from ..graph.types import DType, TensorType
from ..lazy_imports import np
from ..records import record
from .base import Layer, Operand, Sample, Site
from .recurrent import check_sequence
from .shape_rules import known

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor

#: The longest wave is 2*pi times as many positions.
_LONGEST = 10_000


@final
@record
class SinusoidalPosition(Layer):
    """Adds waves to a sequence `[N, T, C]`, which tell where in it each position stands. Shape as the input's.

    Channels 0 and 1 have the sine and the cosine of the position itself, the next pair those of a slower wave, and so
    on, up to wavelengths of `10000 * 2*pi` positions. An odd number of channels ends with a sine. Nothing is learned,
    and T may be of any size.

    The sum of the sequence and the waves is what it gives; a scale of the sequence (`x * 8`, where the paper has
    `sqrt(C)`) is written before it. PyTorch has no such layer. KerasHub's `SinePositionEncoding` gives the waves
    without the sum. Where sines and cosines stand in two halves of the channels instead of in turn, weights that were
    learned behind them need their rows reordered.
    """

    kind: ClassVar[str] = "sinusoidal_position"
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "The sequence, `[N, T, C]`."),)
    formula: ClassVar[str] = (
        "y[t, 2i] = x[t, 2i] + sin(t / 10000^(2i / C)); y[t, 2i+1] = x[t, 2i+1] + cos(t / 10000^(2i / C))"
    )
    foreign_names: ClassVar[tuple[str, ...]] = ("sinepositionencoding", "positionalencoding", "positionencoding")
    source: ClassVar[str] = "Vaswani et al., Attention Is All You Need (2017), section 3.5"
    samples: ClassVar[tuple[Sample, ...]] = (
        Sample("sinusoidal_position", {"x": "float32[N, T, 6]"}),
        Sample("sinusoidal_position", {"x": "float32[N, T, 5]"}),
        Sample("sinusoidal_position", {"x": "float32[N, 70, 8]"}),
        Sample("sinusoidal_position", {"x": "float32[2, T, 1]"}),
    )

    def types(self, site: Site, x: TensorType) -> TensorType:
        """The type of the operand."""
        check_sequence(x, site)
        return x

    def compute(self, weights: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
        """The sum with the sine on even channels and the cosine on odd ones."""
        steps, channels = x.shape[1:]
        pairs = np.arange(0, channels, 2, dtype="float64")
        angles = np.arange(steps, dtype="float64")[:, None] / _LONGEST ** (pairs / channels)
        waves = np.empty((steps, channels), "float64")
        waves[:, 0::2] = np.sin(angles)
        waves[:, 1::2] = np.cos(angles)[:, : channels // 2]
        return x + waves.astype(x.dtype)

    def lower(self, b: Builder, x: Tensor) -> Tensor:
        """``Sin`` of all angles, those of a cosine a quarter of a wave ahead, in float64, and ``Add``.

        In float32, an angle of some thousand is known to a ten-thousandth only.
        """
        channels = known(x.shape[2])
        frequencies = [_LONGEST ** (-(channel - channel % 2) / channels) for channel in range(channels)]
        ahead = [math.pi / 2 * (channel % 2) for channel in range(channels)]
        places = b.op(ops.Unsqueeze(), b.op(ops.Cast(to=DType.FLOAT64), b.positions(x.shape[1])), b.ints(1))
        angles = b.op(ops.Mul(), places, b.constant(frequencies, DType.FLOAT64))
        waves = b.op(ops.Sin(), b.op(ops.Add(), angles, b.constant(ahead, DType.FLOAT64)))
        return b.op(ops.Add(), x, b.op(ops.Cast(to=x.dtype), waves))
