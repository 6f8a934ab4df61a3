"""Convolutions with smaller windows than the one before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..layers.convolution import Convolution
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .layer_kinds import ACTIVATIONS, CONVOLUTIONS, DROPPING, MAXIMA, MEANS, NORMALIZING

_SEEN_THROUGH = ACTIVATIONS | DROPPING | MAXIMA | MEANS | NORMALIZING


@record
class KernelsShrink(Lint):
    """A convolution has a smaller window than the one before it.

    A window of the first layers sees edges, for which 3x3 is enough, and several of them see as much as a large one
    with fewer numbers. So windows mostly are of one size throughout; the networks of before 2014, and the first layer
    of many since, have larger ones first. Windows of one position are left alone. The rule is off.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(32, kernel=7) -> relu -> conv2d(32, kernel=3) -> relu
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> repeat(3) { conv2d(32, kernel=3) -> relu } -> conv2d(32, kernel=3) -> relu
    }
    ```
    """

    code: ClassVar[str] = "L131"
    severity: ClassVar[Severity] = Severity.HINT
    enabled: ClassVar[bool] = False
    message: ClassVar[str] = "this `{kind}` has windows of {kernel}, smaller than the {earlier} before it"
    label: ClassVar[str] = "`{name}` has {earlier}"
    remedy: ClassVar[str] = "one size throughout is the habit, mostly `kernel=3`"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(CONVOLUTIONS))

    kind: str
    kernel: str
    name: str
    earlier: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one behind another with a window that is larger along every axis."""
        for graph, node, layer in subject.all_of(Convolution):
            before = graph.through(node, _SEEN_THROUGH)
            if before is None or not isinstance(before.op, Convolution) or not is_own(node):
                continue
            pairs = zip(layer.kernel, before.op.kernel, strict=True)
            if set(layer.kernel) != {1} and all(one < other for one, other in pairs):
                kernel, earlier = _window(layer), _window(before.op)
                yield cls(span=place_of(node), kind=node.kind, kernel=kernel, name=before.name, earlier=earlier)


def _window(layer: Convolution) -> str:
    return "x".join(map(str, layer.kernel))
