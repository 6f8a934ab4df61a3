"""Cases of the recurrent operators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators import Operator

from tests.helpers.operators.operator_cases import Case, Feed, N, T, count, generates, tensor

_PARAMETERS = {
    "Affine": (0.5, 0.25),
    "LeakyRelu": (0.125,),
    "ThresholdedRelu": (0.25,),
    "ScaledTanh": (0.75, 0.5),
    "HardSigmoid": (0.25, 0.5),
    "Elu": (0.5,),
}
_SIZES = ({"N": 1, "T": 4}, {"N": 3, "T": 5}, {"N": 2, "T": 1})
_UNITS, _CHANNELS = 3, 2


@generates("RNN", "LSTM", "GRU")
def recurrences(cls: Any, dtype: DType, choose: random.Random) -> Iterator[Case]:
    for direction in ("forward", "reverse", "bidirectional"):
        for _ in range(count(dtype, 8, 2)):
            yield _case(cls, dtype, choose, {"direction": direction})
    directions = {"forward": 1, "bidirectional": 2}
    for name in ("Relu", "Sigmoid", "Softsign", "Softplus", *_PARAMETERS) if dtype is DType.FLOAT32 else ():
        direction = choose.choice(tuple(directions))
        names = [choose.choice(("Tanh", name)) for _ in range(len(cls.functions) * directions[direction])]
        names[-1] = name
        given = [_PARAMETERS.get(one, ()) for one in names]
        parameters = {
            "activation_alpha": tuple(one[0] for one in given if one) or None,
            "activation_beta": tuple(one[1] for one in given if len(one) > 1) or None,
        }
        yield _case(cls, dtype, choose, {"direction": direction, "activations": tuple(names), **parameters}, name)
    for name in ("Elu", "LeakyRelu", "HardSigmoid", "ThresholdedRelu") if dtype is DType.FLOAT32 else ():
        yield _case(cls, dtype, choose, {"activations": (name,) * len(cls.functions)}, f"default_{name}")


def _case(cls: Any, dtype: DType, choose: random.Random, attributes: dict[str, Any], note: str = "") -> Case:
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = cls.gates * _UNITS
    if cls.kind == "GRU":
        attributes["linear_before_reset"] = choose.randint(0, 1)
    optional = {
        "B": Feed(tensor(dtype, directions, 2 * rows)),
        "sequence_lens": Feed(tensor(DType.INT32, N), 0, 6),
        "initial_h": Feed(tensor(dtype, directions, N, _UNITS)),
        "initial_c": Feed(tensor(dtype, directions, N, _UNITS)),
    }
    kept = {name for name in optional if choose.random() < 0.5}
    sizes = _SIZES
    if "sequence_lens" in kept:
        # Lengths from 0 to 5 are valid for these.
        sizes = ({"N": 4, "T": 5}, {"N": 3, "T": 6})
    operands = [
        Feed(tensor(dtype, T, N, _CHANNELS)),
        # Small weights, so that the numbers of activations without bounds do not explode.
        Feed(tensor(dtype, directions, rows, _CHANNELS), -0.5, 0.5, uniform=True),
        Feed(tensor(dtype, directions, rows, _UNITS), -0.5, 0.5, uniform=True),
        *(optional[one.name] if one.name in kept else None for one in cls.operands[3:]),
    ]
    while operands[-1] is None:
        operands.pop()
    words = [note] if note else []
    words += ["lengths"] if "sequence_lens" in kept else []
    op: Operator = cls(hidden_size=_UNITS, **attributes)
    return Case(op, tuple(operands), sizes, "-".join(words))
