"""Random numbers for one parameter: the same bytes on every machine, whatever other parameters there are.

A stream is numpy's Philox generator (Philox4x64-10; Salmon, Moraes, Dror and Shaw, "Parallel random numbers:
as easy as 1, 2, 3", SC 2011) keyed by the model's seed and the parameter's full name. Of numpy's generators
only the raw 64-bit words are used: its distributions call the C library's logarithm, which differs between
machines. Word ``i`` becomes element ``i`` of the result, in row-major order, by exactly rounded arithmetic
alone.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cached_property
from typing import final

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

from .normal_quantile import SCRATCH_ARRAYS, normal_quantile

# Elements drawn at once: the five 64-bit arrays of this length that a normal needs stay near the processor
# (640 KiB).
_CHUNK = 1 << 14
# How a key is derived is part of what a seed means: other text here gives other weights for every file.
_KEY_DOMAIN = "dotnn.weights.1"
# The bits of 1.0 in float64, in whose place the 52 of a fraction are 0.
_ONE = np.uint64(0x3FF << 52)
# erf(sqrt 2), the probability that a normal variable lies within two standard deviations of its mean.
_WITHIN_TWO_STD = 0.95449973610364158560


@final
class Stream:
    """The random numbers of one parameter; every call draws further ones.

    The key is the first 128 bits of SHA-256 over ``dotnn.weights.1``, the seed in decimal and the name,
    separated by zero bytes; the counter starts at 0.
    """

    def __init__(self, seed: int, name: str) -> None:
        self._text = "\0".join((_KEY_DOMAIN, str(seed), name))

    @cached_property
    def _words(self) -> Philox:
        """Made when something is drawn: most tensors of a network start as zeros or ones."""
        digest = hashlib.sha256(self._text.encode("utf-8")).digest()
        return Philox(key=int.from_bytes(digest[:16], "little"))

    def uniform(self, shape: tuple[int, ...], dtype: str, low: float, high: float) -> NDArray[np.floating]:
        """Numbers spread evenly over ``[low, high]``; ``high - low`` must be finite."""
        width = high - low
        middle = low + width * 0.5

        def to_uniform(centred: NDArray[np.float64]) -> NDArray[np.float64]:
            centred *= width
            centred += middle
            return np.clip(centred, low, high, out=centred)

        return self._fill(shape, dtype, to_uniform)

    def normal(self, shape: tuple[int, ...], dtype: str, mean: float, std: float) -> NDArray[np.floating]:
        """Normally distributed numbers: ``mean + std * quantile``."""
        return self._fill(shape, dtype, _normal(mean, std, within=1.0))

    def truncated_normal(self, shape: tuple[int, ...], dtype: str, mean: float, std: float) -> NDArray[np.floating]:
        """Normally distributed numbers, without those more than ``2 * std`` from ``mean``."""
        return self._fill(shape, dtype, _normal(mean, std, within=_WITHIN_TWO_STD))

    def _fill(
        self,
        shape: tuple[int, ...],
        dtype: str,
        transform: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ) -> NDArray[np.floating]:
        """A new array of what ``transform`` makes of centred probabilities, chunk by chunk."""
        size = math.prod(shape)
        values: NDArray[np.floating] = np.empty(size, dtype=dtype)
        centred = np.empty(min(size, _CHUNK))
        for start in range(0, size, _CHUNK):
            stop = min(start + _CHUNK, size)
            chunk = centred[: stop - start]
            self._centred(chunk)
            values[start:stop] = transform(chunk)
        return values.reshape(shape)

    def _centred(self, out: NDArray[np.float64]) -> None:
        """Fill with midpoints of the ``2^52`` equal parts of ``(-1/2, 1/2)``: exact, symmetric, inside."""
        words = self._words.random_raw(out.size)
        # As the fraction of a number from 1 to 2, which needs no conversion.
        words >>= 12
        words |= _ONE
        np.subtract(words.view(np.float64), 1.5, out=out)
        out += 2.0**-53


def _normal(mean: float, std: float, within: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """From centred probabilities to normal numbers, of which the middle share ``within`` is kept."""
    scratch = np.empty((SCRATCH_ARRAYS, _CHUNK))

    def to_normal(centred: NDArray[np.float64]) -> NDArray[np.float64]:
        if within != 1.0:
            centred *= within
        values = normal_quantile(centred, scratch[:, : centred.size])
        values *= std
        values += mean
        return values

    return to_normal
