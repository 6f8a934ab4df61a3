"""The logarithm and the quantile that normal numbers are made with."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from dotnn.compiler.initializers.normal_quantile import natural_log, normal_quantile

from tests.helpers.initial_draws import normal_distribution


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
