"""How the first values of parameters are chosen, and the streams of random numbers that they are drawn from.

Attributes:
    INITIALIZERS: every initializer by its name in ``.nn`` files.
"""

from .base import LARGEST, Initializer
from .schemes import (
    INITIALIZERS,
    Constant,
    HeNormal,
    HeUniform,
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

__all__ = [
    "INITIALIZERS",
    "LARGEST",
    "Constant",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "LecunNormal",
    "Normal",
    "Ones",
    "Orthogonal",
    "TruncatedNormal",
    "Uniform",
    "XavierNormal",
    "XavierUniform",
    "Zeros",
    "initialize",
]
