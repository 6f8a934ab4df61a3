"""Initializers against formulas, exact distributions, the standard library and golden bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import statistics
import sys
import tracemalloc
from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from dotnn.compiler.graph.tensors import Fan
from dotnn.compiler.initializers import (
    INITIALIZERS,
    LARGEST,
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
    random_streams,
)
from dotnn.compiler.initializers.normal_quantile import natural_log, normal_quantile

from tests.helpers.processes import run_python

SAMPLES = 200_000
# Kolmogorov's distribution: the distance of a right sample exceeds 1.95 / sqrt(n) once in a thousand.
KOLMOGOROV_LIMIT = 1.95 / math.sqrt(SAMPLES)
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


def kolmogorov_distance(values: np.ndarray, distribution: Callable[[float], float]) -> float:
    exact = np.array([distribution(value) for value in np.sort(values.ravel()).tolist()])
    count = exact.size
    above = np.arange(1, count + 1) / count - exact
    below = exact - np.arange(count) / count
    return float(max(above.max(), below.max()))


# --- the logarithm and the quantile ---------------------------------------------------------------


def test_natural_log_agrees_with_the_c_library():
    rng = np.random.default_rng(0)
    values = np.concatenate(
        [
            rng.random(20_000) * 0.075,
            10.0 ** rng.uniform(-300, 300, 20_000),
            1 + rng.uniform(-1e-3, 1e-3, 2_000),
            2.0 ** np.arange(-1000, 1000),
        ]
    )
    exact = np.array([math.log(value) for value in values.tolist()])
    ours = natural_log(values)
    nonzero = exact != 0
    assert (np.abs(ours - exact)[nonzero] <= 2.5 * np.spacing(np.abs(exact[nonzero]))).all()
    assert ours[~nonzero].tolist() == [0.0] * int((~nonzero).sum())


def test_quantile_agrees_with_the_standard_library():
    rng = np.random.default_rng(1)
    grid = np.unique(np.concatenate([rng.random(40_000), np.linspace(0.001, 0.999, 999), 2.0 ** -np.arange(1, 53)]))
    probability = grid[(grid > 0) & (grid != 0.5)]
    exact = np.array([statistics.NormalDist().inv_cdf(value) for value in probability.tolist()])
    ours = normal_quantile(probability - 0.5)
    # Where the result is near zero the standard library's own rounding is the limit.
    assert (np.abs(ours - exact) <= 2e-15 * np.abs(exact) + 1e-18).all()


@pytest.mark.parametrize("power", [2, 4, 10, 20, 36, 37, 45, 53])
def test_quantile_inverts_the_complementary_error_function_in_the_tails(power: int):
    probability = 2.0**-power
    (value,) = normal_quantile(np.array([probability - 0.5])).tolist()
    # The derivative of log(probability) is about -value, which scales a rounding error of the quantile.
    assert normal_distribution(value) == pytest.approx(probability, rel=1e-15 * (2 + value * value))


def test_quantile_is_odd_and_rises():
    centred = np.linspace(1e-6, 0.4999999, 100_001)
    assert np.array_equal(normal_quantile(-centred), -normal_quantile(centred))
    assert (np.diff(normal_quantile(centred)) > 0).all()


def test_quantile_joins_its_three_formulas_smoothly():
    far = 0.5 - math.exp(-25)
    for border in (0.425, far):
        around = np.array([np.nextafter(border, 0), border, np.nextafter(border, 1)])
        low, middle, high = normal_quantile(around).tolist()
        assert low == pytest.approx(middle, rel=1e-13 if border == 0.425 else 1e-6)
        assert high == pytest.approx(middle, rel=1e-13 if border == 0.425 else 1e-6)


# --- streams --------------------------------------------------------------------------------------


def independent_probabilities(seed: int, name: str, count: int) -> list[float]:
    """What the documentation of the streams says, once more and without arrays."""
    digest = hashlib.sha256(f"dotnn.weights.1\0{seed}\0{name}".encode()).digest()
    generator = np.random.Philox(key=int.from_bytes(digest[:16], "little"))
    return [((int(generator.random_raw()) >> 12) + 0.5) / 2**52 for _ in range(count)]


def test_values_are_those_of_the_documented_stream():
    probabilities = independent_probabilities(7, "fc.weight", 500)
    quantiles = [statistics.NormalDist().inv_cdf(value) for value in probabilities]
    uniform = draw(Uniform(low=-1.0, high=3.0), (500,))
    normal = draw(Normal(mean=0.25, std=2.0), (500,))
    assert uniform.tolist() == pytest.approx([-1 + 4 * value for value in probabilities], rel=0, abs=1e-15)
    assert normal.tolist() == pytest.approx([0.25 + 2 * value for value in quantiles], rel=0, abs=1e-14)


def philox_block(counter: int, key: int) -> list[int]:
    """Philox4x64-10 as in Salmon and others (2011), table 2 and figure 4."""
    mask = 2**64 - 1
    x0, x1, x2, x3 = ((counter >> shift) & mask for shift in (0, 64, 128, 192))
    k0, k1 = key & mask, key >> 64
    for _ in range(10):
        left, right = 0xD2E7470EE14C6C93 * x0, 0xCA5A826395121157 * x2
        x0, x1, x2, x3 = (right >> 64) ^ x1 ^ k0, right & mask, (left >> 64) ^ x3 ^ k1, left & mask
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & mask, (k1 + 0xBB67AE8584CAA73B) & mask
    return [x0, x1, x2, x3]


def test_generator_is_philox():
    key = 0x0123456789ABCDEF_FEDCBA9876543210
    words = [int(word) for word in np.random.Philox(key=key).random_raw(12)]
    assert words == [word for counter in (1, 2, 3) for word in philox_block(counter, key)]


@pytest.mark.parametrize("initializer", RANDOM, ids=str)
def test_seed_and_name_alone_choose_the_values(initializer: Initializer):
    def draw_as(seed: int, name: str) -> np.ndarray:
        return initialize(initializer, (30, 4), "float32", ANY_FAN, seed, name)

    first = draw_as(0, "conv1.weight")
    assert np.array_equal(first, draw_as(0, "conv1.weight"))
    for other in (draw_as(1, "conv1.weight"), draw_as(0, "conv2.weight"), draw_as(-1, "conv1.weight")):
        assert not np.isin(first, other).any()


def test_a_seed_and_a_name_cannot_be_confused():
    assert random_value(1, "1.weight") != random_value(11, ".weight")


def random_value(seed: int, name: str) -> float:
    return float(initialize(Normal(), (), "float64", ANY_FAN, seed, name))


def test_names_are_uncorrelated():
    draws = [initialize(Normal(std=1.0), (4096,), "float64", ANY_FAN, 0, f"layer{i}.weight") for i in range(40)]
    correlation = np.corrcoef(np.stack(draws)) - np.eye(40)
    assert np.abs(correlation).max() < 5 / math.sqrt(4096)


@pytest.mark.parametrize("initializer", [Normal(), Uniform(low=-1, high=1), TruncatedNormal()], ids=str)
def test_element_i_is_made_of_word_i(initializer: Initializer, monkeypatch: pytest.MonkeyPatch):
    whole = draw(initializer, (40_000,))
    assert np.array_equal(draw(initializer, (250, 160)).ravel(), whole)
    assert np.array_equal(draw(initializer, (17,)), whole[:17])
    # Private: callers cannot tell how much is drawn at a time, which is what the test is about.
    monkeypatch.setattr(random_streams, "_CHUNK", 1000)
    assert np.array_equal(draw(initializer, (40_000,)), whole)


# --- golden bytes ---------------------------------------------------------------------------------

GOLDEN = {
    "normal float32": "60545bff8e6f6a2c",
    "normal(mean=1.5, std=2.0) float32": "acc176008ce29ff2",
    "uniform(low=-0.5, high=2.0) float32": "5768b08f523688de",
    "truncated_normal(mean=0.5, std=3.0) float32": "fb8db73dedc2200c",
    "xavier_uniform float32": "ea01c901dcf46cd1",
    "xavier_normal(gain=2.0) float32": "13f466dc5590de3b",
    "he_uniform float32": "5d387cfb2a70757e",
    "he_normal float32": "4df21d2b8ddcebe9",
    "lecun_normal float32": "b6ee4812e58d4536",
    "normal float16": "28ecf8ee69aa9c3e",
    "normal float64": "31491d4f0d16b1fd",
    "tails": "4587998c5667c7ec",
}


def digests() -> dict[str, str]:
    """The start of the SHA-256 of the little-endian bytes of initial values, and of quantiles far out."""
    cases = [(one, "float32") for one in RANDOM if not isinstance(one, Orthogonal)]
    cases += [(Normal(), "float16"), (Normal(), "float64")]
    # 27,641 elements: two chunks, the second one short.
    values = {f"{one} {dtype}": draw(one, (131, 211), dtype) for one, dtype in cases}
    values["tails"] = normal_quantile(0.5 - 2.0 ** -np.arange(2.0, 54.0))
    return {case: digest_of(array) for case, array in values.items()}


def digest_of(array: np.ndarray) -> str:
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()[:16]


def test_golden_bytes():
    assert digests() == GOLDEN


def test_golden_bytes_without_the_processors_vector_units():
    """numpy chooses loops by processor; without its optional instruction sets the bytes are the same."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if not found:
        pytest.skip("numpy uses no optional instruction set on this processor")
    code = (
        f"import json, sys; sys.path[:0] = {sys.path!r}\nfrom {__name__} import digests; print(json.dumps(digests()))"
    )
    environment = os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(found)}
    assert json.loads(run_python(code, environment)) == GOLDEN


# --- distributions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initializer", "mean", "std"),
    [
        (Normal(), 0.0, 0.05),
        (Normal(mean=-3, std=2.5), -3.0, 2.5),
        (XavierNormal(), 0.0, math.sqrt(2 / 32)),
        (XavierNormal(gain=5 / 3), 0.0, 5 / 3 * math.sqrt(2 / 32)),
        (HeNormal(), 0.0, math.sqrt(2 / 12)),
        (LecunNormal(), 0.0, math.sqrt(1 / 12)),
    ],
    ids=str,
)
def test_normal_distributions(initializer: Initializer, mean: float, std: float):
    values = draw(initializer)
    distance = kolmogorov_distance(values, lambda value: normal_distribution((value - mean) / std))
    assert distance < KOLMOGOROV_LIMIT
    standard = (values - mean) / std
    # Four standard errors of the mean, the variance, the skewness and the kurtosis.
    assert abs(standard.mean()) < 4 / math.sqrt(SAMPLES)
    assert abs((standard**2).mean() - 1) < 4 * math.sqrt(2 / SAMPLES)
    assert abs((standard**3).mean()) < 4 * math.sqrt(15 / SAMPLES)
    assert abs((standard**4).mean() - 3) < 4 * math.sqrt(96 / SAMPLES)


@pytest.mark.parametrize(
    ("initializer", "low", "high"),
    [
        (Uniform(low=-0.5, high=2), -0.5, 2.0),
        (Uniform(low=3.0, high=3.5), 3.0, 3.5),
        (XavierUniform(), -math.sqrt(6 / 32), math.sqrt(6 / 32)),
        (XavierUniform(gain=0.1), -0.1 * math.sqrt(6 / 32), 0.1 * math.sqrt(6 / 32)),
        (HeUniform(), -math.sqrt(6 / 12), math.sqrt(6 / 12)),
    ],
    ids=str,
)
def test_uniform_distributions(initializer: Initializer, low: float, high: float):
    values = draw(initializer)
    assert low <= values.min() < low + 1e-4 * (high - low)
    assert high - 1e-4 * (high - low) < values.max() <= high
    assert kolmogorov_distance(values, lambda value: (value - low) / (high - low)) < KOLMOGOROV_LIMIT
    assert values.std() == pytest.approx((high - low) / math.sqrt(12), rel=5e-3)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 0.05), (10.0, 3.0)])
def test_truncated_normal_distribution(mean: float, std: float):
    values = draw(TruncatedNormal(mean=mean, std=std))
    tail = normal_distribution(-2)

    def distribution(value: float) -> float:
        return (normal_distribution((value - mean) / std) - tail) / (1 - 2 * tail)

    assert kolmogorov_distance(values, distribution) < KOLMOGOROV_LIMIT
    standard = (values - mean) / std
    assert -2 <= standard.min() < -1.99
    assert 1.99 < standard.max() <= 2
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    exact = math.sqrt(1 - 4 * density / (1 - 2 * tail))
    assert exact == pytest.approx(0.8796, abs=5e-5)
    assert standard.std() == pytest.approx(exact, rel=5e-3)


def test_truncation_holds_at_the_ends_of_the_stream():
    # Private: no draw of a seed comes so near to the ends of the stream.
    ends = np.array([-0.5 + 2.0**-53, 0.5 - 2.0**-53]) * random_streams._WITHIN_TWO_STD
    assert normal_quantile(ends).tolist() == pytest.approx([-2.0, 2.0], rel=1e-15)


def test_the_ends_of_the_stream_stay_finite_and_within_the_bound():
    ends = normal_quantile(np.array([-0.5 + 2.0**-53, 0.5 - 2.0**-53]))
    assert 8.2 < ends[1] == -ends[0] < Normal(std=1.0).bound()


@pytest.mark.parametrize("initializer", [*EVERY, Uniform(low=2.0, high=2.0), Normal(std=0)], ids=str)
@pytest.mark.parametrize("dtype", list(LARGEST))
def test_no_value_exceeds_the_bound(initializer: Initializer, dtype: str):
    # A fan of 1 gives the largest values.
    values = initialize(initializer, (99, 1), dtype, Fan(1, 1), seed=0, name="w")
    slack = 1 + float(ml_dtypes.finfo(dtype).eps)
    assert np.abs(values).max() <= initializer.bound() * slack


@pytest.mark.parametrize(("initializer", "value"), [(Zeros(), 0.0), (Ones(), 1.0), (Constant(-2.5), -2.5)])
def test_constants(initializer: Initializer, value: float):
    assert draw(initializer, (2, 3)).tolist() == [[value] * 3] * 2


def test_degenerate_distributions():
    assert set(draw(Normal(mean=0.1, std=0), (50,)).tolist()) == {0.1}
    assert set(draw(Uniform(low=0.1, high=0.1), (50,)).tolist()) == {0.1}


# --- orthogonal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 5), (7, 30), (30, 7), (8, 3, 3, 3), (64, 2, 3), (9,), (1, 4), ()], ids=str)
@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_orthogonal(shape: tuple[int, ...], gain: float):
    values = draw(Orthogonal(gain=gain), shape)
    assert values.shape == shape
    matrix = values.reshape(shape[0] if len(shape) > 1 else 1, -1)
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    assert np.allclose(gram, gain**2 * np.eye(len(gram)), rtol=0, atol=1e-13)


def test_orthogonal_matrices_are_uniformly_distributed():
    """Without the correction of signs the diagonal elements have a negative mean: LAPACK's choice."""
    matrices = [initialize(Orthogonal(), (3, 3), "float64", ANY_FAN, seed, "w") for seed in range(2000)]
    stack = np.stack(matrices)
    # Each element has mean 0 and variance 1/3; five standard errors of each.
    assert np.abs(stack.mean(axis=0)).max() < 5 * math.sqrt(1 / 3 / 2000)
    assert np.abs((stack**2).mean(axis=0) - 1 / 3).max() < 5 * math.sqrt(4 / 45 / 2000)
    assert abs(np.linalg.det(stack).mean()) < 5 / math.sqrt(2000)


# --- shapes, types, memory ------------------------------------------------------------------------


@pytest.mark.parametrize("initializer", EVERY, ids=str)
@pytest.mark.parametrize("dtype", list(LARGEST))
@pytest.mark.parametrize("shape", [(), (1,), (6,), (4, 3, 2, 2)], ids=str)
def test_shape_and_type(initializer: Initializer, dtype: str, shape: tuple[int, ...]):
    values = draw(initializer, shape, dtype)
    assert values.shape == shape
    assert values.dtype == dtype
    assert values.flags.c_contiguous
    assert values.flags.writeable
    assert np.isfinite(values).all()


@pytest.mark.parametrize("initializer", EVERY, ids=str)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_smaller_types_are_rounded_once(initializer: Initializer, dtype: str):
    assert np.array_equal(draw(initializer, (40, 25), dtype), draw(initializer, (40, 25)).astype(dtype))


def test_whole_numbers_of_any_size_are_arguments():
    assert draw(Constant(10**30), (2,)).tolist() == [1e30, 1e30]
    assert np.isfinite(draw(Normal(mean=10**30, std=10**20), (9,))).all()
    assert np.isfinite(draw(Uniform(low=-(10**30), high=10**30), (9,))).all()


@pytest.mark.parametrize("initializer", [Normal(), HeUniform(), TruncatedNormal()], ids=str)
def test_memory_beside_the_result_is_small(initializer: Initializer):
    tracemalloc.start()
    values = draw(initializer, (2_000_000,), "float32")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < values.nbytes + 2_000_000


# --- fans -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "fan"),
    [
        ((64, 784), Fan(784, 64)),
        ((32, 16, 3, 3), Fan(144, 288)),
        ((32, 1, 5), Fan(5, 160)),
        ((10,), Fan(10, 10)),
        ((), Fan(1, 1)),
    ],
)
def test_fan_of_a_shape(shape: tuple[int, ...], fan: Fan):
    assert Fan.of(shape) == fan


@pytest.mark.parametrize("numbers", [(0, 1), (1, 0), (-3, 2)])
def test_a_fan_is_positive(numbers: tuple[int, int]):
    with pytest.raises(ValueError, match="at least 1"):
        Fan(*numbers)


# --- the classes ----------------------------------------------------------------------------------


def test_registry():
    assert " ".join(INITIALIZERS) == (
        "zeros ones constant normal uniform truncated_normal xavier_uniform xavier_normal"
        " he_uniform he_normal lecun_normal orthogonal"
    )
    for name, one in INITIALIZERS.items():
        assert one.name == name
        assert one.__doc__
        assert not one.__doc__.startswith(one.__name__), "the docstring is the generated one"
        assert one.positional is None or one.positional in {field.name for field in dataclasses.fields(one)}


@pytest.mark.parametrize(
    ("initializer", "text"),
    [
        (Zeros(), "zeros"),
        (Constant(1e-6), "constant(1e-06)"),
        (Constant(value=2), "constant(2.0)"),
        (Normal(), "normal"),
        (Normal(std=0.02), "normal(std=0.02)"),
        (Normal(mean=1, std=0.02), "normal(mean=1.0, std=0.02)"),
        (Uniform(low=-0.1, high=0.1), "uniform(low=-0.1, high=0.1)"),
        (XavierUniform(), "xavier_uniform"),
        (Orthogonal(gain=1.5), "orthogonal(gain=1.5)"),
    ],
)
def test_text(initializer: Initializer, text: str):
    assert str(initializer) == text


@pytest.mark.parametrize("initializer", EVERY, ids=str)
@pytest.mark.parametrize("dtype", list(LARGEST))
def test_good_arguments_pass(initializer: Initializer, dtype: str):
    assert initializer.check(dtype) is None


@pytest.mark.parametrize(
    ("initializer", "problem"),
    [
        (Normal(std=-1.0), "std is -1.0, but must be at least 0"),
        (TruncatedNormal(std=-0.5), "std is -0.5, but must be at least 0"),
        (XavierUniform(gain=-1.0), "gain is -1.0, but must be at least 0"),
        (XavierNormal(gain=-1.0), "gain is -1.0, but must be at least 0"),
        (Orthogonal(gain=-1.0), "gain is -1.0, but must be at least 0"),
        (Uniform(low=2.0, high=1.0), "low is 2.0, but must not exceed high, 1.0"),
        (Constant(math.inf), "value is inf, but must be a finite number"),
        (Normal(mean=math.nan), "mean is nan, but must be a finite number"),
        (Constant(True), "value is True, but must be a finite number"),
        (Constant("zero"), "value is 'zero', but must be a finite number"),  # pyright: ignore[reportArgumentType]
        (Constant(1e39), "value may give values up to 1e+39, but the largest float32 is 3.4e+38"),
        (
            Normal(mean=3e38, std=1e38),
            "mean and std may give values up to 1.13e+39, but the largest float32 is 3.4e+38",
        ),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(initializer: Initializer, problem: str):
    assert initializer.check() == problem
    with pytest.raises(ValueError, match=r"fc\.weight: "):
        draw(initializer, (2,), "float32")


def test_huge_whole_numbers_are_refused():
    problem = Constant(10**400).check("float64")
    assert problem is not None
    assert "value" in problem


@pytest.mark.parametrize(
    ("initializer", "dtype"),
    [
        (Constant(65505.0), "float16"),
        (Constant(-1e5), "float16"),
        (Normal(std=1e4), "float16"),
        (Constant(3.4e38), "bfloat16"),
        (Uniform(low=-1e308, high=1e308), "float64"),
        (Normal(std=1e308), "float64"),
    ],
    ids=str,
)
def test_numbers_too_large_for_the_type_are_refused(initializer: Initializer, dtype: str):
    problem = initializer.check(dtype)
    assert problem is not None
    assert f"the largest {dtype}" in problem


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
def test_other_types_are_refused(dtype: str):
    with pytest.raises(ValueError, match=rf"fc\.weight: .*{dtype}"):
        draw(Zeros(), (2,), dtype)


def test_the_largest_numbers_are_numpys():
    assert {dtype: float(ml_dtypes.finfo(dtype).max) for dtype in LARGEST} == LARGEST


def test_importing_and_checking_needs_no_numpy():
    code = (
        "import sys\n"
        "from dotnn.compiler.graph.tensors import Fan\nfrom dotnn.compiler.initializers import INITIALIZERS, Normal\n"
        "assert Normal(std=-1).check() and str(Normal(std=2)) and Fan.of((3, 4))\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('numpy', 'onnx', 'onnxruntime')])"
    )
    assert run_python(code).strip() == "[]"
