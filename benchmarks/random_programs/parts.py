"""What the statements of a random program consist of."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .stages import Stage, Stages, composed, pipeline
from .tensors import Dim, Misfit, Sizes, Tensor, dim, must, symbol, written

#: Products of ints stay below this.
GREATEST_INT = 1_000_000


@dataclass(frozen=True)
class Value:
    """A bound name.

    Attributes:
        greatest: the greatest int that it holds, for ints.
        ids: whether these are the ints of an input, moved at most: what an embedding may read.
    """

    name: str
    tensor: Tensor
    greatest: int = 0
    ids: bool = False


@dataclass(frozen=True)
class Block:
    """A block of one tensor and a width: what it makes of them, and the labels in it."""

    name: str
    apply: Callable[[Tensor, int], Tensor]
    labels: tuple[tuple[str, Stage], ...]


@dataclass
class Parts:
    """Names, values, and what statements consist of: inputs, parameters, constants, and stages of several parts."""

    seed: int
    source: random.Random
    sizes: tuple[Sizes, ...]
    dtype: str
    stages: Stages
    #: How many statements there are at least.
    fewest: int = 3
    head: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    labels: list[tuple[str, Stage]] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    #: The greatest int of each input of ints, as a dimension plus a number.
    below: dict[str, Dim] = field(default_factory=dict)
    features: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)

    # --- names and values ---------------------------------------------------------------------------------------------

    def chance(self, probability: float) -> bool:
        return self.stages.chance(probability)

    def new(self, prefix: str) -> str:
        """A name that nothing has yet."""
        self.names[prefix] += 1
        return f"{prefix}{self.names[prefix] - 1}"

    def pick(self, admits: Callable[[Value], bool] = lambda value: True) -> Value:
        """A value, rather a recent one."""
        found = [value for value in self.values if admits(value)]
        must(bool(found))
        return self.source.choices(found, [1.4**index for index in range(len(found))])[0]

    def floats(self) -> Value:
        return self.pick(lambda value: value.tensor.is_float)

    def bind(self, expression: str, tensor: Tensor, greatest: int = 0, ids: bool = False) -> Value:
        """A new binding."""
        self.stages.admit(tensor)
        must(greatest <= GREATEST_INT)
        value = Value(self.new("v"), tensor, greatest, ids)
        self.lines.append(f"{value.name} = {expression}")
        self.values.append(value)
        return value

    def input(self, tensor: Tensor, below: Dim | None = None) -> Value:
        """A new input; of ints from 0 to ``below``."""
        name = self.new("x")
        self.inputs.append(f"input {name}: {tensor}")
        if below is None:
            return Value(name, tensor)
        self.below[name] = below
        return Value(name, tensor, max(below.at(one) for one in self.sizes), ids=True)

    # --- inputs, parameters and constants -----------------------------------------------------------------------------

    def size(self, name: str) -> Dim:
        """A dimension of an input: a number, or a form of a symbol."""
        most = max(one[name] for one in self.sizes)
        forms = [dim(most), symbol(name), symbol(name), symbol(name) * 2, symbol(name) + 1]
        return self.source.choice([one for one in forms if max(one.at(size) for size in self.sizes) <= 9])

    def channels(self) -> Dim:
        return dim(self.source.choice([1, 2, 3, 4, 4, 6]))

    def write_inputs(self) -> None:
        """One to three inputs, the first of floats; each may have ``N``, and one of them does."""
        shapes = {
            "image": lambda: (self.channels(), self.size("H"), self.size("W")),
            "line": lambda: (self.channels(), self.size("H")),
            "steps": lambda: (self.size("T"), self.channels()),
            "volume": lambda: (self.channels(), self.size("T"), self.size("H"), self.size("W")),
            "vector": lambda: (self.channels() + 1,),
        }
        kinds = self.source.choices(list(shapes), [4, 2, 4, 1.5, 2], k=self.source.choice([1, 1, 2]))
        for index, kind in enumerate(kinds):
            batch = symbol("N") if not index or self.chance(0.8) else self.source.choice([dim(1), symbol("N") * 2])
            self.values.append(self.input(Tensor((batch, *shapes[kind]()), self.dtype)))
            self.features[f"input {kind}"] += 1
        if self.chance(0.3):
            dtype = self.source.choice(["int64", "int32"])
            shape = (symbol("N"), self.size("T")) if self.chance(0.7) else (symbol("N"),)
            self.values.append(self.input(Tensor(shape, dtype), dim(self.source.randint(1, 10))))
            self.features["input ints"] += 1

    def _numbers(self, like: Tensor) -> Tensor:
        """A type of known sizes that broadcasts with a tensor: its last axes, some of them of size 1."""
        start = self.source.randint(0, like.rank)
        shape = [one if one.number and self.chance(0.7) else dim(1) for one in like.shape[start:]]
        must(all(one.number * 1 <= 12 for one in shape if one.number is not None))
        return like.of(*shape)

    def constant(self, tensor: Tensor, nonzero: bool = False) -> Value:
        """A constant tensor."""
        name = self.new("k")
        shape = [tensor.number(axis) for axis in range(tensor.rank)]
        plain = shape and self.chance(0.15)
        low, high = (0.5, 2) if nonzero else (-2, 2)
        text = self.stages.literal([] if plain else shape, low, high)
        self.head.append(f"const {name}: {tensor} = {text}")
        return Value(name, tensor)

    def parameter(self, tensor: Tensor) -> Value:
        """A learned tensor."""
        name = self.new("p")
        shape = [tensor.number(axis) for axis in range(tensor.rank)]
        starts = ["ones", "normal(std=0.5)", "constant(0.5)", self.stages.literal(shape), "0.5"]
        self.lines.append(f"parameter {name}: {tensor} = {self.source.choice(starts)}")
        return Value(name, tensor)

    def stored(self, like: Tensor) -> Value:
        """A parameter or a constant that broadcasts with a tensor."""
        tensor = self._numbers(like)
        if not like.is_float:
            name = self.new("k")
            self.head.append(
                f"const {name}: {tensor} = {self._ints([tensor.number(one) for one in range(tensor.rank)])}"
            )
            return Value(name, tensor, 3)
        return self.parameter(tensor) if self.chance(0.5) else self.constant(tensor)

    def _ints(self, shape: Sequence[int]) -> str:
        if shape:
            return written(self._ints(shape[1:]) for _ in range(shape[0]))
        return str(self.source.randint(0, 3))

    # --- stages of several parts --------------------------------------------------------------------------------------

    def labelled(self, stage: Stage, probability: float = 0.4) -> Stage:
        """The stage with a label, perhaps."""
        if not self.chance(probability):
            return stage
        label = self.new("l")
        inner = tuple((f"{label}.{path}", one) for path, one in (*stage.labels, *stage.inner))
        self.features["label"] += 1
        return Stage(f"{label}: {stage.text}", stage.apply, ((label, stage), *inner))

    def chain(self, x: Tensor, length: int, keeping: bool = False, in_block: bool = False) -> list[Stage]:
        """Stages one behind the other, groups, loops, blocks and reused ones among them; a block sees no label."""
        found: list[Stage] = []
        for _ in range(length):
            stage = self.labelled(self._stage(x, keeping, in_block))
            x = self.stages.admit(stage.apply(x))
            found.append(stage)
        return found

    def _stage(self, x: Tensor, keeping: bool, in_block: bool) -> Stage:
        makers = [(0.06, self.group), (0.05, self.repeat), (0.04, self.loop), (0.08, self.reuse), (0.07, self.block)]
        for probability, maker in makers:
            if not self.chance(probability) or (in_block and maker == self.reuse):
                continue
            try:
                stage = maker(x)
                result = self.stages.admit(stage.apply(x))
            except Misfit:
                continue
            if not keeping or result.shape == x.shape:
                self.features[maker.__name__] += 1
                return stage
        return self.stages.draw(x, keeping)

    def group(self, x: Tensor) -> Stage:
        inner = [self.labelled(one) for one in self.stages.chain(x, self.source.randint(2, 3))]
        return Stage(f"{{ {pipeline(inner)} }}", composed(inner), labels_of(inner))

    def repeat(self, x: Tensor) -> Stage:
        inner = self.stages.chain(x, self.source.randint(1, 2), keeping=True)
        count = self.source.randint(1, 3)
        return Stage(f"repeat({count}) {{ {pipeline(inner)} }}", composed(inner * count))

    def loop(self, x: Tensor) -> Stage:
        widths = [self.source.randint(1, 5) for _ in range(self.source.randint(1, 3))]
        stages = [self.stages.dense(x.replaced(-1, x.number(-1)), width, "w") for width in widths[:1]]
        axis = -1
        must("axis=" not in stages[0].text or "axis=-1" in stages[0].text)
        stages += [self.stages.elementwise(x)]

        def apply(found: Tensor) -> Tensor:
            must(found.is_float and found.rank == x.rank and found.number(axis) == x.number(axis))
            return found.replaced(axis, widths[-1])

        return Stage(f"for w in {written(widths)} {{ {pipeline(stages)} }}", apply)

    def reuse(self, x: Tensor) -> Stage:
        fitting = []
        for path, stage in self.labels:
            try:
                self.stages.admit(stage.apply(x))
            except Misfit:
                continue
            fitting.append((path, stage))
        must(bool(fitting))
        path, stage = self.source.choice(fitting)
        return Stage(f"reuse({path})", stage.apply)

    def block(self, x: Tensor) -> Stage:
        """A call of a block that is there already, or of a new one."""
        width = self.source.randint(1, 5)
        if not self.blocks or self.chance(0.5):
            self.blocks.append(self._new_block(x, width))
        found = self.blocks[-1] if self.chance(0.6) else self.source.choice(self.blocks)
        text = f"{found.name}({self.source.choice(['', 'width='])}{width})"
        return Stage(text, lambda one: found.apply(one, width), inner=found.labels)

    def _new_block(self, x: Tensor, width: int) -> Block:
        """A block: a few stages, one of a width that is an argument, and a residual sum or a scale."""
        name, before = self.new("b"), self.chain(x, self.source.randint(0, 1), in_block=True)
        middle_type = composed(before)(x)
        slides = middle_type.rank in (3, 4, 5) and middle_type.dtype != "float64" and self.chance(0.7)
        wide = self.stages.conv if slides else self.stages.dense
        state = self.source.getstate()

        def middle(chosen: int) -> Stage:
            # The same numbers are drawn for any width.
            kept = self.source.getstate()
            self.source.setstate(state)
            stage = wide(middle_type, chosen, "width")
            self.source.setstate(kept)
            return stage

        first = [*before, self.labelled(middle(width), 0.6), self.stages.draw(middle(width).apply(middle_type))]
        after = composed(first)(x)
        residual = self.chain(after, self.source.randint(1, 2), True, in_block=True) if self.chance(0.4) else []
        scaled = self.chance(0.3)
        body = [f"main = x -> {pipeline(first)}"]
        result = f"main + (main -> {pipeline(residual)})" if residual else "main"
        if scaled:
            tensor = self._numbers(after)
            body.append(f"parameter g: {tensor} = {self.source.choice(['ones', 'normal(std=0.5)'])}")
            result = f"({result}) * g"
        ending = self.source.choice(["", " -> relu", " -> tanh"])
        body.append(f"return {result}{ending}")
        self.head.append(f"block {name}(x, width: int{self.source.choice(['', ' = 3'])}) {{ {' '.join(body)} }}")
        self.features["new block"] += 1

        def apply(found: Tensor, chosen: int) -> Tensor:
            must(not scaled or (found == x and chosen == width))
            stages = [*before, middle(chosen), first[-1]]
            main = composed(stages)(found)
            must(not residual or composed(residual)(main).shape == main.shape)
            return main

        return Block(name, apply, labels_of([*first, *residual]))


def labels_of(stages: Sequence[Stage]) -> tuple[tuple[str, Stage], ...]:
    return tuple(found for stage in stages for found in stage.labels)


def broadcast(one: Tensor, other: Tensor) -> Tensor | None:
    """The type of two tensors combined; None where they do not certainly fit."""
    rank = max(one.rank, other.rank)
    shape = []
    for a, b in zip(*(([dim(1)] * (rank - found.rank) + [*found.shape]) for found in (one, other)), strict=True):
        if a != b and 1 not in (a.number, b.number):
            return None
        shape.append(b if a.number == 1 else a)
    return one.of(*shape)
