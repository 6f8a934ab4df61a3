"""What a model demands of the sizes it is fed: one size for each symbol, and what its layers need of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..compiler.diagnostics import Diagnostic
from ..compiler.diagnostics.fed_arrays import NoSizeFits, SizeOfExpression, SymbolsDisagree, UnmetDemand
from ..compiler.dims.linear import LinearForm, SymbolSource
from ..compiler.dims.parsing import Expression, ExpressionError, expression
from .tensor_info import FedDemand, TensorInfo, format_sizes, is_symbol

#: How far a size is moved to see which way a dimension goes: past the steps of every reasonable division.
_FAR = 1_000_000


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a fed tensor: where it is, and the size it has."""

    tensor: TensorInfo
    index: int
    size: int
    shape: tuple[int, ...]

    @property
    def declared(self) -> str:
        """The text of the declared dimension."""
        return str((self.tensor.shape or ())[self.index])


class Sizes:
    """The sizes of the symbolic dimensions, read from the shapes that are fed.

    An axis that is declared ``4*H`` gives the size of its symbol, too. A text that is neither a name nor such an
    expression, as models of other makers have, is a name of its own.

    Attributes:
        sizes: by symbol.
        faults: axes that fit no size of their symbol, or contradict one another.
    """

    def __init__(
        self, shapes: Iterable[tuple[TensorInfo, tuple[int, ...]]], sources: Iterable[SymbolSource] = ()
    ) -> None:
        self.sizes: dict[str, int] = {}
        self.faults: list[Diagnostic] = []
        self._origins: dict[str, Axis] = {}
        axes = {(axis.tensor.name, axis.index): axis for axis in _axes(shapes)}
        for source in sources:
            axis = axes.get((source.input, source.axis))
            if axis is not None and not self._read(source.form, axis):
                # What the shape declares would only say the same.
                del axes[source.input, source.axis]
        expressions: list[tuple[Axis, Expression]] = []
        for axis in axes.values():
            if not isinstance((axis.tensor.shape or ())[axis.index], str):
                continue
            parsed = None if is_symbol(axis.declared) else read_expression(axis.declared)
            if parsed is None:
                self._read(LinearForm(axis.declared, 1, 0), axis)
            else:
                expressions.append((axis, parsed))
        waiting = [(axis, parsed) for axis, parsed in expressions if not self._solve(axis, parsed, parsed.symbols)]
        for axis, parsed in waiting:
            unknown = [name for name in parsed.symbols if name not in self.sizes]
            if not self._solve(axis, parsed, unknown):
                self.faults += self._mismatch(axis, parsed)

    def _read(self, form: LinearForm, axis: Axis) -> bool:
        """Take the size of a symbol from an axis; False, and a fault, where that does not fit."""
        value = form.value(axis.size)
        # What other makers declare may be empty.
        if value is None and (form.factor, form.offset) == (1, 0):
            value = axis.size
        if value is None:
            self.faults.append(_no_fit(axis, form))
            return False
        if self.sizes.setdefault(form.name, value) != value:
            self.faults.append(self._disagreement(axis, form, value))
            return False
        self._origins.setdefault(form.name, axis)
        return True

    def _disagreement(self, axis: Axis, form: LinearForm, value: int) -> Diagnostic:
        other, other_value = self._origins[form.name], self.sizes[form.name]
        return SymbolsDisagree(
            name=axis.tensor.name,
            found=format_sizes(axis.shape),
            expected=format_sizes(axis.tensor.shape),
            axis=axis.index,
            symbol=form.name,
            size=value,
            other=other.tensor.name,
            other_axis=other.index,
            other_size=other_value,
            fitting=form.size(other_value),
        )

    def _solve(self, axis: Axis, parsed: Expression, open_symbols: Sequence[str]) -> bool:
        """Take the size of the only open symbol from an axis; False where that is not possible."""
        if len(open_symbols) != 1:
            return False
        (symbol,) = open_symbols
        form = parsed.linear_form(symbol, self.sizes)
        if form is None:
            return False
        self._read(form, axis)
        return True

    def _mismatch(self, axis: Axis, parsed: Expression) -> Iterator[Diagnostic]:
        value = value_or_none(parsed, self.sizes)
        if value is not None and value != axis.size:
            facts = {**_facts(axis), "declared": f"{axis.declared} = {value}"}
            yield SizeOfExpression(sizes=self.listed(parsed.symbols), **facts)

    def listed(self, names: Iterable[str]) -> str:
        """``H = 2, W = 3``."""
        return ", ".join(f"{name} = {self.sizes[name]}" for name in names if name in self.sizes)

    def unmet(self, demands: Iterable[FedDemand]) -> Iterator[Diagnostic]:
        """The demands that do not hold, of each dimension the greatest.

        A demand on a symbol whose size no input tells is left to onnxruntime.
        """
        greatest: dict[str, FedDemand] = {}
        for demand in demands:
            other = greatest.setdefault(demand.dim, demand)
            if demand.minimum > other.minimum:
                greatest[demand.dim] = demand
        for demand in greatest.values():
            parsed = expression(demand.dim)
            value = value_or_none(parsed, self.sizes)
            if value is None or value >= demand.minimum:
                continue
            sizes = self.listed(parsed.symbols)
            facts = {"dim": demand.dim, "found": value, "minimum": demand.minimum, "reason": demand.reason}
            yield UnmetDemand(sizes=sizes, larger=_change(parsed, self.sizes), **facts)


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


def _axes(shapes: Iterable[tuple[TensorInfo, tuple[int, ...]]]) -> Iterator[Axis]:
    for tensor, shape in shapes:
        for index, size in enumerate(shape[: len(tensor.shape or ())]):
            yield Axis(tensor, index, size, shape)


def _no_fit(axis: Axis, form: LinearForm) -> Diagnostic:
    nearest = tuple((form.size(value), value) for value in form.nearest(axis.size))
    return NoSizeFits(symbol=form.name, nearest=nearest, **_facts(axis))


def _change(parsed: Expression, sizes: Mapping[str, int]) -> tuple[tuple[str, bool], ...]:
    """The symbols that would raise the value of an expression, each with whether it would have to be larger."""
    now = value_or_none(parsed, sizes)
    found: list[tuple[str, bool]] = []
    for name in parsed.symbols:
        moved = value_or_none(parsed, {**sizes, name: sizes[name] + _FAR})
        if now is not None and moved is not None and moved != now:
            found.append((name, moved > now))
    return tuple(found)


def _facts(axis: Axis) -> dict[str, Any]:
    """What a message tells of an axis whose size is wrong."""
    return {
        "name": axis.tensor.name,
        "found": format_sizes(axis.shape),
        "expected": format_sizes(axis.tensor.shape),
        "axis": axis.index,
        "size": axis.size,
        "declared": axis.declared,
    }
