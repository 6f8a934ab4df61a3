"""What can be wrong with `max`, `min` and `sum`, functions of values and layers of one tensor (E327, E328)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from ..records import record
from ..source import Span
from .base import Diagnostic
from .fixes import Fix, Safety, replacing, without_argument

#: What is meant of several tensors, for the functions whose layers reduce one.
_OF_TENSORS: Final[Mapping[str, str]] = {
    "max": "the greater of two tensors, element by element, is `maximum(a, b)`",
    "min": "the smaller of two tensors, element by element, is `minimum(a, b)`",
    "sum": "the sum of tensors is `a + b`",
}
#: The layers of two tensors that are meant.
_OF_TWO: Final[Mapping[str, str]] = {"max": "maximum", "min": "minimum"}


@record
class ReductionOfSeveral(Diagnostic):
    """`max`, `min` or `sum` is given several tensors.

    Of compile-time values these are functions of any number of them. Of a tensor they are layers, which reduce one
    tensor along axes; what combines two tensors element by element has another name or sign.

    ```nn
    input a: float32[N, 8]
    input b: float32[N, 8]
    output y = max(a, b)                # wrong
    output z = maximum(a, b)            # [N, 8]
    output greatest = max(a, axis=1)    # [N]
    output total = a + b                # not sum(a, b)
    ```
    """

    code: ClassVar[str] = "E327"
    message: ClassVar[str] = "`{kind}` reduces one tensor along axes, and it is given {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "{hint}; of one tensor write `x -> {kind}(axis=…)`"

    kind: str
    found: str
    are_two: bool = False  #: exactly two tensors, and nothing else

    @property
    def hint(self) -> str:
        """What combines several."""
        return _OF_TENSORS[self.kind]

    def fix(self) -> Fix | None:
        """The layer that combines two tensors element by element."""
        if not self.are_two or self.kind not in _OF_TWO or self.span is None:
            return None
        if not self.span.text.startswith(self.kind):
            return None
        name = self.span.source.span(self.span.start, self.span.start + len(self.kind))
        return replacing(name, _OF_TWO[self.kind])


@record
class ArgumentOfLayer(Diagnostic):
    """An argument of a layer is written where its name means the function of compile-time values.

    `min`, `max` and `sum` reduce a list as a whole; only of a tensor there are axes to choose from.

    ```nn
    const WIDTHS = [16, 32]
    const WIDEST = max(WIDTHS, axis=0)      # wrong
    ```

    ```nn
    const WIDTHS = [16, 32]
    const WIDEST = max(WIDTHS)
    ```
    """

    code: ClassVar[str] = "E328"
    message: ClassVar[str] = (
        "`{name}=` belongs to the layer `{kind}`, which is applied to a tensor, and this is {found}"
    )
    label: ClassVar[str] = "of the layer"
    remedy: ClassVar[str] = "leave it out: of compile-time values, `{kind}` takes all there are"

    kind: str
    name: str
    found: str
    argument: Span

    def fix(self) -> Fix | None:
        """Without the argument."""
        return without_argument(self.argument, safety=Safety.SAFE)
