"""Stages of the layers whose calls are checked by the compiler as they are drawn, and of any layer of the registry.

Kinds that the registry lacks are left out, and what it has beyond the ones written here is drawn from what it says of
them; see ``derived``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dotnn.compiler.layers.base import LAYERS

from .derived import BEFORE, elementwise_kinds, stage_kinds, stage_text
from .probing import confirm, inferred, need_layer
from .stages import Maker, Stage, Stages, float_kept, kept_at, short
from .tensors import Dim, Tensor, must, written

MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


class Catalogue(Stages):
    """Draws stages of every layer there is."""

    MORE_MAKERS: tuple[Maker, ...] = (
        (3, "activation", 0, 6, True),
        (1.5, "prelu", 2, 5, True),
        (1, "clip", 0, 6, True),
        (3, "normalization", 2, 5, True),
        (2.5, "conv_transpose", 3, 5, True),
        (2, "depthwise", 3, 4, True),
        (1.5, "separable", 3, 4, True),
        (1.5, "lp_pool", 3, 5, True),
        (6, "adaptive_pool", 3, 5, True),
        (2, "pad", 3, 5, True),
        (2, "enlarge", 3, 5, True),
        (1, "shuffle", 4, 4, True),
        (1.5, "reduce", 1, 6, True),
        (1.5, "self_attention", 3, 3, True),
        (0.7, "cast_and_back", 0, 6, True),
        (3, "any_layer", 0, 6, True),
    )

    def makers(self) -> Sequence[Maker]:
        """Those of the layers that were always there, and the others."""
        return (*self.MAKERS, *self.MORE_MAKERS)

    def checked(self, text: str, x: Tensor, apply: Callable[[Tensor], Tensor] | None = None) -> Stage:
        """A stage that the compiler takes; its rule, if there is one, says the same as the compiler does."""
        # onnxruntime (1.32) computes this one with constants of float32, for which dotnn promises nothing on the CPU.
        must(x.dtype != "float64" or "gelu" not in text)
        if apply is None:
            result = self._float(inferred(f"x -> {text}", {"x": x}, self.sizes))
            return Stage(text, lambda found: self._only_of(found, x, result))
        self.admit(apply(x))
        confirm(f"x -> {text}", {"x": x}, self.sizes, apply(x))
        return Stage(text, apply)

    @staticmethod
    def _float(found: Tensor) -> Tensor:
        must(found.is_float)
        return found

    @staticmethod
    def _only_of(found: Tensor, x: Tensor, result: Tensor) -> Tensor:
        must(found == x)
        return result

    def _call(self, kind: str, arguments: Sequence[str]) -> str:
        need_layer(kind)
        return f"{kind}({', '.join(arguments)})" if arguments else kind

    # --- layers that keep the shape -----------------------------------------------------------------------------------

    def activation(self, x: Tensor) -> Stage:
        kind = self.source.choice(elementwise_kinds() + [one for one in BEFORE if one in LAYERS])
        # Some read images alone.
        apply = kept_at(0, rank=x.rank) if kind.startswith("spatial") else float_kept
        return self.checked(stage_text(self.source, kind, x.rank), x, apply)

    def prelu(self, x: Tensor) -> Stage:
        per_channel = self.chance(0.5)
        channels = x.number(1) if per_channel else None
        arguments = ["per_channel=true"] * per_channel
        arguments += self.literal_argument("weight", [channels or 1])
        return self.checked(self._call("prelu", arguments), x, kept_at(1, channels) if per_channel else float_kept)

    def clip(self, x: Tensor) -> Stage:
        low, high = self.source.choice(["-1.0", "0.0", "-0.5"]), self.source.choice(["0.5", "1.0", "6.0"])
        arguments = [f"low={low}", f"high={high}"]
        return self.checked(self._call("clip", arguments), x, float_kept)

    def normalization(self, x: Tensor) -> Stage:
        kind = self.source.choice(["instance_norm", "group_norm", "layer_norm", "rms_norm"])
        arguments = [f"eps={self.source.choice(['1e-3', '0.1'])}"] if self.chance(0.3) else []
        arguments += ["scale=false"] * self.chance(0.2)
        arguments += ["bias=false"] * (kind != "rms_norm" and self.chance(0.2))
        if kind in ("layer_norm", "rms_norm"):
            axis = -1 if self.chance(0.5) else self.axis(x.rank)
            arguments += [f"axis={axis}"] * (x.rank > 3 or axis != -1)
            return self.checked(self._call(kind, arguments), x, kept_at(axis, x.number(axis), x.rank))
        channels = x.number(1)
        if kind == "group_norm":
            divisors = [one for one in range(1, channels + 1) if channels % one == 0]
            arguments.insert(0, str(self.source.choice(divisors)))
        return self.checked(self._call(kind, arguments), x, kept_at(1, channels, x.rank))

    def cast_and_back(self, x: Tensor) -> Stage:
        """Another element type in between; never one with less of a range, which numbers might leave."""
        need_layer("cast")
        between = {"float32": "float64", "float16": "float32", "float64": "float64"}[x.dtype]
        inner = self.source.choice(["relu", "tanh", "sigmoid"])
        return self.checked(f"{{ cast({between}) -> {inner} -> cast({x.dtype}) }}", x, float_kept)

    def self_attention(self, x: Tensor) -> Stage:
        if self.chance(0.2):
            return self.checked(self._call("sinusoidal_position", []), x, kept_at(2, x.number(2), 3))
        channels = x.number(2)
        heads = self.source.choice([one for one in range(1, channels + 1) if channels % one == 0])
        arguments = [str(heads)] + [one for one in ("causal=true", "bias=false") if self.chance(0.3)]
        return self.checked(self._call("multi_head_attention", arguments), x, kept_at(2, channels, 3))

    # --- windows ------------------------------------------------------------------------------------------------------

    def conv_transpose(self, x: Tensor) -> Stage:
        rank, channels = x.rank - 2, x.number(1)
        even = self.chance(0.6)
        kernel = self.per_axis(rank, even, lambda: self.source.choice([1, 2, 2, 3, 3, 4]))
        stride = self.per_axis(rank, even, self.stride)
        dilation = self.per_axis(rank, even, lambda: self.source.choice([1, 1, 1, 2]))
        groups = self.source.choice([one for one in range(1, channels + 1) if channels % one == 0])
        filters = groups * self.source.randint(1, 3)
        arguments = [str(filters), f"kernel={short(kernel)}"] + [f"stride={short(stride)}"] * (max(stride) > 1)
        arguments += [f"dilation={short(dilation)}"] * (max(dilation) > 1) + [f"groups={groups}"] * (groups > 1)
        same = self.chance(0.2)
        pads = [(self.source.randint(0, one // 2), self.source.randint(0, one // 2)) for one in kernel]
        extra = self.per_axis(rank, False, lambda: 0)
        if same:
            arguments.append('padding="same"')
        elif self.chance(0.4):
            arguments.append(f"padding={written(map(written, pads))}")
        else:
            pads = [(0, 0)] * rank
        if not same and max(stride) > 1 and self.chance(0.4):
            extra = tuple(self.source.randint(0, one - 1) for one in stride)
            arguments.append(f"output_padding={short(extra)}")
        arguments += ["bias=false"] * self.chance(0.25)

        def axis(index: int, size: Dim) -> Dim:
            if same:
                return size * stride[index]
            window = dilation[index] * (kernel[index] - 1) + 1 - sum(pads[index]) + extra[index]
            return (size - 1) * stride[index] + window

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank and found.number(1) == channels)
            return found.of(found.shape[0], filters, *(axis(*one) for one in enumerate(found.shape[2:])))

        return self.checked(self._call(f"conv_transpose{rank}d", arguments), x, apply)

    def depthwise(self, x: Tensor) -> Stage:
        return self._by_channel(x, "depthwise_conv", None)

    def separable(self, x: Tensor) -> Stage:
        return self._by_channel(x, "separable_conv", self.source.randint(1, 4))

    def _by_channel(self, x: Tensor, kind: str, filters: int | None) -> Stage:
        channels, window = x.number(1), self.window(x.shape[2:], pool=False)
        multiplier = self.source.choice([1, 1, 2])
        arguments = [] if filters is None else [str(filters)]
        arguments += [f"kernel={short(window.kernel)}", *window.arguments((1,) * (x.rank - 2))]
        arguments += [f"multiplier={multiplier}"] * (multiplier > 1) + ["bias=false"] * self.chance(0.25)

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank and found.number(1) == channels)
            made = channels * multiplier if filters is None else filters
            return found.of(found.shape[0], made, *window.slide(found.shape[2:], self.sizes))

        return self.checked(self._call(f"{kind}{x.rank - 2}d", arguments), x, apply)

    def lp_pool(self, x: Tensor) -> Stage:
        window = self.window(x.shape[2:], pool=True)
        window = type(window)(window.kernel, window.stride, (1,) * (x.rank - 2), window.padding, False)
        arguments = [short(window.kernel)] + [f"p={self.source.choice('123')}"] * self.chance(0.6)
        text = self._call(f"lp_pool{x.rank - 2}d", [*arguments, *window.arguments(window.kernel)])

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank)
            return found.of(*found.shape[:2], *window.slide(found.shape[2:], self.sizes))

        return self.checked(text, x, apply)

    def adaptive_pool(self, x: Tensor) -> Stage:
        sizes = self.per_axis(x.rank - 2, self.chance(0.5), lambda: self.source.choice([1, 1, 2, 3, 4]))
        kind = self.source.choice(["avg", "max"])

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank and found.shape[2:] == x.shape[2:])
            return found.of(*found.shape[:2], *sizes)

        return self.checked(self._call(f"adaptive_{kind}_pool{x.rank - 2}d", [short(sizes)]), x, apply)

    # --- other shapes -------------------------------------------------------------------------------------------------

    def pad(self, x: Tensor) -> Stage:
        mode = self.source.choice(["constant", "constant", "reflect", "edge", "wrap"])
        least = [self.least(one) for one in x.shape[2:]]
        most = [min(2, {"reflect": one - 1, "wrap": one}.get(mode, 2)) for one in least]
        pads = [(self.source.randint(0, one), self.source.randint(0, one)) for one in most]
        arguments = [written(map(written, pads))]
        arguments += [f'mode="{mode}"'] * (mode != "constant") + ["value=0.5"] * (
            mode == "constant" and self.chance(0.4)
        )

        def apply(found: Tensor) -> Tensor:
            must(found.rank == x.rank and found.shape[2:] == x.shape[2:])
            return found.of(
                *found.shape[:2], *(one + sum(pair) for one, pair in zip(found.shape[2:], pads, strict=True))
            )

        return self.checked(self._call("pad", arguments), x, apply)

    def enlarge(self, x: Tensor) -> Stage:
        """``upsample`` by factors, or ``resize`` to sizes."""
        rank = x.rank - 2
        mode = self.source.choice(["nearest", "nearest", MODES[rank]] + ["bicubic"] * (rank == 2))
        arguments = [f'mode="{mode}"'] * (mode != "nearest")
        if self.chance(0.5):
            factors = self.per_axis(rank, self.chance(0.5), lambda: self.source.choice([1, 2, 2, 3]))

            def apply(found: Tensor) -> Tensor:
                must(found.rank == x.rank)
                pairs = zip(found.shape[2:], factors, strict=True)
                return found.of(*found.shape[:2], *(one * factor for one, factor in pairs))

            return self.checked(self._call("upsample", [short(factors), *arguments]), x, apply)
        sizes = self.per_axis(rank, self.chance(0.5), lambda: self.source.randint(1, 6))
        arguments += ["align_corners=true"] * (mode != "nearest" and self.chance(0.3))
        text = self._call("resize", [short(sizes), *arguments])
        return self.checked(text, x, lambda found: found.of(*found.shape[:2], *self._of_rank(found, x.rank, sizes)))

    @staticmethod
    def _of_rank(found: Tensor, rank: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
        must(found.rank == rank)
        return sizes

    def shuffle(self, x: Tensor) -> Stage:
        channels = x.number(1)
        if self.chance(0.5):
            groups = self.source.choice([one for one in range(1, channels + 1) if channels % one == 0])
            return self.checked(self._call("channel_shuffle", [str(groups)]), x, kept_at(1, channels, 4))
        factors = [one for one in (1, 2, 3) if channels % one**2 == 0]
        factor = self.source.choice(factors[-2:])

        def apply(found: Tensor) -> Tensor:
            must(found.rank == 4 and found.number(1) == channels)
            batch, _, height, width = found.shape
            return found.of(batch, channels // factor**2, height * factor, width * factor)

        return self.checked(self._call("pixel_shuffle", [str(factor)]), x, apply)

    def reduce(self, x: Tensor) -> Stage:
        """``sum``, ``max`` and ``min`` along axes, as ``mean`` does."""
        mean = self.mean(x)
        kind = self.source.choice(["sum", "max", "min"])
        need_layer(kind)
        return self.checked(mean.text.replace("mean", kind, 1), x, mean.apply)

    # --- any layer ----------------------------------------------------------------------------------------------------

    def any_layer(self, x: Tensor) -> Stage:
        """A layer with arguments that the registry tells."""
        kind = self.source.choice(stage_kinds())
        must(x.dtype != "float64" or self.chance(0.2))
        return self.checked(stage_text(self.source, kind, x.rank), x)
