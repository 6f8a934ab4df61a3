"""Initializers: their distributions, and what they take."""

from __future__ import annotations

import dataclasses
import math
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
from dotnn.compiler.initializers.normal_quantile import normal_quantile

from tests.helpers.initial_draws import ANY_FAN, EVERY, SAMPLES, draw, normal_distribution
from tests.helpers.processes import run_python

# Kolmogorov's distribution: the distance of a right sample exceeds 1.95 / sqrt(n) once in a thousand.
KOLMOGOROV_LIMIT = 1.95 / math.sqrt(SAMPLES)


def kolmogorov_distance(values: np.ndarray, distribution: Callable[[float], float]) -> float:
    exact = np.array([distribution(value) for value in np.sort(values.ravel()).tolist()])
    count = exact.size
    above = np.arange(1, count + 1) / count - exact
    below = exact - np.arange(count) / count
    return float(max(above.max(), below.max()))


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
        (Constant(1e-6), "constant(1e-6)"),
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
        (Constant(True), "value is true, but must be a finite number"),
        (Constant("zero"), 'value is "zero", but must be a finite number'),  # pyright: ignore[reportArgumentType]
        (Constant(1e39), "value may give values up to 1e+39, but the largest float32 is 3.4e+38"),
        (
            Normal(mean=3e38, std=1e38),
            "mean and std may give values up to 1.13e+39, but the largest float32 is 3.4e+38",
        ),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(initializer: Initializer, problem: str):
    found = initializer.check()
    assert found is not None
    assert found.reason == problem
    with pytest.raises(ValueError, match=r"fc\.weight: "):
        draw(initializer, (2,), "float32")


def test_huge_whole_numbers_are_refused():
    problem = Constant(10**400).check("float64")
    assert problem is not None
    assert "value" in problem.reason


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
    assert f"the largest {dtype}" in problem.reason


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
