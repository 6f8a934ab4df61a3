"""What every layer may find wrong with its operands: rank, element type, undecided dimensions."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic


@record
class WrongRank(Diagnostic):
    """A tensor has another number of axes than the layer reads.

    Layers read channels first: a 2-D convolution reads `[N, C, H, W]`, a recurrent layer `[N, T, C]`, a dense layer
    `[N, C]` or more axes with `axis=` written.

    ```nn
    input x: float32[N, 784]
    output y = x -> conv2d(8, kernel=3)          # wrong: two axes
    output z = x -> reshape([N, 1, 28, 28]) -> conv2d(8, kernel=3)
    ```
    """

    code: ClassVar[str] = "E401"
    message: ClassVar[str] = "`{kind}` reads {expected}, not {found}"
    label: ClassVar[str] = "this is {found}"
    remedy: ClassVar[str] = "{hint}"

    kind: str
    expected: str
    found: str
    hint: str = "bring the tensor to that form with `reshape`, `transpose`, `unsqueeze` or `flatten`"


@record
class WrongElementType(Diagnostic):
    """A tensor has elements of a type that the layer does not compute with.

    Most layers compute with floating point numbers; `embedding` reads integers. Nothing is converted silently: `cast`
    does it where it is written.

    ```nn
    input image: uint8[N, 3, 32, 32]
    output y = image -> conv2d(8, kernel=3)                      # wrong: bytes
    output z = image -> cast(float32) -> conv2d(8, kernel=3)
    ```
    """

    code: ClassVar[str] = "E402"
    message: ClassVar[str] = "`{kind}` needs {expected} elements, and this is {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "declare the input with {expected} elements, or convert the tensor with `cast`"

    kind: str
    expected: str
    found: str


@record
class NotOfElements(Diagnostic):
    """An argument is no number that the elements of the tensor can be.

    The bounds of `clip` and the `value` of `pad` have the element type of the tensor. Ints are clipped at whole
    numbers, and float16 has none above 65504.

    ```nn
    input x: int64[N, T]
    output y = x -> clip(low=0.5, high=9)                       # wrong: no int is 0.5
    output z = x -> clip(low=1, high=9)
    output w = x -> cast(float32) -> clip(low=0.5, high=9)
    ```
    """

    code: ClassVar[str] = "E463"
    message: ClassVar[str] = "`{name}` of `{kind}` is {number}, which the elements of {found} cannot be"
    label: ClassVar[str] = "no number of {element}"
    remedy: ClassVar[str] = "write {wanted}, or convert the tensor with `cast`"

    kind: str
    name: str
    number: str
    found: str
    element: str
    wanted: str


@record
class UndecidedDimension(Diagnostic):
    """A number is needed where a dimension is still symbolic.

    The sizes of weights must be known when a model is compiled, and so must a few other numbers. A dimension that
    cannot be decided is never guessed.

    ```nn
    input x: float32[N, C]          # C is symbolic
    output y = x -> dense(10)       # wrong: how many weights?
    ```

    Write the number in the type of the input: `float32[N, 784]`.
    """

    code: ClassVar[str] = "E403"
    message: ClassVar[str] = "`{kind}` must know {what}, and it is the symbolic dimension `{dim}`"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "give `{symbol}` a number in the type of the input"

    kind: str
    what: str
    dim: str
    symbol: str
    found: str


@record
class AxisOutOfRange(Diagnostic):
    """An axis does not exist in the tensor.

    Axes are counted from 0; negative ones from the end, -1 being the last.
    """

    code: ClassVar[str] = "E404"
    message: ClassVar[str] = "`{kind}` has no axis {axis} in {found}"
    label: ClassVar[str] = "axes are {low} to {high}"
    remedy: ClassVar[str] = "write an axis from {low} to {high}"

    kind: str
    axis: int
    found: str
    low: int
    high: int


@record
class AxisMustBeWritten(Diagnostic):
    """The axis has a default that would be a guess for a tensor of this rank.

    The last axis of an image `[N, C, H, W]` is its width, which hardly anybody means; and axis 1 of a tensor of rank 3
    may be channels (`[N, C, L]`) or time (`[N, T, C]`). There the axis must be written.
    """

    code: ClassVar[str] = "E405"
    message: ClassVar[str] = "`{kind}` of {found} must say which axis it means"
    label: ClassVar[str] = "rank {rank}"
    remedy: ClassVar[str] = "write `axis=`, such as `axis={example}`"

    kind: str
    found: str
    rank: int
    example: int
