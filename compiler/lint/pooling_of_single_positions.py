"""Pooling where there is nothing to pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.pooling import Pooling
from ..records import record
from .base import Lint, Subject, is_own, place_of
from .stage_edits import without_stage


@record
class PoolingOfSinglePositions(Lint):
    """Pooling reads an image of one row and one column, or windows of a single position.

    The greatest and the mean of one number are that number: the layer does nothing. Mostly the layers before it have
    made the image smaller than was thought; `dotnn summary` shows how.

    Bad:

    ```nn
    model net {
        input image: float32[N, 8, 4, 4]
        output y = image -> max_pool2d(4) -> avg_pool2d(1)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 8, 4, 4]
        output y = image -> max_pool2d(4)
    }
    ```
    """

    code: ClassVar[str] = "L205"
    message: ClassVar[str] = "`{kind}` of {found} does nothing: every window is one position"
    label: ClassVar[str] = "nothing to pool"
    remedy: ClassVar[str] = "leave it out, or pool before the image is this small"

    kind: str
    found: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every pooling without padding that keeps all positions."""
        found = [
            (node, operand)
            for graph, node, layer in subject.all_of(Pooling)
            if (operand := graph.graph.operand_types(node)[0]) is not None and is_own(node) and _is_idle(layer)
        ]
        always = subject.always(node for node, _ in found)
        for node, operand in found:
            edits = without_stage(node) if node.origins[-1].span in always else ()
            yield cls(span=place_of(node), kind=node.kind, found=str(operand), edits=edits)


def _is_idle(layer: Pooling) -> bool:
    return set(layer.window.kernel) == {1} == set(layer.window.stride)
