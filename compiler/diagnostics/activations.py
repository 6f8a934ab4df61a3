"""What can be wrong with the bounds of an activation."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic


@record
class BoundNotOfElements(Diagnostic):
    """A bound is no number that the elements of the tensor can be.

    The bounds of `clip` have the element type of the tensor. Ints are clipped at whole numbers, and float16 has none
    above 65504.

    ```nn
    input x: int64[N, T]
    output y = x -> clip(low=0.5, high=9)                       # wrong: no int is 0.5
    output z = x -> clip(low=1, high=9)
    output w = x -> cast(float32) -> clip(low=0.5, high=9)
    ```
    """

    code: ClassVar[str] = "E463"
    message: ClassVar[str] = "`{name}` of `{kind}` is {bound}, which the elements of {found} cannot be"
    label: ClassVar[str] = "no number of {element}"
    remedy: ClassVar[str] = "write {wanted}, or convert the tensor with `cast`"

    kind: str
    name: str
    bound: str
    found: str
    element: str
    wanted: str


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
