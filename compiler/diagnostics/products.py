"""What can be wrong where matrices are multiplied, and where tensors are stacked (E421 to E425)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .fixes import Fix, code_end, piping, replacing
from .forms import Forms, declare_otherwise
from .operands import ONE_NAME, UndecidedFit

_TRANSPOSED = "transpose the right side: `-> transpose({})`"


@record
class CannotStack(Diagnostic):
    """Tensors to be stacked do not have one shape.

    `stack` lays tensors of one shape along a new axis. Along an axis that they have, where their sizes may differ,
    `concat` joins them.

    ```nn
    input a: float32[N, 8, 16]
    input b: float32[N, 4, 16]
    output y = stack(a, b, axis=1)              # wrong: 8 and 4 on axis 1
    output z = concat(a, b, axis=1)             # [N, 12, 16]
    output u = stack(a[:, 0:4], b, axis=1)      # [N, 2, 4, 16]
    ```
    """

    code: ClassVar[str] = "E421"
    message: ClassVar[str] = (
        "`{kind}` needs one shape, not {left} and {right}: {left_dim} and {right_dim} on axis {axis}"
    )
    label: ClassVar[str] = "this is {right}"
    remedy: ClassVar[str] = "make the shapes equal; `concat` joins along an axis that the tensors have"

    kind: str
    left: str
    right: str
    left_dim: str
    right_dim: str
    axis: int


@record
class StackUndecided(UndecidedFit):
    """Whether tensors to be stacked have one shape depends on dimensions that are still symbolic.

    ```nn
    input a: float32[N, T]
    input b: float32[N, S]
    output y = stack(a, b, axis=1)      # wrong: is T equal to S?
    ```

    Give both axes one name, `float32[N, T]`, or numbers.
    """

    code: ClassVar[str] = "E422"
    message: ClassVar[str] = (
        "`{kind}` of {left} and {right} would have to know whether `{left_dim}` and `{right_dim}` "
        "on axis {axis} are equal"
    )


@record
class NotAMatrix(Diagnostic):
    """A single number stands where a matrix is multiplied.

    `a @ b` is the product of matrices, which have a row or a column at least. With a single number, and element by
    element, one multiplies by `*`.

    ```nn
    input x: float32[N, 8]
    input factor: float32[]
    output y = x @ factor           # wrong
    output z = x * factor
    ```
    """

    code: ClassVar[str] = "E423"
    message: ClassVar[str] = "`{kind}` multiplies matrices, and {found} is a single number"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "multiply by it with `*`"

    kind: str
    found: str

    def fix(self) -> Fix | None:
        """The other sign, where the operand stands behind it."""
        if self.span is None:
            return None
        sign = code_end(self.span.source, self.span.start) - 1
        is_sign = sign >= 0 and self.span.source.text[sign] == "@"
        return replacing(self.span.source.span(sign, sign + 1), "*") if is_sign else None


@record
class CannotMultiply(Diagnostic):
    """Two matrices do not fit: the left one must have as many columns as the right one has rows.

    Columns are the last axis; rows are the one before, or the only axis of a tensor of rank 1.

    ```nn
    input queries: float32[N, 10, 64]
    input keys: float32[N, 20, 64]
    output y = queries @ keys                               # wrong: 64 columns and 20 rows
    output z = queries @ (keys -> transpose([0, 2, 1]))     # [N, 10, 20]
    ```
    """

    code: ClassVar[str] = "E424"
    message: ClassVar[str] = "`{kind}` cannot multiply {left} and {right}: {columns} columns and {rows} rows"
    label: ClassVar[str] = "this is {right}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    left: str
    right: str
    columns: str
    rows: str
    order: str = ""

    @property
    def mend(self) -> str:
        """The transposition with which they fit, or what helps always."""
        if self.order:
            return _TRANSPOSED.format(self.order)
        return "make the last axis on the left equal to the last but one on the right; element by element, write `*`"

    def fix(self) -> Fix | None:
        """The transposition."""
        return piping(self.span, f"transpose({self.order})") if self.order else None


@record
class ProductUndecided(Diagnostic):
    """Whether two matrices fit depends on dimensions that are still symbolic.

    ```nn
    input a: float32[N, T]
    input b: float32[S, 8]
    output y = a @ b            # wrong: is T equal to S?
    ```

    Give both axes one name, `float32[N, T]` and `float32[T, 8]`, or numbers.
    """

    code: ClassVar[str] = "E425"
    message: ClassVar[str] = (
        "`{kind}` of {left} and {right} would have to know whether the {columns} columns are as many as the {rows} rows"
    )
    label: ClassVar[str] = "this is {right}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    left: str
    right: str
    columns: str
    rows: str
    order: str = ""
    forms: Forms = ()  #: forms of symbols with which it would be certain

    @property
    def mend(self) -> str:
        """The transposition with which they fit, other dimensions with which it is certain, or what helps always."""
        if self.order:
            return _TRANSPOSED.format(self.order)
        return declare_otherwise(self.forms) or ONE_NAME

    def fix(self) -> Fix | None:
        """The transposition."""
        return piping(self.span, f"transpose({self.order})") if self.order else None
