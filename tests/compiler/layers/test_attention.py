"""``attention``, ``multi_head_attention``, ``sinusoidal_position``: shapes, masks, counts, errors, known numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import CATALOGUE
from dotnn.compiler.diagnostics.explain import load_all
from dotnn.compiler.dims import Dim
from dotnn.compiler.graph.tensors import Fan
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.initializers import HeNormal, Ones, XavierUniform, Zeros
from dotnn.compiler.layers.base import LAYERS, Difference, Layer
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.harness import TARGETS, error, he_normal_source, random_feeds, run_optimized
from tests.helpers.language import faults, shape
from tests.helpers.layer_facts import KERAS
from tests.helpers.one_layer import (
    C,
    N,
    S,
    T,
    build,
    check_at_all_sizes,
    fault,
    floats,
    infer,
    ints,
    make,
    parameters,
    random_weights,
    refuses,
    run,
)
from tests.helpers.processes import run_apart

load_all()


def bools(*dims: Dim) -> TensorType:
    return TensorType(DType.BOOL, dims)


def attend(*arrays: object, mask: object = None, **arguments: object) -> np.ndarray:
    """What the reference of ``attention`` gives for float64 numbers."""
    given = [np.array(one, np.float64) for one in arrays]
    (y,) = make("attention", **arguments).reference([*given, None if mask is None else np.array(mask)], {})
    return y


# --- numbers by hand --------------------------------------------------------------------------------------------------


def test_values_are_weighted_by_the_softmax_of_the_scores() -> None:
    """Scores 0 and log 3: a quarter of 4 and three quarters of 8."""
    np.testing.assert_allclose(attend([[1]], [[0], [math.log(3)]], [[4], [8]]), [[7]])


def test_scores_are_divided_by_the_root_of_the_channels() -> None:
    query, key = [[1, 1, 1, 1]], [[0, 0, 0, 0], [1, 1, 1, 1]]
    odds = math.exp(2)
    np.testing.assert_allclose(attend(query, key, [[0], [1]]), [[odds / (1 + odds)]])
    odds = math.exp(4 * 0.25)
    np.testing.assert_allclose(attend(query, key, [[0], [1]], scale=0.25), [[odds / (1 + odds)]])
    np.testing.assert_allclose(attend(query, key, [[0], [1]], scale=0.0), [[0.5]])


def test_causal_is_the_triangle_at_the_upper_left() -> None:
    """With equal scores a query gives the mean of the values up to its own position."""
    values = [[2], [4], [9]]
    np.testing.assert_allclose(attend(np.zeros((3, 1)), np.zeros((3, 1)), values, causal=True), [[2], [3], [5]])
    np.testing.assert_allclose(attend(np.zeros((2, 1)), np.zeros((3, 1)), values, causal=True), [[2], [3]])
    found = attend(np.zeros((4, 1)), np.zeros((3, 1)), values, causal=True)
    np.testing.assert_allclose(found, [[2], [3], [5], [5]])


def test_a_mask_is_true_where_a_query_attends() -> None:
    zeros, values = np.zeros((3, 1)), [[2], [4], [9]]
    mask = [[True, False, True], [False, True, False], [True, True, True]]
    np.testing.assert_allclose(attend(zeros, zeros, values, mask=mask), [[5.5], [4], [5]])
    np.testing.assert_allclose(attend(zeros, zeros, values, mask=[[False, True, True]]), [[6.5]] * 3)
    # With `causal` both apply.
    found = attend(zeros, zeros, values, mask=[[True, False, True]], causal=True)
    np.testing.assert_allclose(found, [[2], [2], [5.5]])


def test_a_mask_of_numbers_is_added_to_the_scores() -> None:
    zeros = np.zeros((2, 1))
    mask = [[0, math.log(3)], [-np.inf, 5]]
    np.testing.assert_allclose(attend(zeros, zeros, [[4], [8]], mask=mask), [[7], [8]])
    np.testing.assert_allclose(attend(zeros, zeros, [[4], [8]], mask=mask, causal=True), [[4], [8]])


MASKS_WITHOUT_KEYS: tuple[tuple[object, bool], ...] = (
    ([[False, False, False], [True, False, False], [False, False, False]], False),
    ([[False, False, False]], False),
    ([[False, True, True]], True),
    ([[-np.inf, -np.inf, -np.inf], [0.5, -np.inf, 1], [-np.inf, -np.inf, -np.inf]], False),
    ([[-np.inf, 0.25, 1]], True),
    ([[-np.inf], [0.0], [-np.inf]], False),
)


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT16, DType.FLOAT64])
@pytest.mark.parametrize(("mask", "causal"), MASKS_WITHOUT_KEYS)
def test_a_query_that_attends_to_no_key_gives_zeros(mask: object, causal: bool, dtype: DType) -> None:
    """In the reference and on onnxruntime; the other queries are not touched by it."""
    generator = np.random.default_rng(0)
    x = generator.normal(0, 1, (3, 4)).astype(dtype.value)
    given = np.array(mask)
    given = given if given.dtype == bool else given.astype(dtype.value)
    layer, types = make("attention", causal=causal), [TensorType(dtype, (3, 4))] * 3
    (wanted,) = layer.reference([x, x, x, given], {})
    (found,) = run(build(layer, [*types, TensorType(DType(given.dtype.name), given.shape)], {}), [x, x, x, given])
    allowed = np.broadcast_to(given if given.dtype == bool else np.isfinite(given), (3, 3))
    allowed = np.tril(allowed) if causal else allowed
    assert not allowed.any(axis=1).all()
    for one in (wanted, found):
        assert (one == 0).all(axis=1).tolist() == (~allowed.any(axis=1)).tolist()
        assert np.isfinite(one).all()
    np.testing.assert_allclose(found, wanted, atol=5e-3 if dtype is DType.FLOAT16 else 1e-6)


def test_a_head_without_keys_gives_the_last_bias() -> None:
    layer, x = make("multi_head_attention", heads=2), floats(1, 2, 4)
    weights = random_weights(layer, [x, None, None, None], np.random.default_rng(0))
    arrays = [np.ones((1, 2, 4), np.float32), None, None, np.array([[False, False], [True, True]])]
    (y,) = layer.reference(arrays, weights)
    np.testing.assert_array_equal(y[0, 0], weights["out_proj.bias"])
    assert not np.allclose(y[0, 1], weights["out_proj.bias"])


@pytest.mark.parametrize("mask", [None, "bool", "float"])
def test_large_scores_overflow_nowhere(mask: str | None) -> None:
    """Products of 300 times 300 times 64 channels, which float16 does not hold, not even scaled."""
    query = np.full((2, 64), 300, np.float16)
    key = np.stack([np.full(64, 300), np.full(64, -300), np.full(64, 299)]).astype(np.float16)
    value = np.array([[1], [2], [3]], np.float16)
    arrays, types = [query, key, value], [TensorType(DType.FLOAT16, one) for one in ((2, 64), (3, 64), (3, 1))]
    if mask is not None:
        given = np.array([[False, True, True], [True, True, True]])
        arrays.append(given if mask == "bool" else np.where(given, 0, -np.inf).astype(np.float16))
        types.append(TensorType(DType(arrays[3].dtype.name), (2, 3)))
    (y,) = run(build(make("attention"), types, {}), arrays)
    np.testing.assert_array_equal(y, [[1 if mask is None else 3], [1]])


def test_no_scale_overflows_on_its_way() -> None:
    """The query is scaled before the product: 1e20 times 1e20 is not in float32's range, its 1e-38th part is."""
    arrays = [np.array([[1e20]], np.float32), np.array([[1e20], [0]], np.float32), np.array([[1], [2]], np.float32)]
    layer, types = make("attention", scale=1e-39), [floats(1, 1), floats(2, 1), floats(2, 1)]
    odds = math.exp(10)
    (y,) = run(build(layer, types, {}), arrays)
    np.testing.assert_allclose(y, [[(odds + 2) / (odds + 1)]], rtol=1e-5)


def test_heads_attend_by_themselves() -> None:
    """With the identity for all four weights, each head attends on its own half of the channels."""
    identity = np.eye(4)
    weights = {"in_proj_weight": np.concatenate([identity] * 3), "out_proj.weight": identity}
    x = np.random.default_rng(0).normal(0, 1, (2, 3, 4))
    (y,) = make("multi_head_attention", heads=2, bias=False).reference([x, None, None, None], weights)
    halves = [attend(x[..., half], x[..., half], x[..., half]) for half in (slice(0, 2), slice(2, 4))]
    np.testing.assert_allclose(y, np.concatenate(halves, axis=-1))


def test_key_and_value_default_to_what_stands_before_them() -> None:
    layer, generator = make("multi_head_attention", heads=2), np.random.default_rng(0)
    x, memory = generator.normal(0, 1, (2, 3, 4)), generator.normal(0, 1, (2, 5, 4))
    weights = random_weights(layer, [floats(2, 3, 4), None, None, None], generator)

    def found(*arrays: np.ndarray | None) -> np.ndarray:
        return layer.reference([*arrays, None], weights)[0]

    np.testing.assert_array_equal(found(x, None, None), found(x, x, x))
    np.testing.assert_array_equal(found(x, memory, None), found(x, memory, memory))
    assert not np.allclose(found(x, memory, None), found(x, memory, memory + 1))


#: The paper's table for four channels, rounded to six digits.
WAVES = [
    [0, 1, 0, 1],
    [0.841471, 0.540302, 0.01, 0.99995],
    [0.909297, -0.416147, 0.019999, 0.9998],
    [0.14112, -0.989992, 0.029996, 0.99955],
]


def test_positions_are_the_waves_of_the_paper() -> None:
    (y,) = make("sinusoidal_position").reference([np.ones((2, 4, 4))], {})
    np.testing.assert_allclose(y, [1 + np.array(WAVES)] * 2, atol=1e-6)
    # An odd number of channels ends with a sine.
    (y,) = make("sinusoidal_position").reference([np.zeros((1, 3, 3))], {})
    slow = 10_000 ** (-2 / 3)
    np.testing.assert_allclose(y[0], [[math.sin(t), math.cos(t), math.sin(slow * t)] for t in range(3)])


@pytest.mark.parametrize("length", ["T", "9000"])
@pytest.mark.parametrize("optimize", [False, True])
def test_positions_are_exact_however_far(length: str, optimize: bool) -> None:
    """A float32 of an angle of some thousand would be off by 1e-4."""
    model = compile_source(f"model m {{ input x: float32[N, {length}, 2] output y = x -> sinusoidal_position }}")
    places = np.arange(9000, dtype=np.float64)
    waves = np.stack([np.sin(places), np.cos(places)], axis=1)
    feeds = {"x": np.zeros((1, 9000, 2), np.float32)}
    found = run_optimized(model.to_bytes(optimize=optimize), feeds)["y"]
    np.testing.assert_allclose(found[0], waves, rtol=0, atol=6e-8)


# --- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operands", "result"),
    [
        ((floats(T, 8), floats(S, 8), floats(S, 5)), floats(T, 5)),
        ((floats(N, T, C), floats(N, S, C), floats(N, S, 2 * C)), floats(N, T, 2 * C)),
        ((floats(N, 4, T, 8), floats(N, 1, S, 8), floats(1, S, 3)), floats(N, 4, T, 3)),
        ((floats(T, 8), floats(N, S, 8), floats(2, 1, S, 3)), floats(2, N, T, 3)),
        ((floats(N, T + 1, 8), floats(N, 2 * S, 8), floats(N, 2 * S, 1)), floats(N, T + 1, 1)),
        ((floats(N, T, 8), floats(N, S, 8), floats(N, S, 8), bools(S)), floats(N, T, 8)),
        ((floats(N, T, 8), floats(N, S, 8), floats(N, S, 8), bools(N, 1, S)), floats(N, T, 8)),
        ((floats(N, T, 8), floats(N, S, 8), floats(N, S, 8), floats(T, 1)), floats(N, T, 8)),
    ],
)
def test_attention_has_the_queries_and_the_channels_of_the_values(operands: tuple, result: TensorType) -> None:
    assert infer(make("attention"), *operands) == (result,)


X = floats(N, T, 8)
MEMORY = floats(N, S, 8)


@pytest.mark.parametrize(
    ("operands", "result"),
    [
        ((X, None, None, None), X),
        ((X, MEMORY, None, None), X),
        ((X, MEMORY, MEMORY, bools(T, S)), X),
        ((X, MEMORY, None, bools(N, 1, S)), X),
        ((X, MEMORY, None, floats(N, 4, T, S)), X),
        ((X, None, None, bools(1, 4, T, T)), X),
        # Queries that are learned are one example for all.
        ((floats(1, 7, 8), MEMORY, None, None), floats(N, 7, 8)),
        ((floats(N, 7, 8), floats(1, S, 8), None, None), floats(N, 7, 8)),
    ],
)
def test_multi_head_attention_has_the_type_of_the_query(operands: tuple, result: TensorType) -> None:
    assert infer(make("multi_head_attention", heads=4), *operands) == (result,)


@pytest.mark.parametrize(
    ("arguments", "operands"),
    list(
        itertools.product(
            ({"causal": True}, {"causal": False, "scale": 0.3}),
            (
                (floats(N, T, C), floats(N, S, C), floats(N, S, 3)),
                (floats(N, T, C), floats(N, S, C), floats(N, S, 3), bools(N, 1, S)),
                (floats(N, T, 4), floats(S, 4), floats(S, 3), floats(T, S)),
                (floats(N, 2, T, C), floats(N, 1, T, C), floats(T, C), bools(2, T, 1)),
            ),
        )
    ),
)
def test_attention_on_onnxruntime_at_all_sizes(arguments: dict[str, object], operands: tuple) -> None:
    check_at_all_sizes(make("attention", **arguments), operands)


@pytest.mark.parametrize(
    ("arguments", "operands"),
    [
        ({"bias": False}, (floats(N, T, 6),)),
        ({"causal": True}, (floats(N, T, 6), floats(N, S, 6))),
        ({"causal": True}, (floats(N, T, 6), floats(N, S, 6), floats(N, S, 6), bools(N, 3, T, S))),
        ({}, (floats(1, T, 6), floats(N, S, 6), floats(N, S, 6), bools(N, 1, S))),
        ({}, (floats(N, T, 6), floats(1, S, 6), floats(1, S, 6), floats(T, S))),
    ],
)
def test_multi_head_attention_on_onnxruntime_at_all_sizes(arguments: dict[str, object], operands: tuple) -> None:
    check_at_all_sizes(make("multi_head_attention", heads=3, **arguments), operands)


def test_the_scale_of_symbolic_channels_is_computed_when_it_runs() -> None:
    types = [floats(T, C), floats(S, C), floats(S, C)]
    check_at_all_sizes(make("attention"), types)


# --- products behind transpositions -----------------------------------------------------------------------------------

#: Transpositions that onnxruntime's optimizer may draw into the products: its own ones of keys and heads, and others.
BODIES = (
    ("N, 6, T", "t = x -> transpose([0, 2, 1]) output y = attention(t, t, t, causal=true)"),
    ("N, T, 6", "t = x -> transpose([0, 2, 1]) output y = attention(t, t, t)"),
    ("T, 6", "t = x -> transpose([1, 0]) output y = attention(t, t, t)"),
    ("N, T, 6, 2", "t = x -> transpose([0, 2, 1, 3]) output y = attention(t, t, t) -> transpose([0, 2, 1, 3])"),
    ("N, T, 6, 2", "t = x -> transpose([0, 2, 3, 1]) output y = attention(t, t, t) -> transpose([0, 3, 1, 2])"),
    ("T, N, 6", "output y = x -> transpose([1, 0, 2]) -> multi_head_attention(2) -> multi_head_attention(3)"),
    ("N, 6, T", "output y = x -> transpose([0, 2, 1]) -> sinusoidal_position -> multi_head_attention(2, causal=true)"),
)
TOLERANCE = {"float32": 1e-5, "float16": 1e-2, "float64": 1e-12}


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_products_behind_transpositions_load_and_are_right(dtype: str) -> None:
    """In a process of its own, because onnxruntime may take the process with it."""
    done = run_apart(run_behind_transpositions, dtype)
    assert (done.returncode, done.stdout.split()) == (0, ["right"] * len(BODIES)), done.stderr


def run_behind_transpositions(dtype: str) -> None:
    for declared, body in BODIES:
        model = compile_source(f"model m {{ input x: {dtype}[{declared}] {body} }}")
        source = he_normal_source(model.graph)
        for target in TARGETS:
            build = model.to_bytes(target=target, weights=source)
            for sizes in ({"N": 3, "T": 2}, {"N": 1, "T": 1}, {"N": 2, "T": 5}):
                feeds = random_feeds(model.graph, sizes)
                expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
                assert error(run_optimized(build, feeds)["y"], expected["y"]) <= TOLERANCE[dtype], (body, sizes)
        print("right", flush=True)


# --- weights and counts -----------------------------------------------------------------------------------------------


def test_weights_are_pytorch_s() -> None:
    """4E^2 + 4E parameters: 1,088 for 16 channels."""
    layer, x = make("multi_head_attention", heads=4), floats(N, 6, 16)
    specs = layer.weights([x, None, None, None])
    assert {spec.name: spec.shape for spec in specs} == {
        "in_proj_weight": (48, 16),
        "in_proj_bias": (48,),
        "out_proj.weight": (16, 16),
        "out_proj.bias": (16,),
    }
    assert parameters(layer, x) == 1_088
    assert layer.explain_params([x, None, None, None]) == "4*16*(16+1)"
    bare = make("multi_head_attention", heads=4, bias=False)
    assert [spec.name for spec in bare.weights([x, None, None, None])] == ["in_proj_weight", "out_proj.weight"]
    assert (parameters(bare, x), bare.explain_params([x, None, None, None])) == (1_024, "4*16*16")


def test_weights_start_as_pytorch_s_and_as_written() -> None:
    x = floats(N, 6, 16)
    starts = [one.initializer for one in make("multi_head_attention", heads=4).weights([x, None, None, None])]
    assert starts == [XavierUniform(), Zeros(), XavierUniform(), Zeros()]
    # Both frameworks' bound of the rows of all three: sqrt(6 / (C + 3*C)).
    assert make("multi_head_attention", heads=4).weights([x, None, None, None])[0].fan == Fan(16, 48)
    written = make("multi_head_attention", heads=4, init=HeNormal(), bias_init=Ones())
    assert [one.initializer for one in written.weights([x, None, None, None])] == [HeNormal(), Ones()] * 2


def test_keras_s_tensors_where_its_heads_fill_the_channels() -> None:
    """Those of Keras's layer of other sizes, with the size of a head that fits."""
    case = KERAS["MultiHeadAttention heads=4 key_dim=8 on (6,16) self"]
    layer = make("multi_head_attention", heads=4)
    found = {one.name: one.shape for spec in layer.weights([floats(N, 6, 32), *[None] * 3]) for one in spec.keras}
    expected = {name.partition("/")[2]: shape for name, shape in case["weights"]}
    assert found.keys() == expected.keys()
    assert {name: [32 if size == 16 else size for size in shape] for name, shape in expected.items()} == {
        name: list(shape) for name, shape in found.items()
    }


@pytest.mark.parametrize("wanted", [True, False])
def test_a_bias_that_one_side_has_is_told_by_its_attribute(wanted: bool) -> None:
    lacking = {"in_proj_weight": (12, 4)}
    difference = Difference("in_proj_bias", {**lacking, "in_proj_bias": (12,)}, lacking, in_file=wanted)
    assert LAYERS["multi_head_attention"].attribute_for(difference) == f"bias={str(wanted).lower()}"
    other = Difference("bias", {"weight": (4, 4), "bias": (4,)}, {"weight": (4, 4)}, in_file=wanted)
    assert LAYERS["multi_head_attention"].attribute_for(other) == ""


@pytest.mark.parametrize(
    ("operands", "text", "count"),
    [
        ((floats(N, T, 8), floats(N, S, 8), floats(N, S, 5)), "T*S*8 + T*S*5", N * T * S * 13),
        ((floats(N, T, 8), floats(N, S, 8), floats(N, S, 8)), "2*T*S*8", N * T * S * 16),
        ((floats(3, 4), floats(5, 4), floats(5, 2)), "3*5*4 + 3*5*2", 90),
        ((floats(N, 4, T, 8), floats(S, 8), floats(S, 3)), "T*S*8*4 + T*S*3*4", N * T * S * 44),
        # The scores are computed once for all that the values are repeated for.
        ((floats(T, 8), floats(S, 8), floats(6, S, 8)), "T*S*8 + T*S*8*6", T * S * 56),
    ],
)
def test_attention_counts_scores_and_means(operands: tuple, text: str, count: Dim) -> None:
    layer = make("attention")
    given = [*operands, None]
    results = infer(layer, *given)
    assert layer.explain_macs(given, results) == text
    assert layer.macs(given, results) == count


@pytest.mark.parametrize(
    ("operands", "text", "count"),
    [
        ((X,), "4*8*8*T + 2*T*T*8", N * (256 * T + 16 * T * T)),
        ((X, MEMORY), "2*8*8*T + 2*8*8*S + 2*T*S*8", N * (128 * T + 128 * S + 16 * T * S)),
        ((X, MEMORY, MEMORY), "2*8*8*T + 2*8*8*S + 2*T*S*8", N * (128 * T + 128 * S + 16 * T * S)),
    ],
)
def test_multi_head_attention_counts_its_weights_too(operands: tuple, text: str, count: Dim) -> None:
    layer = make("multi_head_attention", heads=4)
    given = [*operands, *[None] * (4 - len(operands))]
    results = infer(layer, *given)
    assert layer.explain_macs(given, results) == text
    assert layer.macs(given, results) == count


# --- operators --------------------------------------------------------------------------------------------------------


def kinds(body: str, inputs: str) -> list[str]:
    """The kinds of the operators of an optimized model."""
    compiled = compile_source(f"model m {{ {inputs} {body} }}")
    return [node.kind for node in compiled.optimized().graph.nodes()]


@pytest.mark.parametrize(
    ("call", "products"),
    [
        ("multi_head_attention(2)", 4),
        ("multi_head_attention(2, key=x, value=x)", 4),
        ("multi_head_attention(2, key=m)", 5),
        ("multi_head_attention(2, key=x, value=m[:, 0:5])", 5),
        ("multi_head_attention(2, key=m, value=m + 1)", 6),
    ],
)
def test_one_product_makes_what_is_of_one_tensor(call: str, products: int) -> None:
    found = kinds(f"output y = x -> {call}", "input x: float32[N, 5, 4] input m: float32[N, 7, 4]")
    assert found.count("MatMul") == products


def test_what_is_masked_in_every_layer_is_computed_once() -> None:
    for length in ("T", "6"):
        body = "output y = x -> repeat(3) { multi_head_attention(2, causal=true) }"
        found = kinds(body, f"input x: float32[N, {length}, 4]")
        assert found.count("GreaterOrEqual") == (1 if length == "T" else 0)
        assert found.count("Where") == (1 if length == "T" else 0)


# --- mistakes ---------------------------------------------------------------------------------------------------------

ATTENTION, HEADS = make("attention"), make("multi_head_attention", heads=4)
POSITIONS = make("sinusoidal_position")
DOUBLE = TensorType(DType.FLOAT64, (N, S, 8))
FAULTS: list[tuple[Layer, Sequence[TensorType | None], str, list[str]]] = [
    (ATTENTION, (floats(8), X, X, None), "E401", ["[..., T, C]", "float32[8]"]),
    (ATTENTION, (ints(N, T, 8), X, X, None), "E402", ["int64[N, T, 8]"]),
    (ATTENTION, (X, X, TensorType(DType.FLOAT16, (N, T, 8)), None), "E432", ["float16[N, T, 8]"]),
    (ATTENTION, (X, X, X, ints(T, T)), "E402", ["bool or float32", "int64[T, T]"]),
    (ATTENTION, (X, X, X, TensorType(DType.FLOAT64, (T, T))), "E402", ["bool or float32", "float64[T, T]"]),
    (ATTENTION, (X, X, X, bools()), "E401", ["a mask for scores [N, T, T]", "bool[]"]),
    (ATTENTION, (X, X, X, bools(1, N, T, T)), "E401", ["a mask for scores [N, T, T]", "bool[1, N, T, T]", "squeeze"]),
    (ATTENTION, (floats(2, T, 8), floats(3, S, 8), floats(3, S, 8), None), "E430", ["2 and 3 on axis 0"]),
    (ATTENTION, (floats(1, T, 8), floats(3, S, 8), floats(2, S, 8), None), "E430", ["[3, S, 8]", "[2, S, 8]"]),
    (ATTENTION, (floats(N, T, 8), floats(C, S, 8), floats(C, S, 8), None), "E431", ["`N` and `C`"]),
    (
        ATTENTION,
        (X, floats(N, S, 6), floats(N, S, 6), None),
        "E475",
        ["as many channels in `key` as in `query`", "float32[N, S, 6] has 6", "float32[N, T, 8]", "dense(8)"],
    ),
    (ATTENTION, (X, floats(N, 7, 8), floats(N, 6, 8), None), "E475", ["positions in `value`", "has 6", "one value"]),
    (ATTENTION, (X, MEMORY, floats(N, S + 1, 8), None), "E475", ["positions", "S + 1", "has S"]),
    (ATTENTION, (floats(N, 2, T, 8), floats(N, 2, S, 6), MEMORY, None), "E475", ["dense(8, axis=-1)"]),
    (ATTENTION, (floats(N, T, C), floats(N, S, C + 1), MEMORY, None), "E475", ["bring it to C channels first"]),
    (HEADS, (X, floats(N, S, 16), None, None), "E475", ["channels in `key`", "dense(8)"]),
    (HEADS, (X, floats(N, 8, 5), None, None), "E475", ["dense(8)", "last but one", "`-> transpose([0, 2, 1])`"]),
    (ATTENTION, (X, floats(N, 8, S), X, None), "E476", ["same name", "last but one", "`-> transpose([0, 2, 1])`"]),
    (ATTENTION, (floats(N, 2, T, 8), floats(N, 2, 8, 3), X, None), "E475", ["transpose([0, 1, 3, 2])"]),
    (HEADS, (X, MEMORY, floats(N, S, 16), None), "E475", ["channels in `value` as in `query`"]),
    (HEADS, (X, MEMORY, X, None), "E476", ["positions in `value` as in `key`", "`T`", "`S`", "same name"]),
    (ATTENTION, (floats(N, T, C), floats(N, S, 8), X, None), "E476", ["channels", "`8`", "`C`"]),
    (ATTENTION, (X, MEMORY, floats(N, 2 * S, 8), None), "E475", ["positions", "2*S", "has S"]),
    (ATTENTION, (X, X, X, bools(T, T + 1)), "E477", ["[N, T, T]", "bool[T, T + 1]", "axis 1 of it is T + 1, not T"]),
    (ATTENTION, (floats(3, 5, 8),) * 3 + (bools(3, 5),), "E477", ["axis 0", "3, not 5", "unsqueeze(axis=1)"]),
    (ATTENTION, (floats(3, 2, 5, 8),) * 3 + (bools(3, 5),), "E477", ["unsqueeze(axis=[1, 2])"]),
    (ATTENTION, (floats(5, 8),) * 3 + (bools(3, 5),), "E477", ["give it the last axes of [5, 5]"]),
    (ATTENTION, (X, X, X, bools(N, T)), "E478", ["`N`, axis 0", "`T`", "unsqueeze(axis=1)"]),
    (ATTENTION, (floats(1, T, 8),) * 3 + (bools(N, T, T),), "E478", ["`N`, axis 0", "is `1`"]),
    (HEADS, (X, None, None, bools(N, T)), "E478", ["scores [T, T]", "unsqueeze(axis=1)"]),
    (HEADS, (X, None, None, bools(N, 3, T, T)), "E477", ["scores [N, 4, T, T]", "axis 1 of it is 3, not 4"]),
    (HEADS, (X, None, None, bools(T)), "E401", ["[N, heads, T, S]", "bool[T]"]),
    (HEADS, (floats(N, 8), None, None, None), "E401", ["[N, T, C]", "unsqueeze(axis=1)"]),
    (HEADS, (ints(N, T), None, None, None), "E401", ["embedding"]),
    (HEADS, (X, floats(N, 8), None, None), "E401", ["[N, T, C]", "float32[N, 8]"]),
    (HEADS, (floats(N, 64, T), None, None, None), "E472", ["transpose([0, 2, 1])"]),
    (HEADS, (floats(N, T, C), None, None, None), "E403", ["channels", "`C`"]),
    (HEADS, (X, DOUBLE, None, None), "E432", ["float64[N, S, 8]"]),
    (HEADS, (floats(2, T, 8), floats(3, S, 8), None, None), "E430", ["2 and 3 on axis 0"]),
    (HEADS, (floats(N, T, 6), None, None, None), "E479", ["4 does not divide 6", "3 or 6"]),
    (HEADS, (floats(N, T, 3), None, None, None), "E479", ["a divisor of 3: 3"]),
    (HEADS, (floats(N, T, 2**31 - 1), None, None, None), "E479", ["1 or 2147483647"]),
    (HEADS, (X, None, MEMORY, None), "E480", ["`value` and no `key`", "`key=`"]),
    (POSITIONS, (floats(N, 8),), "E401", ["[N, T, C]"]),
    (POSITIONS, (ints(N, T, 8),), "E402", ["float32"]),
    (POSITIONS, (floats(N, T, C),), "E403", ["`C`"]),
]


@pytest.mark.parametrize(("layer", "operands", "code", "parts"), FAULTS)
def test_faults_are_told(layer: Layer, operands: Sequence[TensorType | None], code: str, parts: Sequence[str]) -> None:
    found = fault(layer, *operands)  # pyright: ignore[reportArgumentType]
    text = " ".join([found.headline(), found.caret(), found.advice()])
    assert found.code == code
    assert found.advice()
    assert [part for part in parts if part not in text] == []


def test_every_code_of_the_family_is_raised_here() -> None:
    family = {code for code, kind in CATALOGUE.items() if kind.__module__.endswith("diagnostics.attention")}
    assert family == {code for _, _, code, _ in FAULTS if code >= "E475"} - {"E472"}


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ("output y = attention(x, x, m)", "E476", "m"),
        ("output y = x -> attention(m, m, mask=valid)", "E478", "valid"),
        ("output y = x -> multi_head_attention(3)", "E479", "3"),
        ("output y = x -> multi_head_attention(4, value=m)", "E480", "m"),
        ("output y = x -> multi_head_attention(4, key=m -> dense(6))", "E475", "m -> dense(6)"),
        ("output y = x -> multi_head_attention(4, mask=valid)", "E478", "valid"),
    ],
)
def test_faults_stand_where_the_mistake_is(body: str, code: str, place: str) -> None:
    inputs = "input m: float32[N, S, 8] input valid: bool[N, T]"
    assert faults(f"{inputs} {body}", image="float32[N, T, 8]") == [(code, place)]


def test_a_mask_of_padding_fits_with_one_more_axis() -> None:
    inputs = "input valid: bool[N, S] input m: float32[N, S, 8]"
    body = f"{inputs} output y = x -> attention(m, m, mask=valid -> unsqueeze(axis=1))"
    assert shape(body, image="float32[N, T, 8]") == "[N, T, 8]"


def test_heads_and_scale_are_numbers() -> None:
    assert refuses("multi_head_attention", heads=0) == "a positive int"
    assert refuses("attention", scale="x") == "a number"
