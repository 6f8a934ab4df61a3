"""What a model demands of the sizes it is fed: one size for each symbol, and what its layers need of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..compiler.diagnostics import Diagnostic
from ..compiler.diagnostics.running import SymbolsDisagree, UnmetDemand, WrongFeedSize
from .expressions import Expression, ExpressionError, expression
from .tensors import Demand, TensorInfo, format_sizes, is_symbol


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a fed tensor: where it is, and the size it has."""

    tensor: TensorInfo
    index: int
    size: int
    shape: tuple[int, ...]

    @property
    def declared(self) -> str:
        """The text of the declared symbolic dimension."""
        return str((self.tensor.shape or ())[self.index])


class Sizes:
    """The sizes of the symbolic dimensions, read from the shapes that are fed.

    A dimension such as ``2*N`` gives the size of its symbol where no axis is the symbol alone. A text that is
    neither a name nor such an expression, as models of other makers have, is a name of its own.

    Attributes:
        sizes: by symbol.
        faults: axes that contradict one another.
    """

    def __init__(self, shapes: Iterable[tuple[TensorInfo, tuple[int, ...]]]) -> None:
        self.sizes: dict[str, int] = {}
        self.faults: list[Diagnostic] = []
        self._origins: dict[str, Axis] = {}
        expressions: list[tuple[Axis, Expression]] = []
        for axis in _symbolic_axes(shapes):
            parsed = None if is_symbol(axis.declared) else read_expression(axis.declared)
            if parsed is None:
                self._bind(axis.declared, axis.size, axis)
            else:
                expressions.append((axis, parsed))
        for axis, parsed in expressions:
            self._solve(axis, parsed)
        self.faults += [fault for axis, parsed in expressions if (fault := self._mismatch(axis, parsed))]

    def _bind(self, symbol: str, size: int, axis: Axis) -> None:
        if self.sizes.setdefault(symbol, size) == size:
            self._origins.setdefault(symbol, axis)
            return
        other = self._origins[symbol]
        self.faults.append(
            SymbolsDisagree(
                name=axis.tensor.name,
                found=format_sizes(axis.shape),
                expected=format_sizes(axis.tensor.shape),
                axis=axis.index,
                symbol=symbol,
                size=size,
                other=other.tensor.name,
                other_axis=other.index,
                other_size=self.sizes[symbol],
            )
        )

    def _solve(self, axis: Axis, parsed: Expression) -> None:
        unknown = [name for name in parsed.symbols if name not in self.sizes]
        if len(unknown) != 1:
            return
        (symbol,) = unknown
        line = _line(lambda value: parsed.value({**self.sizes, symbol: value}))
        if line is None:
            return
        start, step = line
        if (axis.size - start) % step or (axis.size - start) // step < 1:
            self.faults.append(_wrong_size(axis, axis.declared, hint=f"no size of `{symbol}` gives {axis.size}"))
            return
        self._bind(symbol, (axis.size - start) // step, axis)

    def _mismatch(self, axis: Axis, parsed: Expression) -> Diagnostic | None:
        value = value_or_none(parsed, self.sizes)
        if value is None or value == axis.size:
            return None
        return _wrong_size(axis, f"{axis.declared} = {value}", hint=f"with {self.listed(parsed.symbols)}")

    def listed(self, names: Iterable[str]) -> str:
        """``H = 2, W = 3``."""
        return ", ".join(f"{name} = {self.sizes[name]}" for name in names if name in self.sizes)

    def unmet(self, demands: Iterable[Demand]) -> Iterator[Diagnostic]:
        """The demands that do not hold, of each dimension the greatest.

        A demand on a symbol whose size no input tells is left to onnxruntime.
        """
        greatest: dict[str, Demand] = {}
        for demand in demands:
            other = greatest.setdefault(demand.dim, demand)
            if demand.minimum > other.minimum:
                greatest[demand.dim] = demand
        for demand in greatest.values():
            parsed = expression(demand.dim)
            value = value_or_none(parsed, self.sizes)
            if value is None or value >= demand.minimum:
                continue
            sizes = self.listed(parsed.symbols) or "these inputs"
            yield UnmetDemand(sizes=sizes, dim=demand.dim, found=value, minimum=demand.minimum, reason=demand.reason)


def read_expression(text: str) -> Expression | None:
    """The dimension that a text stands for; None for a text that is none."""
    try:
        return expression(text)
    except ExpressionError:
        return None


def value_or_none(parsed: Expression, sizes: Mapping[str, int]) -> int | None:
    """The value for these sizes; None if a symbol has no size or the value is no integer."""
    if any(name not in sizes for name in parsed.symbols):
        return None
    try:
        return parsed.value(sizes)
    except ExpressionError:
        return None


def _line(value: Callable[[int], int]) -> tuple[int, int] | None:
    """Start and step of a function ``start + step * size``; None for any other, and for a constant."""
    try:
        first, second, far = value(1), value(2), value(1001)
    except ExpressionError:
        return None
    step = second - first
    return (first - step, step) if step and far == first + 1000 * step else None


def _symbolic_axes(shapes: Iterable[tuple[TensorInfo, tuple[int, ...]]]) -> Iterator[Axis]:
    for tensor, shape in shapes:
        for index, (declared, size) in enumerate(zip(tensor.shape or (), shape, strict=False)):
            if isinstance(declared, str):
                yield Axis(tensor, index, size, shape)


def _wrong_size(axis: Axis, declared: str, hint: str) -> Diagnostic:
    return WrongFeedSize(
        name=axis.tensor.name,
        found=format_sizes(axis.shape),
        expected=format_sizes(axis.tensor.shape),
        axis=axis.index,
        size=axis.size,
        declared=declared,
        hint=hint,
    )
