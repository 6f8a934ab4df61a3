"""Symbolic dimensions as integer arithmetic in the ONNX graph, starting from the shapes of the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Protocol, final

from ..graph.dims import Dim, DimExpr, lower_bound
from ..graph.dims_expr import Atom, Extremum, Floor, Monomial, Symbol, from_atom
from ..graph.dims_linear import SymbolSource
from ..graph.types import DType


class Operations(Protocol):
    """The part of an emitter that computing dimensions takes."""

    def op(self, op_type: str, *inputs: str | None, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        ...

    def constant(self, values: object, dtype: DType) -> str:
        """A constant."""
        ...


@final
class DimLowering:
    """Dimensions as values of the ONNX graph: 1-D int64 tensors, each computed once, by the layer that first
    needs it.

    Args:
        sources: which axis of which input tells each symbol.
    """

    def __init__(self, sources: Mapping[str, SymbolSource]) -> None:
        self._sources = sources
        self._values: dict[Dim, str] = {}
        self._vectors: dict[tuple[Dim, ...], str] = {}

    def vector(self, shape: Sequence[Dim], e: Operations) -> str:
        """The tensor of all the dimensions, in order."""
        dims = tuple(shape)
        if not any(isinstance(dim, DimExpr) for dim in dims):
            return e.constant(dims, DType.INT64)
        if dims not in self._vectors:
            parts = [self._value(dim, e) for dim in dims]
            self._vectors[dims] = parts[0] if len(parts) == 1 else e.op("Concat", *parts, axis=0)
        return self._vectors[dims]

    def _value(self, dim: Dim, e: Operations) -> str:
        if not isinstance(dim, DimExpr):
            return e.constant([dim], DType.INT64)
        if dim not in self._values:
            self._values[dim] = self._expression(dim, e)
        return self._values[dim]

    def _expression(self, dim: DimExpr, e: Operations) -> str:
        terms = [self._term(monomial, coefficient, e) for monomial, coefficient in dim.terms]
        return reduce(lambda left, right: e.op("Add", left, right), terms)

    def _term(self, monomial: Monomial, coefficient: int, e: Operations) -> str:
        factors = [self._atom(atom, e) for atom, exponent in monomial for _ in range(exponent)]
        if coefficient != 1 or not factors:
            factors.append(e.constant([coefficient], DType.INT64))
        return reduce(lambda left, right: e.op("Mul", left, right), factors)

    def _atom(self, atom: Atom, e: Operations) -> str:
        alone = from_atom(atom)
        if alone not in self._values:
            self._values[alone] = self._computed(atom, e)
        return self._values[alone]

    def _computed(self, atom: Atom, e: Operations) -> str:
        if isinstance(atom, Symbol):
            return self._symbol(atom.name, e)
        if isinstance(atom, Floor):
            return self._floor(atom, e)
        if isinstance(atom, Extremum):
            members = [self._value(member, e) for member in atom.members]
            return e.op("Max" if atom.largest else "Min", *members)
        raise TypeError(f"unknown part of a dimension: {type(atom).__name__}")

    def _symbol(self, name: str, e: Operations) -> str:
        source = self._sources.get(name)
        if source is None:
            raise ValueError(f"no input tells the size of {name}")
        size = e.op("Shape", source.input, start=source.axis, end=source.axis + 1)
        if source.form.offset:
            size = e.op("Sub", size, e.constant([source.form.offset], DType.INT64))
        # The size of what is fed fits the form, so that the division leaves nothing over.
        return e.op("Div", size, e.constant([source.form.factor], DType.INT64)) if source.form.factor > 1 else size

    def _floor(self, atom: Floor, e: Operations) -> str:
        """ONNX divides towards zero, which is the floor only where the numerator is never negative."""
        numerator, divisor = self._value(atom.numerator, e), self._value(atom.divisor, e)
        least = lower_bound(atom.numerator)
        if least is None or least < 0:
            # Mod has the sign of the divisor, so that the difference is the multiple just below the
            # numerator.
            numerator = e.op("Sub", numerator, e.op("Mod", numerator, divisor))
        return e.op("Div", numerator, divisor)
