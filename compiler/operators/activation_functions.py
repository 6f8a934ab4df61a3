"""Functions of every element that operators name: activations of recurrent and of fused operators, and others'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..lazy_imports import np
from .base import InvalidOperands

if TYPE_CHECKING:
    #: A function of every element of an array, without parameters.
    Activation: TypeAlias = Callable[[np.ndarray], np.ndarray]


def relu(x: np.ndarray) -> np.ndarray:
    """``max(x, 0)``."""
    return np.where(x <= 0, np.zeros((), x.dtype), x)


def leaky_relu(x: np.ndarray, alpha: float) -> np.ndarray:
    """``x`` from 0 on, ``alpha * x`` below."""
    return np.where(x < 0, x * x.dtype.type(alpha), x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """``exp(-log(1 + exp(-x)))``, which overflows nowhere."""
    return np.exp(-np.logaddexp(np.zeros((), x.dtype), -x))


def _affine(x: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    return alpha * x + beta


def _thresholded_relu(x: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(x > alpha, x, 0)


def _scaled_tanh(x: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    return alpha * np.tanh(beta * x)


def hard_sigmoid(x: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    """``alpha * x + beta``, but at least 0 and at most 1."""
    return np.clip(alpha * x + beta, 0, 1)


def elu(x: np.ndarray, alpha: float) -> np.ndarray:
    """``x`` from 0 on, ``alpha * (exp(x) - 1)`` below."""
    return np.where(x < 0, alpha * np.expm1(x), x)


def softsign(x: np.ndarray) -> np.ndarray:
    """``x / (1 + |x|)``."""
    return x / (1 + np.abs(x))


def softplus(x: np.ndarray) -> np.ndarray:
    """``log(1 + exp(x))``, which overflows nowhere."""
    return np.logaddexp(0, x)


def _tanh(x: np.ndarray) -> np.ndarray:
    return np.tanh(x)


def clip(x: np.ndarray, low: float | np.ndarray, high: float | np.ndarray) -> np.ndarray:
    """``min(max(x, low), high)``."""
    return np.clip(x, low, high)


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """A function as ONNX names it.

    Attributes:
        of: the function of an array and its parameters.
        defaults: the parameters that it has where none are given: alpha, then beta.
    """

    of: Callable[..., np.ndarray]
    defaults: tuple[float, ...] = ()

    def with_parameters(self, *parameters: float) -> Activation:
        """The function of an array alone; parameters that are left out have their defaults."""
        if len(parameters) > len(self.defaults):
            raise InvalidOperands(f"an activation takes {len(self.defaults)} parameters, not {len(parameters)}")
        chosen = (*parameters, *self.defaults[len(parameters) :])
        return lambda x: self.of(x, *chosen)


#: What the operators of recurrent layers call activations.
RECURRENT: Mapping[str, NamedFunction] = {
    "Relu": NamedFunction(relu),
    "Tanh": NamedFunction(_tanh),
    "Sigmoid": NamedFunction(sigmoid),
    "Affine": NamedFunction(_affine, (1.0, 0.0)),
    "LeakyRelu": NamedFunction(leaky_relu, (0.01,)),
    "ThresholdedRelu": NamedFunction(_thresholded_relu, (1.0,)),
    "ScaledTanh": NamedFunction(_scaled_tanh, (1.0, 1.0)),
    "HardSigmoid": NamedFunction(hard_sigmoid, (0.2, 0.5)),
    "Elu": NamedFunction(elu, (1.0,)),
    "Softsign": NamedFunction(softsign),
    "Softplus": NamedFunction(softplus),
}

#: What onnxruntime's fused convolution calls them.
OF_FUSED_CONV: Mapping[str, NamedFunction] = {
    **{name: RECURRENT[name] for name in ("Relu", "Tanh", "Sigmoid", "LeakyRelu", "HardSigmoid")},
    "Clip": NamedFunction(clip, (float("-inf"), float("inf"))),
}

#: What onnxruntime's fused matrix product calls them.
OF_FUSED_GEMM: Mapping[str, NamedFunction] = {
    name: RECURRENT[name]
    for name in (
        "Relu",
        "Tanh",
        "Sigmoid",
        "LeakyRelu",
        "HardSigmoid",
        "Elu",
        "Softsign",
        "Softplus",
        "ThresholdedRelu",
    )
}


def named(functions: Mapping[str, NamedFunction], name: str) -> NamedFunction:
    """The function of that name.

    Raises:
        InvalidOperands: there is none.
    """
    if name not in functions:
        raise InvalidOperands(f"there is no activation {name!r}")
    return functions[name]
