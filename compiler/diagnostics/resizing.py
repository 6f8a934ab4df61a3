"""What layers that give axes another size may find wrong: sizes, modes, padding, channels."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .demanded import SizeTooSmall
from .fixes import Fix, without_argument
from .forms import Forms, declare_otherwise_or
from .windows import channels_last_hint


@record
class AdaptiveWindowsUndecided(Diagnostic):
    """An adaptive pooling must know how its windows lie, and the size that it divides is symbolic.

    Of `n` positions, window `i` of `m` reads those from `floor(i * n / m)` up to `ceil((i + 1) * n / m)`. Where `m` is
    1, or certainly divides `n`, all windows are alike, whatever the symbols are; else `n` must be a number.

    ```nn
    input x: float32[N, 8, H, W]
    output y = x -> adaptive_avg_pool2d(7)          # wrong: does 7 divide H?
    output z = x -> adaptive_avg_pool2d(1)          # the mean of every channel
    ```

    Write the numbers in the type of the input (`float32[N, 8, 14, 14]`), or multiples: `float32[N, 8, 7 * H, 7 * W]`.
    """

    code: ClassVar[str] = "E457"
    message: ClassVar[str] = (
        "`{kind}` to {size} positions must know axis {axis} of {found}, and it is the symbolic dimension `{dim}`"
    )
    label: ClassVar[str] = "does {size} divide `{dim}`?"
    remedy: ClassVar[str] = "{otherwise}give `{symbol}` a number in the type of the input"

    kind: str
    found: str
    axis: int
    size: int
    dim: str
    symbol: str
    forms: Forms = ()  #: forms of symbols with which it would be known

    @property
    def otherwise(self) -> str:
        """The forms, as a remedy before another one."""
        return declare_otherwise_or(self.forms)


@record
class ModeOfOtherRank(Diagnostic):
    """The mode of `resize` or `upsample` is for tensors with another number of axes.

    As in PyTorch, `linear` is for sequences `[N, C, L]`, `bilinear` and `bicubic` are for images `[N, C, H, W]`, and
    `trilinear` is for volumes `[N, C, D, H, W]`; `nearest` is for all of them.

    ```nn
    input x: float32[N, 8, 16, 16]
    output y = x -> upsample(2, mode="linear")      # wrong: an image
    output z = x -> upsample(2, mode="bilinear")
    ```
    """

    code: ClassVar[str] = "E458"
    message: ClassVar[str] = '`{kind}` with mode "{mode}" reads {expected}, not {found}'
    label: ClassVar[str] = "this is {found}"
    remedy: ClassVar[str] = "write {modes}"

    kind: str
    mode: str
    expected: str
    found: str
    modes: str


@record
class NotOnePerAxis(Diagnostic):
    """A list has not as many entries as the tensor has spatial axes.

    Spatial axes are those behind `[N, C]`: one of a sequence, two of an image, three of a volume.

    ```nn
    input x: float32[N, 8, L]
    output y = x -> pad([1, 2])                     # wrong: two entries, one axis
    output z = x -> pad([[1, 2]])                   # one position before, two behind
    ```
    """

    code: ClassVar[str] = "E459"
    message: ClassVar[str] = "`{argument}` of `{kind}` has {entries}, and {found} has {axes} behind `[N, C]`"
    label: ClassVar[str] = "{entries}"
    remedy: ClassVar[str] = "write {wanted}, or one int for all axes"

    kind: str
    argument: str
    found: str
    count: int
    wanted_count: int

    @property
    def entries(self) -> str:
        """How many there are."""
        return "one entry" if self.count == 1 else f"{self.count} entries"

    @property
    def axes(self) -> str:
        """How many axes there are."""
        return "one axis" if self.wanted_count == 1 else f"{self.wanted_count} axes"

    @property
    def wanted(self) -> str:
        """How many there must be."""
        return "a list with one entry" if self.wanted_count == 1 else f"a list with {self.wanted_count} entries"


@record
class PaddingAsInPyTorch(NotOnePerAxis):
    """A list that PyTorch would take: before and after, one behind the other, the last axis first."""

    remedy: ClassVar[str] = "write {wanted}, or one int for all axes; PyTorch's list is `{written}` here, an axis each"

    written: str


@record
class EntriesOfWholeShape(NotOnePerAxis):
    """A list with an entry for each axis, those of examples and channels included."""

    remedy: ClassVar[str] = (
        "write {wanted}, or one int for all axes; `[N, C]` stay as they are, so leave out the first two entries"
    )


@record
class ArgumentWithoutUse(Diagnostic):
    """An argument means something with another `mode` only.

    `align_corners=` of `resize` says where the samples of the linear and cubic modes lie; `nearest` takes them from the
    position at or before. `value=` of `pad` is what the mode `constant` puts around; the others take what is there.

    ```nn
    input x: float32[N, 8, 16, 16]
    output y = x -> pad(1, mode="reflect", value=2.0)       # wrong: where would the 2 be?
    output z = x -> pad(1, value=2.0)
    ```
    """

    code: ClassVar[str] = "E460"
    message: ClassVar[str] = '`{argument}=` of `{kind}` means nothing with mode "{mode}"'
    label: ClassVar[str] = "not with this mode"
    remedy: ClassVar[str] = "leave `{argument}=` out, or write {modes}"

    kind: str
    argument: str
    mode: str
    modes: str

    def fix(self) -> Fix | None:
        """Without the argument; another mode may be meant."""
        return without_argument(self.span, self.argument)


@record
class PaddingExceedsInput(SizeTooSmall):
    """A tensor has not as many positions as are to be reflected or wrapped around it.

    Reflecting takes the positions behind the edge, one fewer than there are at the most; wrapping takes those at the
    other end, all of them at the most.

    ```nn
    input x: float32[N, 8, 3]
    output y = x -> pad(3, mode="reflect")          # wrong: 2 positions lie behind the edge
    output z = x -> pad(3, mode="wrap")
    output w = x -> pad(3, mode="edge")             # repeats the edge as often as it is written
    ```
    """

    code: ClassVar[str] = "E461"
    message: ClassVar[str] = (
        '`{kind}` with mode "{mode}" takes {amount} positions from axis {axis} of {found}, which needs {least} for that'
    )
    label: ClassVar[str] = "axis {axis} has {size}"
    remedy: ClassVar[str] = "pad by fewer positions, or with another mode"
    demanded_for: ClassVar[str] = '`{kind}` with mode "{mode}" takes {amount} positions'

    kind: str
    mode: str
    found: str
    axis: int
    amount: int
    least: int
    size: str


@record
class ChannelsMakeNoBlocks(Diagnostic):
    """The channels of an image cannot be laid out as blocks of positions.

    `pixel_shuffle(r)` makes a block of `r * r` positions out of as many channels.

    ```nn
    input x: float32[N, 18, 32, 32]
    output y = x -> pixel_shuffle(2)                # wrong: 18 / 4 leaves 2
    output z = x -> pixel_shuffle(3)                # [N, 2, 96, 96]
    ```
    """

    code: ClassVar[str] = "E462"
    message: ClassVar[str] = (
        "`{kind}` by {factor} needs a multiple of {factor}*{factor} = {block} channels, and {found} has {channels}"
    )
    label: ClassVar[str] = "{channels} is no multiple of {block}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    found: str
    factor: int
    channels: int
    order: str = ""  #: the `transpose` that makes it fit, where the channels may stand last

    @property
    def block(self) -> int:
        """Channels of one block."""
        return self.factor * self.factor

    @property
    def mend(self) -> str:
        """The numbers of channels around it."""
        below = self.channels // self.block * self.block
        choices = f"{below} or {below + self.block}" if below else str(self.block)
        return f"give the layer before it {choices} channels, or write another factor{channels_last_hint(self.order)}"
