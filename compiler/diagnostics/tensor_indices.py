"""What can be wrong where tensors are indexed (E449 to E452)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .demanded import SizeTooSmall


@record
class IndexOutOfRange(SizeTooSmall):
    """An index lies outside its axis.

    Indices are counted from 0; negative ones from the end, -1 being the last.
    """

    code: ClassVar[str] = "E449"
    message: ClassVar[str] = "index {index} is outside axis {axis} of {found}"
    label: ClassVar[str] = "axis {axis} has {dim}"
    remedy: ClassVar[str] = "write an index below {dim}, or a negative one that counts from the end"
    demanded_for: ClassVar[str] = "index {index} of axis {axis}"

    index: int
    axis: int
    found: str
    dim: str


@record
class EmptySlice(SizeTooSmall):
    """A slice holds no element.

    The bounds of a slice are the first element and the one after the last; negative ones count from the end.

    ```nn
    input x: float32[N, 10]
    output y = x[:, 10:]        # wrong: the last element is number 9
    output z = x[:, 8:]         # [N, 2]
    ```
    """

    code: ClassVar[str] = "E450"
    message: ClassVar[str] = "the slice {slice} of axis {axis} of {found} is empty"
    label: ClassVar[str] = "axis {axis} has {dim}"
    remedy: ClassVar[str] = "write bounds with at least one element between them"
    demanded_for: ClassVar[str] = "the slice {slice} of axis {axis}"

    slice: str
    axis: int
    found: str
    dim: str


@record
class SliceOutOfRange(SizeTooSmall):
    """A slice of a symbolic dimension reaches further than the dimension can.

    A slice of a known dimension is clipped as in numpy. A slice of a symbolic one demands that its bounds
    exist, so that its size is exact: `x[:, 0:27]` of `[N, T]` gives `[N, 27]` and demands `T >= 27`.
    """

    code: ClassVar[str] = "E451"
    message: ClassVar[str] = "the slice {slice} of axis {axis} of {found} reaches beyond `{dim}`"
    label: ClassVar[str] = "axis {axis} has {dim}"
    remedy: ClassVar[str] = "write bounds inside the axis"
    demanded_for: ClassVar[str] = "the slice {slice} of axis {axis}"

    slice: str
    axis: int
    found: str
    dim: str


@record
class TooManyIndices(Diagnostic):
    """A tensor is indexed on more axes than it has."""

    code: ClassVar[str] = "E452"
    message: ClassVar[str] = "{count} indices for the {rank} axes of {found}"
    label: ClassVar[str] = "rank {rank}"
    remedy: ClassVar[str] = "write at most {rank}"

    count: int
    rank: int
    found: str
