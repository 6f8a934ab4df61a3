"""Expectations that do not hold, or cannot be judged (E7xx, W7xx)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from ..records import positional_record, record
from ..source import Span
from .base import Diagnostic, Label, Severity
from .forms import ticked

#: What is said between both sides of a comparison that is false.
_WORDS: Final[Mapping[str, str]] = {
    "==": "",
    "!=": "other than ",
    "<": "below ",
    "<=": "at most ",
    ">": "above ",
    ">=": "at least ",
}


@positional_record
class Comparison:
    """Both sides of a comparison, as text, and what the left one is called."""

    subject: str
    left: str
    operator: str
    right: str


@positional_record
class Made:
    """A node that makes a tensor, and its type."""

    place: Span | None
    name: str
    type: str


@positional_record
class Step:
    """A layer that takes a shape to another one."""

    name: str
    before: str
    after: str
    place: Span | None

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place is not None else ""
        return f"`{self.name}` takes {self.before} to {self.after}{where}"


@record
class _Failed(Diagnostic):
    """Base of expectations that do not hold."""

    message: ClassVar[str] = "this expectation does not hold: {sides}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "change the model, or state what is true"
    advises_callers: ClassVar[bool] = False

    comparison: Comparison | None = None  #: what is compared; None where a bool is stated
    made: Made | None = None  #: where the tensor in question is made
    way: tuple[Step, ...] = ()
    #: The block of the library that states it; empty for those of the user's own files.
    block: str = ""

    @property
    def sides(self) -> str:
        """What both sides are."""
        one = self.comparison
        return "it is false" if one is None else f"{one.subject} is {one.left}, not {_WORDS[one.operator]}{one.right}"

    @property
    def found(self) -> str:
        """What the left side is."""
        return "false" if self.comparison is None else f"is {self.comparison.left}"

    def headline(self) -> str:
        """Which one it is: those of the library do not stand at the primary place."""
        return f"an expectation of `{self.block}` does not hold: {self.sides}" if self.block else super().headline()

    def labels(self) -> tuple[Label, ...]:
        """Where the tensor in question is made."""
        made = self.made
        return () if made is None or made.place is None else (Label(made.place, f"`{made.name}` gives {made.type}"),)

    def notes(self) -> tuple[str, ...]:
        """How its shape came about."""
        return tuple(map(str, self.way))


@record
class ExpectationFailed(_Failed):
    """An `expect` is false.

    An expectation states what must hold at compile time: a parameter count, a budget, a shape. Both sides are shown.

    ```nn
    output features = x -> conv2d(8, kernel=3, stride=2, padding=1)
    expect features.shape == [N, 8, 16, 16]
    expect params == 61_482                 # wrong: there are 224
    expect macs <= 300M
    ```

    What a block of the library expects of its arguments is held against each call, before the block is looked at.

    Metrics are `params macs weights_bytes peak_activation_bytes longest_path receptive_field(tensor)`; costs are those
    of one example (`N = 1`), measured before optimization.
    """

    code: ClassVar[str] = "E701"


@record
class ExpectationFailedOtherwise(_Failed):
    """An `expect` is false for arguments other than the defaults.

    Expectations state facts about the default arguments; with others a false one is only a warning.
    """

    code: ClassVar[str] = "W701"
    severity: ClassVar[Severity] = Severity.WARNING


@record
class CostDependsOnDimension(Diagnostic):
    """A cost depends on a dimension that has no number.

    Costs are for one example, `N = 1`. Any other symbolic dimension must have a number for the cost to be one.
    """

    code: ClassVar[str] = "E702"
    message: ClassVar[str] = "`{metric}` depends on {symbols}: it is {formula}"
    label: ClassVar[str] = "no number while {symbols} is open"
    remedy: ClassVar[str] = "give {symbols} a number in the type of the input; only `N` is taken to be 1"

    metric: str
    names: tuple[str, ...]
    formula: str

    @property
    def symbols(self) -> str:
        """The dimensions."""
        return ticked(self.names)


@record
class CostTooComplex(CostDependsOnDimension):
    """A cost that is a formula of too many parts."""

    message: ClassVar[str] = "`{metric}` depends on {symbols}: it is too complex to write ({formula})"


@record
class NoCondition(Diagnostic):
    """An `expect` states no condition.

    ```nn
    expect params                 # wrong: what of it?
    expect params <= 5M
    ```
    """

    code: ClassVar[str] = "E703"
    message: ClassVar[str] = "an expectation must be true or false, and this is {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "compare it: `expect params == 61_482`"

    found: str


@record
class NoReceptiveField(Diagnostic):
    """`receptive_field` is asked of something without spatial axes."""

    code: ClassVar[str] = "E704"
    message: ClassVar[str] = "there is no receptive field: {clause}"
    label: ClassVar[str] = "here"
    remedy: ClassVar[str] = "ask it of a tensor `[N, C, H, W]`: `receptive_field(features)`"


@record
class FieldOfValue(NoReceptiveField):
    """The receptive field of something other than a tensor."""

    clause: ClassVar[str] = "this is {found}"

    found: str


@record
class FieldWithoutSpatialInput(NoReceptiveField):
    """The receptive field in a model whose inputs have no spatial axes."""

    clause: ClassVar[str] = "no input has spatial axes"


@record
class FieldTooComplex(NoReceptiveField):
    """A receptive field that is a dimension of too many parts."""

    clause: ClassVar[str] = "it would be {limit}"

    limit: str  #: the limit that it exceeds, in the words of what keeps it
