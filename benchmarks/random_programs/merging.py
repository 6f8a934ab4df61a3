"""Statements of layers that take several tensors, or give others than floats; those that are not there are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dotnn.compiler.layers.base import LAYERS

from .derived import own_layers, stage_text, takes_one
from .parts import Parts, Value, broadcast
from .probing import confirm, inferred, need_layer
from .tensors import Misfit, Tensor, dim, must, need

#: Layers of several tensors that have statements of their own, or take what is no float.
MERGED = ("attention", "concat", "maximum", "minimum", "matmul", "stack", "embedding", "one_hot")


class Merging(Parts):
    """Writes statements that the compiler is asked about: what it refuses is not written."""

    def bind_checked(
        self,
        expression: str,
        operands: Sequence[Value],
        expected: Tensor | None = None,
        greatest: int = 0,
        ids: bool = False,
    ) -> Value:
        """A new binding that the compiler takes, of the type that is expected."""
        inputs = {one.name: one.tensor for one in operands}
        if expected is None:
            expected = inferred(expression, inputs, self.sizes)
        else:
            self.stages.admit(expected)
            confirm(expression, inputs, self.sizes, expected)
        return self.bind(expression, expected, greatest, ids)

    # --- several tensors ----------------------------------------------------------------------------------------------

    def _other(self, x: Value, fits: Callable[[Tensor], bool]) -> Value:
        """Another value of the same elements, or the same one."""
        return self.pick(lambda one: one.tensor.dtype == x.tensor.dtype and fits(one.tensor))

    def add_minimum(self) -> None:
        need_layer("minimum")
        x = self.pick()
        y = self._other(x, lambda one: broadcast(x.tensor, one) is not None)
        tensor = need(broadcast(x.tensor, y.tensor))
        self.bind_checked(f"minimum({x.name}, {y.name})", [x, y], tensor, max(x.greatest, y.greatest))

    def add_stack(self) -> None:
        need_layer("stack")
        x = self.pick(lambda value: value.tensor.rank < 6)
        parts = [x, *(self._other(x, lambda one: one == x.tensor) for _ in range(self.source.randint(1, 2)))]
        axis = self.stages.axis(x.tensor.rank + 1)
        at = axis % (x.tensor.rank + 1)
        tensor = x.tensor.of(*x.tensor.shape[:at], len(parts), *x.tensor.shape[at:])
        text = f"stack({', '.join(one.name for one in parts)}, axis={axis})"
        self.bind_checked(text, parts, tensor, max(one.greatest for one in parts))

    def add_product(self) -> None:
        """A product of matrices: with one that fits, or with the same one turned."""
        need_layer("matmul")
        x = self.pick(lambda value: value.tensor.is_float and value.tensor.rank >= 2)
        *batch, rows, inner = x.tensor.shape
        turned = [*range(len(batch)), len(batch) + 1, len(batch)]
        y, other, columns = x, f"({x.name} -> transpose({turned}))", rows
        if self.chance(0.3):
            y = self._other(x, lambda one: one.rank == x.tensor.rank and one.shape[:-1] == (*batch, inner))
            other, columns = y.name, y.tensor.shape[-1]
        # Products grow: what they are made of is bounded.
        text = self.source.choice(
            ["({0} -> tanh) @ {1}", "matmul({0}, {1} -> tanh)", "{0} @ ({1} -> softmax(axis=-1))"]
        )
        self.bind_checked(text.format(x.name, other), [x, y], x.tensor.of(*batch, rows, columns))

    def add_function(self) -> None:
        """Powers and functions that have no number, or too great ones, for some numbers."""
        x = self.floats()
        forms = [
            "({} -> tanh) ** 2",
            "({} -> sigmoid) ** 0.5",
            "2.0 ** ({} -> tanh)",
            "(({} -> sigmoid) + 0.5) ** ({} -> tanh)",
            "exp({} -> tanh)",
            "log(({} -> sigmoid) + 0.5)",
            "sqrt(({} -> sigmoid) + 0.25)",
            "abs({})",
            "abs({}) -> tanh",
        ]
        text = self.source.choice(forms)
        self.bind_checked(text.format(*[x.name] * text.count("{}")), [x], x.tensor)

    def add_attention(self) -> None:
        need_layer("attention")
        query = self.pick(lambda value: value.tensor.is_float and value.tensor.rank >= 3)
        *batch, steps, width = query.tensor.shape
        key = self._other(
            query, lambda one: one.rank == query.tensor.rank and self._differs_in_steps(one, query.tensor)
        )
        value = self._other(query, lambda one: one.rank == key.tensor.rank and one.shape[:-1] == key.tensor.shape[:-1])
        arguments = [query.name, key.name, value.name]
        arguments += [one for one in ("causal=true", "scale=0.5") if self.chance(0.3)]
        if self.chance(0.3):
            turned = [*range(len(batch)), len(batch) + 1, len(batch)]
            scores = f"{query.name} @ ({key.name} -> transpose({turned}))"
            # Every row has one that counts: the first key.
            arguments.append(f"mask=(({scores} -> tanh -> softmax(axis=-1)) + 0.1 -> step -> cast(bool))")
        tensor = query.tensor.of(*batch, steps, value.tensor.shape[-1])
        self.bind_checked(f"attention({', '.join(arguments)})", [query, key, value], tensor)
        must(width == key.tensor.shape[-1])

    @staticmethod
    def _differs_in_steps(one: Tensor, other: Tensor) -> bool:
        """Whether all but the last axis but one are the same."""
        return one.rank == other.rank and one.replaced(-2, 1) == other.replaced(-2, 1)

    def add_heads(self) -> None:
        """Attention between two sequences."""
        need_layer("multi_head_attention")
        query = self.pick(lambda value: value.tensor.is_float and value.tensor.rank == 3)
        width = query.tensor.number(2)
        key = self._other(query, lambda one: self._differs_in_steps(one, query.tensor))
        heads = self.source.choice([one for one in range(1, width + 1) if width % one == 0])
        stage = f"multi_head_attention({heads}, key={key.name}, value={key.name}"
        stage += ", bias=false" * self.chance(0.3) + ", causal=true" * self.chance(0.2) + ")"
        self.bind_checked(f"{query.name} -> {stage}", [query, key], query.tensor)

    # --- ints ---------------------------------------------------------------------------------------------------------

    def add_ids(self) -> None:
        """Ints of floats: the place of the greatest one, or a rounded number."""
        x = self.floats()
        if self.chance(0.5):
            need_layer("argmax")
            axis = -1 if self.chance(0.5) else self.stages.axis(x.tensor.rank)
            size = x.tensor.number(axis)
            text = f"argmax(axis={axis})" if x.tensor.rank > 3 or axis != -1 or self.chance(0.5) else "argmax"
            at = axis % x.tensor.rank
            tensor = Tensor((*x.tensor.shape[:at], *x.tensor.shape[at + 1 :]), "int64")
            self.bind_checked(f"{x.name} -> {text}", [x], tensor, size - 1)
            return
        need_layer("cast")
        dtype = self.source.choice(["int64", "int32"])
        text = f"({x.name} -> sigmoid) * 4 -> cast({dtype})"
        self.bind_checked(text, [x], Tensor(x.tensor.shape, dtype), 4)

    def add_one_hot(self) -> None:
        need_layer("one_hot")
        x = self.pick(lambda value: not value.tensor.is_float and value.tensor.rank < 5 and value.greatest < 10)
        text = f"{x.name} -> one_hot({x.greatest + 1})"
        found = inferred(text, {x.name: x.tensor}, self.sizes)
        expected = Tensor((*x.tensor.shape, dim(x.greatest + 1)), found.dtype)
        if not found.is_float:
            need_layer("cast")
            text, expected = f"{text} -> cast(float32)", Tensor(expected.shape, "float32")
        self.bind_checked(text, [x], expected)

    # --- any layer ----------------------------------------------------------------------------------------------------

    def add_any_merge(self) -> None:
        """A layer of several tensors with what the registry tells of it."""
        kinds = [kind for kind, one in own_layers().items() if not takes_one(one) and kind not in MERGED]
        must(bool(kinds))
        kind = self.source.choice(kinds)
        x = self.floats()
        wanted = [one for one in LAYERS[kind].operands if not one.optional]
        others = [x if self.chance(0.4) else self._other(x, lambda one: True) for _ in wanted[1:]]
        text = stage_text(self.source, kind, x.tensor.rank, [one.name for one in (x, *others)])
        found = inferred(text, {one.name: one.tensor for one in (x, *others)}, self.sizes)
        if not found.is_float:
            raise Misfit
        self.bind_checked(text, [x, *others], found)

    MORE_STATEMENTS = (
        (1, add_minimum),
        (1, add_stack),
        (2, add_product),
        (1.5, add_function),
        (1.5, add_attention),
        (1, add_heads),
        (1, add_ids),
        (1, add_one_hot),
        (0.5, add_any_merge),
    )
