"""Weights that all start as one number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..graph.graph import Node
from ..graph.tensors import Weight
from ..initializers import Constant, Ones, Zeros
from ..records import record
from ..source import Span
from .base import LayerGraph, Lint, Subject, is_own, place_of
from .layer_kinds import DROPPING, LEARNING

_LAYERS = LEARNING - {"embedding", "depthwise_conv1d", "depthwise_conv2d", "separable_conv1d", "separable_conv2d"}
#: What a zero that a branch ends with is added to or multiplied with, so that the branch begins as nothing.
_MERGING = frozenset({"add", "sub", "mul"})
_BEFORE_MERGING = DROPPING | {"batch_norm"}


@record
class ConstantWeights(Lint):
    """The weights of a layer all start as one number.

    Then all its units compute the same. What they learn differs only by what reads them, so that the layer begins as if
    it had one unit, and where the next layer starts as constants, too, they stay equal for ever. Of zeros, `relu` lets
    no gradient through at all. Biases may start equal, as may scales. So may the layers of which that is known to be of
    use, and they are left alone: the last one of a network, whose units have targets of their own, one of zeros at the
    end of a branch that is added to something, one with a single unit, one that is frozen, an `embedding`, and a
    depthwise convolution.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(128, init=constant(0.01)) -> relu -> dense(10)
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(128, init=he_normal, bias_init=constant(0.01)) -> relu -> dense(10)
    }
    ```

    ```nn
    model branch {
        input x: float32[N, 64]
        output y = x + (x -> dense(64) -> relu -> dense(64, init=zeros)) -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L116"
    message: ClassVar[str] = (
        "all {count} weights of this `{kind}` start as {value}, so its {units} units compute the same"
    )
    label: ClassVar[str] = "starts as `{initializer}`"
    remedy: ClassVar[str] = "leave `init` out, or write one that draws numbers, such as `he_normal`"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(_LAYERS))

    count: int
    kind: str
    value: str
    units: int
    initializer: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer of several units whose weights start equal, and that another one reads; once for each line."""
        told: set[Span] = set()
        for graph, node in subject.of_kinds(_LAYERS):
            weight = _constant_weight(node)
            if weight is None or not is_own(node) or node.id not in graph.feeds_learning:
                continue
            if isinstance(weight.initializer, Zeros) and _ends_branch(graph, node):
                continue
            place = node.origin.arguments["init"].value if "init" in node.origin.arguments else place_of(node)
            if place in told:
                continue
            told.update(() if place is None else (place,))
            written = str(weight.initializer)
            value = {"zeros": "0", "ones": "1"}.get(written, written.removeprefix("constant(").removesuffix(")"))
            units = getattr(node.op, "units", weight.shape[0])
            yield cls(
                span=place,
                count=weight.elements,
                kind=node.kind,
                value=value,
                units=units,
                initializer=written,
            )


def _constant_weight(node: Node) -> Weight | None:
    """The first matrix of a layer, if it starts as one number and has several rows."""
    weight = next((one for one in node.weights.values() if len(one.shape) > 1), None)
    if weight is None or weight.frozen or not isinstance(weight.initializer, Zeros | Ones | Constant):
        return None
    return weight if weight.shape[0] > 1 else None


def _ends_branch(graph: LayerGraph, node: Node) -> bool:
    """Whether the result is added to something or multiplied with it, at most normalized or dropped before."""
    readers = graph.readers(node.value())
    if len(readers) == 1 and readers[0].kind in _BEFORE_MERGING:
        readers = graph.readers(readers[0].value())
    return any(one.kind in _MERGING for one in readers)
