"""What recurrent layers may find wrong with their operands and attributes."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .fixes import Fix, without_argument
from .windows import transposed_behind


@record
class InitialStateMismatch(Diagnostic):
    """An initial state of a recurrent layer has another type than the states of the layer.

    Initial and final states are `[layers * directions, N, units]` in the order layer 0 forward, layer 0
    backward, layer 1 forward, and so on, with the element type of the sequence.

    ```nn
    input x: float32[N, T, 16]
    input state: float32[N, 64]
    output y = x -> gru(64, initial_h=state)                          # wrong: two axes
    output z = x -> gru(64, initial_h=state -> unsqueeze(axis=0))     # [1, N, 64]
    ```
    """

    code: ClassVar[str] = "E470"
    message: ClassVar[str] = "`{kind}` needs {expected} as `{operand}`, not {found}"
    label: ClassVar[str] = "this is {found}"
    remedy: ClassVar[str] = (
        "a state is [layers * directions, N, units], here [{count}, {batch}, {units}], layer 0 forward first"
    )

    kind: str
    operand: str
    expected: str
    found: str
    count: str
    batch: str
    units: str


@record
class LengthsMismatch(Diagnostic):
    """The lengths of a recurrent layer are not one number per example.

    `lengths=` is a tensor `[N]` of ints: how many steps of each example are valid, from the first one on.

    ```nn
    input x: float32[N, T, 16]
    input mask: int64[N, T]
    input lengths: int64[N]
    output y = x -> lstm(64, lengths=mask)        # wrong: a number per step
    output z = x -> lstm(64, lengths=lengths)
    ```
    """

    code: ClassVar[str] = "E471"
    message: ClassVar[str] = "`{kind}` of {sequence} needs {expected} as `lengths`, not {found}"
    label: ClassVar[str] = "this is {found}"
    remedy: ClassVar[str] = "give one int per example: how many of its steps are valid"

    kind: str
    sequence: str
    expected: str
    found: str


@record
class LooksChannelsFirst(Diagnostic):
    """A layer of sequences got one whose last axis has no number, while its middle axis has one.

    Recurrent layers and `multi_head_attention` read `[N, T, C]`, steps before channels, and the number of channels must
    be known. A tensor such as `float32[N, 64, L]` looks like `[N, C, L]`, which `conv1d` gives.

    ```nn
    input x: float32[N, 64, L]
    output y = x -> lstm(32)                              # wrong: L channels?
    output z = x -> transpose([0, 2, 1]) -> lstm(32)      # [N, L, 64]
    ```
    """

    code: ClassVar[str] = "E472"
    message: ClassVar[str] = (
        "`{kind}` reads [N, T, C] and must know the channels, but the last axis of {found} is `{last}`"
    )
    label: ClassVar[str] = "{found} looks like [N, C, L]"
    remedy: ClassVar[str] = (
        "write `-> transpose([0, 2, 1])` before it, or give `{symbol}` a number if it counts channels"
    )

    kind: str
    found: str
    last: str
    symbol: str

    def fix(self) -> Fix | None:
        """The transposition behind the operand."""
        return transposed_behind(self.span, "[0, 2, 1]")


@record
class MergeWithoutDirections(Diagnostic):
    """`merge="sum"` stands where there is only one direction, so that nothing could be added.

    ```nn
    output y = x -> lstm(64, merge="sum")                         # wrong: one direction
    output z = x -> lstm(64, bidirectional=true, merge="sum")
    ```
    """

    code: ClassVar[str] = "E473"
    message: ClassVar[str] = '`{kind}` has one direction, so `merge="{merge}"` has nothing to merge'
    label: ClassVar[str] = "there is one direction"
    remedy: ClassVar[str] = "write `bidirectional=true`, or leave `merge` out"

    kind: str
    merge: str

    def fix(self) -> Fix | None:
        """Without the argument; two directions may be meant."""
        return without_argument(self.span, "merge")


@record
class RecurrentBiasWithoutBias(Diagnostic):
    """`recurrent_bias=true` asks for a second bias vector where `bias=false` allows none.

    ```nn
    output y = x -> lstm(64, bias=false, recurrent_bias=true)     # wrong: none or two?
    output z = x -> lstm(64, recurrent_bias=true)                 # two, as in PyTorch
    ```
    """

    code: ClassVar[str] = "E474"
    message: ClassVar[str] = "`{kind}` cannot have a recurrent bias with `bias=false`"
    label: ClassVar[str] = "a second bias vector"
    remedy: ClassVar[str] = "leave out `recurrent_bias=true` for no bias, or `bias=false` for two vectors"

    kind: str

    def fix(self) -> Fix | None:
        """Without the second vector; two may be meant."""
        return without_argument(self.span, "recurrent_bias")
