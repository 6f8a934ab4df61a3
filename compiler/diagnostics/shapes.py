"""What every layer may find wrong with its operands: rank, element type, undecided dimensions."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Label
from .phrases import filled


def made_label(diagnostic: Diagnostic, operand: int, found: str) -> tuple[Label, ...]:
    """Where an operand of some type was made, if that is known and is not the place of the diagnostic."""
    step = None if diagnostic.background is None else diagnostic.background.maker(operand)
    if step is None or step.place is None or step.place == diagnostic.span:
        return ()
    if step.kind == "input":
        return (Label(step.place, f"declared {found}"),)
    # Of what a block of the library made, the place is its call.
    subject = f"`{step.name}`" if step.place.text == step.name else "this"
    return (Label(step.place, f"{subject} makes {found}"),)


@record
class OperandAtFault(Diagnostic):
    """Base of tensors that a layer cannot read: told at its name where they are piped into it, else where they stand.

    Attributes:
        place: the index of the operand.
        at_layer: whether the primary place is the name of the layer, and not the operand.
    """

    #: What stands beside the caret at the name of the layer.
    refusal: ClassVar[str] = "cannot read {found}"

    kind: str
    found: str
    place: int = 0
    at_layer: bool = False

    def caret(self) -> str:
        """What the place is."""
        return filled(self.refusal, self) if self.at_layer else super().caret()

    def labels(self) -> tuple[Label, ...]:
        """What made the operand."""
        return made_label(self, self.place, self.found)


@record
class WrongRank(OperandAtFault):
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
    remedy: ClassVar[str] = "bring the tensor to that form with `reshape`, `transpose`, `unsqueeze` or `flatten`"

    expected: str  #: the form: `[N, C, H, W]`


@record
class SpatialRank(WrongRank):
    """A tensor with another number of spatial axes, or without channels."""

    remedy: ClassVar[str] = "{mend}"

    lacks_channels: bool
    batch: str = ""  #: the type with an axis for the examples, where the first one may be channels
    sibling: str = ""  #: the layer for as many spatial axes as there are
    sibling_form: str = ""  #: what that one reads

    @property
    def mend(self) -> str:
        """What makes it fit, or which layer it fits."""
        channels = "a missing channel axis is added by `unsqueeze(axis=1)`" if self.lacks_channels else ""
        if self.batch:
            channels = f"the first axis is that of the examples, and seems to be missing: `{self.batch}`"
        sibling = f"`{self.sibling}` reads {self.sibling_form}" if self.sibling else ""
        return "; ".join(filter(None, (channels, sibling))) or filled(WrongRank.remedy, self)


@record
class WithoutSpatialAxes(WrongRank):
    """A tensor without spatial axes where whole channels are dropped."""

    remedy: ClassVar[str] = "without spatial axes there is nothing that belongs together: use `dropout`"


@record
class SpatialAxesOfChannels(WrongRank):
    """A tensor without spatial axes, or with too many, where each channel is normalized by itself."""

    expected: str = "[N, C, *spatial] with one to three spatial axes"


@record
class NoSequence(WrongRank):
    """A tensor of fewer than two axes in the place of a sequence."""

    remedy: ClassVar[str] = "sequences have at least two axes"


@record
class MaskOfOtherRank(WrongRank):
    """A mask of an attention of another rank than there are."""

    expected: str = "a mask [T, S], [N, T, S] or [N, heads, T, S]"


@record
class MaskOfMoreAxes(WrongRank):
    """A mask of an attention of more axes than its scores."""

    message: ClassVar[str] = "`{kind}` reads a mask for scores {expected}, not {found}"
    remedy: ClassVar[str] = "leave out leading axes, or `squeeze` them"


@record
class ScalarWithoutAxes(WrongRank):
    """A single number where an axis is named."""

    remedy: ClassVar[str] = "a scalar has no axes"
    expected: str = "a tensor with at least one axis"


@record
class TooManyAxes(WrongRank):
    """Base of results that would have more axes than tensors may."""

    expected: str = ""
    most: int


@record
class TooManyAdded(TooManyAxes):
    """More axes added than tensors may have."""

    message: ClassVar[str] = "`{kind}` reads a tensor that then has at most {most} axes, not {found}"
    remedy: ClassVar[str] = "add fewer axes"


@record
class TooManyToStack(TooManyAxes):
    """Tensors that have as many axes as tensors may."""

    message: ClassVar[str] = "`{kind}` reads tensors of at most {most} axes, not {found}"
    remedy: ClassVar[str] = "reshape the parts to fewer axes first"


@record
class NotASequence(WrongRank):
    """A tensor that is no `[N, T, C]`, with too many axes, or one."""

    remedy: ClassVar[str] = (
        "`reshape` it to three axes first; where they are [N, C, L], as `conv1d` gives, "
        "`-> transpose([0, 2, 1])` makes them [N, T, C]"
    )


@record
class IdsAsSequence(WrongRank):
    """Ids that nothing has looked up."""

    remedy: ClassVar[str] = "look ids up first: `-> embedding(vocabulary, dim=...)` gives [N, T, C]"


@record
class StepAsSequence(WrongRank):
    """A single step."""

    remedy: ClassVar[str] = "`-> unsqueeze(axis=1)` reads it as sequences of one step"


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
    is_whole: bool
    least: str
    greatest: str

    @property
    def wanted(self) -> str:
        """What the elements can be."""
        return f"a {'whole number' if self.is_whole else 'number'} from {self.least} to {self.greatest}"


@record
class UndecidedDimension(OperandAtFault):
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
    refusal: ClassVar[str] = "needs a number"
    remedy: ClassVar[str] = "give `{symbol}` a number in the type of the input"
    what: ClassVar[str] = ""  #: what must be known

    dim: str
    symbol: str


@record
class UndecidedChannels(UndecidedDimension):
    """A number of channels."""

    what: ClassVar[str] = "the number of channels"


@record
class UndecidedLastChannels(UndecidedDimension):
    """A number of channels, which stand last."""

    what: ClassVar[str] = "the number of channels, the last axis"


@record
class UndecidedFeatures(UndecidedDimension):
    """A number of features."""

    what: ClassVar[str] = "the number of features"


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
    remedy: ClassVar[str] = "{flat}write `axis=`, such as `axis={example}`"

    kind: str
    found: str
    rank: int
    example: int

    def labels(self) -> tuple[Label, ...]:
        """What made the operand."""
        return made_label(self, 0, self.found)

    @property
    def flat(self) -> str:
        """What is meant of an image mostly, where features are wanted."""
        is_image = self.kind == "dense" and self.rank >= 4
        return "make one axis of all features, `-> flatten -> dense(…)`; for a product at every position " * is_image
