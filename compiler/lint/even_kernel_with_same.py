"""Windows without a middle, padded unevenly by ``"same"``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..diagnostics import Severity
from ..diagnostics.suggest import one_of
from ..layers.windows import Sliding, axis_windows
from ..records import record
from ..written import value_text
from .base import Lint, Subject, place_of
from .reading_windows import per_axis_text, reading_windows


@record
class EvenKernelWithSame(Lint):
    """A window of an even size is padded by `padding="same"`, which puts one more zero behind than before.

    Such a window has no position in the middle, so that every layer shifts what it sees by half a position. Here, as
    in TensorFlow and in PyTorch's `padding="same"`, the odd zero stands at the end; other programs put it at the start,
    and weights that are carried over then give other numbers. An odd kernel is symmetric; padding that is written out
    says which is meant.

    Only a stride of 1 counts: with a larger one the windows stand where the size of the input puts them.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=4, padding="same")
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=5, padding="same")
    }
    ```
    """

    code: ClassVar[str] = "L204"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = (
        '`padding="same"` pads {before} before and {after} behind, as the window of {extent} is even'
    )
    label: ClassVar[str] = "has no position in the middle"
    remedy: ClassVar[str] = "write {odd}, or say where the zeros go: `padding={written}`"

    kind: str
    before: int
    after: int
    extent: int
    odd: str
    written: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer with a window of an even extent that moves by 1."""
        for _, node, layer, operand in reading_windows(subject):
            if layer.padding != "same":
                continue
            uneven = [one for one in axis_windows(layer.window) if one.stride == 1 and one.extent % 2 == 0]
            if not uneven:
                continue
            extent = uneven[0].extent
            facts: dict[str, Any] = {"before": extent // 2 - 1, "after": extent // 2, "extent": extent}
            written = value_text(layer.pads(operand.shape[2:]))
            yield cls(span=place_of(node), kind=node.kind, odd=_odd_kernels(layer), written=written, **facts)


def _odd_kernels(layer: Sliding) -> str:
    """The kernels next to the layer's whose sizes are odd; one of size 1 reads no neighbours."""
    smaller, larger = ([size + way * (size % 2 == 0) for size in layer.kernel] for way in (-1, 1))
    kernels = [kernel for kernel in (smaller, larger) if kernel is larger or min(kernel) > 1]
    return one_of(f"kernel={per_axis_text(kernel)}" for kernel in kernels)
