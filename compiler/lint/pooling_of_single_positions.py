"""Pooling where there is nothing to pool."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..graph.types import TensorType
from ..layers.pooling import Pooling
from ..records import record
from .base import Lint, Subject, place_of
from .reading_windows import reading_windows
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
    message: ClassVar[str] = "`{kind}` of {found} does nothing: every window has one position"
    label: ClassVar[str] = "nothing to pool"
    remedy: ClassVar[str] = "leave it out, or pool before the image is this small"

    kind: str
    found: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every pooling that keeps each position, or all there are where padding does not count."""
        found = [
            (node, operand)
            for _, node, layer, operand in reading_windows(subject)
            if isinstance(layer, Pooling) and _is_idle(layer, operand) and node.results[0] == operand
        ]
        always = subject.always(node for node, _ in found)
        for node, operand in found:
            edits = without_stage(node) if node.origins[-1].span in always else ()
            yield cls(span=place_of(node), kind=node.kind, found=str(operand), edits=edits)


def _is_idle(layer: Pooling, operand: TensorType) -> bool:
    is_single = set(operand.shape[2:]) == {1} and not getattr(layer, "count_include_pad", False)
    return is_single or set(layer.window.kernel) == {1} == set(layer.window.stride)
