"""Building operator graphs: by lowering, a layer at a time, and by passes that put operators in.

Whoever builds applies operators to tensors and gets tensors: values with everything that is known of them. Names,
origins and places in the order are the builder's business, and so is that what is stored is there once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from ..dims import Dim, DimExpr
from ..graph.graph import Graph, Node, Origin, Value
from ..graph.operations import Constant, Operation, Parameter
from ..graph.tensors import Literal, Weight
from ..graph.types import DType, TensorType
from ..graph.value_names import unique_name
from .base import Known, Operator
from .layout import Reshape, Squeeze
from .positions import Range
from .symbolic_dims import Dims

#: Between the name of a layer and those of its operators and constants; no label contains it.
INSIDE = "/"


class Purpose(StrEnum):
    """What operators are built for. Training, where dropout drops and statistics are taken, comes later."""

    INFERENCE = "inference"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of an operator graph and what is known of it.

    Attributes:
        value: which value.
        known: its type and, of small tensors of ints, its content.
        stored: whether it is made of weights and constants of layers alone, and therefore built once.
    """

    value: Value
    known: Known
    stored: bool = False

    @property
    def type(self) -> TensorType:
        """Its element type and shape."""
        return self.known.type

    @property
    def dtype(self) -> DType:
        """Its element type."""
        return self.known.type.dtype

    @property
    def shape(self) -> tuple[Dim, ...]:
        """Its shape."""
        return self.known.type.shape

    @property
    def rank(self) -> int:
        """How many axes it has."""
        return len(self.known.type.shape)


@final
class Assembly:
    """An operator graph being made: which names are taken, and what is stored already.

    Args:
        graph: the graph; what stands in it keeps its names.
        reserved: further names that no operator may give a value.
    """

    def __init__(self, graph: Graph, reserved: Iterable[str] = ()) -> None:
        self.graph = graph
        self.value_names = set(reserved)
        self.node_names: set[str] = set()
        self._once: dict[Hashable, Tensor] = {}
        self._parameters: dict[str, Tensor] = {}
        for node in graph.nodes():
            self.value_names.update(node.value_names)
            self.node_names.add(node.name)
            self._remember(node)

    def tensor(self, value: Value) -> Tensor:
        """A value of the graph. Of its content only that of a constant is known."""
        node = self.graph.producer(value)
        found = node.results[value.index]
        if isinstance(node.op, Constant):
            return Tensor(value, Known.of_literal(node.op.value, found.dtype), stored=True)
        return Tensor(value, Known(found), isinstance(node.op, Parameter))

    def parameter(self, weight: Weight, origins: tuple[Origin, ...] = (), doc: str = "") -> Tensor:
        """The weight, one node for all who read it."""
        found = self._parameters.get(weight.name)
        if found is not None:
            return found
        self.value_names.add(weight.name)
        types = (TensorType(weight.dtype, weight.shape),)
        name = unique_name(weight.name, self.node_names)
        self.node_names.add(name)
        node = self.graph.add(
            Parameter(weight), (), types, name=name, origins=origins, doc=doc, value_names=(weight.name,)
        )
        self._parameters[weight.name] = made = Tensor(node.value(), Known(types[0]), stored=True)
        return made

    def once(self, key: Hashable) -> Tensor | None:
        """What was made under this key, if it was."""
        return self._once.get(key)

    def keep(self, key: Hashable, tensor: Tensor) -> None:
        """Note what was made, for all who want the same."""
        self._once[key] = tensor

    def _remember(self, node: Node) -> None:
        if isinstance(node.op, Parameter):
            self._parameters[node.op.weight.name] = self.tensor(node.value())
        elif isinstance(node.op, Constant) and INSIDE in node.name:
            self._once[node.op, node.results] = self.tensor(node.value())


@final
class Builder:
    """What a layer is lowered with, and a pass builds with.

    Args:
        assembly: the graph being made.
        name: the layer's, below which all names are.
        weights: its weights by local name.
        origins: where everything that it builds comes from.
        order: the place of new nodes; behind all others if None.
        purpose: what the operators are for.
    """

    def __init__(
        self,
        assembly: Assembly,
        name: str,
        weights: Mapping[str, Weight],
        origins: tuple[Origin, ...] = (),
        *,
        order: int | None = None,
        purpose: Purpose = Purpose.INFERENCE,
    ) -> None:
        self.purpose = purpose
        self._assembly = assembly
        self._name = name
        self._weights = weights
        self._origins = origins
        self._order = order
        self._count: Counter[str] = Counter()
        #: Nodes of this builder alone whose results have no final names.
        self.own: list[int] = []

    def op(
        self, operator: Operator, *operands: Tensor | None, name: str = "", result: TensorType | None = None
    ) -> Tensor:
        """Apply an operator with one result.

        Args:
            operator: the operator.
            operands: its operands, None for an absent one.
            name: what the result is called, if it is not to be numbered: ``fc.weight:transposed``.
            result: its type, where the layer knows it better, since it knows what is demanded of dimensions.

        Raises:
            InvalidOperands: it does not take them.
        """
        (found,) = self.ops(operator, *operands, name=name, result=result)
        return found

    def ops(
        self, operator: Operator, *operands: Tensor | None, name: str = "", result: TensorType | None = None
    ) -> tuple[Tensor, ...]:
        """Apply an operator with any number of results; see ``op``."""
        given = list(operands)
        while given and given[-1] is None:
            given.pop()
        values = tuple(None if one is None else one.value for one in given)
        stored = bool(given) and all(one is None or one.stored for one in given)
        key = (operator, values)
        before = self._assembly.once(key) if stored or not given else None
        if before is not None:
            return (before,)
        inferred = (None if one is None else one.known for one in given)
        known = operator.infer(*inferred) if result is None else (Known(result),)
        node = self._add(operator, values, known, name, stored)
        results = tuple(Tensor(node.value(index), one, stored) for index, one in enumerate(known))
        if (stored or not given) and len(results) == 1:
            self._assembly.keep(key, results[0])
        elif not stored:
            self.own.append(node.id)
        return results

    def has_weight(self, local_name: str) -> bool:
        """Whether the layer has this weight."""
        return local_name in self._weights

    def weight(self, local_name: str) -> Tensor:
        """A weight of the layer, in its own layout and under its own name."""
        return self._assembly.parameter(self._weights[local_name], self._origins)

    def weight_or_none(self, local_name: str) -> Tensor | None:
        """A weight of the layer, or None if it has none of this name."""
        return self.weight(local_name) if self.has_weight(local_name) else None

    def weight_name(self, local_name: str, suffix: str) -> str:
        """What is called that is made of a weight alone: ``fc.weight:transposed``."""
        return f"{self._weights[local_name].name}:{suffix}"

    def constant(self, values: object, dtype: DType, exact: bool = False) -> Tensor:
        """A small constant, a number or nested sequences of numbers; see ``literal``."""
        return self.literal(literal_of(values, dtype), dtype, exact)

    def ints(self, *values: int) -> Tensor:
        """A constant vector of int64, as operators read axes, shapes and bounds."""
        return self.literal(Literal((len(values),), values), DType.INT64)

    def literal(self, numbers: Literal, dtype: DType, exact: bool = False) -> Tensor:
        """The numbers as a constant; equal ones are stored once. Exact ones are rounded behind arithmetic only."""
        op, known = Constant(numbers, exact), Known.of_literal(numbers, dtype)
        key = (op, (known.type,))
        found = self._assembly.once(key)
        if found is None:
            node = self._add(op, (), (known,), self._numbered("const"))
            found = Tensor(node.value(), known, stored=True)
            self._assembly.keep(key, found)
        return found

    def dims(self, shape: Sequence[Dim]) -> Tensor:
        """A vector of int64 that holds these dimensions: a constant if all are numbers."""
        numbers = tuple(dim for dim in shape if not isinstance(dim, DimExpr))
        return self.ints(*numbers) if len(numbers) == len(shape) else self.op(Dims(dims=tuple(shape)))

    def positions(self, count: Dim) -> Tensor:
        """The int64 numbers from 0 up to, not including, a dimension."""
        zero, one = (self.constant(number, DType.INT64) for number in (0, 1))
        end = self.op(Squeeze(), self.dims((count,)), self.ints(0))
        # A dimension is at least 1, which the operator by itself does not know.
        found = TensorType(DType.INT64, (count,))
        return self.op(Range(), zero, end, one, result=found)

    def reshape(self, x: Tensor, shape: Sequence[Dim]) -> Tensor:
        """``x`` reshaped, with at most one dimension left for the runtime to compute where that is enough.

        Dimensions that stay where they are in the shape are copied; a second one that is not known has to be
        computed.
        """
        kept = [isinstance(dim, DimExpr) and axis < x.rank and x.shape[axis] == dim for axis, dim in enumerate(shape)]
        target = [0 if keep else dim for keep, dim in zip(kept, shape, strict=True)]
        unknown = [dim for dim in target if isinstance(dim, DimExpr)]
        if len(unknown) > 1:
            return self.op(Reshape(), x, self.dims(shape))
        return self.op(Reshape(), x, self.ints(*(-1 if isinstance(dim, DimExpr) else dim for dim in target)))

    def _add(
        self,
        op: Operation,
        operands: tuple[Value | None, ...],
        known: Sequence[Known],
        name: str,
        stored: bool = False,
    ) -> Node:
        assembly = self._assembly
        # What files mostly do not have takes no numbers from what they have.
        wished = name or self._numbered(f"weights{INSIDE}{op.kind}" if stored else op.kind)
        node_name = unique_name(wished, assembly.node_names)
        assembly.node_names.add(node_name)
        # A name that is wished for is that of the one result; others are numbered.
        plain = [wished] if name else [f"{wished}:{index}" for index in range(len(known))]
        names = tuple(unique_name(one, assembly.value_names) for one in plain)
        assembly.value_names.update(names)
        types = tuple(one.type for one in known)
        return assembly.graph.add(
            op,
            operands,
            types,
            name=node_name,
            origins=self._origins,
            order=self._order,
            value_names=names,
            stored=stored,
        )

    def _numbered(self, kind: str) -> str:
        count = self._count[kind]
        self._count[kind] += 1
        return f"{self._name}{INSIDE}{kind}" + (f"_{count}" if count else "")


def layer_name(node: Node) -> str:
    """The name of the layer that an operator belongs to."""
    return node.name.partition(INSIDE)[0]


def literal_of(values: object, dtype: DType) -> Literal:
    """A number, or nested sequences of numbers, all of one length at one depth."""
    shape: list[int] = []
    level: Sequence[object] = [values]
    while level and isinstance(level[0], Sequence):
        shape.append(len(level[0]))
        level = [inner for outer in level for inner in outer]  # pyright: ignore[reportGeneralTypeIssues]
    convert = float if dtype.is_float else bool if dtype is DType.BOOL else int
    return Literal(tuple(shape), tuple(convert(one) for one in level))  # pyright: ignore[reportArgumentType]
