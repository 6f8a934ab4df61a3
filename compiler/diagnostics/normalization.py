"""What normalizations may find wrong."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity


@record
class NothingToNormalize(Diagnostic):
    """A normalization takes its statistics from one element at a time, so that nothing is left of what it reads.

    A number less the mean of itself alone is 0. So the result is the learned shift, whatever the input. PyTorch refuses
    to compute it for `instance_norm`.

    ```nn
    input x: float32[N, 16, 1, 1]
    output y = x -> instance_norm          # 0 everywhere: a channel has one position
    output z = x -> group_norm(4)          # four channels in each group
    ```
    """

    code: ClassVar[str] = "W418"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = (
        "`{kind}` of {found} normalizes single elements, so that its result is the same for all inputs"
    )
    remedy: ClassVar[str] = "normalize over more elements, or leave the layer out"

    kind: str
    found: str


@record
class OneInChannel(NothingToNormalize):
    """A channel of one position."""

    label: ClassVar[str] = "there is one element in a channel of an example"


@record
class OneInGroup(NothingToNormalize):
    """A group of one channel of one position."""

    label: ClassVar[str] = "there is one element in a group of an example"


@record
class OneAlongAxes(NothingToNormalize):
    """Axes of size 1."""

    label: ClassVar[str] = "there is one element along these axes"
