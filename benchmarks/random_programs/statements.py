"""The statements of a random program, and the program."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from dataclasses import dataclass, replace

from .catalogue import Catalogue
from .merging import Merging
from .parts import Value, broadcast, labels_of
from .stages import Stage, composed, pipeline
from .tensors import Dim, Misfit, Sizes, Tensor, dim, must, need, symbol, written

#: What a statement may have changed when it gives up.
_COPIED = ("head", "inputs", "lines", "values", "labels", "blocks", "below", "features")


@dataclass(frozen=True)
class Program:
    """A program with what is needed to run it.

    Attributes:
        text: the source.
        sizes: of the symbols, several times.
        ranges: of the ints of inputs, for each of the sizes.
        features: how often each kind of statement was written.
    """

    seed: int
    text: str
    sizes: tuple[Sizes, ...]
    ranges: tuple[dict[str, tuple[int, int]], ...]
    features: Counter[str]


class Statements(Merging):
    """Writes the statements of one program."""

    # --- statements ---------------------------------------------------------------------------------------------------

    def add_pipeline(self) -> None:
        x = self.pick(lambda value: value.tensor.is_float or self.chance(0.2))
        stages = self.chain(x.tensor, self.source.randint(1, 4))
        moved = x.ids and all("expand" not in one.text for one in stages)
        self.bind(f"{x.name} -> {pipeline(stages)}", composed(stages)(x.tensor), x.greatest, moved)
        self.labels += labels_of(stages)

    def add_residual(self) -> None:
        x = self.floats()
        stages = self.chain(x.tensor, self.source.randint(1, 3), keeping=True)
        inner = f"({x.name} -> {pipeline(stages)})"
        total = self.source.choice([f"{x.name} + {inner}", f"{inner} + {x.name}", f"{inner} - {x.name}"])
        self.bind(total + self.source.choice(["", " -> relu", " -> tanh"]), x.tensor)
        self.labels += labels_of(stages)

    def add_fusible(self) -> None:
        """A convolution or dense layer with what is fused into it behind; perhaps its weights once more, bare."""
        x = self.pick(lambda value: value.tensor.is_float and value.tensor.rank in (2, 3, 4, 5))
        wide = self.stages.conv if x.tensor.rank > 2 and x.tensor.dtype != "float64" else self.stages.dense
        drawn = self.stages.drawn(wide, x.tensor, self.chance(0.5))
        stage = self.labelled(drawn, 0.7)
        tensor = stage.apply(x.tensor)
        self.bind(self._fusible(f"{x.name} -> {stage.text}", tensor), tensor)
        self.labels += stage.labels
        if stage.labels and self.chance(0.6):
            text = f"{x.name} -> reuse({stage.labels[0][0]})"
            self.bind(self._fusible(text, tensor) if self.chance(0.6) else text, tensor)

    def _fusible(self, text: str, tensor: Tensor) -> str:
        """A pipeline with normalizations, activations, factors per channel and sums behind."""
        summands = [one.name for one in self.values if self._adds(one.tensor, tensor)]
        for _ in range(self.source.randint(1, 3)):
            way = self.source.choice(
                ["norm", "norm", "activation", "activation", "channels"] + ["sum"] * bool(summands)
            )
            if way == "channels":
                like = tensor.of(tensor.number(1), *(1 for _ in tensor.shape[2:]))
                value = self.parameter(like) if self.chance(0.5) else self.constant(like)
                text = f"({text}) {self.source.choice('+-*')} {value.name}"
            elif way == "sum":
                other = self.source.choice(summands)
                text = f"({text}) + {other}" if self.chance(0.6) else f"{other} + ({text})"
                text += self.source.choice(["", " -> relu", " -> relu", " -> tanh"])
            else:
                stage = self.stages.batch_norm(tensor) if way == "norm" else self.stages.elementwise(tensor)
                text = f"{text} -> {stage.text}"
        return text

    @staticmethod
    def _adds(one: Tensor, tensor: Tensor) -> bool:
        """Whether a tensor is added to another one without changing its shape."""
        return one.dtype == tensor.dtype and broadcast(one, tensor) == tensor

    def add_gate(self) -> None:
        x = self.pick(lambda value: value.tensor.is_float and value.tensor.rank > 0)
        self.bind(f"{x.name} * ({x.name} -> {self.source.choice(['sigmoid', 'tanh', 'softmax(axis=-1)'])})", x.tensor)

    def add_operator(self) -> None:
        """Two values that broadcast."""
        x = self.pick()
        y = self.pick(
            lambda other: other.tensor.dtype == x.tensor.dtype and broadcast(x.tensor, other.tensor) is not None
        )
        tensor = need(broadcast(x.tensor, y.tensor))
        operator = self.source.choice(["+", "+", "-", "*", "maximum", "/"])
        must(tensor.is_float or operator in "+*maximum")
        if operator == "/":
            self.bind(f"{x.name} / (({y.name} -> sigmoid) + 0.5)", tensor)
        elif operator == "maximum":
            self.bind(f"maximum({x.name}, {y.name})", tensor, max(x.greatest, y.greatest))
        else:
            greatest = x.greatest * y.greatest if operator == "*" else x.greatest + y.greatest
            self.bind(f"{x.name} {operator} {y.name}", tensor, greatest)
        self.features[f"operator {operator}"] += 1

    def add_number(self) -> None:
        x = self.pick()
        floats = [
            "{} * 2 + 0.5",
            "1 - {}",
            "-{}",
            "{} / 4",
            "0.25 * {}",
            "-({} - 1) * 0.5",
            "2 / (({} -> sigmoid) + 1)",
        ]
        ints = ["{} + 1", "{} * 2", "{} * 2 + 1"]
        text = self.source.choice(floats if x.tensor.is_float else ints).format(x.name)
        self.bind(text, x.tensor, 2 * x.greatest + 1)

    def add_stored(self) -> None:
        """Arithmetic with a parameter or a constant."""
        x = self.pick()
        y = self.stored(x.tensor)
        tensor = need(broadcast(x.tensor, y.tensor))
        if not x.tensor.is_float:
            self.bind(f"{x.name} {self.source.choice('+*')} {y.name}", tensor, (x.greatest + 1) * 4)
            return
        z = self.stored(y.tensor)
        forms = [
            "{0} * {1}",
            "{0} + {1}",
            "{1} - {0}",
            "{0} * ({1} * 2 + {2})",
            "({0} + {1}) * {2}",
            "maximum({0}, {1})",
        ]
        text = self.source.choice(forms).format(x.name, y.name, z.name)
        self.bind(text + self.source.choice(["", "", " -> relu"]), tensor)

    def add_division(self) -> None:
        x = self.floats()
        y = self.constant(self._numbers(x.tensor), nonzero=True)
        self.bind(self.source.choice(["{0} / {1}", "({0} - 0.5) / {1}"]).format(x.name, y.name), x.tensor)

    def add_inputless(self) -> None:
        """What depends on no input."""
        shape = [dim(self.source.randint(1, 4)) for _ in range(self.source.randint(1, 3))]
        p, k = self.parameter(Tensor(tuple(shape), self.dtype)), self.stored(Tensor(tuple(shape), self.dtype))
        text = f"{p.name} {self.source.choice('+-*')} {k.name} * 2"
        tensor = p.tensor
        if self.chance(0.6):
            stages = self.chain(tensor, self.source.randint(1, 2))
            text, tensor = f"{text} -> {pipeline(stages)}", composed(stages)(tensor)
            self.labels += labels_of(stages)
        self.bind(text, tensor)

    def add_concat(self) -> None:
        x = self.pick(lambda value: value.tensor.rank > 0)
        axis = self.stages.axis(x.tensor.rank)

        def joins(value: Value) -> bool:
            one, other = value.tensor, x.tensor
            if one.dtype != other.dtype or one.rank != other.rank:
                return False
            return one.replaced(axis, 1) == other.replaced(axis, 1)

        parts = [x, *(self.pick(joins) for _ in range(self.source.randint(1, 2)))]
        self.source.shuffle(parts)
        size = sum((one.tensor.shape[axis] for one in parts), dim(0))
        plain = axis % x.tensor.rank == 1 and x.tensor.rank != 3
        text = f"concat({', '.join(one.name for one in parts)}{'' if plain else f', axis={axis}'})"
        self.bind(text, x.tensor.replaced(axis, size), max(one.greatest for one in parts))

    def add_split(self) -> None:
        x = self.pick(lambda value: value.tensor.rank > 0)
        axis = self.stages.axis(x.tensor.rank)
        size = x.tensor.shape[axis]
        count = self.source.randint(2, 3)
        if size.number is not None and self.chance(0.5):
            must(size.number >= count)
            cuts = [0, *sorted(self.source.sample(range(1, size.number), count - 1)), size.number]
            sizes = [dim(end - start) for start, end in itertools.pairwise(cuts)]
            parts = written(sizes)
        else:
            must(all(coefficient % count == 0 for _, coefficient in size.terms))
            sizes, parts = [size // count] * count, str(count)
        names = [self.new("v") for _ in sizes]
        shown = [one if index == 0 or self.chance(0.85) else "_" for index, one in enumerate(names)]
        self.lines.append(f"{', '.join(shown)} = {x.name} -> split({parts}, axis={axis})")
        for name, one in zip(shown, sizes, strict=True):
            if name != "_":
                self.values.append(Value(name, x.tensor.replaced(axis, one), x.greatest, x.ids))

    def add_index(self) -> None:
        """Ints and slices."""
        x = self.pick(lambda value: value.tensor.rank > 0)
        texts, shape = [], []
        for size in x.tensor.shape[: self.source.randint(1, x.tensor.rank)]:
            text, left = self._subscript(size)
            texts.append(text)
            shape += left
        must(any(one != ":" for one in texts))
        rest = x.tensor.shape[len(texts) :]
        self.bind(f"{x.name}[{', '.join(texts)}]", x.tensor.of(*shape, *rest), x.greatest, x.ids)

    def _subscript(self, size: Dim) -> tuple[str, list[Dim]]:
        least = self.stages.least(size)
        at = self.source.randint(0, least - 1)
        end = self.source.randint(at + 1, least)
        forms: list[tuple[str, list[Dim]]] = [
            (":", [size]),
            (":", [size]),
            (str(self.source.choice([at, at - least])), []),
            (f"{at}:", [size - at]),
            (f"{at}:{end}", [dim(end - at)]),
            (f"-{end}:", [dim(end)]),
        ]
        if at:
            forms.append((f":-{at}", [size - at]))
        return self.source.choice(forms)

    def add_recurrent(self) -> None:
        """All results of a recurrent layer, with states and lengths."""
        x = self.pick(lambda value: value.tensor.rank == 3 and value.tensor.is_float)
        layer = self.stages.recurrent(x.tensor)
        extra = []
        for state in layer.state_names:
            if self.chance(0.4):
                extra.append(f"initial_{state}={self._state(layer.state(x.tensor))}")
                self.features[f"initial_{state}"] += 1
        if self.chance(0.35) and x.tensor.shape[0].terms:
            lengths = Tensor((x.tensor.shape[0],), self.source.choice(["int64", "int32"]))
            extra.append(f"lengths={self.input(lengths, x.tensor.shape[1]).name}")
            self.features["lengths"] += 1
        results = [layer.results(x.tensor), *(layer.state(x.tensor) for _ in layer.state_names)]
        count = self.source.randint(1, len(results))
        names = [self.new("v") if index + 1 == count or self.chance(0.8) else "_" for index in range(count)]
        stage = self.labelled(Stage(layer.text(extra), layer.results))
        self.lines.append(f"{', '.join(names)} = {x.name} -> {stage.text}")
        self.labels += () if extra else stage.labels
        self.values += [
            Value(name, self.stages.admit(one)) for name, one in zip(names, results, strict=False) if name != "_"
        ]

    def _state(self, wanted: Tensor) -> str:
        """A value of that type, an input, or a parameter that is repeated."""
        found = [value.name for value in self.values if value.tensor == wanted]
        if found and self.chance(0.7):
            return self.source.choice(found)
        if self.chance(0.4):
            return self.input(wanted).name
        one = self.parameter(wanted.replaced(1, 1))
        return f"({one.name} -> expand({written(wanted.shape)}))"

    def add_embedding(self) -> None:
        x = self.pick(lambda value: value.ids and value.tensor.rank < 4)
        units = self.source.randint(1, 5)
        stage = self.labelled(Stage(f"embedding({x.greatest}, dim={units})", lambda one: one))
        tensor = Tensor((*x.tensor.shape, dim(units)), "float32")
        self.bind(f"{x.name} -> {stage.text}", tensor)

    def add_condition(self) -> None:
        x = self.floats()
        sizes = [(axis, one.number) for axis, one in enumerate(x.tensor.shape) if one.number is not None]
        must(bool(sizes))
        axis, size = self.source.choice(sizes)
        bound = self.source.randint(0, 5)
        branches = [self.stages.chain(x.tensor, self.source.randint(1, 2)) for _ in range(2)]
        taken = branches[0] if size > bound else branches[1]
        one, other = (f"{{ {x.name} -> {pipeline(branch)} }}" for branch in branches)
        self.bind(f"if {x.name}.shape[{axis}] > {bound} {one} else {other}", composed(taken)(x.tensor))

    def add_pair(self) -> None:
        """A block of two tensors with types, which gives two."""
        x = self.floats()
        y = self.pick(lambda value: value.tensor == x.tensor)
        kind = Tensor(tuple(symbol(f"D{axis}") for axis in range(x.tensor.rank)), x.tensor.dtype)
        stages = self.stages.chain(x.tensor, 1, keeping=True)
        name, one, other = self.new("b"), self.new("v"), self.new("v")
        first = self.source.choice([f"a * gain + (b -> {pipeline(stages)})", f"a + (a -> {pipeline(stages)}) -> relu"])
        second = self.source.choice(["maximum(a, b)", "b - a", "a", "b -> sigmoid"])
        self.head.append(
            f"block {name}(a: {kind}, b: {kind}, gain: float = 0.5) {{ main = {first} return main, {second} }}"
        )
        self.lines.append(
            f"{one}, {other} = {name}({x.name}, {y.name}{self.source.choice(['', ', 2.0', ', gain=0.25'])})"
        )
        self.values += [Value(one, x.tensor), Value(other, x.tensor)]

    def add_shared(self) -> None:
        """The weights of an earlier stage once more, as they are or with further stages behind."""
        x = self.floats()
        stage = self.reuse(x.tensor)
        tensor = stage.apply(x.tensor)
        more = self.chain(tensor, self.source.randint(0, 2))
        self.bind(f"{x.name} -> {pipeline([stage, *more])}", composed(more)(tensor))
        self.labels += labels_of(more)

    STATEMENTS = (
        (8, add_pipeline),
        (3, add_residual),
        (5, add_fusible),
        (1, add_gate),
        (3, add_operator),
        (1.5, add_number),
        (2, add_stored),
        (0.7, add_division),
        (1, add_inputless),
        (2, add_concat),
        (1.5, add_split),
        (2, add_index),
        (4, add_recurrent),
        (3, add_embedding),
        (0.7, add_condition),
        (1, add_pair),
        (2, add_shared),
        *Merging.MORE_STATEMENTS,
    )

    def write_statements(self) -> None:
        """A few statements; what does not fit leaves nothing but its parts."""
        wanted, tries = self.source.randint(self.fewest, 14), 0
        while wanted and tries < 100:
            tries += 1
            ((_, statement),) = self.source.choices(self.STATEMENTS, [one[0] for one in self.STATEMENTS])
            kept = replace(self, **{name: getattr(self, name).copy() for name in _COPIED})
            try:
                statement(self)
            except Misfit:
                # A statement may have written a parameter or an input before it found that something is missing.
                for name in _COPIED:
                    setattr(self, name, getattr(kept, name))
                continue
            self.features[statement.__name__.removeprefix("add_")] += 1
            wanted -= 1

    def write_outputs(self) -> None:
        """Most of what nothing reads, and others: of the middle, twice, inputs, parameters and constants."""
        text = "\n".join(self.lines)
        ends = [one for one in self.values if len(re.findall(rf"\b{one.name}\b", text)) == 1 and self.chance(0.7)]
        chosen = ends + [self.pick() for _ in range(self.source.choice([0, 1, 1, 2]))] or [self.values[-1]]
        if self.chance(0.1):
            chosen.append(self.constant(Tensor((dim(2), dim(3)), self.dtype)))
        if self.chance(0.1):
            chosen.append(self.parameter(Tensor((dim(3),), self.dtype)))
        for value in chosen:
            text = value.name
            if value.tensor.is_float and self.chance(0.2):
                text += self.source.choice([" -> relu", " -> sigmoid", " * 2"])
            self.lines.append(f"output {self.new('o')} = {text}")
            self.features[f"output of {value.name[0]}"] += 1
        self.features["output twice"] += len({one.name for one in chosen}) < len(chosen)

    def program(self) -> Program:
        """The program, once all is written."""
        body = "".join(f"    {line}\n" for line in [*self.inputs, *self.lines])
        text = "".join(f"{line}\n" for line in self.head) + f"model fuzz() {{\n{body}}}\n"
        ranges = [{name: (0, self._below(name, one)) for name in self.below} for one in self.sizes]
        self.features["outputs"] += sum(one.startswith("output") for one in self.lines)
        return Program(self.seed, text, self.sizes, tuple(ranges), self.features)

    def _below(self, name: str, sizes: Sizes) -> int:
        # Lengths reach up to the number of steps, ids up to the one before the size of the vocabulary.
        return self.below[name].at(sizes) + (self.below[name].number is None)


def random_program(seed: int) -> Program:
    """The program of a seed."""
    return program_from(random.Random(seed), seed)


def program_from(source: random.Random, seed: int = 0, fewest: int = 3) -> Program:
    """A program that a source of randomness makes.

    Args:
        source: it may be one of hypothesis, which shrinks what it gave.
        seed: of the weights and inputs that the program is run with.
        fewest: how many statements there are at least.
    """
    small = {
        "N": source.choice([1, 2]),
        "T": source.randint(2, 4),
        "H": source.randint(2, 5),
        "W": source.randint(2, 5),
    }
    sizes = (small, {name: size + source.randint(0, 2) for name, size in small.items()})
    dtype = source.choices(["float32", "float16", "float64"], [16, 1, 2])[0]
    writer = Statements(seed, source, sizes, dtype, Catalogue(source, sizes), fewest)
    writer.features[dtype] += 1
    writer.write_inputs()
    writer.write_statements()
    writer.write_outputs()
    return writer.program()
