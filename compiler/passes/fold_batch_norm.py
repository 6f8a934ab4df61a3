"""Folding of batch normalization into the convolution or dense layer before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from ..graph.graph import Graph, Node
from ..graph.tensors import Derived, Tensor
from ..layers.convolution import Convolution
from ..layers.dense import Dense
from ..layers.normalization import BatchNorm
from .absorbing import Absorption
from .contract import PassContext, Property, graph_pass

if TYPE_CHECKING:
    import numpy as np

RULE = "fold_batch_norm"
_SUFFIX = ":folded"


@final
@dataclass(frozen=True, slots=True)
class FoldedWeight:
    """``W * gamma / sqrt(var + eps)`` of the arrays W, var and, if there is one, gamma, computed in float64.

    Axis 0 of W are the outputs, which the other arrays have one number for.
    """

    eps: float

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        """The weight in its own shape and element type."""
        import numpy as np

        weight, variance, *scale = arrays
        factor = _factor(variance, scale, self.eps).reshape(-1, *(1,) * (weight.ndim - 1))
        result = np.empty_like(weight)
        # Into the result at once, so that a large weight is never there in float64.
        with np.errstate(invalid="ignore", over="ignore"):
            np.multiply(weight, factor, out=result, dtype="float64", casting="unsafe")
        return result


@final
@dataclass(frozen=True, slots=True)
class FoldedBias:
    """``(b - mean) * gamma / sqrt(var + eps) + beta``, computed in float64.

    The arrays are mean, var, and those of gamma, beta and b that there are; one that is left out is 1 for gamma and 0
    for the others.
    """

    eps: float
    scale: bool
    shift: bool
    bias: bool

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        """One number for every output."""
        import numpy as np

        mean, variance, *others = (array.astype("float64") for array in arrays)
        rest = iter(others)
        scale = [next(rest)] if self.scale else []
        shift = next(rest) if self.shift else 0.0
        bias = next(rest) if self.bias else 0.0
        with np.errstate(invalid="ignore"):
            return (bias - mean) * _factor(variance, scale, self.eps) + shift


def _factor(variance: np.ndarray, scale: list[np.ndarray], eps: float) -> np.ndarray:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        factor = 1 / np.sqrt(variance.astype("float64") + eps)
    return factor * scale[0].astype("float64") if scale else factor


@graph_pass(
    requires=[Property.IDENTITIES_REMOVED, Property.COMMON_MERGED, Property.DEAD_REMOVED],
    ensures=[Property.BATCH_NORM_FOLDED],
)
def fold_batch_norm(graph: Graph, context: PassContext) -> bool:
    """Give a convolution or dense layer weights that include the batch normalization behind it.

    The layer keeps the name of the normalization, whose result it gives, and gets a bias if it has none. Refused,
    with the reason in the report, where another node reads the result in between, where that is an output, where
    ``reuse`` shares weights, and where nothing before the normalization can take it.
    """
    absorption = Absorption(graph)
    changed = False
    for snapshot in graph.nodes():
        if not isinstance(snapshot.op, BatchNorm):
            continue
        norm = graph.node(snapshot.id)
        before = _producer(graph, norm)
        reason = _refusal(graph, before, norm, absorption)
        if reason is not None:
            context.report.add_refused(RULE, [before, norm] if _is_foldable(before) else [norm], reason)
            continue
        folded = _fold(graph, before, norm)
        context.report.add_fused(RULE, [before, norm], folded)
        changed = True
    return changed


def _producer(graph: Graph, norm: Node) -> Node:
    (value,) = norm.operands
    if value is None:
        raise ValueError(f"`{norm.name}` has no operand")
    return graph.producer(value)


def _is_foldable(node: Node) -> bool:
    return isinstance(node.op, Convolution | Dense)


def _refusal(graph: Graph, before: Node, norm: Node, absorption: Absorption) -> str | None:
    if not _is_foldable(before):
        return f"it reads `{before.name}`, which is no convolution or dense layer"
    if isinstance(before.op, Dense) and before.op.axis_of(before.results[0]) != 1:
        return f"`{before.name}` works along axis {before.op.axis_of(before.results[0])}, and axis 1 is normalized"
    if any(isinstance(tensor, Derived) for tensor in before.weights.values()):
        # Derived tensors of derived tensors would nest without a bound.
        return f"`{before.name}` has a batch normalization in its weights already"
    return absorption.refusal(before, norm) or absorption.sharing((before, norm))


def _fold(graph: Graph, before: Node, norm: Node) -> Node:
    if not isinstance(before.op, Convolution | Dense) or not isinstance(norm.op, BatchNorm):
        raise TypeError(f"`{before.name}` and `{norm.name}` cannot be folded")
    return graph.replace(
        norm,
        dataclasses.replace(before.op, bias=True),
        absorbed=(before,),
        operands=before.operands,
        weights=_folded_weights(before.weights, norm.weights, norm.op.eps),
    )


def _folded_weights(layer: Mapping[str, Tensor], norm: Mapping[str, Tensor], eps: float) -> dict[str, Tensor]:
    """The weight and bias of a layer that normalizes its result by itself."""
    weight, mean, variance = layer["weight"], norm["running_mean"], norm["running_var"]
    scale, shift, bias = norm.get("weight"), norm.get("bias"), layer.get("bias")
    function = FoldedBias(eps, scale is not None, shift is not None, bias is not None)
    return {
        "weight": _derived(weight, _present(weight, variance, scale), FoldedWeight(eps), weight),
        "bias": _derived(bias or shift or mean, _present(mean, variance, scale, shift, bias), function, mean),
    }


def _present(*tensors: Tensor | None) -> tuple[Tensor, ...]:
    return tuple(tensor for tensor in tensors if tensor is not None)


def _derived(named: Tensor, parts: tuple[Tensor, ...], function: FoldedWeight | FoldedBias, like: Tensor) -> Derived:
    return Derived(f"{named.name}{_SUFFIX}", like.shape, like.dtype, parts, function)
