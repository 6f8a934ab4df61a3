"""One layer by itself: inferred, built into a model, run on onnxruntime, computed by its reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from dotnn.compiler.diagnostics import Diagnostic, DotnnError
from dotnn.compiler.dims import Dim, evaluate, symbol
from dotnn.compiler.export.metadata import ModelMetadata
from dotnn.compiler.export.onnx_checker import verify_model
from dotnn.compiler.export.onnx_model import to_bytes
from dotnn.compiler.graph.graph import Demand, Graph, Value
from dotnn.compiler.graph.operations import Input
from dotnn.compiler.graph.tensors import Literal, Role, Weight
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.attributes import AttributeFault
from dotnn.compiler.layers.base import LAYERS, Layer, Site
from dotnn.compiler.passes.pass_pipeline import complete
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.graphs import session

N, C, H, W, L, T, S = (symbol(name) for name in "NCHWLTS")

#: Three sizes, two of which are no multiples of each other, and one that is 1.
SIZES = (
    {"N": 1, "C": 3, "H": 4, "W": 1, "T": 5, "S": 2},
    {"N": 2, "C": 5, "H": 3, "W": 4, "T": 7, "S": 1},
    {"N": 3, "C": 1, "H": 6, "W": 5, "T": 3, "S": 4},
)


def floats(*shape: Dim) -> TensorType:
    return TensorType(DType.FLOAT32, shape)


def ints(*shape: Dim, dtype: DType = DType.INT64) -> TensorType:
    return TensorType(dtype, shape)


def make(kind: str, **arguments: object) -> Layer:
    """A layer with its arguments, as they are written, converted as elaboration converts them."""
    cls = LAYERS[kind]
    kinds = {one.name: one.metadata["kind"] for one in cls.attributes()}
    return cls(**{name: kinds[name].convert(_tupled(value), cls) for name, value in arguments.items()})


def _tupled(value: object) -> object:
    return tuple(map(_tupled, value)) if isinstance(value, list) else value


def refuses(kind: str, **arguments: object) -> str:
    """What an attribute says that it would have taken."""
    try:
        make(kind, **arguments)
    except AttributeFault as fault:
        return fault.expected
    raise AssertionError(f"{kind} takes {arguments}")


def infer(layer: Layer, *operands: TensorType) -> tuple[TensorType, ...]:
    return layer.infer(operands, Site.nowhere(layer.kind))


def demands(layer: Layer, *operands: TensorType) -> list[str]:
    """What the layer demands of symbolic dimensions, as text."""
    site = Site.nowhere(layer.kind)
    layer.infer(operands, site)
    return [_text(demand) for demand in site.demands]


def _text(demand: Demand) -> str:
    return f"{demand.dim} >= {demand.minimum}"


def fault(layer: Layer, *operands: TensorType) -> Diagnostic:
    """The one diagnostic that the layer answers these operands with."""
    try:
        results = infer(layer, *operands)
    except DotnnError as error:
        (diagnostic,) = error.diagnostics
        return diagnostic
    raise AssertionError(f"{layer} accepts {operands} and gives {results}")


def parameters(layer: Layer, *operands: TensorType) -> int:
    return sum(spec.elements for spec in layer.weights(operands) if spec.role is Role.PARAMETER)


def statistics(layer: Layer, *operands: TensorType) -> int:
    return sum(spec.elements for spec in layer.weights(operands) if spec.role is Role.STATISTIC)


def random_arrays(
    types: Sequence[TensorType], sizes: Mapping[str, int], generator: np.random.Generator, below: int = 3
) -> list[np.ndarray]:
    """An array for each type; ints from 0 up to, not including, ``below``."""
    arrays = []
    for one in types:
        shape = tuple(evaluate(dim, sizes) for dim in one.shape)
        if one.dtype.is_float:
            arrays.append(generator.normal(0, 2, shape).astype(one.dtype.value))
        else:
            arrays.append(generator.integers(0, below, shape).astype(one.dtype.value))
    return arrays


def random_weights(
    layer: Layer, types: Sequence[TensorType | None], generator: np.random.Generator, deviation: float = 1.0
) -> dict[str, np.ndarray]:
    """Weights so large that a wrong one shows; variances are positive."""
    arrays = {}
    for spec in layer.weights(types):
        values = generator.normal(0, deviation, spec.shape)
        arrays[spec.name] = (np.abs(values) + 0.1 if "var" in spec.name else values).astype(np.float32)
    return arrays


def build(
    layer: Layer,
    types: Sequence[TensorType],
    weights: Mapping[str, np.ndarray],
    others: Sequence[TensorType] = (),
) -> bytes:
    """A checked model of the one layer with the inputs ``x0``, ``x1``, … and the outputs ``y0``, ``y1``, …

    The layer reads the inputs of ``types``; those of ``others`` only tell symbolic dimensions.
    """
    graph = Graph("net")
    nodes = [graph.add(Input(), (), (one,), name=f"x{index}") for index, one in enumerate([*types, *others])]
    results = infer(layer, *types)
    tensors = {
        spec.name: Weight(
            f"layer.{spec.name}",
            spec.shape,
            results[0].dtype,
            Literal(spec.shape, tuple(weights[spec.name].ravel().tolist())),
            spec.fan,
        )
        for spec in layer.weights(types)
    }
    node = graph.add(layer, [one.value() for one in nodes[: len(types)]], results, name="layer", weights=tensors)
    for index in range(len(results)):
        graph.outputs[f"y{index}"] = Value(node.id, index)
    model = to_bytes(complete(graph, verify=True), WeightValues(), metadata=ModelMetadata())
    verify_model(model)
    return model


def run(model: bytes, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    return list(session(model).run(None, {f"x{index}": array for index, array in enumerate(arrays)}))


def check_at_all_sizes(layer: Layer, types: Sequence[TensorType], others: Sequence[TensorType] = ()) -> None:
    """onnxruntime gives the reference's values in the inferred shapes and types, at every size."""
    generator = np.random.default_rng(0)
    results = infer(layer, *types)
    weights = random_weights(layer, types, generator)
    loaded = session(build(layer, types, weights, others))
    for size in SIZES:
        arrays = random_arrays([*types, *others], size, generator)
        found = list(loaded.run(None, {f"x{index}": array for index, array in enumerate(arrays)}))
        wanted = layer.bind(size).reference(arrays[: len(types)], weights)
        for value, reference, result in zip(found, wanted, results, strict=True):
            assert value.shape == tuple(evaluate(dim, size) for dim in result.shape)
            assert value.dtype == reference.dtype == result.dtype.value
            np.testing.assert_allclose(value, reference, rtol=1e-5, atol=1e-5)
