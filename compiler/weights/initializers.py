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
from abc import ABC, abstractmethod
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, ClassVar, final

from ..graph.tensors import Fan, numpy_name
from ..graph.types import DType
from ..records import positional_record

if TYPE_CHECKING:
    import numpy as np

    from .random_streams import Stream

#: The element types that can be initialized, with the largest number of each.
LARGEST: dict[str, float] = {dtype.value: dtype.largest for dtype in DType if dtype.is_float}
# No quantile of the streams is larger: they know probabilities down to 2^-53.
_LARGEST_QUANTILE = 8.3


@positional_record
class Initializer(ABC):
    """A way to choose the first values of a parameter."""

    #: The name in ``.nn`` files.
    name: ClassVar[str]
    #: The one argument that may be written without its name.
    positional: ClassVar[str | None] = None

    def __str__(self) -> str:
        """The ``.nn`` text: ``normal(std=0.02)``. Arguments equal to their defaults are left out."""
        arguments = ", ".join(
            self._argument(one.name)
            for one in fields(self)
            if one.default is MISSING or getattr(self, one.name) != one.default
        )
        return f"{self.name}({arguments})" if arguments else self.name

    def check(self, dtype: str = "float32") -> str | None:
        """What is wrong with the arguments for a parameter of this element type, or None.

        The answer names the argument: ``std is -1.0, but must be at least 0``.
        """
        if dtype not in LARGEST:
            return f"a parameter of type {dtype} cannot be initialized, only {', '.join(LARGEST)}"
        for one in fields(self):
            value = getattr(self, one.name)
            if not _is_finite_number(value):
                return f"{one.name} is {value!r}, but must be a finite number"
        return self._problem() or self._overflow(dtype)

    @abstractmethod
    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of initial values; the arguments have passed ``check``."""

    @abstractmethod
    def bound(self) -> float:
        """A number that no value exceeds in size, whatever the fan."""

    def _problem(self) -> str | None:
        """What is wrong with the arguments, all of them finite numbers, whatever the element type."""
        return None

    def _overflow(self, dtype: str) -> str | None:
        bound = self.bound()
        if bound <= LARGEST[dtype]:
            return None
        names = " and ".join(one.name for one in fields(self))
        return f"{names} may give values up to {bound:.3g}, but the largest {dtype} is {LARGEST[dtype]:.3g}"

    def _argument(self, field: str) -> str:
        value = getattr(self, field)
        text = repr(float(value) if _is_finite_number(value) else value)
        return text if field == self.positional else f"{field}={text}"


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

    def _problem(self) -> str | None:
        return _negative(self, "std")


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

    def _problem(self) -> str | None:
        return f"low is {self.low}, but must not exceed high, {self.high}" if self.low > self.high else None


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

    def _problem(self) -> str | None:
        return _negative(self, "std")


@final
@positional_record
class XavierUniform(Initializer):
    """``U(-a, a)`` with ``a = gain * sqrt(6 / (fan_in + fan_out))``; also called Glorot uniform.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010), equation 16; PyTorch ``xavier_uniform_``, Keras ``GlorotUniform``.
    """

    name: ClassVar[str] = "xavier_uniform"

    gain: float = 1.0

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of uniformly distributed numbers."""
        limit = self.gain * math.sqrt(6 / (fan.inputs + fan.outputs))
        return stream.uniform(shape, dtype, -limit, limit)

    def bound(self) -> float:
        """The limit where both fans are 1."""
        return self.gain * math.sqrt(3)

    def _problem(self) -> str | None:
        return _negative(self, "gain")


@final
@positional_record
class XavierNormal(Initializer):
    """``N(0, std^2)`` with ``std = gain * sqrt(2 / (fan_in + fan_out))``; also called Glorot normal.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010), equation 12; PyTorch ``xavier_normal_``. Keras ``GlorotNormal`` cuts the distribution off at two
    standard deviations.
    """

    name: ClassVar[str] = "xavier_normal"

    gain: float = 1.0

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of normally distributed numbers."""
        return stream.normal(shape, dtype, 0.0, self.gain * math.sqrt(2 / (fan.inputs + fan.outputs)))

    def bound(self) -> float:
        """8.3 standard deviations where both fans are 1."""
        return self.gain * _LARGEST_QUANTILE

    def _problem(self) -> str | None:
        return _negative(self, "gain")


@final
@positional_record
class HeUniform(Initializer):
    """``U(-a, a)`` with ``a = sqrt(6 / fan_in)``, for layers before a ReLU; also called Kaiming uniform.

    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015), whose variance, ``2 / fan_in``,
    this has; PyTorch ``kaiming_uniform_(nonlinearity="relu")``, Keras ``HeUniform``.
    """

    name: ClassVar[str] = "he_uniform"

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of uniformly distributed numbers."""
        limit = math.sqrt(6 / fan.inputs)
        return stream.uniform(shape, dtype, -limit, limit)

    def bound(self) -> float:
        """The limit where the fan is 1."""
        return math.sqrt(6)


@final
@positional_record
class HeNormal(Initializer):
    """``N(0, std^2)`` with ``std = sqrt(2 / fan_in)``, for layers before a ReLU; also called Kaiming normal.

    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015), equation 10; PyTorch
    ``kaiming_normal_(nonlinearity="relu")``. Keras ``HeNormal`` cuts the distribution off at two standard
    deviations.
    """

    name: ClassVar[str] = "he_normal"

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of normally distributed numbers."""
        return stream.normal(shape, dtype, 0.0, math.sqrt(2 / fan.inputs))

    def bound(self) -> float:
        """8.3 standard deviations where the fan is 1."""
        return math.sqrt(2) * _LARGEST_QUANTILE


@final
@positional_record
class LecunNormal(Initializer):
    """``N(0, std^2)`` with ``std = sqrt(1 / fan_in)``, for layers before a SELU or tanh.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), equation 16; Klambauer and others,
    "Self-Normalizing Neural Networks" (2017). Keras ``LecunNormal`` cuts the distribution off at two standard
    deviations.
    """

    name: ClassVar[str] = "lecun_normal"

    def sample(self, shape: tuple[int, ...], dtype: str, fan: Fan, stream: Stream) -> np.ndarray:
        """A new array of normally distributed numbers."""
        return stream.normal(shape, dtype, 0.0, math.sqrt(1 / fan.inputs))

    def bound(self) -> float:
        """8.3 standard deviations where the fan is 1."""
        return _LARGEST_QUANTILE


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

    def _problem(self) -> str | None:
        return _negative(self, "gain")


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
        raise ValueError(f"{name}: {initializer.name}: {problem}")
    from .random_streams import Stream

    return initializer.sample(shape, numpy_name(DType(dtype)), fan, Stream(seed, name))


def _full(shape: tuple[int, ...], dtype: str, value: float) -> np.ndarray:
    import numpy as np

    return np.full(shape, value, dtype=dtype)


def _is_finite_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= LARGEST["float64"]


def _negative(initializer: Initializer, field: str) -> str | None:
    value = getattr(initializer, field)
    return f"{field} is {value}, but must be at least 0" if value < 0 else None
