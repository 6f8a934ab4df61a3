"""What convolutions and poolings may find wrong: windows, padding, groups, the order of axes."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from ..source import Span
from .base import Diagnostic, Label
from .demanded import SizeTooSmall
from .fixes import Fix, Safety, inserting, replacing, without_argument
from .forms import Forms, declare_otherwise_or
from .shapes import made_label

#: Divisors are looked for up to here only, so that no number of channels takes long.
_LARGEST_GROUPS_SHOWN = 64


def channels_last_hint(order: str) -> str:
    """A further remedy: the ``transpose`` that makes it fit, where the channels may stand last; empty for none."""
    if not order:
        return ""
    return f"; if the last axis holds the channels, put `transpose({order})` first"


def _operand_label(diagnostic: Diagnostic, operand: Span | None, found: str) -> tuple[Label, ...]:
    """What made the operand, or where that is not known, the operand."""
    made = made_label(diagnostic, 0, found)
    return made or ((Label(operand, f"this is {found}"),) if operand is not None else ())


def _instead_of(place: Span | None, written: str, number: str) -> Fix | None:
    """The fix that writes another number, where the place holds the one and nothing else."""
    is_there = place is not None and place.text == written
    return replacing(place, number, Safety.UNSAFE) if is_there else None


def transposed_behind(operand: Span | None, order: str) -> Fix | None:
    """The fix that transposes an operand, of which the place is the last stage or the whole."""
    if operand is None:
        return None
    return inserting(operand.source, operand.end, f" -> transpose({order})", Safety.UNSAFE)


@record
class WindowTooLarge(SizeTooSmall):
    """A window is larger than the padded input that it slides over, so that there is no output.

    Along each axis a window spans `dilation * (kernel - 1) + 1` positions, and must fit into the input with
    its padding. With `ceil=true` the last window of a pooling may overhang the end by at most `stride - 1`.

    ```nn
    input x: float32[N, 8, 4, 4]
    output y = x -> conv2d(16, kernel=5)                # wrong: 5 positions do not fit into 4
    output z = x -> conv2d(16, kernel=5, padding=2)     # 2 + 4 + 2 = 8 positions
    ```

    Often there are simply too many poolings or strides before, or the channels stand last: layers read
    `[N, C, H, W]`.
    """

    code: ClassVar[str] = "E410"
    message: ClassVar[str] = "the window of `{kind}` spans {span_text} along axis {axis}, where {found} has {positions}"
    label: ClassVar[str] = "spans {span_text}"
    demanded_for: ClassVar[str] = "the window of `{kind}` spans {extent} positions"
    remedy: ClassVar[str] = "use a smaller {knobs}, more `padding`, or fewer strides and poolings before it{hint}"

    kind: str
    found: str
    axis: int
    kernel: int
    dilation: int
    stride: int
    before: int
    after: int
    size: str
    padded: str
    ceil: bool = False
    order: str = ""  #: the `transpose` that makes it fit, where the channels may stand last
    operand: Span | None = None

    @property
    def extent(self) -> int:
        """Positions from the first to the last that the window reads."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def span_text(self) -> str:
        """``5``, or the sum that makes it."""
        if self.dilation == 1:
            return f"{self.extent} positions"
        return f"{self.dilation}*({self.kernel} - 1) + 1 = {self.extent} positions"

    @property
    def positions(self) -> str:
        """What there is along the axis, padding included."""
        if not self.before and not self.after:
            return self.size
        return f"{self.before} + {self.size} + {self.after} = {self.padded} with padding"

    @property
    def knobs(self) -> str:
        """The attributes that make the window large."""
        return "`kernel`" if self.dilation == 1 else "`kernel` or `dilation`"

    @property
    def hint(self) -> str:
        """What else it may be."""
        return channels_last_hint(self.order)

    def labels(self) -> tuple[Label, ...]:
        """The operand."""
        return _operand_label(self, self.operand, self.found)

    def notes(self) -> tuple[str, ...]:
        """How far a last window may overhang."""
        if not self.ceil:
            return ()
        return (f"with `ceil=true` the last window may overhang by stride - 1 = {self.stride - 1}",)


@record
class FiltersNotDivisible(Diagnostic):
    """The filters of a grouped convolution cannot be shared out evenly.

    Each of the `groups` makes `filters / groups` output channels from its own part of the input channels.

    ```nn
    input x: float32[N, 8, 32, 32]
    output y = x -> conv2d(18, kernel=3, groups=4)      # wrong: 18 / 4 leaves 2
    output z = x -> conv2d(20, kernel=3, groups=4)      # 5 filters per group
    ```
    """

    code: ClassVar[str] = "E411"
    message: ClassVar[str] = "`{kind}` cannot share {filters} filters among {groups} groups: {filters} = {arithmetic}"
    label: ClassVar[str] = "no multiple of {groups}"
    remedy: ClassVar[str] = "use {choices}, or another `groups`"

    kind: str
    filters: int
    groups: int
    groups_span: Span | None = None

    @property
    def arithmetic(self) -> str:
        """The division with its remainder."""
        return f"{self.filters // self.groups}*{self.groups} + {self.filters % self.groups}"

    @property
    def choices(self) -> str:
        """The multiples around it."""
        below = self.filters // self.groups * self.groups
        above = below + self.groups
        return f"{below} or {above} filters" if below else f"{above} filters"

    def labels(self) -> tuple[Label, ...]:
        """Where the groups are said."""
        return (Label(self.groups_span, f"{self.groups} groups"),) if self.groups_span is not None else ()


@record
class ChannelsNotDivisible(Diagnostic):
    """The channels of the input cannot be shared out evenly among groups.

    Each of the `groups` of a convolution, of `group_norm` or of `channel_shuffle` has `C / groups` channels; axis 1
    holds them.

    ```nn
    input x: float32[N, 10, 32, 32]
    output y = x -> conv2d(16, kernel=3, groups=4)      # wrong: 10 / 4 leaves 2
    output z = x -> conv2d(16, kernel=3, groups=2)      # 5 channels per group
    ```
    """

    code: ClassVar[str] = "E412"
    message: ClassVar[str] = (
        "`{kind}` cannot share the {channels} channels of {found} among {groups} groups: {channels} = {arithmetic}"
    )
    label: ClassVar[str] = "{groups} does not divide {channels}"
    remedy: ClassVar[str] = "use a `groups` that divides {channels}: {choices}{hint}"

    kind: str
    found: str
    channels: int
    groups: int
    order: str = ""  #: the `transpose` that makes it fit, where the channels may stand last
    operand: Span | None = None

    @property
    def arithmetic(self) -> str:
        """The division with its remainder."""
        return f"{self.channels // self.groups}*{self.groups} + {self.channels % self.groups}"

    @property
    def choices(self) -> str:
        """Up to six divisors, the nearest ones to what was written."""
        small = [one for one in range(1, _LARGEST_GROUPS_SHOWN + 1) if self.channels % one == 0]
        nearest = sorted(small, key=lambda one: abs(one - self.groups))[:6]
        return ", ".join(map(str, sorted(nearest)))

    @property
    def hint(self) -> str:
        """What else it may be."""
        return channels_last_hint(self.order)

    def labels(self) -> tuple[Label, ...]:
        """The operand."""
        return _operand_label(self, self.operand, self.found)


@record
class SamePaddingUndecided(Diagnostic):
    """`padding="same"` with a stride needs a dimension that is still symbolic.

    The output of `"same"` is `ceil(n / stride)`. With a stride, how much padding that takes depends on `n`:
    an even size needs another amount than an odd one. A dimension that cannot be decided is never guessed.

    ```nn
    input x: float32[N, 3, H, W]
    output y = x -> conv2d(8, kernel=3, stride=2, padding="same")   # wrong: is H even?
    output z = x -> conv2d(8, kernel=3, stride=2, padding=1)        # PyTorch's way, for every H
    ```

    Write the number in the type of the input (`float32[N, 3, 224, 224]`) or a multiple of the stride (`float32[N, 3,
    2 * H, 2 * W]`, which takes even sizes only), or write the padding out. With
    stride 1 the padding is the same for every size, and symbolic dimensions are fine.
    """

    code: ClassVar[str] = "E413"
    message: ClassVar[str] = (
        '`padding="same"` with stride {stride} must know axis {axis} of {found}, and it is the symbolic '
        "dimension `{dim}`"
    )
    label: ClassVar[str] = "takes {total} positions"
    remedy: ClassVar[str] = (
        "{otherwise}give `{symbol}` a number in the type of the input, or write the padding out: `padding={example}`"
    )

    kind: str
    found: str
    axis: int
    stride: int
    dim: str
    symbol: str
    total: str
    example: str
    forms: Forms = ()  #: forms of symbols with which it would be known
    operand: Span | None = None

    @property
    def otherwise(self) -> str:
        """The forms, as a remedy before another one."""
        return declare_otherwise_or(self.forms)

    def fix(self) -> Fix | None:
        """The padding as numbers, which for even sizes differ."""
        return _instead_of(self.span, '"same"', self.example)

    def labels(self) -> tuple[Label, ...]:
        """The operand."""
        return _operand_label(self, self.operand, self.found)


@record
class PoolPaddingTooLarge(Diagnostic):
    """A pooling pads by more than half of its kernel.

    A window could then lie wholly in the padding, where there is nothing to pool. PyTorch has the same rule.

    ```nn
    input x: float32[N, 8, 32, 32]
    output y = x -> max_pool2d(3, stride=2, padding=2)              # wrong: at most 3 // 2 = 1
    output z = x -> max_pool2d(3, stride=2, padding=1)
    ```
    """

    code: ClassVar[str] = "E414"
    message: ClassVar[str] = (
        "`{kind}` pads axis {axis} by {amount}, more than half of its kernel: {kernel} // 2 = {limit}"
    )
    label: ClassVar[str] = "at most {limit} here"
    remedy: ClassVar[str] = "use a padding of at most {limit}, or a larger kernel"

    kind: str
    axis: int
    amount: int
    kernel: int

    @property
    def limit(self) -> int:
        """The most that may be padded."""
        return self.kernel // 2

    def fix(self) -> Fix | None:
        """The most that may be padded."""
        return _instead_of(self.span, str(self.amount), str(self.limit))


@record
class WindowInPadding(SizeTooSmall):
    """A dilated pooling window steps over the whole input and reads nothing but padding.

    A dilated window reads positions that are `dilation` apart. Where the input is shorter than that step, a window
    that starts in the padding may miss the input altogether; its maximum would be minus infinity.

    ```nn
    input x: float32[N, 8, 2]
    output y = x -> max_pool1d(2, stride=1, padding=1, dilation=3)  # wrong: reads positions -1 and 2 of 0, 1
    output z = x -> max_pool1d(2, stride=1, padding=1, dilation=2)
    ```
    """

    code: ClassVar[str] = "E415"
    message: ClassVar[str] = (
        "a window of `{kind}` may miss the input: along axis {axis} it reads positions {dilation} apart, "
        "and {found} has only {size}"
    )
    label: ClassVar[str] = "a step of {dilation} over {size}"
    demanded_for: ClassVar[str] = "`{kind}` steps by {dilation} positions"
    remedy: ClassVar[str] = "use a `dilation` of at most {size}, or no padding along that axis"

    kind: str
    found: str
    axis: int
    dilation: int
    size: str


@record
class ChannelsLast(Diagnostic):
    """A tensor looks as if its channels stood last, and the layer reads them from axis 1.

    Convolutions, poolings and normalizations of channels read `[N, C, *spatial]`; recurrent layers and embeddings
    speak `[N, T, C]`, and Keras writes images as `[N, H, W, C]`. A tensor whose last axis is a number while all
    between it and the first are symbolic is of that second form, and sliding a window over its channels, or taking
    time for them, would be wrong without any other sign.

    ```nn
    input words: int64[N, T]
    embedded = words -> embedding(1000, dim=64)                     # [N, T, 64]
    output y = embedded -> conv1d(32, kernel=3)                     # wrong
    output z = embedded -> transpose([0, 2, 1]) -> conv1d(32, kernel=3)
    ```
    """

    code: ClassVar[str] = "E416"
    message: ClassVar[str] = (
        "`{kind}` reads {expected}, and {found} looks like {looks}: axis 1 is symbolic, the last axis is {last}"
    )
    label: ClassVar[str] = "this is {found}"
    remedy: ClassVar[str] = "put `transpose({order})` before it; or give axis 1 a number, if it does hold the channels"

    kind: str
    expected: str
    looks: str
    found: str
    last: int
    order: str

    def fix(self) -> Fix | None:
        """The transposition behind the operand."""
        return transposed_behind(self.span, self.order)


@record
class OutputPaddingTooLarge(Diagnostic):
    """The `output_padding` of a transposed convolution is as large as its stride and its dilation, or larger.

    It tells apart the inputs of a strided convolution that give one size: there are `stride` of them. What is added
    beyond that is read by no filter. PyTorch and ONNX have the same rule.

    ```nn
    input x: float32[N, 8, 14, 14]
    output y = x -> conv_transpose2d(4, kernel=3, stride=2, padding=1, output_padding=2)   # wrong: at most 1
    output z = x -> conv_transpose2d(4, kernel=3, stride=2, padding=1, output_padding=1)   # 28 x 28
    ```
    """

    code: ClassVar[str] = "E453"
    message: ClassVar[str] = (
        "the `output_padding` of `{kind}` is {added} along axis {axis}, and must be below its stride ({stride}) or its "
        "dilation ({dilation})"
    )
    label: ClassVar[str] = "at most {limit} here"
    remedy: ClassVar[str] = "use {choice}, or a larger stride"

    kind: str
    axis: int
    added: int
    stride: int
    dilation: int

    @property
    def limit(self) -> int:
        """The most that may be added."""
        return max(self.stride, self.dilation) - 1

    def fix(self) -> Fix | None:
        """The most that may be added."""
        return _instead_of(self.span, str(self.added), str(self.limit))

    @property
    def choice(self) -> str:
        """What may be written."""
        return f"an `output_padding` of at most {self.limit}" if self.limit else "no `output_padding`"


@record
class OutputPaddingWithSame(Diagnostic):
    """A transposed convolution has `padding="same"`, which says its size, and an `output_padding` besides.

    `"same"` gives `n * stride` positions, and adds what that takes by itself. Keras, where both may be written, has
    other sizes then: `n * stride` becomes `(n - 1)*stride + kernel - 2*(kernel // 2) + output_padding`.

    ```nn
    input x: float32[N, 8, 14, 14]
    output y = x -> conv_transpose2d(4, kernel=3, stride=2, padding="same", output_padding=1)   # wrong
    output z = x -> conv_transpose2d(4, kernel=3, stride=2, padding="same")                     # 28 x 28
    output w = x -> conv_transpose2d(4, kernel=3, stride=2, padding=1, output_padding=1)        # PyTorch's 28 x 28
    ```
    """

    code: ClassVar[str] = "E454"
    message: ClassVar[str] = '`{kind}` has both `padding="same"`, which gives `n * stride`, and `output_padding`'
    label: ClassVar[str] = "one too many"
    remedy: ClassVar[str] = "leave `output_padding` out, or write the padding out as numbers"

    kind: str
    padding_span: Span | None = None

    def fix(self) -> Fix | None:
        """Without `output_padding`."""
        return without_argument(self.span, "output_padding")

    def labels(self) -> tuple[Label, ...]:
        """The padding."""
        return (Label(self.padding_span, "this says the size already"),) if self.padding_span is not None else ()


@record
class NothingLeft(SizeTooSmall):
    """The `padding` of a transposed convolution, which cuts off the ends of its result, leaves nothing of it.

    The windows of `n` positions cover `(n - 1)*stride + dilation*(kernel - 1) + 1`, to which `output_padding` is added.

    ```nn
    input x: float32[N, 8, 2]
    output y = x -> conv_transpose1d(4, kernel=3, stride=2, padding=3)   # wrong: 5 positions, of which 6 are cut off
    output z = x -> conv_transpose1d(4, kernel=3, stride=2, padding=1)   # 3 positions
    ```
    """

    code: ClassVar[str] = "E455"
    message: ClassVar[str] = "`{kind}` cuts {before} + {after} positions off axis {axis}, where {found} gives {covered}"
    label: ClassVar[str] = "leaves nothing"
    demanded_for: ClassVar[str] = "`{kind}` cuts off {cut} positions of its result"
    remedy: ClassVar[str] = "use less `padding`, or at least {least} positions along axis {axis} of its input"

    kind: str
    found: str
    axis: int
    covered: str
    before: int
    after: int
    least: int
    operand: Span | None = None

    @property
    def cut(self) -> int:
        """Positions that are cut off."""
        return self.before + self.after

    def labels(self) -> tuple[Label, ...]:
        """The operand."""
        return _operand_label(self, self.operand, self.found)
