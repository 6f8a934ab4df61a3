"""The activations with what they are lowered to, and numbers that are hard for them."""

from __future__ import annotations

import math
from typing import Any

#: Layers that are functions of each element, with attributes, and what they are lowered to for float32 and float64.
FUNCTIONS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("relu6", {}, "Clip", "Less Where Greater Where"),
    ("clip", {"low": -0.5, "high": 2}, "Clip", "Less Where Greater Where"),
    ("hard_sigmoid", {}, "HardSigmoid", "Add Less Where Greater Where Div"),
    ("hard_swish", {}, "HardSigmoid Mul", "Add Less Where Greater Where Div Mul"),
    ("silu", {}, "Sigmoid Mul", "Neg Exp Add Div Mul"),
    ("mish", {}, "Softplus Tanh Mul", "Abs Neg Exp Add Log Max Add Tanh Mul"),
    ("softplus", {}, "Softplus", "Abs Neg Exp Add Log Max Add"),
    ("softsign", {}, "Softsign", "Abs Add Div"),
    ("elu", {}, "Elu", "Exp Sub Mul GreaterOrEqual Where"),
    ("elu", {"alpha": 0.3}, "Elu", "Exp Sub Mul GreaterOrEqual Where"),
    ("elu", {"alpha": -2.0}, "Elu", "Exp Sub Mul GreaterOrEqual Where"),
    ("celu", {}, "Celu", "Exp Sub Mul GreaterOrEqual Where"),
    ("celu", {"alpha": 0.3}, "Celu", "Div Exp Sub Mul GreaterOrEqual Where"),
    ("selu", {}, "Selu", "Exp Sub Mul GreaterOrEqual Where Mul"),
    ("gelu", {}, "Gelu", "Gelu"),
    ("gelu", {"approximate": "tanh"}, "Gelu", "Gelu"),
    ("abs", {}, "Abs", "Abs"),
    ("sqrt", {}, "Sqrt", "Sqrt"),
    ("exp", {}, "Exp", "Exp"),
    ("log", {}, "Log", "Log"),
)
IDS = ["-".join([kind, *map(str, given.values())]) for kind, given, *_ in FUNCTIONS]

#: Where they bend, vanish and overflow; the infinities and what is no number among them.
EXTREMES = (
    *(-math.inf, -3.4e38, -1e38, -1e30, -1000, -104, -89, -88, -20.5, -12, -6, -3.0001, -3, -1, -1e-4, -1e-8, -1e-40),
    *(-0.0, 0, 1e-40, 1e-8, 1e-4, 1, 3, 3.0001, 6, 6.001, 12, 20, 20.1, 88, 89, 104, 1000, 65504, 1e30, 1e38, 3.4e38),
    *(math.inf, math.nan),
)
