"""What attention layers may find wrong with their operands and attributes."""

from __future__ import annotations

import math
import re
from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .fixes import Fix, Safety, code_end, piping, replacing
from .forms import Forms, declare_otherwise
from .operands import ONE_NAME


def _or_transposed(name: str, order: str) -> str:
    """A further remedy where the last axis but one has as many channels as are needed; empty for none."""
    return f"; if the channels of `{name}` stand last but one, put `-> transpose({order})` behind it" if order else ""


@record
class AttentionMismatch(Diagnostic):
    """Queries, keys and values do not fit together.

    A query is compared with a key by the product of their numbers, so both have as many channels. What is found is a
    mean of the values, so there is one value for each key. In `attention`, values may have another number of channels;
    `multi_head_attention` reads all three in one width, the heads' parts of which it computes itself (PyTorch's `kdim`
    and `vdim`, and the two widths of Keras's layer, are a `dense` before it).

    ```nn
    input words: float32[N, T, 64]
    input image: float32[N, 49, 128]
    output y = words -> multi_head_attention(4, key=image)                  # wrong: 128 channels, not 64
    output z = words -> multi_head_attention(4, key=image -> dense(64))
    ```
    """

    code: ClassVar[str] = "E475"
    message: ClassVar[str] = (
        "`{kind}` needs as many {things} in `{right_name}` as in `{left_name}`: {right} has {right_dim}, and {left} "
        "has {left_dim}"
    )
    label: ClassVar[str] = "{right_dim} {things}, not {left_dim}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    things: str
    left_name: str
    left: str
    left_dim: str
    right_name: str
    right: str
    right_dim: str
    right_rank: int
    order: str = ""

    @property
    def mend(self) -> str:
        """How both become the same; a dense layer has a known number of units, and from rank 4 on a written axis."""
        if self.things == "channels":
            stage = f": `-> {self._stage}`" if self._stage else ""
            return f"bring it to {self.left_dim} channels first{stage}{_or_transposed(self.right_name, self.order)}"
        return f"take `{self.right_name}` from the same sequence as `{self.left_name}`: each key has one value"

    @property
    def _stage(self) -> str:
        """The layer that brings one to the channels of the other, where they are a number."""
        axis = ", axis=-1" if self.right_rank > 3 else ""
        return f"dense({self.left_dim}{axis})" if self.left_dim.isdecimal() else ""

    def fix(self) -> Fix | None:
        """The layer, which has weights of its own."""
        return piping(self.span, self._stage) if self.things == "channels" and self._stage else None


@record
class AttentionUndecided(Diagnostic):
    """Whether queries, keys and values fit together depends on dimensions that are still symbolic.

    ```nn
    input query: float32[N, T, 64]
    input key: float32[N, S, 64]
    input value: float32[N, R, 32]
    output y = attention(query, key, value)      # wrong: is R equal to S?
    ```

    Give both axes one name, `float32[N, S, 32]`, or numbers.
    """

    code: ClassVar[str] = "E476"
    message: ClassVar[str] = (
        "`{kind}` needs as many {things} in `{right_name}` as in `{left_name}`, and would have to know whether "
        "`{right_dim}` of {right} is `{left_dim}` of {left}"
    )
    label: ClassVar[str] = "perhaps not {left_dim} {things}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    things: str
    left_name: str
    left: str
    left_dim: str
    right_name: str
    right: str
    right_dim: str
    forms: Forms = ()  #: forms of symbols with which it would be certain
    order: str = ""

    @property
    def mend(self) -> str:
        """Other dimensions with which it would be certain, or what helps always."""
        mend = declare_otherwise(self.forms) or ONE_NAME
        return mend + _or_transposed(self.right_name, self.order)


@record
class MaskMismatch(Diagnostic):
    """A mask does not fit the scores of an attention.

    There is a score for every query and every key. A mask has as many axes as the scores or fewer, aligned at the last
    ones, and each of its axes has the size of theirs or 1. `multi_head_attention` takes `[T, S]`, one for all, `[N, T,
    S]`, one for each example, or `[N, heads, T, S]`.

    A mask that says which positions of each example count, `[N, S]`, lacks the axis of the queries.

    ```nn
    input x: float32[N, 20, 64]
    input valid: bool[N, 19]
    input counts: bool[N, 20]
    output y = x -> multi_head_attention(4, mask=valid -> unsqueeze(axis=1))     # wrong: 19 of 20 keys
    output z = x -> multi_head_attention(4, mask=counts -> unsqueeze(axis=1))    # [N, 1, 20]
    ```
    """

    code: ClassVar[str] = "E477"
    message: ClassVar[str] = (
        "`{kind}` has scores {scores}, which the mask {mask} does not fit: axis {axis} of it is {found_dim}, not "
        "{wanted_dim} or 1"
    )
    label: ClassVar[str] = "this is {mask}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    scores: str
    mask: str
    axis: int
    found_dim: str
    wanted_dim: str
    padding: str

    @property
    def mend(self) -> str:
        """What a mask is."""
        return _mask_remedy(self.scores, self.padding)


@record
class MaskUndecided(Diagnostic):
    """Whether a mask fits the scores of an attention depends on dimensions that are still symbolic.

    Each axis of a mask has the size of the scores' axis or 1. A frequent reason is a mask `[N, S]` that says which
    positions of each example count: it lacks the axis of the queries.

    ```nn
    input x: float32[N, T, 64]
    input valid: bool[N, T]
    output y = attention(x, x, x, mask=valid)                            # wrong: are there N queries?
    output z = attention(x, x, x, mask=valid -> unsqueeze(axis=1))       # [N, 1, T]
    ```
    """

    code: ClassVar[str] = "E478"
    message: ClassVar[str] = (
        "`{kind}` has scores {scores}, and would have to know whether `{found_dim}`, axis {axis} of the mask {mask}, "
        "is `{wanted_dim}`"
    )
    label: ClassVar[str] = "this is {mask}"
    remedy: ClassVar[str] = "{mend}"

    kind: str
    scores: str
    mask: str
    axis: int
    found_dim: str
    wanted_dim: str
    padding: str

    @property
    def mend(self) -> str:
        """What a mask is."""
        return _mask_remedy(self.scores, self.padding)


def _mask_remedy(scores: str, padding: str) -> str:
    form = f"give it the last axes of {scores}, or 1 in their place"
    return f"{form}; one that says which positions of each example count, [N, S], needs {padding}" if padding else form


@record
class HeadsNotEven(Diagnostic):
    """The channels cannot be divided evenly among the heads of a `multi_head_attention`.

    Every head works on an equal part of the channels, as in PyTorch. Keras's layer takes the size of a part instead
    (`key_dim`), which need not add up to the channels; `dense`, `reshape`, `transpose` and `attention` say the same.

    ```nn
    input x: float32[N, T, 64]
    output y = x -> multi_head_attention(6)      # wrong: 64 is no multiple of 6
    output z = x -> multi_head_attention(8)      # 8 heads of 8 channels
    ```
    """

    code: ClassVar[str] = "E479"
    message: ClassVar[str] = (
        "`{kind}` divides the channels of {found} among its heads, and {heads} does not divide {channels}"
    )
    label: ClassVar[str] = "{channels} channels among {heads} heads"
    remedy: ClassVar[str] = "write a divisor of {channels}: {near}"

    kind: str
    found: str
    heads: int
    channels: int

    @property
    def near(self) -> str:
        """The divisors next to what was written."""
        small = [one for one in range(1, math.isqrt(self.channels) + 1) if self.channels % one == 0]
        divisors = {*small, *(self.channels // one for one in small)}
        below = max(one for one in divisors if one < self.heads)
        above = [one for one in divisors if one > self.heads]
        return f"{below} or {min(above)}" if above else f"{below}"


@record
class ValueWithoutKey(Diagnostic):
    """`multi_head_attention` has a `value` and no `key`.

    A key that is left out is the query, and a value that is left out is the key. Then values would be chosen by keys of
    another sequence, which hardly anybody means; in Keras, where the value comes first, a key that is left out is the
    value.

    ```nn
    input x: float32[N, T, 64]
    input memory: float32[N, S, 64]
    output y = x -> multi_head_attention(4, value=memory)     # wrong: keys of x?
    output z = x -> multi_head_attention(4, key=memory)       # keys and values of memory
    ```
    """

    code: ClassVar[str] = "E480"
    message: ClassVar[str] = "`{kind}` has a `value` and no `key`"
    label: ClassVar[str] = "values by keys of which sequence?"
    remedy: ClassVar[str] = "write `key=` instead, whose values are its own unless given, or both"

    kind: str

    def fix(self) -> Fix | None:
        """The key, whose values are its own."""
        if self.span is None:
            return None
        source = self.span.source
        named = re.search(r"\bvalue[ \t]*=\Z", source.text[: code_end(source, self.span.start)])
        return None if named is None else replacing(source.span(named.start(), self.span.start), "key=", Safety.UNSAFE)
