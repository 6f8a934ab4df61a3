"""The quantile function of the standard normal distribution, with the same bits on every machine.

Only additions, subtractions, multiplications, divisions and square roots of float64 arrays are used, which
IEEE 754 rounds exactly, and operations without rounding (comparisons, absolute values, ``frexp``). The
logarithm is computed here for that reason: ``np.log`` differs by a unit in the last place between processors
and libraries. Each operation is one numpy call, so no compiler can contract two of them into a fused
multiply-add, and nothing is summed along an axis.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37 (1988)
# 477-484, routine PPND16: three rational functions with a relative error near 1e-16. Highest power first.
_CENTRE_NUMERATOR = (
    2.5090809287301226727e3,
    3.3430575583588128105e4,
    6.7265770927008700853e4,
    4.5921953931549871457e4,
    1.3731693765509461125e4,
    1.9715909503065514427e3,
    1.3314166789178437745e2,
    3.3871328727963666080e0,
)
_CENTRE_DENOMINATOR = (
    5.2264952788528545610e3,
    2.8729085735721942674e4,
    3.9307895800092710610e4,
    2.1213794301586595867e4,
    5.3941960214247511077e3,
    6.8718700749205790830e2,
    4.2313330701600911252e1,
    1.0,
)
_TAIL_NUMERATOR = (
    7.74545014278341407640e-4,
    2.27238449892691845833e-2,
    2.41780725177450611770e-1,
    1.27045825245236838258e0,
    3.64784832476320460504e0,
    5.76949722146069140550e0,
    4.63033784615654529590e0,
    1.42343711074968357734e0,
)
_TAIL_DENOMINATOR = (
    1.05075007164441684324e-9,
    5.47593808499534494600e-4,
    1.51986665636164571966e-2,
    1.48103976427480074590e-1,
    6.89767334985100004550e-1,
    1.67638483018380384940e0,
    2.05319162663775882187e0,
    1.0,
)
_FAR_TAIL_NUMERATOR = (
    2.01033439929228813265e-7,
    2.71155556874348757815e-5,
    1.24266094738807843860e-3,
    2.65321895265761230930e-2,
    2.96560571828504891230e-1,
    1.78482653991729133580e0,
    5.46378491116411436990e0,
    6.65790464350110377720e0,
)
_FAR_TAIL_DENOMINATOR = (
    2.04426310338993978564e-15,
    1.42151175831644588870e-7,
    1.84631831751005468180e-5,
    7.86869131145613259100e-4,
    1.48753612908506148525e-2,
    1.36929880922735805310e-1,
    5.99832206555887937690e-1,
    1.0,
)
_CENTRE_HALF_WIDTH = 0.425
_CENTRE_SHIFT = 0.180625  # 0.425 squared
_TAIL_SHIFT = 1.6
_FAR_TAIL_START = 5.0

#: How many arrays as large as its argument ``normal_quantile`` needs for intermediate results.
SCRATCH_ARRAYS = 3

# ln 2 in two parts: the first has 32 significant bits, so that its product with an exponent is exact.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_SQRT_HALF = 0.70710678118654752440
# atanh(s) = s * (1 + s^2/3 + s^4/5 + ...); |s| <= 0.1716 here, so the first term left out is below 1e-18.
_ATANH_SERIES = tuple(1.0 / odd for odd in range(23, 0, -2))


def normal_quantile(centred: NDArray[np.float64], scratch: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """The ``z`` below which a standard normal variable falls with probability ``1/2 + centred``.

    Source: Wichura's AS 241 (PPND16), with the logarithm of ``natural_log``. The result is exactly odd in
    ``centred``.

    Args:
        centred: one-dimensional, strictly between -1/2 and 1/2: the probability less one half, which keeps
            both tails equally precise.
        scratch: ``[SCRATCH_ARRAYS, n]`` with ``n = len(centred)``, overwritten; the result is its first row.
            By default it is allocated.
    """
    if scratch is None:
        scratch = np.empty((SCRATCH_ARRAYS, centred.size))
    quantile, denominator, argument = scratch
    distance = np.abs(centred, out=argument)
    tail = np.flatnonzero(distance > _CENTRE_HALF_WIDTH)
    tail_probability = 0.5 - distance[tail]

    # The centre's formula is evaluated everywhere, being finite in the tails too, and the tails are then
    # replaced: gathering the 85 % that lie in the centre would cost more than the 15 % wasted.
    np.multiply(centred, centred, out=argument)
    np.subtract(_CENTRE_SHIFT, argument, out=argument)
    _polynomial(_CENTRE_NUMERATOR, argument, quantile)
    _polynomial(_CENTRE_DENOMINATOR, argument, denominator)
    quantile /= denominator
    quantile *= centred

    quantile[tail] = np.copysign(_tail_quantile(tail_probability), centred[tail])
    return quantile


def natural_log(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The natural logarithm of positive normal numbers, within about one unit in the last place.

    With ``x = m * 2^e`` and ``sqrt(1/2) <= m < sqrt(2)``: ``e * ln 2 + 2 * atanh((m - 1) / (m + 1))``.
    """
    mantissa, exponent = np.frexp(values)
    small = mantissa < _SQRT_HALF
    mantissa = np.where(small, mantissa * 2.0, mantissa)
    exponent = exponent - small.astype(exponent.dtype)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = _polynomial(_ATANH_SERIES, ratio * ratio, np.empty_like(ratio))
    return exponent * _LN2_HIGH + (exponent * _LN2_LOW + series * (ratio * 2.0))


def _tail_quantile(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """``-z`` where a standard normal variable falls below ``z`` with this probability, at most 0.075."""
    root = np.sqrt(-natural_log(probability))
    quantile = _rational(_TAIL_NUMERATOR, _TAIL_DENOMINATOR, root - _TAIL_SHIFT)
    far = np.flatnonzero(root > _FAR_TAIL_START)
    if far.size:
        quantile[far] = _rational(_FAR_TAIL_NUMERATOR, _FAR_TAIL_DENOMINATOR, root[far] - _FAR_TAIL_START)
    return quantile


def _rational(
    numerator: Sequence[float], denominator: Sequence[float], argument: NDArray[np.float64]
) -> NDArray[np.float64]:
    quotient = _polynomial(numerator, argument, np.empty_like(argument))
    quotient /= _polynomial(denominator, argument, np.empty_like(argument))
    return quotient


def _polynomial(
    coefficients: Sequence[float], argument: NDArray[np.float64], out: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Horner's scheme, highest power first; ``out`` must not be ``argument``."""
    np.multiply(argument, coefficients[0], out=out)
    for coefficient in coefficients[1:-1]:
        out += coefficient
        out *= argument
    out += coefficients[-1]
    return out
