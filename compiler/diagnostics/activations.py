"""What can be wrong with the bounds of an activation."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from ..source import Span
from .base import Diagnostic
from .fixes import Edit, Fix, Safety


@record
class BoundsChangedPlaces(Diagnostic):
    """The lower bound is above the upper one, so that no number lies between them.

    PyTorch and ONNX would make every number the upper bound, without a word.

    ```nn
    input x: float32[N, 8]
    output y = x -> clip(low=1, high=-1)        # wrong
    output z = x -> clip(low=-1, high=1)
    ```
    """

    code: ClassVar[str] = "E464"
    message: ClassVar[str] = "nothing lies between the bounds of `{kind}`: {low} is above {high}"
    label: ClassVar[str] = "above `high`, {high}"
    remedy: ClassVar[str] = "write `low={high}, high={low}`"

    kind: str
    low: str
    high: str
    high_span: Span | None = None

    def fix(self) -> Fix | None:
        """The bounds in the places of each other."""
        low, high = self.span, self.high_span
        if low is None or high is None or low.start <= high.start < low.end or high.start <= low.start < high.end:
            return None
        return Fix((Edit(low, high.text), Edit(high, low.text)), Safety.UNSAFE)
