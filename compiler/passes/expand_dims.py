"""Symbolic dimensions become integer arithmetic on the shapes of the inputs, which files have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import final

from ..dims import Dim, DimExpr, lower_bound
from ..dims.algebra import Atom, Extremum, Floor, Monomial, Symbol, from_atom
from ..dims.linear import SymbolSource
from ..graph.graph import Graph, Node
from ..graph.symbol_sources import symbol_sources
from ..operators.arranging import Concat
from ..operators.elementwise import Add, Div, Max, Min, Mod, Mul, Sub
from ..operators.graph_builder import Assembly, Builder, Tensor, layer_name
from ..operators.layout import ShapeOf
from ..operators.symbolic_dims import Dims
from .contract import PassContext, Property, graph_pass


@graph_pass(ensures=[Property.DIMS_EXPANDED], spoils=[Property.CONSTANTS_FOLDED])
def expand_dims(graph: Graph, context: PassContext) -> bool:
    """Replace every ``Dims`` by the arithmetic that computes it, once for all who read it."""
    nodes = [node for node in graph.nodes() if isinstance(node.op, Dims)]
    if not nodes:
        return False
    expansion = _Expansion(graph)
    graph.redirect_all({node.value(): expansion.vector(node).value for node in nodes})
    graph.remove_all(node.id for node in nodes)
    return True


@final
class _Expansion:
    """Dimensions as vectors of int64, each made once, beside the first node that needs it."""

    def __init__(self, graph: Graph) -> None:
        self._assembly = Assembly(graph)
        self._sources: Mapping[str, SymbolSource] = symbol_sources(graph)
        self._inputs = {node.name: node for node in graph.inputs}
        self._values: dict[Dim, Tensor] = {}

    def vector(self, node: Node) -> Tensor:
        """The vector of all the dimensions of a ``Dims``, in order."""
        if not isinstance(node.op, Dims):
            raise TypeError(f"{node.name} is no Dims")
        b = Builder(self._assembly, layer_name(node), {}, node.origins, order=node.order)
        parts = [self._value(dim, b) for dim in node.op.dims]
        return parts[0] if len(parts) == 1 else b.op(Concat(axis=0), *parts)

    def _value(self, dim: Dim, b: Builder) -> Tensor:
        if not isinstance(dim, DimExpr):
            return b.ints(dim)
        if dim not in self._values:
            self._values[dim] = self._expression(dim, b)
        return self._values[dim]

    def _expression(self, dim: DimExpr, b: Builder) -> Tensor:
        terms = [self._term(monomial, coefficient, b) for monomial, coefficient in dim.terms]
        return reduce(lambda left, right: b.op(Add(), left, right), terms)

    def _term(self, monomial: Monomial, coefficient: int, b: Builder) -> Tensor:
        factors = [self._atom(atom, b) for atom, exponent in monomial for _ in range(exponent)]
        if coefficient != 1 or not factors:
            factors.append(b.ints(coefficient))
        return reduce(lambda left, right: b.op(Mul(), left, right), factors)

    def _atom(self, atom: Atom, b: Builder) -> Tensor:
        alone = from_atom(atom)
        if alone not in self._values:
            self._values[alone] = self._computed(atom, b)
        return self._values[alone]

    def _computed(self, atom: Atom, b: Builder) -> Tensor:
        if isinstance(atom, Symbol):
            return self._symbol(atom.name, b)
        if isinstance(atom, Floor):
            return self._floor(atom, b)
        if isinstance(atom, Extremum):
            return self._extremum(atom.largest, atom.members, b)
        raise TypeError(f"unknown part of a dimension: {type(atom).__name__}")

    def _symbol(self, name: str, b: Builder) -> Tensor:
        source = self._sources.get(name)
        if source is None:
            raise ValueError(f"no input tells the size of {name}")
        fed = self._assembly.tensor(self._inputs[source.input].value())
        size = b.op(ShapeOf(start=source.axis, end=source.axis + 1), fed)
        if source.form.offset:
            size = b.op(Sub(), size, b.ints(source.form.offset))
        # The size of what is fed fits the form, so that the division leaves nothing over.
        return b.op(Div(), size, b.ints(source.form.factor)) if source.form.factor > 1 else size

    def _floor(self, atom: Floor, b: Builder) -> Tensor:
        """ONNX divides towards zero, which is the floor only where the numerator is never negative."""
        numerator, divisor = self._value(atom.numerator, b), self._value(atom.divisor, b)
        least = lower_bound(atom.numerator)
        if least is None or least < 0:
            # Mod has the sign of the divisor, so that the difference is the multiple just below the numerator.
            numerator = b.op(Sub(), numerator, b.op(Mod(), numerator, divisor))
        return b.op(Div(), numerator, divisor)

    def _extremum(self, largest: bool, members: Sequence[Dim], b: Builder) -> Tensor:
        return b.op(Max() if largest else Min(), *(self._value(member, b) for member in members))
