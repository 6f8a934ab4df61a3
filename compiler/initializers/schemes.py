"""Initializers: how a parameter's first values are chosen. ``init=he_normal``, ``init=normal(std=0.02)``.

Each is a frozen dataclass whose fields, all of them numbers, are the arguments of its ``.nn`` form.
``INITIALIZERS`` finds the class by name, ``check`` says what is wrong with the arguments, ``str`` gives the
``.nn`` text back and ``initialize`` draws the values. Only ``initialize`` needs numpy.

Default arguments are Keras's where Keras and PyTorch differ (a standard deviation of 0.05, not 1). The normal
variants of ``xavier``, ``he`` and ``lecun`` are plain normal distributions, as in the papers and in PyTorch;
Keras cuts them off at two standard deviations.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, final

from ..diagnostics.call_arguments import BadInitializer, LowAboveHigh
from ..graph.tensors import Fan, numpy_name
from ..graph.types import DType
from ..records import positional_record
from ..written import value_text
from .base import Initializer, negative

if TYPE_CHECKING:
    import numpy as np

    from .random_streams import Stream

# No quantile of the streams is larger: they know probabilities down to 2^-53.
_LARGEST_QUANTILE = 8.3


@final
@positional_record
class Zeros(Initializer):
    """All values are 0."""

    name: ClassVar[str] = "zeros"

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of zeros."""
        return _full(shape, dtype, 0.0)

    def bound(self) -> float:
        """Zero."""
        return 0.0


@final
@positional_record
class Ones(Initializer):
    """All values are 1."""

    name: ClassVar[str] = "ones"

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of ones."""
        return _full(shape, dtype, 1.0)

    def bound(self) -> float:
        """One."""
        return 1.0


@final
@positional_record
class Constant(Initializer):
    """All values are ``value``: ``constant(0.01)``."""

    name: ClassVar[str] = "constant"
    positional: ClassVar[str | None] = "value"

    value: float

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of ``value``."""
        return _full(shape, dtype, float(self.value))

    def bound(self) -> float:
        """The size of ``value``."""
        return abs(float(self.value))


@final
@positional_record
class Normal(Initializer):
    """Values from a normal distribution: ``mean + std * z``, with ``z ~ N(0, 1)``.

    Defaults: Keras ``RandomNormal`` (mean 0, standard deviation 0.05); PyTorch's ``normal_`` has 1.
    """

    name: ClassVar[str] = "normal"

    mean: float = 0.0
    std: float = 0.05

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of normally distributed numbers."""
        return stream.normal(shape, dtype, float(self.mean), float(self.std))

    def bound(self) -> float:
        """8.3 standard deviations from the mean."""
        return abs(float(self.mean)) + _LARGEST_QUANTILE * self.std

    def _problem(self) -> BadInitializer | None:
        return negative(self, "std")


@final
@positional_record
class Uniform(Initializer):
    """Values spread evenly between ``low`` and ``high``: ``low + (high - low) * u``, with ``u ~ U(0, 1)``.

    Both must be written, since Keras (-0.05 and 0.05) and PyTorch (0 and 1) differ.
    """

    name: ClassVar[str] = "uniform"

    low: float
    high: float

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of uniformly distributed numbers."""
        return stream.uniform(shape, dtype, float(self.low), float(self.high))

    def bound(self) -> float:
        """The larger one in size of ``low`` and ``high``; infinity where their difference overflows."""
        low, high = float(self.low), float(self.high)
        return max(abs(low), abs(high)) if math.isfinite(high - low) else math.inf

    def _problem(self) -> BadInitializer | None:
        low, high = value_text(self.low), value_text(self.high)
        return LowAboveHigh(low=low, high=high) if self.low > self.high else None


@final
@positional_record
class TruncatedNormal(Initializer):
    """Values from a normal distribution without what lies more than two standard deviations from the mean.

    ``std`` is that of the whole distribution; the values themselves have ``0.8796 * std``. Source and
    defaults: Keras ``TruncatedNormal`` (mean 0, standard deviation 0.05). PyTorch's ``trunc_normal_(a=-2,
    b=2)`` cuts at the *numbers* -2 and 2 instead.
    """

    name: ClassVar[str] = "truncated_normal"

    mean: float = 0.0
    std: float = 0.05

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of normally distributed numbers within two standard deviations of the mean."""
        return stream.truncated_normal(shape, dtype, float(self.mean), float(self.std))

    def bound(self) -> float:
        """Two standard deviations from the mean, and a margin for rounding."""
        return abs(float(self.mean)) + 2.001 * self.std

    def _problem(self) -> BadInitializer | None:
        return negative(self, "std")


@positional_record
class _Scaled(Initializer):
    """Base of those whose variance is ``gain^2 * variance / fan``; one differs from another in its row of facts.

    Attributes:
        variance: that of all values, for a fan of 1.
        is_normal: normal numbers; else evenly spread ones.
        averages: the fan is the mean of inputs and outputs; else the inputs.
    """

    variance: ClassVar[int]
    is_normal: ClassVar[bool]
    averages: ClassVar[bool] = False

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of normal or evenly spread numbers."""
        if self.is_normal:
            return stream.normal(shape, dtype, 0.0, self._width(self.variance, fan))
        limit = self._width(3 * self.variance, fan)
        return stream.uniform(shape, dtype, -limit, limit)

    def bound(self) -> float:
        """For a fan of 1, the limit, or 8.3 standard deviations."""
        one = Fan(1, 1)
        return (
            self._width(self.variance, one) * _LARGEST_QUANTILE
            if self.is_normal
            else self._width(3 * self.variance, one)
        )

    def _width(self, square: int, fan: Fan) -> float:
        """The root of a square that is divided by the fan, times the gain."""
        # Twice the mean of the fans, and twice the square, are whole: the root is of one rounded quotient.
        ratio = 2 * square / (fan.inputs + fan.outputs) if self.averages else square / fan.inputs
        return self.gain_of() * math.sqrt(ratio)

    def gain_of(self) -> float:
        """By how much the values are widened."""
        return 1.0


@positional_record
class _Xavier(_Scaled):
    """Base of those of Glorot and Bengio, which take a gain."""

    variance: ClassVar[int] = 1
    averages: ClassVar[bool] = True

    gain: float = 1.0

    def gain_of(self) -> float:
        """The argument."""
        return self.gain

    def _problem(self) -> BadInitializer | None:
        return negative(self, "gain")


@final
@positional_record
class XavierUniform(_Xavier):
    """``U(-a, a)`` with ``a = gain * sqrt(6 / (fan_in + fan_out))``; also called Glorot uniform.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010), equation 16; PyTorch ``xavier_uniform_``, Keras ``GlorotUniform``.
    """

    name: ClassVar[str] = "xavier_uniform"
    is_normal: ClassVar[bool] = False


@final
@positional_record
class XavierNormal(_Xavier):
    """``N(0, std^2)`` with ``std = gain * sqrt(2 / (fan_in + fan_out))``; also called Glorot normal.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010), equation 12; PyTorch ``xavier_normal_``. Keras ``GlorotNormal`` cuts the distribution off at two
    standard deviations.
    """

    name: ClassVar[str] = "xavier_normal"
    is_normal: ClassVar[bool] = True


@final
@positional_record
class HeUniform(_Scaled):
    """``U(-a, a)`` with ``a = sqrt(6 / fan_in)``, for layers before a ReLU; also called Kaiming uniform.

    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015), whose variance, ``2 / fan_in``,
    this has; PyTorch ``kaiming_uniform_(nonlinearity="relu")``, Keras ``HeUniform``.
    """

    name: ClassVar[str] = "he_uniform"
    variance: ClassVar[int] = 2
    is_normal: ClassVar[bool] = False


@final
@positional_record
class HeNormal(_Scaled):
    """``N(0, std^2)`` with ``std = sqrt(2 / fan_in)``, for layers before a ReLU; also called Kaiming normal.

    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015), equation 10; PyTorch
    ``kaiming_normal_(nonlinearity="relu")``. Keras ``HeNormal`` cuts the distribution off at two standard
    deviations.
    """

    name: ClassVar[str] = "he_normal"
    variance: ClassVar[int] = 2
    is_normal: ClassVar[bool] = True


@final
@positional_record
class LecunNormal(_Scaled):
    """``N(0, std^2)`` with ``std = sqrt(1 / fan_in)``, for layers before a SELU or tanh.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), equation 16; Klambauer and others,
    "Self-Normalizing Neural Networks" (2017). Keras ``LecunNormal`` cuts the distribution off at two standard
    deviations.
    """

    name: ClassVar[str] = "lecun_normal"
    variance: ClassVar[int] = 1
    is_normal: ClassVar[bool] = True


@final
@positional_record
class Orthogonal(Initializer):
    """``gain * Q``, with ``Q`` a random matrix whose rows, or columns if there are fewer, are orthonormal.

    The parameter is seen as a matrix ``[shape[0], prod(shape[1:])]``, a vector or a scalar as one row. ``Q``
    is the factor of the QR decomposition of a matrix of normal numbers, each column times the sign of its
    diagonal element of ``R``, which makes it uniformly distributed. Source: Saxe, McClelland and Ganguli,
    "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks" (2014); PyTorch
    ``orthogonal_``, Keras ``Orthogonal``.

    The decomposition is LAPACK's: alone among the initializers it gives the same bytes only on the same
    machine with the same numpy.
    """

    name: ClassVar[str] = "orthogonal"

    gain: float = 1.0

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of ``shape``, made in float64, at the cost of a QR decomposition."""
        import numpy as np

        rows = shape[0] if len(shape) > 1 else 1
        columns = math.prod(shape[1:]) if len(shape) > 1 else math.prod(shape)
        tall = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(stream.normal(tall, "float64", 0.0, 1.0))
        q *= np.copysign(self.gain, np.diagonal(r))
        matrix = q if rows >= columns else q.T
        return np.ascontiguousarray(matrix, dtype=dtype).reshape(shape)

    def bound(self) -> float:
        """The gain, and a margin for rounding."""
        return self.gain * 1.001

    def _problem(self) -> BadInitializer | None:
        return negative(self, "gain")


#: Every initializer by its name in ``.nn`` files.
INITIALIZERS: dict[str, type[Initializer]] = {
    one.name: one
    for one in (
        Zeros,
        Ones,
        Constant,
        Normal,
        Uniform,
        TruncatedNormal,
        XavierUniform,
        XavierNormal,
        HeUniform,
        HeNormal,
        LecunNormal,
        Orthogonal,
    )
}


def initialize(
    initializer: Initializer, shape: tuple[int, ...], dtype: str, fan: Fan, seed: int, name: str
) -> np.ndarray:
    """The first values of a parameter, from a stream that depends on ``seed`` and ``name`` alone.

    Equal arguments give equal bytes on every machine (``orthogonal``: on this machine with this numpy).
    Besides the result about a megabyte is used (``orthogonal``: several float64 copies).

    Args:
        initializer: how to choose the values; ``check(dtype)`` must have found nothing.
        shape: of the parameter, in PyTorch's layout.
        dtype: a key of ``LARGEST``.
        fan: the layer's; ``Fan.of(shape)`` for most.
        seed: of the model.
        name: the parameter's full name, such as ``layer1.0.conv1.weight``.

    Raises:
        ValueError: ``check(dtype)`` finds something wrong.
    """
    problem = initializer.check(dtype)
    if problem is not None:
        raise ValueError(f"{name}: {initializer.name}: {problem.reason}")
    from .random_streams import Stream

    return initializer.sample(shape, numpy_name(DType(dtype)), fan, Stream(seed, name))


def _full(shape: tuple[int, ...], dtype: str, value: float) -> np.ndarray:
    import numpy as np

    return np.full(shape, value, dtype=dtype)
