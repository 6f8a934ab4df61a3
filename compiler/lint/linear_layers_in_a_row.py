"""Two linear layers that amount to one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..layers.dense import Dense
from ..records import record
from .base import Lint, Subject, is_own, is_written_out, place_of


@record
class LinearLayersInARow(Lint):
    """A `dense` layer reads another one, with no activation between them.

    Two linear functions in a row are one linear function: what the two can compute, a single layer of the second one's
    size can. The first one is not for nothing where it is much smaller than both its sides: then it is a factorization,
    which saves parameters, and is left alone here.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(128) -> dense(10)
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(128) -> relu -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L102"
    message: ClassVar[str] = "two `dense` layers in a row compute no more than one"
    label: ClassVar[str] = "reads `{before}` directly"
    remedy: ClassVar[str] = "put an activation between them, such as `relu`, or leave one out"
    layers: ClassVar[tuple[str, ...]] = ("dense",)

    before: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every one that alone reads another, unless the two factorize a larger matrix."""
        for graph, node, dense in subject.all_of(Dense):
            before = graph.before(node, passing=True)
            if before is None or not isinstance(before.op, Dense) or not is_own(node) or is_written_out(node):
                continue
            read = graph.graph.operand_types(before)[0]
            width = read.shape[-1] if read is not None and read.rank else None
            if graph.is_output(before.value()) or _factorizes(width, before.op.units, dense.units):
                continue
            yield cls(span=place_of(node), before=before.name)


def _factorizes(columns: object, between: int, rows: int) -> bool:
    """Whether the two have no more numbers than the one matrix that they amount to."""
    return isinstance(columns, int) and between * (columns + rows) <= columns * rows
