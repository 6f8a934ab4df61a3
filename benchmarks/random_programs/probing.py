"""What the compiler makes of an expression: for layers whose shape rules are not written here once more.

Random programs are drawn from the registry where it says enough. Whether a call fits, and what comes out, is asked of
the compiler; where a shape rule is written here as well, both must say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import dotnn
from dotnn.compiler.dims import evaluate
from dotnn.compiler.graph.graph import Demand
from dotnn.compiler.layers.base import LAYERS

from .tensors import Misfit, Sizes, Tensor, must, read_dim

#: Every kind of layer; going through the registry loads them all, so that no program depends on those before it.
KINDS = frozenset(LAYERS)


class Disagreement(AssertionError):
    """The compiler infers another type than the rules that are written here."""


def need_layer(kind: str) -> None:
    """The layer must be there."""
    must(kind in KINDS)


def inferred(expression: str, inputs: Mapping[str, Tensor], sizes: Sequence[Sizes]) -> Tensor:
    """The type of an expression of some tensors, which fits at all sizes of the symbols; Misfit if it does not."""
    declared = tuple((name, str(tensor)) for name, tensor in inputs.items())
    found = _compiled(expression, declared, tuple(sizes[0]))
    if found is None:
        raise Misfit
    dtype, dims, demands = found
    must(all(evaluate(one.dim, size) >= one.minimum for one in demands for size in sizes))
    return Tensor(tuple(read_dim(one, sizes[0]) for one in dims), dtype)


@lru_cache(4096)
def _compiled(
    expression: str, inputs: tuple[tuple[str, str], ...], symbols: tuple[str, ...]
) -> tuple[str, tuple[str, ...], tuple[Demand, ...]] | None:
    """Elements, dimensions and demands of the result; None if the compiler refuses the expression."""
    lines = [f"input sizes: float32[{', '.join(symbols)}]", *(f"input {name}: {text}" for name, text in inputs)]
    body = "\n".join([*lines, f"output result = {expression}"])
    try:
        graph = dotnn.compile_source(f"model probe() {{\n{body}\n}}\n").graph
    except dotnn.DotnnError:
        return None
    found = graph.type_of(graph.outputs["result"])
    return found.dtype.value, tuple(map(str, found.shape)), tuple(graph.demands)


def confirm(expression: str, inputs: Mapping[str, Tensor], sizes: Sequence[Sizes], expected: Tensor) -> None:
    """Hold a type against the compiler's.

    Raises:
        Misfit: the compiler refuses the expression.
        Disagreement: it gives another type.
    """
    found = inferred(expression, inputs, sizes)
    if found.dtype == expected.dtype and all(_shape(found, one) == _shape(expected, one) for one in sizes):
        return
    listed = ", ".join(f"{name}: {tensor}" for name, tensor in inputs.items())
    raise Disagreement(f"{expression} of {listed} is {found}, expected was {expected}")


def _shape(tensor: Tensor, sizes: Sizes) -> list[int]:
    return [one.at(sizes) for one in tensor.shape]
