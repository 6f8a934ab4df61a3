"""What the tests of stored values share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from dotnn.compiler import operators as ops
from dotnn.compiler.export.stored_values import Stored
from dotnn.compiler.graph.graph import Value
from dotnn.compiler.graph.types import DType
from dotnn.compiler.operators.graph_builder import Tensor
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.export_graphs import VALUES, Network

FLOATS = (DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.FLOAT64)


def arrays(net: Network, values: WeightValues = VALUES) -> dict[str, np.ndarray]:
    """Everything that is stored, by name, in the order of the file."""
    found = Stored(net.graph, values)
    return {name_of(net, value): found.array(value) for value in found.initializers}


def name_of(net: Network, value: Value) -> str:
    return net.graph.producer(value).value_names[value.index]


def stored_names(net: Network) -> list[str]:
    return [name_of(net, value) for value in Stored(net.graph, VALUES).initializers]


def evaluated_kinds(net: Network) -> list[str]:
    return sorted(net.graph.node(node_id).kind for node_id in Stored(net.graph, VALUES).evaluated)


def exact(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64)


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    """To the last bit, but for what is no number."""
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(exact(found), exact(expected))


def folded(net: Network, dtype: DType, rows: int, columns: int) -> tuple[Tensor, Callable[[WeightValues], np.ndarray]]:
    """A weight with a normalization in it, and its numbers by numpy, in float64."""
    b = net.b
    weight = net.weight("w", rows, columns, dtype=dtype)
    scale, variance = (net.weight(name, rows, dtype=dtype) for name in ("scale", "variance"))
    spread = b.op(ops.Sqrt(), b.op(ops.Add(), b.op(ops.Abs(), variance), b.constant(1e-5, dtype, exact=True)))
    factor = b.reshape(b.op(ops.Div(), scale, spread), (rows, 1))

    def expected(values: WeightValues) -> np.ndarray:
        w, s, v = (exact(values.values(one)) for one in net.graph.weights())
        return w * (s / np.sqrt(np.abs(v) + 1e-5)).reshape(rows, 1)

    return b.op(ops.Mul(), weight, factor, name="w:folded"), expected
