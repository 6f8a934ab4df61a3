"""Convolutions with fewer filters than the one before."""

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
class FiltersShrink(Lint):
    """A convolution has fewer filters than the one before it.

    Networks that classify images mostly have more of them with depth, while the image gets smaller: what is found is
    more abstract, and there are more kinds of it. A convolution of one position (`kernel=1`) that makes the features
    fewer is left alone, as is one whose image grows. Many good networks do otherwise, so that this rule is off.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(64, kernel=3) -> relu -> max_pool2d(2) -> conv2d(32, kernel=3) -> relu
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(32, kernel=3) -> relu -> max_pool2d(2) -> conv2d(64, kernel=3) -> relu
    }
    ```
    """

    code: ClassVar[str] = "L130"
    severity: ClassVar[Severity] = Severity.HINT
    enabled: ClassVar[bool] = False
    message: ClassVar[str] = "this `{kind}` has {filters} filters, fewer than the {earlier} before it"
    label: ClassVar[str] = "`{name}` has {earlier}"
    remedy: ClassVar[str] = "as many filters as before, or more, are the habit: {earlier} or {doubled}"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(CONVOLUTIONS))

    kind: str
    filters: int
    name: str
    earlier: int

    @property
    def doubled(self) -> int:
        """Twice the number before."""
        return 2 * self.earlier

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one behind another with more filters."""
        for graph, node, layer in subject.all_of(Convolution):
            before = graph.through(node, _SEEN_THROUGH)
            if before is None or not isinstance(before.op, Convolution) or not is_own(node):
                continue
            if set(layer.kernel) != {1} and layer.filters < before.op.filters:
                facts = {"kind": node.kind, "filters": layer.filters, "name": before.name}
                yield cls(span=place_of(node), earlier=before.op.filters, **facts)
