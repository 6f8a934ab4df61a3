"""Random stages of pipelines that fit a tensor: every layer of one operand, with its arguments.

The shape rules are written here once more, from ``docs/layers.md`` and not from the compiler: a rule that differs
shows as a program that is refused, or as a reference of another shape.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from .tensors import Dim, Misfit, Sizes, Tensor, dim, must, product, symbol, written

#: The most numbers that a tensor may have at the greater sizes, so that the references in numpy take no time.
MOST_ELEMENTS = 3000
#: Layers without kernels for float64 on onnxruntime's CPU, which are drawn for such programs only now and then.
NO_FLOAT64 = ("conv", "local_response_norm", "recurrent_stage")


#: Weight, method, lowest and highest rank of the operand, and whether only floats will do.
Maker: TypeAlias = tuple[float, str, int, int, bool]


@dataclass(frozen=True)
class Stage:
    """A stage of a pipeline.

    Attributes:
        text: as it is written.
        apply: gives what it makes of a tensor; raises Misfit where it does not fit.
        labels: in it, with their stages, as they are seen from where it stands.
        inner: those that are seen only if it has a label.
    """

    text: str
    apply: Callable[[Tensor], Tensor]
    labels: tuple[tuple[str, Stage], ...] = ()
    inner: tuple[tuple[str, Stage], ...] = ()


def composed(stages: Sequence[Stage]) -> Callable[[Tensor], Tensor]:
    """What stages one behind the other make of a tensor."""

    def apply(found: Tensor) -> Tensor:
        for stage in stages:
            found = stage.apply(found)
        return found

    return apply


def pipeline(stages: Iterable[Stage]) -> str:
    """The text of stages one behind the other."""
    return " -> ".join(stage.text for stage in stages)


@dataclass(frozen=True)
class Window:
    """How a window moves: a tuple with an entry per spatial axis each; padding is None for "same"."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[tuple[int, int], ...] | None
    ceil: bool

    @property
    def is_padded(self) -> bool:
        return self.padding is None or any(map(any, self.padding))

    def slide(self, dims: Sequence[Dim], sizes: Sequence[Sizes]) -> list[Dim]:
        """The sizes of the result."""
        must(len(dims) == len(self.kernel))
        return [self._axis(index, one, sizes) for index, one in enumerate(dims)]

    def _axis(self, index: int, size: Dim, sizes: Sequence[Sizes]) -> Dim:
        stride = self.stride[index]
        extent = self.dilation[index] * (self.kernel[index] - 1) + 1
        if self.padding is None:
            must(stride == 1 or all(one % stride == 0 for factors, one in size.terms if factors))
            return (size + (stride - 1)) // stride
        before, after = self.padding[index]
        room = size + (before + after - extent)
        must(all(room.at(one) >= 0 for one in sizes))
        if not self.ceil:
            return room // stride + 1
        result = (room + (stride - 1)) // stride + 1
        if size.number is None or result.number is None:
            # Whether the last window starts in the input must be certain.
            must(stride + after <= extent)
            return result
        return result - 1 if (result.number - 1) * stride >= size.number + before else result

    def arguments(self, default_stride: tuple[int, ...]) -> list[str]:
        """All but the kernel, as arguments."""
        found = []
        if self.stride != default_stride:
            found.append(f"stride={short(self.stride)}")
        if self.padding is None:
            found.append('padding="same"')
        elif self.is_padded:
            even = all(before == after for before, after in self.padding)
            starts = short([before for before, _ in self.padding])
            found.append(f"padding={starts if even else written(map(written, self.padding))}")
        if any(one != 1 for one in self.dilation):
            found.append(f"dilation={short(self.dilation)}")
        return found + ["ceil=true"] * self.ceil


def short(values: Sequence[int]) -> str:
    """An int where all are equal, else the list."""
    return str(values[0]) if len(set(values)) == 1 else written(values)


@dataclass(frozen=True)
class Recurrent:
    """An ``rnn``, ``lstm`` or ``gru``."""

    kind: str
    units: int
    layers: int
    directions: int
    channels: int
    arguments: tuple[str, ...]

    @property
    def state_names(self) -> tuple[str, ...]:
        """The final states."""
        return ("h", "c") if self.kind == "lstm" else ("h",)

    def state(self, x: Tensor) -> Tensor:
        """The type of each state."""
        return x.of(self.layers * self.directions, x.shape[0], self.units)

    def results(self, x: Tensor) -> Tensor:
        """The type of the first result."""
        must(x.rank == 3 and x.is_float and x.number(2) == self.channels)
        width = self.units * (1 if 'merge="sum"' in self.arguments else self.directions)
        if "return_sequences=false" in self.arguments:
            return x.of(x.shape[0], width)
        return x.of(x.shape[0], x.shape[1], width)

    def text(self, extra: Sequence[str] = ()) -> str:
        """The call."""
        return f"{self.kind}({', '.join([str(self.units), *self.arguments, *extra])})"


class Stages:
    """Draws stages that fit a tensor.

    Args:
        source: of randomness.
        sizes: of the symbols; at all of them every tensor has at least one element, and not too many.
    """

    MAKERS: tuple[Maker, ...] = (
        (6, "elementwise", 0, 6, True),
        (1.5, "softmax", 1, 6, True),
        (4, "batch_norm", 2, 5, True),
        (1.5, "local_response_norm", 3, 5, True),
        (8, "conv", 3, 5, True),
        (6, "pool", 3, 5, True),
        (2.5, "global_pool", 3, 5, True),
        (5, "dense", 1, 5, True),
        (4, "recurrent_stage", 3, 3, True),
        (1, "mean", 1, 6, True),
        (1, "flatten", 2, 6, False),
        (2, "reshape", 0, 6, False),
        (2, "transpose", 2, 6, False),
        (1, "expand", 0, 5, False),
        (2, "squeeze", 1, 6, False),
        (1, "unsqueeze", 0, 5, False),
        (1, "flip", 1, 6, False),
    )

    def __init__(self, source: random.Random, sizes: Sequence[Sizes]) -> None:
        self.source = source
        self.sizes = sizes

    def makers(self) -> Sequence[Maker]:
        """What there is to draw."""
        return self.MAKERS

    def chance(self, probability: float) -> bool:
        """Whether it happens this time."""
        # What makes a program longer happens at the great numbers: hypothesis shrinks them to 0.
        return self.source.random() >= 1 - probability

    def least(self, size: Dim) -> int:
        """The smallest of the sizes."""
        return min(size.at(one) for one in self.sizes)

    def admit(self, found: Tensor) -> Tensor:
        """The tensor, which must have neither an empty axis nor too many elements."""
        must(all(self.least(one) >= 1 for one in found.shape) and found.rank <= 6)
        must(all(product(found.shape).at(one) <= MOST_ELEMENTS for one in self.sizes))
        return found

    def draw(self, x: Tensor, keeping: bool = False) -> Stage:
        """A stage that fits; one that keeps the shape where that is asked for.

        Raises:
            Misfit: none was found.
        """
        makers = [one for one in self.makers() if one[2] <= x.rank <= one[3] and (x.is_float or not one[4])]
        if x.dtype == "float64" and not self.chance(0.1):
            makers = [one for one in makers if one[1] not in NO_FLOAT64]

        def draw(found: Tensor) -> Stage:
            (maker,) = self.source.choices(makers, [one[0] for one in makers])
            return getattr(self, maker[1])(found)

        return self.drawn(draw, x, keeping)

    def drawn(self, draw: Callable[[Tensor], Stage], x: Tensor, keeping: bool) -> Stage:
        """A stage that fits, of those that a function draws; it draws only so often.

        Raises:
            Misfit: none was found.
        """
        for _ in range(30):
            try:
                stage = draw(x)
                result = self.admit(stage.apply(x))
            except Misfit:
                continue
            if not keeping or result.shape == x.shape:
                return replace(stage, apply=_of_elements(x.dtype, stage.apply))
        raise Misfit

    def chain(self, x: Tensor, length: int, keeping: bool = False) -> list[Stage]:
        """Stages one behind the other."""
        stages = []
        for _ in range(length):
            stages.append(self.draw(x, keeping))
            x = stages[-1].apply(x)
        return stages

    # --- numbers ------------------------------------------------------------------------------------------------------

    def literal(self, shape: Sequence[int], low: float = -1, high: float = 1) -> str:
        """Nested lists of short numbers, none of them 0."""
        if shape:
            return written(self.literal(shape[1:], low, high) for _ in range(shape[0]))
        return str(self.source.choice([one / 4 for one in range(int(low * 4), int(high * 4) + 1) if one]))

    def literal_argument(self, name: str, shape: Sequence[int], low: float = -1, high: float = 1) -> list[str]:
        """Written weights now and then, where they are few."""
        few = math.prod(shape) <= 24 and self.chance(0.15)
        return [f"{name}={self.literal(shape, low, high)}"] if few else []

    def bias(self, units: int) -> list[str]:
        return ["bias=false"] if self.chance(0.25) else self.literal_argument("bias", [units])

    def axis(self, rank: int) -> int:
        """An axis, counted from either end."""
        must(rank > 0)
        return self.source.randrange(-rank, rank)

    # --- layers that keep the shape -----------------------------------------------------------------------------------

    def elementwise(self, x: Tensor) -> Stage:
        texts = ["relu"] * 4 + ["leaky_relu", f"leaky_relu(slope={self.literal([], 0, 1)})", "sigmoid", "sigmoid"]
        texts += ["tanh", "tanh", "dropout(0.25)", "dropout(0.5)"] + ["step"] * self.chance(0.3)
        return Stage(self.source.choice(texts), float_kept)

    def softmax(self, x: Tensor) -> Stage:
        axis = self.axis(x.rank)
        kind = self.source.choice(["softmax", "softmax", "log_softmax"])
        plain = x.rank < 4 and axis == -1
        kept = kept_at(axis)

        def apply(found: Tensor) -> Tensor:
            must(not plain or found.rank < 4)
            return kept(found)

        return Stage(kind if plain else f"{kind}(axis={axis})", apply)

    def batch_norm(self, x: Tensor) -> Stage:
        channels = x.number(1)
        arguments = [f"eps={self.source.choice(['1e-3', '0.1'])}"] if self.chance(0.3) else []
        arguments += self.literal_argument("running_mean", [channels])
        arguments += self.literal_argument("running_var", [channels], 0.5, 2)
        arguments += ["scale=false"] if self.chance(0.2) else self.literal_argument("weight", [channels], 0.5, 2)
        arguments += self.bias(channels)
        return Stage(f"batch_norm({', '.join(arguments)})" if arguments else "batch_norm", kept_at(1, channels))

    def local_response_norm(self, x: Tensor) -> Stage:
        alpha, beta = self.source.choice(["0.5", "1.0"]), self.source.choice(["0.5", "0.75", "1"])
        text = f"local_response_norm({self.source.randint(1, 5)}, alpha={alpha}, beta={beta}, k=2.0)"
        self.need_channels(x)
        kept = kept_at(1, rank=x.rank)

        def apply(found: Tensor) -> Tensor:
            self.need_channels(found)
            return kept(found)

        return Stage(text, apply)

    def flip(self, x: Tensor) -> Stage:
        axes = self.source.sample(range(x.rank), self.source.randint(1, min(2, x.rank)))
        return Stage(f"flip(axis={short(axes) if len(axes) == 1 else written(axes)})", kept_at(max(axes)))

    # --- windows ------------------------------------------------------------------------------------------------------

    def window(self, dims: Sequence[Dim], pool: bool) -> Window:
        """A window that fits."""
        even = self.chance(0.6)
        kernel = self.per_axis(len(dims), even, lambda: self.source.choice([1, 2, 2, 3, 3, 3, 4]))
        kernel = tuple(min(one, max(1, self.least(size))) for one, size in zip(kernel, dims, strict=True))
        stride = kernel if pool and self.chance(0.6) else self.per_axis(len(dims), even, self.stride)
        dilation = self.per_axis(len(dims), even, lambda: self.source.choice([1, 1, 1, 1, 1, 2, 3]))
        ways = [self._same(kernel, dilation), None] + [tuple((0, 0) for _ in dims)] * 2
        if self.chance(0.35):
            ways = [tuple(self._pads(one) for one in kernel)]
        return Window(kernel, stride, dilation, self.source.choice(ways), False)

    def stride(self) -> int:
        return self.source.choice([1, 1, 1, 1, 2, 2, 3])

    def per_axis(self, count: int, even: bool, draw: Callable[[], int]) -> tuple[int, ...]:
        return (draw(),) * count if even else tuple(draw() for _ in range(count))

    def _same(self, kernel: Sequence[int], dilation: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Written padding that keeps the size at stride 1."""
        totals = [apart * (one - 1) for one, apart in zip(kernel, dilation, strict=True)]
        return tuple((one // 2, one - one // 2) for one in totals)

    def _pads(self, kernel: int) -> tuple[int, int]:
        return self.source.randint(0, kernel // 2), self.source.randint(0, kernel // 2)

    def conv(self, x: Tensor, filters: int | None = None, name: str | None = None) -> Stage:
        """A convolution; ``name`` stands in its text for the number of filters."""
        must(x.is_float)
        channels = x.number(1)
        divisors = [one for one in range(1, channels + 1) if channels % one == 0]
        groups = self.source.choice(divisors) if filters is None and self.chance(0.3) else 1
        if filters is None:
            filters = channels if self.chance(0.4) else groups * self.source.randint(1, 3)
        window = self.window(x.shape[2:], pool=False)
        arguments = [name or str(filters), f"kernel={short(window.kernel)}"]
        arguments += window.arguments((1,) * (x.rank - 2)) + [f"groups={groups}"] * (groups > 1)
        if name is None:
            arguments += self.literal_argument("weight", [filters, channels // groups, *window.kernel])
            arguments += self.bias(filters)

        def apply(found: Tensor) -> Tensor:
            must(found.dtype == x.dtype and found.rank == x.rank and found.number(1) == channels)
            return found.of(found.shape[0], filters, *window.slide(found.shape[2:], self.sizes))

        return Stage(f"conv{x.rank - 2}d({', '.join(arguments)})", apply)

    def pool(self, x: Tensor) -> Stage:
        kind = self.source.choice(["max", "max", "avg", "avg", "sum"])
        must(x.dtype != "float64" or kind == "max" or self.chance(0.1))
        self.need_channels(x)
        window = self.window(x.shape[2:], pool=True)
        if kind != "max":
            window = replace(window, dilation=(1,) * len(window.kernel))
        if window.padding is not None:
            pairs = zip(window.padding, window.kernel, strict=True)
            pads = tuple((min(low, one // 2), min(high, one // 2)) for (low, high), one in pairs)
            window = replace(window, padding=pads, ceil=self.chance(0.3))
        arguments = [short(window.kernel), *window.arguments(window.kernel)]
        arguments += ["count_include_pad=true"] * (kind == "avg" and self.chance(0.3))

        def apply(found: Tensor) -> Tensor:
            must(found.is_float and found.rank == x.rank)
            self.need_channels(found)
            # With padding, a window that reads positions far apart might miss the input.
            reaches = zip(found.shape[2:], window.dilation, strict=True)
            must(not window.is_padded or all(self.least(size) >= apart for size, apart in reaches))
            return found.of(*found.shape[:2], *window.slide(found.shape[2:], self.sizes))

        return Stage(f"{kind}_pool{x.rank - 2}d({', '.join(arguments)})", apply)

    def need_channels(self, x: Tensor) -> None:
        """Axis 1 may be symbolic only where the last one does not look like the channels."""
        must(x.shape[1].number is not None or x.shape[-1].number is None)

    def global_pool(self, x: Tensor) -> Stage:
        self.need_channels(x)

        def apply(found: Tensor) -> Tensor:
            must(found.is_float and found.rank == x.rank)
            self.need_channels(found)
            return found.of(*found.shape[:2], *(1 for _ in found.shape[2:]))

        return Stage(f"global_{self.source.choice(['avg', 'max'])}_pool{x.rank - 2}d", apply)

    # --- matrices and steps -------------------------------------------------------------------------------------------

    def dense(self, x: Tensor, units: int | None = None, name: str | None = None) -> Stage:
        """A dense layer; ``name`` stands in its text for the number of units."""
        must(x.is_float)
        axis = -1 if self.chance(0.5) else self.axis(x.rank)
        channels = x.number(axis)
        if units is None:
            units = channels if channels <= 8 and self.chance(0.4) else self.source.randint(1, 6)
        arguments = [name or str(units)] + [f"axis={axis}"] * (x.rank > 3 or axis != -1)
        if name is None:
            arguments += self.literal_argument("weight", [units, channels]) + self.bias(units)

        def apply(found: Tensor) -> Tensor:
            must(found.dtype == x.dtype and found.rank == x.rank and found.number(axis) == channels)
            return found.replaced(axis, units)

        return Stage(f"dense({', '.join(arguments)})", apply)

    def recurrent(self, x: Tensor) -> Recurrent:
        """A recurrent layer that fits."""
        must(x.rank == 3 and x.is_float and (x.dtype != "float64" or self.chance(0.1)))
        channels = x.number(2)
        kind = self.source.choice(["rnn", "lstm", "gru"])
        layers, directions = self.source.choice([1, 1, 2]), self.source.choice([1, 1, 2])
        units = channels // directions if channels <= 8 and self.chance(0.3) else self.source.randint(1, 4)
        own = {
            "rnn": ['activation="relu"', "recurrent_bias=true"],
            "lstm": ["recurrent_bias=true"],
            "gru": ["reset_after=false"],
        }
        arguments = [f"layers={layers}"] * (layers > 1) + ["bidirectional=true"] * (directions > 1)
        arguments += ['merge="sum"'] * (directions > 1 and self.chance(0.3))
        arguments += ["return_sequences=false"] * self.chance(0.2) + ["dropout=0.5"] * (layers > 1 and self.chance(0.3))
        arguments += [one for one in own[kind] if self.chance(0.3)]
        if "recurrent_bias=true" not in arguments and self.chance(0.2):
            arguments.append("bias=false")
        return Recurrent(kind, max(1, units), layers, directions, channels, tuple(arguments))

    def recurrent_stage(self, x: Tensor) -> Stage:
        layer = self.recurrent(x)
        return Stage(layer.text(), layer.results)

    # --- layers that change the axes ----------------------------------------------------------------------------------

    def mean(self, x: Tensor) -> Stage:
        axes = self.source.sample(range(x.rank), self.source.randint(1, min(2, x.rank)))
        keepdims = self.chance(0.5)

        def apply(found: Tensor) -> Tensor:
            must(found.is_float and found.rank == x.rank)
            sizes = ((axis, dim(1) if axis in axes else size) for axis, size in enumerate(found.shape))
            return found.of(*(size for axis, size in sizes if keepdims or axis not in axes))

        shown = axes[0] - x.rank if len(axes) == 1 else written(axes)
        return Stage(f"mean(axis={shown}{', keepdims=true' if keepdims else ''})", apply)

    def flatten(self, x: Tensor) -> Stage:
        start, end = (1, x.rank - 1) if self.chance(0.5) else sorted(self.source.choices(range(x.rank), k=2))

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank)
            return found.of(*found.shape[:start], product(found.shape[start : end + 1]), *found.shape[end + 1 :])

        plain = (start, end) == (1, x.rank - 1)
        return Stage("flatten" if plain else f"flatten(start={start}, end={end - x.rank})", apply)

    def reshape(self, x: Tensor) -> Stage:
        shape = list(x.shape)
        for _ in range(self.source.randint(1, 2)):
            shape = self._refolded(shape)
        shown = [str(one) for one in shape]
        if shown and self.chance(0.4):
            shown[self.source.randrange(len(shown))] = "-1"

        def apply(found: Tensor) -> Tensor:
            must(product(found.shape) == product(x.shape))
            return found.of(*shape)

        return Stage(f"reshape({written(shown)})", apply)

    def _refolded(self, shape: list[Dim]) -> list[Dim]:
        """Two neighbours merged, or one split by a divisor."""
        if len(shape) > 1 and self.chance(0.5):
            at = self.source.randrange(len(shape) - 1)
            return [*shape[:at], shape[at] * shape[at + 1], *shape[at + 2 :]]
        at = self.source.randrange(len(shape) + 1)
        size = shape[at] if at < len(shape) else dim(1)
        common = math.gcd(*(coefficient for _, coefficient in size.terms))
        divisor = self.source.choice([one for one in range(1, common + 1) if common % one == 0][:6])
        parts = [dim(divisor), size // divisor]
        return [*shape[:at], *(reversed(parts) if self.chance(0.5) else parts), *shape[at + 1 :]]

    def transpose(self, x: Tensor) -> Stage:
        order = self.source.sample(range(x.rank), x.rank)
        if x.rank == 3 and self.chance(0.5):
            order = [0, 2, 1]

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank)
            return found.of(*(found.shape[axis] for axis in order))

        return Stage(f"transpose({written(order)})", apply)

    def expand(self, x: Tensor) -> Stage:
        shape = [
            self.source.choice([dim(2), dim(3), symbol("N")]) if one.number == 1 and self.chance(0.7) else one
            for one in x.shape
        ]
        shape = [dim(2)] * (x.rank < 4 and self.chance(0.4)) + shape
        must(tuple(shape) != x.shape)

        def apply(found: Tensor) -> Tensor:
            must(found.shape == x.shape)
            return found.of(*shape)

        return Stage(f"expand({written(shape)})", apply)

    def squeeze(self, x: Tensor) -> Stage:
        axes = [axis for axis, size in enumerate(x.shape) if size.number == 1]
        must(bool(axes))
        axes = self.source.sample(axes, self.source.randint(1, len(axes)))

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank and all(found.shape[axis].number == 1 for axis in axes))
            return found.of(*(size for axis, size in enumerate(found.shape) if axis not in axes))

        return Stage(f"squeeze(axis={written(axes)})", apply)

    def unsqueeze(self, x: Tensor) -> Stage:
        axis = self.axis(x.rank + 1)

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank)
            at = axis % (found.rank + 1)
            return found.of(*found.shape[:at], 1, *found.shape[at:])

        return Stage(f"unsqueeze(axis={axis})", apply)


def _of_elements(dtype: str, apply: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The same for tensors of such elements alone: weights have an element type."""

    def apply_to_same(found: Tensor) -> Tensor:
        must(found.dtype == dtype)
        return apply(found)

    return apply_to_same


def float_kept(found: Tensor) -> Tensor:
    """Any floats, their shape kept."""
    must(found.is_float)
    return found


def kept_at(axis: int, size: int | None = None, rank: int | None = None) -> Callable[[Tensor], Tensor]:
    """The shape kept, where there is such an axis of such a size, in a tensor of such a rank."""

    def apply(found: Tensor) -> Tensor:
        must(-found.rank <= axis < found.rank)
        must(size is None or found.number(axis) == size)
        must(rank is None or found.rank == rank)
        return found

    return apply
