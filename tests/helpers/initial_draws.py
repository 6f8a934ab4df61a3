"""Numbers drawn by initializers, and the distribution that some have."""

from __future__ import annotations

import math

import numpy as np
from dotnn.compiler.graph.tensors import Fan
from dotnn.compiler.initializers import (
    Constant,
    HeNormal,
    HeUniform,
    Initializer,
    LecunNormal,
    Normal,
    Ones,
    Orthogonal,
    TruncatedNormal,
    Uniform,
    XavierNormal,
    XavierUniform,
    Zeros,
    initialize,
)

SAMPLES = 200_000

ANY_FAN = Fan(12, 20)

EVERY = [
    Zeros(),
    Ones(),
    Constant(0.1),
    Normal(),
    Normal(mean=1.5, std=2),
    Uniform(low=-0.5, high=2),
    TruncatedNormal(mean=0.5, std=3.0),
    XavierUniform(),
    XavierNormal(gain=2.0),
    HeUniform(),
    HeNormal(),
    LecunNormal(),
    Orthogonal(gain=0.5),
]

RANDOM = [one for one in EVERY if not isinstance(one, (Zeros, Ones, Constant))]


def draw(initializer: Initializer, shape: tuple[int, ...] = (SAMPLES,), dtype: str = "float64") -> np.ndarray:
    return initialize(initializer, shape, dtype, ANY_FAN, seed=7, name="fc.weight")


def normal_distribution(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2))
